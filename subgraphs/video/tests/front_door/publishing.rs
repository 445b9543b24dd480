use std::sync::Arc;
use std::time::Duration;

use reel_rpc::video::FindVideosRequest;
use serde_json::{Value, json};

use crate::world::{ANA, BEN, World, codes};

fn refusal(payload: &Value) -> (&Value, &str, &Value) {
    let error = &payload["userErrors"][0];
    (&payload["video"], error["code"].as_str().unwrap_or("none"), &error["field"])
}

#[tokio::test]
async fn a_published_video_is_what_was_sent() {
    let world = World::new().await;
    let upload = world.pretend_upload(ANA).await;
    let video = world.publish(ANA, upload, "  电影 night  ", "with friends\n").await["video"].take();
    assert_eq!(video["title"], "电影 night");
    assert_eq!(video["description"], "with friends\n");
    assert_eq!(video["author"]["id"], ANA.to_string());
    assert_eq!(video["visitCount"], 0);
    assert_eq!(video["createdAt"], "2026-01-01T08:00:00+00:00");
    assert_eq!(video["updatedAt"], video["createdAt"]);
    let read = world.data(None, "query ($id: ID!) { video(id: $id) { id title } }", json!({"id": video["id"]})).await;
    assert_eq!(read["video"], json!({"id": video["id"], "title": "电影 night"}));
}

#[tokio::test]
async fn an_upload_is_claimed_once_by_whoever_comes_first() {
    let world = Arc::new(World::new().await);
    let upload = world.pretend_upload(ANA).await;
    let claims = (0..64).map(|number| {
        let world = world.clone();
        tokio::spawn(async move { world.publish(ANA, upload, &format!("claim {number}"), "").await })
    });
    let payloads = futures::future::join_all(claims.collect::<Vec<_>>()).await;
    let payloads: Vec<Value> = payloads.into_iter().map(Result::unwrap).collect();
    assert_eq!(payloads.iter().filter(|payload| !payload["video"].is_null()).count(), 1);
    let refused = payloads.iter().filter(|payload| refusal(payload).1 == "UPLOAD_NOT_FOUND");
    assert_eq!(refused.count(), 63);
    assert_eq!((world.count("video").await, world.count("video_text").await, world.count("upload").await), (1, 1, 0));
}

#[tokio::test]
async fn an_upload_of_another_or_of_nobody_or_too_old_cannot_be_claimed() {
    let world = World::new().await;
    let field = json!(["input", "uploadId"]);
    let upload = world.pretend_upload(ANA).await;
    assert_eq!(refusal(&world.publish(BEN, upload, "t", "").await), (&Value::Null, "UPLOAD_NOT_FOUND", &field));
    assert_eq!(refusal(&world.publish(ANA, 7, "t", "").await).1, "UPLOAD_NOT_FOUND");
    sqlx::query("UPDATE upload SET ready = 0").execute(world.database.pool()).await.unwrap();
    assert_eq!(refusal(&world.publish(ANA, upload, "t", "").await).1, "UPLOAD_NOT_FOUND");
    sqlx::query("UPDATE upload SET ready = 1").execute(world.database.pool()).await.unwrap();
    world.clock.advance(Duration::from_secs(400 * 24 * 3_600));
    assert_eq!(refusal(&world.publish(ANA, upload, "t", "").await).1, "UPLOAD_NOT_FOUND");
    assert_eq!(world.count("video").await, 0);
}

#[tokio::test]
async fn texts_that_cannot_be_published_are_refused_by_field_and_claim_nothing() {
    let world = World::new().await;
    let upload = world.pretend_upload(ANA).await;
    for (title, description, code, field) in [
        ("", "", "BLANK_TITLE", "title"),
        (" \u{3000}\t", "", "BLANK_TITLE", "title"),
        ("\0", "", "BLANK_TITLE", "title"),
        (&"🎬".repeat(129), "", "TITLE_TOO_LONG", "title"),
        ("t", &"简".repeat(2_001), "DESCRIPTION_TOO_LONG", "description"),
    ] {
        let payload = world.publish(ANA, upload, title, description).await;
        assert_eq!(refusal(&payload), (&Value::Null, code, &json!(["input", field])));
    }
    let payload = world.publish(ANA, upload, &"🎬".repeat(128), &"\0ﷺ".repeat(1_000)).await;
    assert!(!payload["video"].is_null(), "{payload}");
}

#[tokio::test]
async fn a_malformed_upload_id_is_a_user_error() {
    let world = World::new().await;
    let document =
        "mutation ($id: ID!) { publishVideo(input: {uploadId: $id, title: \"t\"}) { userErrors { code field } } }";
    for id in ["", "-1", "abc", "99999999999999999999", "7 ", "\0", &"9".repeat(10_000)] {
        let data = world.data(Some(ANA), document, json!({"id": id})).await;
        let expected = json!([{"code": "INVALID_ID", "field": ["input", "uploadId"]}]);
        assert_eq!(data["publishVideo"]["userErrors"], expected, "{id:?}");
    }
}

#[tokio::test]
async fn nobody_publishes_anonymously_or_without_an_account() {
    let world = World::new().await;
    let upload = world.pretend_upload(ANA).await;
    let document = "mutation { publishVideo(input: {uploadId: \"7\", title: \"t\"}) { video { id } } }";
    let answer = world.run(None, document, json!({})).await;
    assert_eq!((codes(&answer), &answer["data"]["publishVideo"]), (vec!["UNAUTHENTICATED"], &Value::Null));
    world.users.0.lock().unwrap().remove(&ANA);
    assert_eq!(refusal(&world.publish(ANA, upload, "t", "").await).1, "USER_NOT_FOUND");
    assert_eq!(world.count("upload").await, 1);
}

#[tokio::test]
async fn other_domains_learn_which_videos_exist() {
    let world = World::new().await;
    let id: i64 = world.published(BEN, "t", "").await.parse().unwrap();
    let request = FindVideosRequest { ids: vec![id, id, 5, -5, 0, i64::MAX] };
    let videos = world.client().find_videos(request).await.unwrap().into_inner().videos;
    assert_eq!(videos.iter().map(|video| (video.id, video.author_id)).collect::<Vec<_>>(), [(id, BEN)]);
    let none = world.client().find_videos(FindVideosRequest { ids: vec![] }).await.unwrap().into_inner();
    assert!(none.videos.is_empty());
    let too_many = world.client().find_videos(FindVideosRequest { ids: vec![1; 501] }).await.unwrap_err();
    assert_eq!(too_many.code(), tonic::Code::InvalidArgument);
}
