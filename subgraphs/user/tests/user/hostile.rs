use serde_json::{Value, json};

use crate::world::World;

fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", " ", "\0", "\u{1F469}\u{200D}\u{1F4BB}", "' OR 1=1 -- ", "%", "\\", "\u{202E}", "\u{FDFA}"]
            .map(str::to_owned)
            .into();
    texts.extend(["x".repeat(100_000), "e\u{301}".repeat(50_000), "\u{FDFA}".repeat(32), "9".repeat(40), "-1".into()]);
    texts
}

fn no_failure_of_ours(answer: &Value, input: &str) {
    let text = answer.to_string();
    let shown: String = input.chars().take(20).collect();
    assert!(!text.contains("INTERNAL") && !text.contains("UNAVAILABLE"), "{shown:?}: {text}");
}

#[tokio::test]
async fn no_text_makes_a_failure_of_ours() {
    let world = World::new().await;
    let ana = world.person("ana").await;
    for text in texts() {
        no_failure_of_ours(&world.register(&text, "secret").await, &text);
        no_failure_of_ours(&world.register("ben", &text).await, &text);
        no_failure_of_ours(&world.log_in(&text, "secret").await, &text);
        no_failure_of_ours(&world.log_in("ana", &text).await, &text);
        no_failure_of_ours(&world.renew(&text).await, &text);
        let input = json!({ "currentPassword": text, "newPassword": text });
        no_failure_of_ours(&world.mutate(Some(ana.viewer), "changePassword", "user { id }", input).await, &text);
        let input = json!({ "uploadId": text });
        no_failure_of_ours(&world.mutate(Some(ana.viewer), "updateAvatar", "user { id }", input).await, &text);
        let document = "query($t: String!) { userByUsername(username: $t) { id } }";
        no_failure_of_ours(&world.run(None, document, json!({ "t": text })).await, &text);
        let document = "query($t: ID!) { user(id: $t) { id } }";
        no_failure_of_ours(&world.run(None, document, json!({ "t": text })).await, &text);
    }
    world.close().await;
}

#[tokio::test]
async fn a_malformed_id_is_an_error_with_a_code() {
    let world = World::new().await;
    let answer = world.run(None, "{ user(id: \"abc\") { id } }", json!({})).await;
    assert_eq!(answer["data"], json!({ "user": null }));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ID");
    world.close().await;
}

#[tokio::test]
async fn names_in_any_script_can_be_registered_and_found() {
    let world = World::new().await;
    for name in ["小明", "Ωμέγα", "مریم", "👩‍💻", "O'Brien", "a%_\\b", "Zoë"] {
        assert_eq!(world.register(name, "密码密码密码").await["userErrors"], json!([]), "{name}");
        world.login(name, "密码密码密码").await;
        let document = "query($t: String!) { userByUsername(username: $t) { username } }";
        let found = world.run(None, document, json!({ "t": name })).await;
        assert_eq!(found["data"]["userByUsername"]["username"], name);
    }
    world.close().await;
}
