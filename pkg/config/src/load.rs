use std::path::Path;

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Format, Yaml};
use serde::de::DeserializeOwned;

use crate::ConfigError;
use crate::environment::Environment;

/// Reads the settings: the file, if one is named, then this process's environment variables that start with
/// `env_prefix` (`REELGRAPH__`), which win. Sections are separated by `__` and names are lower-cased:
/// `REELGRAPH__AUTH__ACCESS_TTL_S=900` is `auth: { access_ttl_s: 900 }`.
///
/// # Errors
/// When the file cannot be read, is not YAML, or holds an unknown key or a bad value; the text says which and where.
pub fn load<T: DeserializeOwned>(file: Option<&Path>, env_prefix: &str) -> Result<T, ConfigError> {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    load_from(file, env_prefix, variables)
}

/// The same with given variables instead of the process's environment.
///
/// # Errors
/// As [`load`].
pub fn load_from<T: DeserializeOwned>(
    file: Option<&Path>,
    env_prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let mut from_file = Figment::new();
    if let Some(path) = file {
        check_readable(path)?;
        from_file = from_file.merge(Yaml::file_exact(path));
    }
    let mut environment = Environment::new(env_prefix, variables);
    loop {
        let error = match from_file.clone().merge(&environment).extract::<T>() {
            Ok(settings) => return Ok(settings),
            Err(error) => error,
        };
        // A variable is parsed as a number where it looks like one; where a text is wanted, the text is taken as it
        // is (and keeps its leading zeros). Each round settles one more variable, so this ends.
        let wants_text = matches!(&error.kind, Kind::InvalidType(_, expected) if expected.contains("string"));
        if !(wants_text && environment.take_verbatim(&error.path)) {
            return Err(ConfigError::from_figment(&error, env_prefix));
        }
    }
}

fn check_readable(path: &Path) -> Result<(), ConfigError> {
    match std::fs::read(path) {
        Ok(_) => Ok(()),
        Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
