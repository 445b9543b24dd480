//! Headers between clients and subgraphs.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{AppendHeaders, IntoResponse as _};
use http::Request;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::shop::{PRODUCTS, STARS, lines, shop};
use crate::world::{data, world};

#[tokio::test]
async fn without_settings_a_subgraph_gets_none_of_the_clients_headers_and_the_client_none_of_its() {
    let shop = shop().answering(|_, _| async { [("set-cookie", "a=1"), ("x-server", "s1")].into_response() });
    let shop = shop.start().await;
    let sent = [("authorization", "Bearer ana"), ("cookie", "a=1"), ("x-reel-call", "forged"), ("x-anything", "1")];
    let answer = shop.query(STARS, &sent).await;
    assert_eq!((answer.status, &answer.json()["data"]["products"][0]["stars"]), (200, &json!(5)));
    assert_eq!((answer.lines("set-cookie"), answer.lines("x-server")), (vec![], vec![]));
    assert_eq!(answer.lines("vary"), ["accept"]);
    for subgraph in ["shop", "reviews"] {
        let got = shop.sent_to(subgraph);
        let names: BTreeSet<&str> = got.keys().map(http::HeaderName::as_str).collect();
        for (name, _) in sent {
            assert!(!names.contains(name), "{subgraph} got {name}");
        }
    }
}

#[tokio::test]
async fn named_headers_reach_subgraphs_renamed_defaulted_fixed_or_removed_as_the_settings_say() {
    let shop = shop().headers(json!({
        "all": {
            "propagate": [
                { "name": "authorization" },
                { "name": "x-locale", "default": "en" },
                { "name": "x-session", "rename": "x-user-session" },
                { "name": "x-tags" },
                { "name": "x-fixed" },
            ],
            "insert": [{ "name": "x-fixed", "value": "ours" }, { "name": "x-key", "value": "all" }],
        },
        "by_name": { "reviews": {
            "propagate": [{ "name": "x-locale", "default": "de" }],
            "insert": [{ "name": "x-key", "value": "reviews" }],
            "remove": ["authorization"],
        } },
    }));
    let shop = shop.start().await;
    let sent = [
        ("Authorization", "Bearer ana"),
        ("x-session", "7"),
        ("x-tags", "a"),
        ("x-tags", "b"),
        ("x-fixed", "theirs"),
        ("x-key", "theirs"),
        ("x-other", "1"),
    ];
    assert_eq!(shop.query(STARS, &sent).await.json()["errors"], json!(null));
    let (to_shop, to_reviews) = (shop.sent_to("shop"), shop.sent_to("reviews"));
    assert_eq!(lines(&to_shop, "authorization"), ["Bearer ana"]);
    assert_eq!(lines(&to_reviews, "authorization"), [""; 0]);
    for (sent, locale, key) in [(&to_shop, "en", "all"), (&to_reviews, "de", "reviews")] {
        assert_eq!((lines(sent, "x-locale"), lines(sent, "x-key")), (vec![locale], vec![key]));
        assert_eq!((lines(sent, "x-session"), lines(sent, "x-user-session")), (vec![], vec!["7"]));
        assert_eq!((lines(sent, "x-tags"), lines(sent, "x-fixed")), (vec!["a", "b"], vec!["ours"]));
        assert_eq!(lines(sent, "x-other"), [""; 0]);
    }
    shop.query(STARS, &[("x-locale", "fr")]).await;
    assert_eq!(lines(&shop.sent_to("shop"), "x-locale"), ["fr"]);
    assert_eq!(lines(&shop.sent_to("reviews"), "x-locale"), ["fr"]);
}

#[tokio::test]
async fn a_header_that_the_client_names_in_connection_goes_no_further() {
    let shop = shop().headers(json!({ "all": { "propagate": [{ "name": "x-a" }, { "name": "x-b" }] } })).start().await;
    shop.query(PRODUCTS, &[("x-a", "1"), ("x-b", "2"), ("connection", "keep-alive, X-A")]).await;
    let sent = shop.sent_to("shop");
    assert_eq!((lines(&sent, "x-a"), lines(&sent, "x-b")), (vec![], vec!["2"]));
}

#[tokio::test]
async fn caches_learn_that_an_answer_depends_on_the_headers_that_pass() {
    let shop = shop().headers(json!({ "all": { "propagate": [{ "name": "x-locale", "rename": "x-lang" }] } }));
    let shop = shop.start().await;
    assert_eq!(shop.query(PRODUCTS, &[]).await.lines("vary"), ["accept", "x-locale"]);
}

