use std::path::Path;

use serde_json::{Value, json};

use crate::world::World;

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

#[tokio::test]
async fn everything_is_described() {
    let world = World::new().await;
    let document = "{ __schema { types { kind name description
        fields { name description args { name description } }
        inputFields { name description }
        enumValues { name description } } } }";
    let answer = world.run(None, document, json!({})).await;
    let mut missing = Vec::new();
    for kind in answer["data"]["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        // The library's own types begin with an underscore, and `ID` is GraphQL's.
        if !name.starts_with('_') && name != "ID" {
            find_undescribed(kind, name, &mut missing);
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    world.close().await;
}

fn find_undescribed(node: &Value, path: &str, missing: &mut Vec<String>) {
    if node["description"].as_str().is_none_or(str::is_empty) {
        missing.push(path.to_owned());
    }
    let children = ["fields", "args", "inputFields", "enumValues"].into_iter().filter_map(|key| node[key].as_array());
    for child in children.flatten() {
        let name = child["name"].as_str().unwrap();
        if !name.starts_with('_') {
            find_undescribed(child, &format!("{path}.{name}"), missing);
        }
    }
}
