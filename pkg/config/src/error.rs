use std::path::PathBuf;

use figment::error::Kind;

use crate::environment;

/// Settings that cannot be used. The text is one line that names the key and where it was read, never a secret's value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file cannot be read.
    #[error("cannot read the settings file {path}: {source}")]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// A key or a value that is not acceptable, or a file that is not YAML.
    #[error("{0}")]
    Invalid(String),
}

impl ConfigError {
    /// Puts figment's first error into one line. `prefix` is the one of the environment variables.
    pub(crate) fn from_figment(error: &figment::Error, prefix: &str) -> Self {
        let place = place(error, prefix);
        let key = error.path.join(".");
        let at = |text: String| {
            if key.is_empty() { text } else { format!("`{key}`: {text}") }
        };
        Self::Invalid(match &error.kind {
            Kind::UnknownField(name, expected) => {
                let full = error.path.iter().map(String::as_str).chain([name.as_str()]).collect::<Vec<_>>().join(".");
                let full = if error.path.last() == Some(name) { key } else { full };
                format!("unknown setting `{full}`{place}; known here: {}", expected.join(", "))
            }
            Kind::MissingField(name) => {
                let full = error.path.iter().map(String::as_str).chain([&**name]).collect::<Vec<_>>().join(".");
                format!("the setting `{full}` is missing{place}")
            }
            Kind::UnknownVariant(value, expected) => {
                format!("{}{place}", at(format!("`{value}` is not one of {}", expected.join(", "))))
            }
            // The found value is left out: it may be a password.
            Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
                format!("{}{place}", at(format!("expected {expected}")))
            }
            _ => format!("{}{place}", at(one_line(&error.kind.to_string()))),
        })
    }
}

/// Where the value stood, as the end of a sentence.
fn place(error: &figment::Error, prefix: &str) -> String {
    let Some(metadata) = &error.metadata else {
        return String::new();
    };
    if metadata.name == environment::SOURCE {
        return format!(" (from the environment variable {prefix}{})", error.path.join("__").to_uppercase());
    }
    match metadata.source.as_ref().and_then(figment::Source::file_path) {
        Some(path) => format!(" (in {})", path.display()),
        None => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
