//! Rows 9 and 10.

use reel_e2e::{Answer, Client, Person, Stage};
use reel_error::ErrorCode;
use serde_json::Value;

over_both_forms! {
    a_like_counts_once_and_can_be_taken_back;
    a_like_is_of_exactly_one_thing_and_either_given_or_taken_back;
    liked_videos_are_listed_from_the_last_liked;
    likes_of_many_at_once_are_all_counted;
}

async fn like(caller: &Client, what: &'static str, id: &str, action: &str) -> Answer {
    caller.post("/like/action", &[(what, id), ("action_type", action)]).await
}

async fn like_count(stage: &Stage, video: &str) -> i64 {
    let feed = stage.anybody().get("/video/feed/", &[]).await;
    let found = feed.items().iter().find(|item| item["id"] == video).unwrap();
    found["like_count"].as_i64().unwrap()
}

async fn a_like_counts_once_and_can_be_taken_back(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let video = stage.video(&ana, "Harbour", "").await;
    let comment = stage.comment(&ana, &video, None, "mine").await;
    let comment_likes = async || {
        let list = ana.get("/comment/list", &[("video_id", &video)]).await;
        list.items()[0]["like_count"].as_i64().unwrap()
    };
    for (person, action, expected) in
        [(&bo, "2", 0), (&bo, "1", 1), (&bo, "1", 1), (&ana, "1", 2), (&bo, "2", 1), (&bo, "2", 1)]
    {
        assert!(like(person, "video_id", &video, action).await.data().is_null());
        assert_eq!(like_count(stage, &video).await, expected);
        like(person, "comment_id", &comment, action).await.data();
        assert_eq!(comment_likes().await, expected);
    }
}

async fn a_like_is_of_exactly_one_thing_and_either_given_or_taken_back(stage: &Stage) {
    let ana = stage.person("ana").await;
    let video = stage.video(&ana, "Harbour", "").await;
    let comment = stage.comment(&ana, &video, None, "mine").await;
    for fields in [
        vec![("action_type", "1")],
        vec![("video_id", video.as_str()), ("comment_id", &comment), ("action_type", "1")],
        vec![("video_id", ""), ("comment_id", ""), ("action_type", "1")],
        vec![("video_id", &video)],
        vec![("video_id", &video), ("action_type", "")],
        vec![("video_id", &video), ("action_type", "0")],
        vec![("video_id", &video), ("action_type", "3")],
        vec![("video_id", &video), ("action_type", "-1")],
        vec![("video_id", &video), ("action_type", "like")],
    ] {
        ana.post("/like/action", &fields).await.fails_with(ErrorCode::InvalidArgument);
    }
    // The other one may be there and empty, as forms send it.
    ana.post("/like/action", &[("video_id", &video), ("comment_id", ""), ("action_type", "1")]).await.data();
    like(&ana, "comment_id", "1", "1").await.fails_with(ErrorCode::CommentNotFound);
    like(&ana, "comment_id", "x", "1").await.fails_with(ErrorCode::InvalidId);
    like(&ana, "comment_id", &video, "1").await.fails_with(ErrorCode::CommentNotFound);
    like(&ana, "video_id", &comment, "1").await.fails_with(ErrorCode::VideoNotFound);
}

async fn liked(caller: &Client, fields: &[(&'static str, &str)]) -> Vec<String> {
    caller.get("/like/list", fields).await.column("title").into_iter().map(str::to_owned).collect()
}

async fn liked_videos_are_listed_from_the_last_liked(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let mut videos = Vec::new();
    for title in ["one", "two", "three"] {
        videos.push(stage.video(&ana, title, "").await);
    }
    for index in [1, 2, 0] {
        like(&bo, "video_id", &videos[index], "1").await.data();
    }
    assert_eq!(liked(&bo, &[]).await, ["one", "three", "two"]);
    assert_eq!(liked(&ana, &[("user_id", &bo.id)]).await, ["one", "three", "two"]);
    assert_eq!(liked(&ana, &[]).await, Vec::<String>::new());
    assert_eq!(liked(&bo, &[("page_num", "1"), ("page_size", "2")]).await, ["two"]);
    like(&bo, "video_id", &videos[2], "2").await.data();
    assert_eq!(liked(&bo, &[]).await, ["one", "two"]);
    let empty = ana.get("/like/list", &[]).await;
    assert_eq!(empty.body["data"], serde_json::json!({"items": Vec::<Value>::new()}));
}

async fn likes_of_many_at_once_are_all_counted(stage: &Stage) {
    let ana = stage.person("ana").await;
    let video = stage.video(&ana, "Harbour", "").await;
    let mut people: Vec<Person> = Vec::new();
    for number in 0..8 {
        people.push(stage.person(&format!("person{number}")).await);
    }
    // Each of eight people likes eight times at once; half of them take it back, also eight times.
    let eight = |person: &Person, action: &'static str| {
        let calls: Vec<_> = (0..8).map(|_| person.clone()).collect();
        let video = video.clone();
        async move {
            let calls = calls.iter().map(|person| like(person, "video_id", &video, action));
            for answer in futures::future::join_all(calls).await {
                answer.data();
            }
        }
    };
    futures::future::join_all(people.iter().map(|person| eight(person, "1"))).await;
    assert_eq!(like_count(stage, &video).await, 8);
    futures::future::join_all(people.iter().take(4).map(|person| eight(person, "2"))).await;
    assert_eq!(like_count(stage, &video).await, 4);
}