#[tokio::test]
async fn headers_of_answers_reach_the_client_as_their_merge_says_and_every_cookie_as_a_line_of_its_own() {
    let shop = shop().headers(json!({ "all": { "answers": [
        { "name": "set-cookie" },
        { "name": "x-first", "merge": "first" },
        { "name": "x-last" },
        { "name": "x-all", "merge": "append" },
    ] } }));
    let answering = |name: &'static str, _| async move {
        let of = |header: &'static str| (header, name.to_owned());
        let cookies = [("set-cookie", format!("{name}=1; HttpOnly")), ("set-cookie", format!("{name}-more=1"))];
        let headers = [of("x-first"), of("x-last"), of("x-all"), of("x-other"), of("etag")];
        (AppendHeaders(cookies), AppendHeaders(headers)).into_response()
    };
    let shop = shop.answering(answering).start().await;
    let answer = shop.query(STARS, &[]).await;
    assert_eq!(
        answer.lines("set-cookie"),
        ["shop=1; HttpOnly", "shop-more=1", "reviews=1; HttpOnly", "reviews-more=1"]
    );
    assert_eq!((answer.lines("x-first"), answer.lines("x-last")), (vec!["shop"], vec!["reviews"]));
    assert_eq!(answer.lines("x-all"), ["shop", "reviews"]);
    assert_eq!((answer.lines("x-other"), answer.lines("etag")), (vec![], vec![]));
    assert_eq!(answer.lines("content-type"), ["application/json; charset=utf-8"]);
}

#[tokio::test]
async fn headers_pass_through_rest_endpoints_too() {
    let rules = json!({ "all": { "propagate": [{ "name": "x-locale" }], "answers": [{ "name": "x-from" }, { "name": "x-got" }] } });
    let world = world(|_| data(json!({ "popularVideos": null }))).over_http();
    let world = world.settings(|settings| {
        settings.subgraph_headers = serde_json::from_value(rules).unwrap();
        settings.rest.public_reads_open = true;
    });
    let world = world.start().await;
    let request = Request::get("/video/popular").header("x-locale", "fr");
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.header("x-from"), answer.header("x-got")), (Some("video"), Some("fr")), "{}", answer.text);
}

/// Two clients ask the same at the same time; the subgraph answers when it has got both calls.
async fn two_at_once(rules: serde_json::Value, first: &[(&str, &str)], second: &[(&str, &str)]) -> [Vec<String>; 2] {
    let (reached, mut calls) = mpsc::channel(8);
    let (open, opened) = watch::channel(false);
    let answering = move |_, headers: http::HeaderMap| {
        let (reached, mut opened) = (reached.clone(), opened.clone());
        async move {
            reached.send(()).await.unwrap();
            opened.wait_for(|open| *open).await.unwrap();
            let who = headers.get("authorization").map_or("nobody", |value| value.to_str().unwrap());
            [("set-cookie", format!("who={who}")), ("x-who", who.to_owned())].into_response()
        }
    };
    let shop = Arc::new(shop().headers(rules).answering(answering).start().await);
    let both = async { tokio::join!(shop.query(PRODUCTS, first), shop.query(PRODUCTS, second)) };
    let opening = async {
        for _ in 0..2 {
            calls.recv().await.unwrap();
        }
        open.send(true).unwrap();
    };
    let ((first, second), ()) = tokio::join!(both, opening);
    assert_eq!(shop.calls(), 2);
    [first, second].map(|answer| {
        assert_eq!(answer.json()["data"]["products"][0]["id"], "1");
        ["set-cookie", "x-who"].iter().flat_map(|name| answer.lines(name)).map(str::to_owned).collect()
    })
}

#[tokio::test]
async fn clients_with_other_values_of_a_propagated_header_never_share_an_answer() {
    let rules = json!({ "all": { "propagate": [{ "name": "authorization" }], "answers": [{ "name": "x-who" }] } });
    let [ana, ben] = two_at_once(rules, &[("authorization", "ana")], &[("authorization", "ben")]).await;
    assert_eq!((ana, ben), (vec!["ana".to_owned()], vec!["ben".to_owned()]));
}

#[tokio::test]
async fn where_cookies_of_answers_reach_clients_no_two_requests_share_an_answer() {
    let rules = json!({ "all": { "answers": [{ "name": "set-cookie" }] } });
    let [first, second] = two_at_once(rules, &[], &[]).await;
    assert_eq!((first.len(), second.len()), (1, 1), "each has the cookie of a call of their own");
}

#[tokio::test]
async fn pages_of_allowed_origins_may_send_and_read_the_headers_that_pass() {
    let shop = shop().settings(|settings| settings.http.cors_origins = vec!["https://app.example.com".into()]).headers(
        json!({ "all": {
            "propagate": [{ "name": "x-locale" }, { "name": "authorization" }],
            "answers": [{ "name": "x-server" }],
        } }),
    );
    let shop = shop.answering(|_, _| async { [("x-server", "s1")].into_response() }).start().await;
    let preflight = Request::options("/graphql")
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-locale");
    let answer = shop.send(preflight.body(Body::empty()).unwrap()).await;
    let allowed = answer.lines("access-control-allow-headers").join(",");
    assert!(allowed.split(',').any(|name| name == "x-locale"), "{allowed}");
    assert_eq!(allowed.matches("authorization").count(), 1, "{allowed}");
    let answer = shop.query(PRODUCTS, &[("origin", "https://app.example.com")]).await;
    let exposed = answer.lines("access-control-expose-headers").join(",");
    assert!(exposed.split(',').any(|name| name == "x-server"), "{exposed}");
}
