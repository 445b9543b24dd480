//! The GraphQL endpoint: what browsers and graph clients may send.

use reel_e2e::{File, Stage};
use reqwest::Method;
use serde_json::{Value, json};

use crate::endpoints::Scene;

over_both_forms! {
    mutations_report_what_can_be_corrected_and_refuse_the_rest;
    what_a_browser_could_send_across_sites_is_refused;
    documents_that_cost_too_much_or_are_wrong_are_refused;
    uploads_are_claimed_once_and_by_their_owner;
}

async fn mutations_report_what_can_be_corrected_and_refuse_the_rest(stage: &Stage) {
    let scene = Scene::set(stage).await;
    let follow = "mutation ($id: ID!) { followUser(input: {userId: $id}) { user { id username followerCount viewerIsFollowing } userErrors { code field } } }";
    let followed = scene.ana.graphql(follow, json!({"id": scene.bo.id})).await;
    assert_eq!(
        followed.data()["followUser"],
        json!({"user": {"id": scene.bo.id, "username": "bo", "followerCount": 1, "viewerIsFollowing": true}, "userErrors": []})
    );
    for (id, code) in [(scene.ana.id.as_str(), "CANNOT_FOLLOW_SELF"), ("1", "USER_NOT_FOUND"), ("x", "INVALID_ID")] {
        let answer = scene.ana.graphql(follow, json!({ "id": id })).await;
        assert_eq!(answer.data()["followUser"]["userErrors"], json!([{"code": code, "field": ["input", "userId"]}]));
    }
    let anonymous = stage.anybody().graphql(follow, json!({"id": scene.bo.id})).await;
    assert_eq!(anonymous.codes(), ["UNAUTHENTICATED"]);
    let delete =
        "mutation ($id: ID!) { deleteComment(input: {commentId: $id}) { deletedCommentId userErrors { code } } }";
    assert_eq!(scene.ana.graphql(delete, json!({"id": scene.comment})).await.codes(), ["FORBIDDEN"]);
    let deleted = scene.bo.graphql(delete, json!({"id": scene.comment})).await;
    assert_eq!(deleted.data()["deleteComment"], json!({"deletedCommentId": scene.comment, "userErrors": []}));
    let viewer = "{ viewer { username viewerIsFollowing } }";
    assert_eq!(stage.anybody().graphql(viewer, json!({})).await.data(), &json!({"viewer": null}));
    for id in ["x", "", "0", "1'--"] {
        let answer = scene.ana.graphql("query ($id: ID!) { user(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!((answer.codes(), answer.partial()), (vec!["INVALID_ID"], &json!({"user": null})));
    }
    assert_eq!(
        scene
            .ana
            .graphql("{ user(id: \"1\") { id } video(id: \"1\") { id } comment(id: \"1\") { id } }", json!({}))
            .await
            .data(),
        &json!({"user": null, "video": null, "comment": null})
    );
}

async fn what_a_browser_could_send_across_sites_is_refused(stage: &Stage) {
    let ana = stage.person("ana").await;
    let body = json!({"query": "{ viewer { username } }"}).to_string();
    let read = ana.send_raw(Method::POST, "/graphql", Some("application/json"), body.clone()).await;
    assert_eq!(read.body["data"]["viewer"]["username"], "ana");
    for content_type in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data; boundary=x")]
    {
        let answer = ana.send_raw(Method::POST, "/graphql", content_type, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.body.get("data")), (415, None), "{answer}");
    }
    let get = async |document: &str| {
        let response = ana.request(Method::GET, "/graphql").query(&[("query", document)]).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (status, answer) = get("{ viewer { username } }").await;
    assert_eq!((status, &answer["data"]["viewer"]["username"]), (200, &"ana".into()));
    let (status, answer) = get("mutation { logOut(input: {}) { user { id } } }").await;
    assert_eq!((status, answer.get("data")), (405, None));
    ana.get("/user/info", &[]).await.data();
}

async fn documents_that_cost_too_much_or_are_wrong_are_refused(stage: &Stage) {
    let ana = stage.person("ana").await;
    let mut bomb = String::from("{ viewer { ...F0 } }");
    for level in 0..24 {
        let next = level + 1;
        bomb.push_str(&format!(" fragment F{level} on User {{ ...F{next} ...F{next} }}"));
    }
    bomb.push_str(" fragment F24 on User { id }");
    let aliases: String = (0..500).map(|index| format!("a{index}: viewer {{ id }} ")).collect();
    let deep = format!("{{ viewer {{ {} id {} }} }}", "friends { edges { node {".repeat(40), "} } }".repeat(40));
    for document in [
        bomb,
        format!("{{ {aliases} }}"),
        deep,
        "{ nothing }".to_owned(),
        "{".to_owned(),
        String::new(),
        "{ viewer { id ".to_owned() + &"id ".repeat(100_000) + "} }",
        "query { viewer { friends(first: 51) { totalCount } } }".to_owned(),
        "query { viewer { friends(first: -1) { totalCount } } }".to_owned(),
        "query ($id: ID!) { user(id: $id) { id } }".to_owned(),
    ] {
        let answer = ana.graphql(&document, json!({})).await;
        assert!(!answer.codes().is_empty(), "{}", answer.0);
        for code in answer.codes() {
            assert!(!["INTERNAL", "TIMEOUT", "SERVICE_UNAVAILABLE", "(none)"].contains(&code), "{}", answer.0);
        }
        assert!(answer.0.status.as_u16() < 500, "{}", answer.0);
    }
    for body in ["", "null", "[]", "[{\"query\":\"{ viewer { id } }\"}]", "{\"query\":1}", "{}", "\u{0}"] {
        let answer = ana.send_raw(Method::POST, "/graphql", Some("application/json"), body).await;
        assert!((400..500).contains(&answer.status.as_u16()), "{answer}");
    }
}

async fn uploads_are_claimed_once_and_by_their_owner(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let upload = async |client: &reel_e2e::Client, kind: &str, file: File| {
        client.send_raw(Method::POST, &format!("/uploads?kind={kind}"), Some(file.media_type), file.bytes).await
    };
    let publish = "mutation ($input: PublishVideoInput!) { publishVideo(input: $input) { video { title author { username } visitCount } userErrors { code } } }";
    let input = |id: &str, title: &str| json!({"input": {"uploadId": id, "title": title, "description": ""}});
    let uploaded = upload(&ana, "video", File::video()).await;
    assert_eq!(uploaded.status, 201, "{uploaded}");
    let id = uploaded.body["uploadId"].as_str().unwrap();
    for (client, title, code) in [(&bo, "stolen", "UPLOAD_NOT_FOUND"), (&ana, " ", "BLANK_TITLE")] {
        let answer = client.graphql(publish, input(id, title)).await;
        assert_eq!(answer.data()["publishVideo"]["userErrors"], json!([{ "code": code }]));
    }
    let answer = ana.graphql(publish, input(id, "mine")).await;
    assert_eq!(
        answer.data()["publishVideo"]["video"],
        json!({"title": "mine", "author": {"username": "ana"}, "visitCount": 0})
    );
    let again = ana.graphql(publish, input(id, "mine")).await;
    assert_eq!(again.data()["publishVideo"]["userErrors"], json!([{"code": "UPLOAD_NOT_FOUND"}]));

    let picture = upload(&ana, "image", File::picture()).await;
    let avatar =
        "mutation ($id: ID!) { updateAvatar(input: {uploadId: $id}) { user { avatarUrl } userErrors { code } } }";
    let answer = ana.graphql(avatar, json!({"id": picture.body["uploadId"]})).await;
    let url = answer.data()["updateAvatar"]["user"]["avatarUrl"].as_str().unwrap();
    assert_eq!(ana.file(url, None).await.status(), 200);
    for (client, kind, file, status) in [
        (ana.anonymous(), "video", File::video(), 401),
        ((*ana).clone(), "nothing", File::video(), 400),
        ((*ana).clone(), "video", File::picture(), 400),
        ((*ana).clone(), "image", File::video(), 400),
        ((*ana).clone(), "video", File::video().with_bytes(*b""), 400),
    ] {
        let refused = upload(&client, kind, file).await;
        assert_eq!(refused.status.as_u16(), status, "{refused}");
    }
}
