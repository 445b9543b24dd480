//! The schema under review is the schema that runs.

use std::path::Path;

#[test]
fn the_committed_schema_is_the_one_that_runs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/subgraphs/interaction.graphql");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, reel_interaction::sdl()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == reel_interaction::sdl(), "{} is stale: run `make schema`", path.display());
}
