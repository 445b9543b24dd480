//! Rows 5 to 8, the feed and the visits.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use reel_e2e::{Answer, CLIP, Encoding, File, PICTURE, Person, Stage};
use reel_error::ErrorCode;
use reel_id::{Clock as _, SystemClock};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

over_both_forms! {
    a_video_needs_a_title_and_has_to_be_a_video;
    parameters_may_come_before_or_after_the_file;
    a_published_video_is_listed_and_its_files_are_served;
    lists_are_newest_first_and_paged_from_zero;
    popular_videos_are_the_most_visited;
    losing_redis_loses_no_visit;
    everything_works_without_redis with "redis.url" = "redis+unix:///nowhere/redis.sock";
    a_search_finds_what_meets_all_conditions;
    the_feed_begins_after_a_moment;
}

async fn publish(author: &Person, title: &str, description: &str, bytes: &[u8]) -> Answer {
    let fields = [(Cow::from("title"), title.to_owned()), (Cow::from("description"), description.to_owned())];
    let file = Some(File::video().with_bytes(bytes));
    author.send(Method::POST, "/video/publish", Encoding::Multipart, &fields, file).await
}

async fn list(caller: &Person, author: &Person, number: u32, size: u32) -> Answer {
    let (number, size) = (number.to_string(), size.to_string());
    caller.get("/video/list", &[("user_id", &author.id), ("page_num", &number), ("page_size", &size)]).await
}

async fn a_video_needs_a_title_and_has_to_be_a_video(stage: &Stage) {
    let ana = stage.person("ana").await;
    for (title, description, bytes, code) in [
        ("", "", CLIP, ErrorCode::BlankTitle),
        (" \t\u{3000}", "", CLIP, ErrorCode::BlankTitle),
        (&"长".repeat(129), "", CLIP, ErrorCode::TitleTooLong),
        ("title", &"长".repeat(2_001), CLIP, ErrorCode::DescriptionTooLong),
        ("title", "", b"", ErrorCode::NotAVideo),
        ("title", "", b"not a video", ErrorCode::NotAVideo),
        ("title", "", PICTURE, ErrorCode::NotAVideo),
        ("title", "", &CLIP[..CLIP.len() / 2], ErrorCode::NotAVideo),
        ("title", "", &[b"\0\0\0\x20ftypisom".as_slice(), &[0; 4_096]].concat(), ErrorCode::NotAVideo),
    ] {
        publish(&ana, title, description, bytes).await.fails_with(code);
    }
    let fields = [(Cow::from("title"), "title".to_owned())];
    let without_file = ana.send(Method::POST, "/video/publish", Encoding::Multipart, &fields, None).await;
    without_file.fails_with(ErrorCode::InvalidArgument);
    assert_eq!(list(&ana, &ana, 0, 10).await.data()["total"], 0);

    publish(&ana, &"长".repeat(128), &"长".repeat(2_000), CLIP).await.data();
    let without_description =
        ana.send(Method::POST, "/video/publish", Encoding::Multipart, &fields, Some(File::video()));
    without_description.await.data();
    assert_eq!(list(&ana, &ana, 0, 10).await.column("title"), ["title", &"长".repeat(128)]);
}

async fn parameters_may_come_before_or_after_the_file(stage: &Stage) {
    let ana = stage.person("ana").await;
    let send = async |form: Form| {
        let response = ana.request(Method::POST, "/video/publish").multipart(form).send().await.unwrap();
        response.json::<Value>().await.unwrap()["base"]["code"].as_i64().unwrap()
    };
    let film = || Part::bytes(CLIP).file_name("clip.mp4");
    let number = |code: ErrorCode| i64::from(code.number());
    assert_eq!(send(Form::new().part("data", film()).text("title", "after")).await, 10_000);
    assert_eq!(send(Form::new().text("title", "before").part("data", film()).text("description", "d")).await, 10_000);
    // Neither a name nor a type of the client's is needed.
    assert_eq!(send(Form::new().text("title", "bare").part("data", Part::bytes(CLIP))).await, 10_000);
    assert_eq!(send(Form::new().part("data", film())).await, number(ErrorCode::InvalidArgument));
    assert_eq!(send(Form::new().part("data", film()).text("title", " ")).await, number(ErrorCode::BlankTitle));
    let misnamed = send(Form::new().part("file", film()).text("title", "t")).await;
    assert!([ErrorCode::InvalidArgument, ErrorCode::UnreadableBody].map(number).contains(&misnamed), "{misnamed}");
    assert_eq!(list(&ana, &ana, 0, 10).await.column("title"), ["bare", "before", "after"]);
}

