use std::io::Write;

use serde::Deserialize;

use super::*;
use crate::{Millis, Seconds, Secret};

const PREFIX: &str = "REELGRAPH__";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    listen: String,
    auth: Auth,
    mysql: Mysql,
    log: Log,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Auth {
    access_ttl_s: Seconds,
    key: Option<Secret>,
}

impl Default for Auth {
    fn default() -> Self {
        Self { access_ttl_s: Seconds(900), key: None }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Mysql {
    acquire_timeout_ms: Millis,
    #[serde(deserialize_with = "Seconds::or_zero")]
    drain_s: Seconds,
    #[serde(deserialize_with = "crate::above_zero")]
    connections: usize,
    hosts: Vec<String>,
}

impl Default for Mysql {
    fn default() -> Self {
        Self { acquire_timeout_ms: Millis(2_000), drain_s: Seconds(1), connections: 2, hosts: Vec::new() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Log {
    #[default]
    Human,
    Json,
}

fn read(yaml: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    file.write_all(yaml.as_bytes()).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_from(Some(file.path()), PREFIX, variables)
}

fn refusal(yaml: &str, variables: &[(&str, &str)]) -> String {
    let text = read(yaml, variables).expect_err("these settings must be refused").to_string();
    assert!(!text.contains('\n'), "one line: {text}");
    text
}

#[test]
fn what_nobody_sets_keeps_its_default() {
    let settings = read("listen: '127.0.0.1:4000'\n", &[]).unwrap();
    assert_eq!(settings.listen, "127.0.0.1:4000");
    assert_eq!(settings.auth.access_ttl_s.duration().as_secs(), 900);
    assert_eq!(settings.mysql.acquire_timeout_ms.duration().as_millis(), 2_000);
}

#[test]
fn an_empty_file_is_all_defaults() {
    assert_eq!(read("# nothing\n", &[]).unwrap().auth.access_ttl_s, Seconds(900));
}

#[test]
fn a_variable_overrides_the_file_and_leaves_its_neighbours() {
    let yaml = "auth:\n  access_ttl_s: 60\n  key: k\n";
    let settings = read(yaml, &[("REELGRAPH__AUTH__ACCESS_TTL_S", "5"), ("OTHER", "1")]).unwrap();
    assert_eq!(settings.auth.access_ttl_s, Seconds(5));
    assert_eq!(settings.auth.key.unwrap().expose(), "k");
}

#[test]
fn a_text_that_looks_like_something_else_stays_as_it_was_written() {
    for text in ["007", "true", "1.50", "[a]", "{"] {
        let settings = read("", &[("REELGRAPH__AUTH__KEY", text), ("REELGRAPH__LISTEN", text)]).unwrap();
        assert_eq!(settings.auth.key.unwrap().expose(), text);
        assert_eq!(settings.listen, text);
    }
}

#[test]
fn a_list_is_written_in_brackets() {
    let settings = read("", &[("REELGRAPH__MYSQL__HOSTS", "[a, b]")]).unwrap();
    assert_eq!(settings.mysql.hosts, ["a", "b"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_name_and_place() {
    let text = refusal("auth:\n  acess_ttl_s: 60\n", &[]);
    assert!(text.starts_with("unknown setting `auth.acess_ttl_s` (in "), "{text}");
    assert!(text.contains(".yaml); known here: access_ttl_s, key"), "{text}");

    let text = refusal("", &[("REELGRAPH__AUTH__NOPE", "1")]);
    assert!(
        text.starts_with("unknown setting `auth.nope` (from the environment variable REELGRAPH__AUTH__NOPE)"),
        "{text}"
    );

    let text = refusal("", &[("REELGRAPH__NOPE", "1")]);
    assert!(text.starts_with("unknown setting `nope` (from the environment variable REELGRAPH__NOPE)"), "{text}");
}

#[test]
fn a_bad_value_is_refused_with_its_key_but_never_shown() {
    let text = refusal("auth:\n  access_ttl_s: hunter2\n", &[]);
    assert!(text.starts_with("`auth.access_ttl_s`: expected a whole number from 1 to 315360000 (in "), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let text = refusal("", &[("REELGRAPH__AUTH__ACCESS_TTL_S", "-1")]);
    assert!(text.contains("REELGRAPH__AUTH__ACCESS_TTL_S"), "{text}");

    let text = refusal("log: loud\n", &[]);
    assert!(text.starts_with("`log`: `loud` is not one of human, json"), "{text}");
}

#[test]
fn a_number_out_of_its_range_is_refused_with_the_range_and_its_place() {
    for number in ["0", "-1", "315360001", "18446744073709551615"] {
        let text = refusal(&format!("auth: {{ access_ttl_s: {number} }}"), &[]);
        assert!(text.starts_with("`auth.access_ttl_s`: expected a whole number from 1 to 315360000 (in "), "{text}");
        let text = refusal("", &[("REELGRAPH__MYSQL__ACQUIRE_TIMEOUT_MS", &format!("{number}000"))]);
        assert!(
            text.starts_with("`mysql.acquire_timeout_ms`: expected a whole number from 1 to 315360000000"),
            "{text}"
        );
        assert!(text.contains("REELGRAPH__MYSQL__ACQUIRE_TIMEOUT_MS"), "{text}");
    }
    for number in ["0", "-1", "4294967296"] {
        let text = refusal(&format!("mysql: {{ connections: {number} }}"), &[]);
        assert!(text.starts_with("`mysql.connections`: expected a whole number from 1 to 4294967295 (in "), "{text}");
    }
    let settings = read("mysql: { acquire_timeout_ms: 1, drain_s: 0, connections: 4294967295 }", &[]).unwrap();
    assert_eq!((settings.mysql.acquire_timeout_ms, settings.mysql.drain_s), (Millis(1), Seconds(0)));
    assert_eq!(settings.mysql.connections, 4_294_967_295);
}

#[test]
fn a_missing_or_broken_file_is_refused() {
    let text = load_from::<Settings>(Some(Path::new("/nonexistent/a.yaml")), PREFIX, []).unwrap_err().to_string();
    assert!(text.starts_with("cannot read the settings file /nonexistent/a.yaml: "), "{text}");

    let text = refusal("auth: [\n", &[]);
    assert!(text.contains(".yaml"), "{text}");
}

#[test]
fn a_secret_is_never_printed() {
    let settings = read("auth:\n  key: hunter2\n", &[]).unwrap();
    assert!(format!("{settings:?}").contains("[hidden]"));
    assert!(!format!("{settings:?}").contains("hunter2"));
}
