use std::env;
use std::path::PathBuf;

use crate::StartError;

/// Where servers are installed besides `PATH`: system directories that an ordinary user's `PATH` leaves out, and brew's.
const FURTHER_PLACES: [&str; 7] = [
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/mariadb/bin",
    "/usr/local/opt/mariadb/bin",
];

/// The full path of an installed program.
pub(crate) fn find(program: &'static str, package: &'static str) -> Result<PathBuf, StartError> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(FURTHER_PLACES.iter().map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
        .ok_or(StartError::NotInstalled { program, package })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_reported_with_the_package_to_install() {
        let error = find("reelgraph-no-such-program", "the package nothing").map_err(|error| error.to_string());
        let text = "reelgraph-no-such-program is not installed: install the package nothing, \
                    or run scripts/bootstrap.sh, which does";
        assert_eq!(error, Err(text.to_owned()));
    }
}