async fn a_published_video_is_listed_and_its_files_are_served(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let id = stage.video(&ana, "Harbour <b>", "it's \"fine\"").await;
    let answer = list(&bo, &ana, 0, 10).await;
    let video = &answer.items()[0];
    for (field, expected) in [
        ("id", id.as_str()),
        ("user_id", &ana.id),
        ("title", "Harbour <b>"),
        ("description", "it's \"fine\""),
        ("deleted_at", "1970-01-01 08:00:00"),
    ] {
        assert_eq!(video[field], expected, "{answer}");
    }
    for count in ["visit_count", "like_count", "comment_count"] {
        assert_eq!(video[count], 0, "{answer}");
    }
    let age = now_in_china() - time(&video["created_at"]);
    assert!(age.num_seconds().abs() < 120, "times are in UTC+08:00: {answer}");

    let film = bo.file(video["video_url"].as_str().unwrap(), None).await;
    assert_eq!((film.status().as_u16(), &film.headers()["content-type"]), (200, &"video/mp4".parse().unwrap()));
    assert_eq!(film.headers()["x-content-type-options"], "nosniff");
    assert!(film.headers().contains_key("etag"));
    assert!(!film.bytes().await.unwrap().is_empty());
    let part = bo.file(video["video_url"].as_str().unwrap(), Some("bytes=0-7")).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap().len(), 8);
    let cover = bo.file(video["cover_url"].as_str().unwrap(), None).await;
    assert_eq!(cover.status(), 200);
    assert!(cover.headers()["content-type"].to_str().unwrap().starts_with("image/"));
}

async fn lists_are_newest_first_and_paged_from_zero(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    for number in 1..=5 {
        stage.video(&ana, &format!("clip {number}"), "").await;
    }
    stage.video(&bo, "another", "").await;
    assert_eq!(list(&bo, &ana, 0, 10).await.column("title"), ["clip 5", "clip 4", "clip 3", "clip 2", "clip 1"]);
    for (number, expected) in
        [(0, ["clip 5", "clip 4"].as_slice()), (1, &["clip 3", "clip 2"]), (2, &["clip 1"]), (3, &[])]
    {
        let page = list(&bo, &ana, number, 2).await;
        assert_eq!(page.column("title"), expected);
        assert_eq!(page.data()["total"], 5, "the full count, not the length of the page");
    }
}

async fn visit(caller: &Person, video: &str) -> Answer {
    caller.get("/video/visit", &[("video_id", video)]).await
}

async fn popular_videos_are_the_most_visited(stage: &Stage) {
    let ana = stage.person("ana").await;
    let mut videos = Vec::new();
    for (number, visits) in [2, 5, 0, 3].into_iter().enumerate() {
        let video = stage.video(&ana, &format!("clip {number}"), "").await;
        for count in 1..=visits {
            assert_eq!(visit(&ana, &video).await.data()["visit_count"], count);
        }
        videos.push(video);
    }
    let popular = ana.get("/video/popular", &[]).await;
    assert_eq!(popular.column("title"), ["clip 1", "clip 3", "clip 0", "clip 2"]);
    let counts: Vec<i64> = popular.items().iter().map(|video| video["visit_count"].as_i64().unwrap()).collect();
    assert_eq!(counts, [5, 3, 2, 0]);
    let second = ana.get("/video/popular", &[("page_num", "1"), ("page_size", "3")]).await;
    assert_eq!(second.column("title"), ["clip 2"]);
    for answer in futures::future::join_all((0..32).map(|_| visit(&ana, &videos[2]))).await {
        answer.data();
    }
    let popular = ana.get("/video/popular", &[("page_size", "1")]).await;
    assert_eq!(
        (&popular.items()[0]["id"], &popular.items()[0]["visit_count"]),
        (&videos[2].as_str().into(), &32.into())
    );
}

async fn losing_redis_loses_no_visit(stage: &Stage) {
    let ana = stage.person("ana").await;
    let (one, two) = (stage.video(&ana, "one", "").await, stage.video(&ana, "two", "").await);
    for video in [&one, &one, &two] {
        visit(&ana, video).await.data();
    }
    let popular = async || {
        let answer = ana.get("/video/popular", &[]).await;
        let visits: Vec<_> = answer.items().iter().map(|video| video["visit_count"].as_i64().unwrap()).collect();
        (answer.column("title").join(", "), visits)
    };
    assert_eq!(popular().await, ("one, two".to_owned(), vec![2, 1]));
    stage.product.redis().flush().await;
    assert_eq!(popular().await, ("one, two".to_owned(), vec![2, 1]), "it is rebuilt from MySQL");
    for _ in 0..2 {
        visit(&ana, &two).await.data();
    }
    assert_eq!(popular().await, ("two, one".to_owned(), vec![3, 2]));
}

