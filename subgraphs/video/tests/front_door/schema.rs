use std::path::Path;

/// Written again with `UPDATE_SCHEMA=1`.
#[test]
fn the_schema_is_the_one_under_review() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/subgraphs/video.graphql");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, reel_video::sdl()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), reel_video::sdl());
}
