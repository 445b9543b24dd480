use axum::body::Body;
use http::Request;
use reel_error::ErrorCode;
use reel_id::Cursor;
use reel_router::config::RouterSettings;
use serde_json::{Value, json};

use crate::world::{Call, World, data, error, silent_world, world};

/// A graph in which user 7 has one video and everything succeeds.
fn anything(call: &Call) -> Value {
    let time = "2026-01-01T00:00:00Z";
    let video = json!({"__typename": "Video", "id": "70", "author": {"__typename": "User", "id": "7"}, "title": "t",
        "description": "", "playUrl": "https://h/v.mp4", "coverUrl": "https://h/v.jpeg", "visitCount": 3,
        "createdAt": time, "updatedAt": time});
    let videos = json!({"edges": [{"node": video}], "totalCount": 1, "pageInfo": {"hasNextPage": false}});
    let user = json!({"__typename": "User", "id": "7", "username": "ana", "avatarUrl": null, "createdAt": time,
        "updatedAt": time, "videos": videos, "likedVideos": videos});
    if call.document.contains("_entities") {
        let entities = call.variables["representations"].as_array().unwrap().iter().map(|one| {
            json!({"__typename": one["__typename"], "id": one["id"], "likeCount": 1, "commentCount": 2, "videos": videos})
        });
        return data(json!({"_entities": entities.collect::<Vec<_>>()}));
    }
    let payload = json!({"userErrors": [], "user": user, "session": {"accessToken": "new-a", "refreshToken": "new-r"}, "video": video});
    data(json!({"user": user, "popularVideos": videos, "videos": videos, "feed": videos, "payload": payload,
        "logIn": payload, "register": payload, "renewSession": payload, "logOut": payload, "visitVideo": payload,
        "followUser": payload, "unfollowUser": payload, "likeVideo": payload}))
}

async fn full() -> World {
    world(anything).start().await
}

#[tokio::test]
async fn registering_takes_each_kind_of_body_and_answers_without_data() {
    let world = full().await;
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "username=ana&password=secret"),
        ("application/json", r#"{"username":"ana","password":"secret"}"#),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nana\r\n--x\r\nContent-Disposition: \
             form-data; name=\"password\"\r\n\r\nsecret\r\n--x--\r\n",
        ),
    ] {
        let request = Request::post("/user/register/").header("content-type", content_type);
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.text, r#"{"base":{"code":10000,"msg":"success"}}"#, "{content_type}");
        assert_eq!(world.last_variables(), json!({"username": "ana", "password": "secret"}));
    }
}

#[tokio::test]
async fn logging_in_hands_out_the_tokens_in_headers_and_the_user_as_data() {
    let world = full().await;
    let answer = world.anonymous("POST", "/user/login", "username=ana&password=secret").await;
    assert_eq!(answer.header("access-token"), Some("new-a"));
    assert_eq!(answer.header("refresh-token"), Some("new-r"));
    assert_eq!(answer.header("new-access-token"), None);
    assert_eq!(
        answer.json()["data"],
        json!({"id": "7", "username": "ana", "avatar_url": "", "created_at": "2026-01-01 08:00:00",
            "updated_at": "2026-01-01 08:00:00", "deleted_at": "1970-01-01 08:00:00"})
    );
}

#[tokio::test]
async fn a_list_is_put_together_from_the_domains_that_own_its_parts() {
    let world = full().await;
    let answer = world.as_ana("GET", "/video/list?user_id=7&page_num=2&page_size=5", "").await;
    assert_eq!(
        answer.json()["data"],
        json!({"items": [{"id": "70", "user_id": "7", "video_url": "https://h/v.mp4", "cover_url": "https://h/v.jpeg",
            "title": "t", "description": "", "visit_count": 3, "like_count": 1, "comment_count": 2,
            "created_at": "2026-01-01 08:00:00", "updated_at": "2026-01-01 08:00:00",
            "deleted_at": "1970-01-01 08:00:00"}], "total": 1})
    );
    let calls = world.calls.lock().unwrap();
    let page = calls.iter().find(|call| call.variables.get("after").is_some()).unwrap();
    assert_eq!((&page.variables["first"], &page.variables["after"]), (&json!(5), &json!(Cursor::Offset(10).encode())));
}

#[tokio::test]
async fn lists_have_a_total_exactly_where_the_contract_lists_one() {
    let world = full().await;
    for (method, uri, form, counted) in [
        ("GET", "/video/popular", "", false),
        ("GET", "/video/feed", "", false),
        ("GET", "/video/feed/?latest_time=0", "", false),
        ("POST", "/video/search", "keywords=&page_num=0&page_size=10", true),
    ] {
        let answer = world.as_ana(method, uri, form).await;
        assert_eq!(answer.outcome(), (200, 10_000), "{uri}: {}", answer.text);
        assert_eq!(answer.json()["data"]["items"][0]["like_count"], 1, "{uri}");
        assert_eq!(answer.json()["data"].get("total").is_some(), counted, "{uri}");
    }
}