async fn everything_works_without_redis(stage: &Stage) {
    let ana = stage.person("ana").await;
    let (one, two) = (stage.video(&ana, "one", "").await, stage.video(&ana, "two", "").await);
    for video in [&two, &one, &one] {
        visit(&ana, video).await.data();
    }
    let popular = ana.get("/video/popular", &[]).await;
    assert_eq!(popular.column("title"), ["one", "two"]);
    assert_eq!(stage.anybody().status("/readyz").await, 200);
}

async fn a_search_finds_what_meets_all_conditions(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bonny").await);
    stage.video(&ana, "Sunrise over the harbour", "morning light").await;
    stage.video(&ana, "上海夜景", "外滩的灯光").await;
    stage.video(&bo, "A quiet Harbour", "evening").await;
    let newest = list(&ana, &bo, 0, 1).await;
    let published = millis(&newest.items()[0]["created_at"]);
    let (before, after) = ((published - 3_600_000).to_string(), (published + 3_600_000).to_string());
    let page = [("page_num", "0"), ("page_size", "10")];
    for (conditions, expected) in [
        (vec![("keywords", "")], ["A quiet Harbour", "上海夜景", "Sunrise over the harbour"].as_slice()),
        (vec![("keywords", "harbour")], &["A quiet Harbour", "Sunrise over the harbour"]),
        (vec![("keywords", "HARBOUR")], &["A quiet Harbour", "Sunrise over the harbour"]),
        (vec![("keywords", "夜景")], &["上海夜景"]),
        (vec![("keywords", "外滩的")], &["上海夜景"]),
        (vec![("keywords", "morning")], &["Sunrise over the harbour"]),
        (vec![("keywords", "harbour morning")], &["Sunrise over the harbour"]),
        (vec![("keywords", "submarine")], &[]),
        (vec![("keywords", "%")], &[]),
        (vec![("keywords", ""), ("username", "onn")], &["A quiet Harbour"]),
        (vec![("keywords", "harbour"), ("username", "ana")], &["Sunrise over the harbour"]),
        (vec![("keywords", "夜景"), ("username", "bonny")], &[]),
        (
            vec![("keywords", "harbour"), ("from_date", &before), ("to_date", &after)],
            &["A quiet Harbour", "Sunrise over the harbour"],
        ),
        (vec![("keywords", "harbour"), ("from_date", &after)], &[]),
        (vec![("keywords", ""), ("to_date", &before)], &[]),
    ] {
        let answer = bo.post("/video/search", &[conditions.as_slice(), &page].concat()).await;
        assert_eq!(answer.column("title"), expected, "{conditions:?}");
        assert_eq!(answer.data()["total"], expected.len(), "{conditions:?}");
    }
    let second = bo.post("/video/search", &[("keywords", "harbour"), ("page_num", "1"), ("page_size", "1")]).await;
    assert_eq!((second.column("title"), &second.data()["total"]), (vec!["Sunrise over the harbour"], &2.into()));
    for (name, value) in [
        ("from_date", "yesterday"),
        ("from_date", "1"),
        ("to_date", "-1"),
        ("to_date", "2026-01-01"),
        ("from_date", "99999999999999"),
    ] {
        bo.post("/video/search", &[("keywords", ""), (name, value), page[0], page[1]])
            .await
            .fails_with(ErrorCode::InvalidArgument);
    }
}

async fn the_feed_begins_after_a_moment(stage: &Stage) {
    let ana = stage.person("ana").await;
    stage.video(&ana, "one", "").await;
    stage.video(&ana, "two", "").await;
    let anybody = stage.anybody();
    let published = millis(&list(&ana, &ana, 0, 1).await.items()[0]["created_at"]);
    for path in ["/video/feed/", "/video/feed"] {
        assert_eq!(anybody.get(path, &[]).await.column("title"), ["two", "one"]);
        let feed = async |time: i64| anybody.get(path, &[("latest_time", &time.to_string())]).await;
        assert_eq!(feed(published - 3_600_000).await.column("title"), ["two", "one"]);
        assert_eq!(feed(published + 3_600_000).await.items(), &Vec::<Value>::new());
        assert_eq!(anybody.get(path, &[("latest_time", "99999999999999999999")]).await.items(), &Vec::<Value>::new());
        for time in ["yesterday", "-1", "1.5"] {
            anybody.get(path, &[("latest_time", time)]).await.fails_with(ErrorCode::InvalidArgument);
        }
    }
}

fn china() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap()
}

fn time(value: &Value) -> DateTime<FixedOffset> {
    let local = NaiveDateTime::parse_from_str(value.as_str().unwrap(), "%Y-%m-%d %H:%M:%S").unwrap();
    local.and_local_timezone(china()).unwrap()
}

fn millis(value: &Value) -> i64 {
    time(value).timestamp_millis()
}

fn now_in_china() -> DateTime<FixedOffset> {
    SystemClock.now().with_timezone(&china())
}
