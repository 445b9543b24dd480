//! Rows 11 to 13.

use std::borrow::Cow;

use reel_e2e::{Answer, Client, Encoding, Stage};
use reel_error::ErrorCode;
use reqwest::Method;

over_both_forms! {
    comments_and_replies_are_listed_newest_first;
    a_page_has_ten_rows_unless_it_is_told_otherwise;
    a_comment_says_something_about_something;
    only_its_author_deletes_a_comment;
    a_deleted_comment_takes_its_replies_along;
}

async fn publish(caller: &Client, fields: &[(&'static str, &str)]) -> Answer {
    caller.post("/comment/publish", fields).await
}

async fn listed(caller: &Client, fields: &[(&'static str, &str)]) -> Vec<String> {
    caller.get("/comment/list", fields).await.column("content").into_iter().map(str::to_owned).collect()
}

async fn delete(caller: &Client, fields: &[(&'static str, &str)], encoding: Encoding) -> Answer {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (Cow::from(*name), (*value).to_owned())).collect();
    caller.send(Method::DELETE, "/comment/delete", encoding, &fields, None).await
}

async fn comments_and_replies_are_listed_newest_first(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let video = stage.video(&ana, "Harbour", "").await;
    for content in ["one", "two 早起值得", "three"] {
        assert!(publish(&bo, &[("video_id", &video), ("content", content)]).await.data().is_null());
    }
    let answer = ana.get("/comment/list", &[("video_id", &video)]).await;
    assert_eq!(answer.column("content"), ["three", "two 早起值得", "one"]);
    let top = &answer.items()[1];
    let expected =
        [("user_id", bo.id.as_str()), ("video_id", &video), ("parent_id", "0"), ("deleted_at", "1970-01-01 08:00:00")];
    for (field, expected) in expected {
        assert_eq!(top[field], expected, "{answer}");
    }
    assert_eq!((&top["like_count"], &top["child_count"]), (&0.into(), &0.into()));
    assert_eq!(listed(&ana, &[("video_id", &video), ("page_num", "1"), ("page_size", "2")]).await, ["one"]);

    let parent = top["id"].as_str().unwrap();
    publish(&ana, &[("comment_id", parent), ("content", "first reply")]).await.data();
    publish(&bo, &[("comment_id", parent), ("video_id", &video), ("content", "second reply")]).await.data();
    let replies = ana.get("/comment/list", &[("comment_id", parent)]).await;
    assert_eq!(replies.column("content"), ["second reply", "first reply"]);
    assert_eq!(replies.items()[0]["parent_id"], parent);
    assert_eq!(replies.items()[0]["video_id"], video.as_str());
    assert_eq!(
        listed(&ana, &[("video_id", &video)]).await,
        ["three", "two 早起值得", "one"],
        "replies are not top-level"
    );
    let answer = ana.get("/comment/list", &[("video_id", &video)]).await;
    assert_eq!(answer.items()[1]["child_count"], 2);
    let feed = ana.get("/video/feed/", &[]).await;
    assert_eq!(feed.items()[0]["comment_count"], 5);
    assert_eq!(listed(&ana, &[("comment_id", replies.items()[0]["id"].as_str().unwrap())]).await, Vec::<String>::new());
}

async fn a_page_has_ten_rows_unless_it_is_told_otherwise(stage: &Stage) {
    let ana = stage.person("ana").await;
    let video = stage.video(&ana, "Harbour", "").await;
    for number in 0..12 {
        stage.comment(&ana, &video, None, &number.to_string()).await;
    }
    for (fields, length) in [
        (vec![], 10),
        (vec![("page_num", "0")], 10),
        (vec![("page_num", "1")], 2),
        (vec![("page_num", "2")], 0),
        (vec![("page_size", "7")], 7),
        (vec![("page_num", ""), ("page_size", "")], 10),
        (vec![("page_size", "100")], 12),
    ] {
        let fields = [fields.as_slice(), &[("video_id", video.as_str())]].concat();
        assert_eq!(listed(&ana, &fields).await.len(), length, "{fields:?}");
    }
}

async fn a_comment_says_something_about_something(stage: &Stage) {
    let ana = stage.person("ana").await;
    let (video, other) = (stage.video(&ana, "one", "").await, stage.video(&ana, "two", "").await);
    let comment = stage.comment(&ana, &video, None, "about one").await;
    for (fields, code) in [
        (vec![("content", "x")], ErrorCode::InvalidArgument),
        (vec![("content", "x"), ("video_id", ""), ("comment_id", "")], ErrorCode::InvalidArgument),
        (vec![("video_id", video.as_str())], ErrorCode::InvalidArgument),
        (vec![("video_id", &video), ("content", "")], ErrorCode::BlankComment),
        (vec![("video_id", &video), ("content", " \n\u{3000}")], ErrorCode::BlankComment),
        (vec![("video_id", &video), ("content", &"长".repeat(1_001))], ErrorCode::CommentTooLong),
        (vec![("comment_id", &comment), ("video_id", &other), ("content", "x")], ErrorCode::CommentOfOtherVideo),
        (vec![("comment_id", "1"), ("content", "x")], ErrorCode::CommentNotFound),
        (vec![("comment_id", "x"), ("content", "x")], ErrorCode::InvalidId),
    ] {
        publish(&ana, &fields).await.fails_with(code);
    }
    publish(&ana, &[("video_id", &video), ("content", &"长".repeat(1_000))]).await.data();
    for (fields, code) in [
        (vec![], ErrorCode::InvalidArgument),
        (vec![("comment_id", "1")], ErrorCode::CommentNotFound),
        (vec![("comment_id", "x")], ErrorCode::InvalidId),
        (vec![("video_id", &other), ("page_size", "101")], ErrorCode::InvalidPage),
    ] {
        ana.get("/comment/list", &fields).await.fails_with(code);
    }
    assert_eq!(listed(&ana, &[("video_id", &other)]).await, Vec::<String>::new());
}

async fn only_its_author_deletes_a_comment(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let (video, other) = (stage.video(&ana, "one", "").await, stage.video(&ana, "two", "").await);
    let encodings = [Encoding::Multipart, Encoding::UrlEncoded, Encoding::Json, Encoding::Query];
    for encoding in encodings {
        let comment = stage.comment(&bo, &video, None, "mine").await;
        delete(&ana, &[("comment_id", &comment)], encoding).await.fails_with(ErrorCode::Forbidden);
        delete(&ana.anonymous(), &[("comment_id", &comment)], encoding).await.fails_with(ErrorCode::Unauthenticated);
        let of_other = [("comment_id", comment.as_str()), ("video_id", &other)];
        delete(&bo, &of_other, encoding).await.fails_with(ErrorCode::CommentOfOtherVideo);
        let alone = delete(&bo.speaking("en"), &[("video_id", &video)], encoding).await;
        assert!(alone.fails_with(ErrorCode::InvalidArgument).message().contains("comment_id"), "{alone}");
        delete(&bo, &[], encoding).await.fails_with(ErrorCode::InvalidArgument);
        assert_eq!(listed(&ana, &[("video_id", &video)]).await, ["mine"]);
        let fields = [("comment_id", comment.as_str()), ("video_id", &video)];
        assert!(delete(&bo, &fields, encoding).await.data().is_null());
        assert_eq!(listed(&ana, &[("video_id", &video)]).await, Vec::<String>::new());
        delete(&bo, &fields, encoding).await.fails_with(ErrorCode::CommentNotFound);
    }
}

async fn a_deleted_comment_takes_its_replies_along(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let video = stage.video(&ana, "one", "").await;
    let kept = stage.comment(&ana, &video, None, "kept").await;
    let parent = stage.comment(&ana, &video, None, "parent").await;
    for number in 0..3 {
        stage.comment(&bo, &video, Some(&parent), &format!("reply {number}")).await;
    }
    let count = async || ana.get("/video/feed/", &[]).await.items()[0]["comment_count"].as_i64().unwrap();
    assert_eq!(count().await, 5);
    let reply = ana.get("/comment/list", &[("comment_id", &parent), ("page_size", "1")]).await;
    let reply = reply.column("id")[0].to_owned();
    delete(&bo, &[("comment_id", &reply)], Encoding::Multipart).await.data();
    assert_eq!(count().await, 4);
    delete(&ana, &[("comment_id", &parent)], Encoding::Multipart).await.data();
    assert_eq!(count().await, 1);
    assert_eq!(listed(&ana, &[("video_id", &video)]).await, ["kept"]);
    ana.get("/comment/list", &[("comment_id", &parent)]).await.fails_with(ErrorCode::CommentNotFound);
    delete(&ana, &[("comment_id", &kept)], Encoding::Multipart).await.data();
    assert_eq!(count().await, 0);
}