#[tokio::test]
async fn a_search_passes_all_conditions_on() {
    let world = full().await;
    let form = "keywords=cat&page_num=0&page_size=10&from_date=1735689600000&to_date=&username=an";
    assert_eq!(world.as_ana("POST", "/video/search", form).await.outcome(), (200, 10_000));
    let calls = world.calls.lock().unwrap();
    let variables = &calls[0].variables;
    assert_eq!(variables["keywords"], "cat");
    assert_eq!(variables["publishedFrom"], "2025-01-01T00:00:00.000Z");
    assert_eq!(variables["publishedTo"], Value::Null);
    assert_eq!(variables["authorUsername"], "an");
}

#[tokio::test]
async fn following_is_0_and_unfollowing_1_and_nothing_is_neither() {
    let world = full().await;
    assert_eq!(world.as_ana("POST", "/relation/action", "to_user_id=8&action_type=0").await.outcome(), (200, 10_000));
    assert_eq!(world.as_ana("POST", "/relation/action", "to_user_id=8&action_type=1").await.outcome(), (200, 10_000));
    let documents: Vec<String> = world.calls.lock().unwrap().iter().map(|call| call.document.clone()).collect();
    assert!(documents[0].contains("followUser") && documents[1].contains("unfollowUser"), "{documents:?}");
    assert_eq!(world.as_ana("POST", "/relation/action", "to_user_id=8").await.outcome(), (200, 10_001));
}

#[tokio::test]
async fn looking_at_a_video_with_head_counts_no_visit() {
    let world = full().await;
    let token = world.token();
    let head = |uri: &'static str| {
        let request = Request::head(uri).header("access-token", &token);
        world.send(request.body(Body::empty()).unwrap())
    };
    let refused = head("/video/visit?video_id=70").await;
    assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, Some("GET")));
    assert!(world.calls.lock().unwrap().is_empty());
    assert_eq!(head("/video/popular").await.status, 200);
}

#[tokio::test]
async fn bad_parameters_fail_before_any_subgraph_is_asked() {
    let world = silent_world().start().await;
    for (method, uri, form, code) in [
        ("POST", "/user/register", "username=a", 10_001),
        ("POST", "/user/login", "password=a", 10_001),
        ("GET", "/user/info?user_id=x", "", 10_002),
        ("GET", "/video/list?user_id=7&page_num=0", "", 10_001),
        ("GET", "/video/list?user_id=7&page_num=-1&page_size=10", "", 10_003),
        ("GET", "/video/popular?page_size=101", "", 10_003),
        ("POST", "/video/search", "page_num=0&page_size=10", 10_001),
        ("POST", "/video/search", "keywords=&page_num=0&page_size=10&from_date=1735689600", 10_001),
        ("POST", "/like/action", "action_type=1", 10_001),
        ("POST", "/like/action", "action_type=1&video_id=1&comment_id=2", 10_001),
        ("POST", "/like/action", "action_type=0&video_id=1", 10_001),
        ("POST", "/comment/publish", "content=hi", 10_001),
        ("POST", "/comment/publish", "video_id=1", 10_001),
        ("GET", "/comment/list", "", 10_001),
        ("DELETE", "/comment/delete", "video_id=1", 10_001),
        ("POST", "/relation/action", "to_user_id=-8&action_type=0", 10_002),
        ("GET", "/following/list", "", 10_001),
        ("GET", "/video/visit", "", 10_001),
        ("GET", "/video/feed?latest_time=yesterday", "", 10_001),
        ("POST", "/auth/refresh", "", 10_201),
        ("GET", "/auth/mfa/qrcode", "", 10_105),
        ("POST", "/auth/mfa/bind", "", 10_105),
        ("POST", "/user/image/search", "", 10_105),
        ("GET", "/ws", "", 10_105),
    ] {
        assert_eq!(world.as_ana(method, uri, form).await.outcome(), (200, code), "{method} {uri} {form}");
    }
}

#[tokio::test]
async fn who_may_call_is_as_documented_and_one_setting_opens_the_public_reads() {
    let reads = ["/user/info?user_id=7", "/video/list?user_id=7&page_num=0&page_size=1", "/video/popular"];
    let world = full().await;
    for uri in reads {
        assert_eq!(world.anonymous("GET", uri, "").await.outcome(), (200, 10_201), "{uri}");
    }
    for (method, uri) in [("GET", "/friends/list"), ("GET", "/auth/mfa/qrcode"), ("POST", "/auth/mfa/bind")] {
        assert_eq!(world.anonymous(method, uri, "").await.outcome(), (200, 10_201), "{uri}");
    }
    let open = |settings: &mut RouterSettings| settings.rest.public_reads_open = true;
    let world = crate::world::world(anything).settings(open).start().await;
    for uri in reads {
        assert_eq!(world.anonymous("GET", uri, "").await.outcome(), (200, 10_000), "{uri}");
    }
    assert_eq!(world.anonymous("GET", "/user/info", "").await.outcome(), (200, 10_201));
    assert_eq!(world.anonymous("GET", "/friends/list", "").await.outcome(), (200, 10_201));
}

