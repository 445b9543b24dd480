use std::collections::BTreeSet;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

/// The name by which errors recognise that a value came from the environment.
pub(crate) const SOURCE: &str = "environment";

/// Environment variables as a source of settings: `REELGRAPH__AUTH__ACCESS_TTL_S` is the key `auth.access_ttl_s`.
#[derive(Debug)]
pub(crate) struct Environment {
    variables: Vec<(Vec<String>, String)>,
    /// Keys whose value is taken as text though it looks like a number, a boolean or a list (a password `007`).
    verbatim: BTreeSet<Vec<String>>,
}

impl Environment {
    pub(crate) fn new(prefix: &str, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables
            .into_iter()
            .filter_map(|(name, value)| {
                let key = name.strip_prefix(prefix)?.to_lowercase();
                Some((key.split("__").map(str::to_owned).collect(), value))
            })
            .collect();
        Self { variables, verbatim: BTreeSet::new() }
    }

    /// Takes the value of `key` as text from now on; false when it is not set here or is already taken as text.
    pub(crate) fn take_verbatim(&mut self, key: &[String]) -> bool {
        self.variables.iter().any(|(name, _)| name == key) && self.verbatim.insert(key.to_vec())
    }

    fn value(&self, key: &Vec<String>, text: &str) -> Value {
        let as_text = || Value::from(text);
        if self.verbatim.contains(key) {
            return as_text();
        }
        text.parse().unwrap_or_else(|_| as_text())
    }
}

impl Provider for &Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named(SOURCE)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut settings = Dict::new();
        for (key, text) in &self.variables {
            insert(&mut settings, key, self.value(key, text));
        }
        Ok(Profile::Default.collect(settings))
    }
}

/// Puts `value` at the nested `key`. A variable for a whole section and one for a key in it: the key's wins.
fn insert(settings: &mut Dict, key: &[String], value: Value) {
    let Some((first, rest)) = key.split_first() else {
        return;
    };
    if rest.is_empty() {
        settings.entry(first.clone()).or_insert(value);
        return;
    }
    let section = settings.entry(first.clone()).or_insert_with(|| Value::from(Dict::new()));
    if !matches!(section, Value::Dict(..)) {
        *section = Value::from(Dict::new());
    }
    if let Value::Dict(_, section) = section {
        insert(section, rest, value);
    }
}
