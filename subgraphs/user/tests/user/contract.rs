use std::path::Path;

/// `UPDATE_SCHEMA=1` writes the file instead.
#[test]
fn the_schema_is_the_file_under_review() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/subgraphs/user.graphql");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&file, reel_user::sdl()).unwrap();
    }
    assert_eq!(
        reel_user::sdl(),
        std::fs::read_to_string(&file).unwrap(),
        "run `make schema` and look at the difference"
    );
}

#[test]
fn everything_is_described() {
    let sdl = reel_user::sdl();
    let described: Vec<bool> = sdl.lines().map(|line| line.trim_end().ends_with("\"\"\"")).collect();
    let declarations = sdl.lines().enumerate().filter(|(_, line)| {
        let starts = ["type ", "input ", "enum "].iter().any(|word| line.starts_with(word));
        let own_root = line.starts_with("type Query") || line.starts_with("type Mutation");
        (starts && !own_root) || (line.starts_with("  ") && !line.trim_start().starts_with('"') && line.contains(": "))
    });
    for (at, line) in declarations {
        let inside_text = described[..at].iter().filter(|ends| **ends).count() % 2 == 1;
        assert!(inside_text || described[at - 1], "not described: {line}");
    }
}