#[tokio::test]
async fn what_does_not_exist_is_a_failure_with_a_code_of_its_own() {
    let world = world(|_| data(json!({"user": null, "video": null, "comment": null}))).start().await;
    for (uri, code) in [
        ("/user/info?user_id=9", 11_005),
        ("/video/list?user_id=9&page_num=0&page_size=1", 11_005),
        ("/like/list?user_id=9", 11_005),
        ("/follower/list?user_id=9", 11_005),
        ("/comment/list?video_id=9", 12_001),
        ("/comment/list?comment_id=9", 13_001),
    ] {
        assert_eq!(world.as_ana("GET", uri, "").await.outcome(), (200, code), "{uri}");
    }
}

#[tokio::test]
async fn failures_are_worded_in_the_language_of_the_client_and_can_use_statuses() {
    let taken = json!({"userErrors": [{"code": "USERNAME_TAKEN", "message": "This username is taken."}]});
    let script = move |_: &Call| data(json!({"payload": taken, "register": taken}));
    let by_status = |settings: &mut RouterSettings| settings.rest.failures_use_status = true;
    let world = world(script).settings(by_status).start().await;
    let register = |language: &'static str| {
        let request = Request::post("/user/register").header("content-type", "application/json");
        let request = request.header("accept-language", language);
        world.send(request.body(Body::from(r#"{"username":"ana","password":"secret"}"#)).unwrap())
    };
    let english = register("en-GB").await;
    assert_eq!(english.outcome(), (409, 11_001));
    assert_eq!(english.json()["base"]["msg"], "This username is taken.");
    assert_eq!(register("zh").await.json()["base"]["msg"], "用户名已被占用");
    assert!(english.json().get("data").is_none());
}

#[tokio::test]
async fn a_failing_domain_is_a_failure_and_not_half_an_answer() {
    let script = |call: &Call| {
        if call.subgraph == "interaction" { error(ErrorCode::ServiceUnavailable) } else { anything(call) }
    };
    let world = world(script).start().await;
    assert_eq!(world.as_ana("GET", "/video/popular", "").await.outcome(), (200, 10_101));
}

#[tokio::test]
async fn what_is_wrong_with_the_request_itself_keeps_its_status() {
    let world = silent_world().start().await;
    assert_eq!(world.anonymous("GET", "/no/such", "").await.outcome(), (404, 10_005));
    assert_eq!(world.anonymous("GET", "/user/login", "").await.outcome(), (405, 10_006));
    assert_eq!(world.anonymous("DELETE", "/graphql", "").await.outcome(), (405, 10_006));
    let post = |content_type: &'static str, body: Vec<u8>| {
        let request = Request::post("/user/login").header("content-type", content_type);
        world.send(request.body(Body::from(body)).unwrap())
    };
    assert_eq!(post("application/json", b"{".to_vec()).await.outcome(), (400, 10_004));
    assert_eq!(post("application/xml", b"<a/>".to_vec()).await.outcome(), (415, 10_008));
    assert_eq!(post("application/json", vec![b' '; 300_000]).await.outcome(), (413, 10_007));
}

#[tokio::test]
async fn every_answer_says_that_it_is_data_and_not_a_page() {
    let world = silent_world().start().await;
    let answer = world.anonymous("GET", "/user/info", "").await;
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn only_listed_origins_may_call_from_their_pages() {
    let cors = |settings: &mut RouterSettings| settings.http.cors_origins = vec!["https://app.example.com".into()];
    let world = silent_world().settings(cors).start().await;
    let from = |origin: &'static str| {
        world.send(Request::get("/user/info").header("origin", origin).body(Body::empty()).unwrap())
    };
    let listed = from("https://app.example.com").await;
    assert_eq!(listed.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(from("https://evil.example.com").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn logging_out_ends_with_no_tokens_to_keep() {
    let world = full().await;
    let token = world.token();
    world.clock.pass(std::time::Duration::from_secs(1_000));
    let request = Request::post("/auth/logout").header("access-token", token);
    let request = request.header("refresh-token", crate::world::REFRESH).body(Body::empty()).unwrap();
    let answer = world.send(request).await;
    assert_eq!(answer.outcome(), (200, 10_000));
    assert_eq!(answer.header("access-token"), None);
}

#[tokio::test]
async fn refreshing_hands_out_the_pair_in_headers_and_data() {
    let world = full().await;
    let request = Request::post("/auth/refresh").header("refresh-token", "old").header("access-token", "stale");
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.json()["data"], json!({"access_token": "new-a", "refresh_token": "new-r"}));
    assert_eq!((answer.header("access-token"), answer.header("refresh-token")), (Some("new-a"), Some("new-r")));
    assert_eq!(world.last_variables(), json!({"refreshToken": "old"}));
}
