//! The rules for every endpoint (section 1 of the contract), each tried on every endpoint.

use reel_e2e::{Encoding, Stage};
use reel_error::ErrorCode;
use reqwest::Method;
use serde_json::{Map, Number, Value};

use crate::endpoints::{Access, ENDPOINTS, Scene, with, without};

over_both_forms! {
    every_endpoint_answers_as_documented_however_its_parameters_are_sent;
    callers_without_a_usable_token_are_told_so;
    what_is_missing_malformed_or_unknown_is_a_failure_of_the_clients;
    hostile_texts_are_never_a_failure_of_ours;
    messages_are_chinese_or_english;
}

async fn every_endpoint_answers_as_documented_however_its_parameters_are_sent(stage: &Stage) {
    let scene = Scene::set(stage).await;
    for endpoint in ENDPOINTS {
        for encoding in endpoint.place.encodings() {
            for path in [endpoint.path.to_owned(), format!("{}/", endpoint.path)] {
                let parameters = scene.parameters(endpoint).await;
                let answer =
                    scene.bo.send(endpoint.method.clone(), &path, encoding, &parameters, endpoint.file()).await;
                let faults = endpoint.data.faults(answer.data());
                assert!(faults.is_empty(), "{faults:?} in {answer}");
                assert_eq!(answer.body.get("data").is_none(), answer.data().is_null(), "{answer}");
                assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
            }
        }
        if endpoint.place.encodings().contains(&Encoding::Json) {
            let numbers = numbers_where_possible(&scene.parameters(endpoint).await);
            let answer = scene
                .bo
                .send_raw(endpoint.method.clone(), endpoint.path, Some("application/json"), numbers.to_string())
                .await;
            answer.data();
        }
    }
}

/// Typed clients send numbers as numbers in JSON, ids excepted, which do not fit theirs.
fn numbers_where_possible(parameters: &[reel_e2e::Field]) -> Value {
    let value = |text: &str| match text.parse::<i64>() {
        Ok(number) if text.len() < 10 => Value::Number(Number::from(number)),
        _ => Value::String(text.to_owned()),
    };
    Value::Object(parameters.iter().map(|(name, text)| (name.to_string(), value(text))).collect::<Map<_, _>>())
}

async fn callers_without_a_usable_token_are_told_so(stage: &Stage) {
    let scene = Scene::set(stage).await;
    let anybody = stage.anybody();
    let forge = stage.product.forge();
    let unusable = [
        (anybody.clone(), ErrorCode::Unauthenticated),
        (anybody.with_access("garbage"), ErrorCode::TokenInvalid),
        (anybody.with_access("ü…"), ErrorCode::TokenInvalid),
        (anybody.with_access("x".repeat(5_000)), ErrorCode::TokenInvalid),
        (anybody.with_access(forge.forged(scene.bo.access())), ErrorCode::TokenInvalid),
        (anybody.with_access(forge.expired(scene.bo.access())), ErrorCode::TokenExpired),
        (anybody.with_access(scene.bo.refresh()), ErrorCode::TokenInvalid),
    ];
    for endpoint in ENDPOINTS {
        for (client, code) in &unusable {
            let parameters = scene.parameters(endpoint).await;
            let answer = scene.call(client, endpoint, &parameters).await;
            match endpoint.access {
                Access::Open => {
                    answer.data();
                }
                Access::PublicRead | Access::Person => {
                    answer.fails_with(*code);
                }
            }
        }
    }
    let bearer = anybody.request(Method::GET, "/user/info").bearer_auth(scene.bo.access());
    assert_eq!(bearer.send().await.unwrap().json::<Value>().await.unwrap()["data"]["id"], scene.bo.id);
}

async fn what_is_missing_malformed_or_unknown_is_a_failure_of_the_clients(stage: &Stage) {
    let scene = Scene::set(stage).await;
    for endpoint in ENDPOINTS {
        let good = scene.parameters(endpoint).await;
        for name in endpoint.required {
            scene.call(&scene.bo, endpoint, &without(&good, name)).await.fails_with(ErrorCode::InvalidArgument);
            // No keywords means no filter; everything else has to say something.
            if *name != "keywords" {
                scene.call(&scene.bo, endpoint, &with(&good, name, "")).await.is_a_failure();
            }
        }
        for (name, unknown) in endpoint.ids {
            for id in ["0", "-1", "abc", " ", "1.5", "007", "9223372036854775808", "1' OR '1'='1", "\u{0}", "😀", "٣"]
            {
                scene.call(&scene.bo, endpoint, &with(&good, name, id)).await.fails_with(ErrorCode::InvalidId);
            }
            let huge = "9".repeat(5_000);
            scene.call(&scene.bo, endpoint, &with(&good, name, &huge)).await.fails_with(ErrorCode::InvalidId);
            for id in ["1", "9223372036854775807"] {
                scene.call(&scene.bo, endpoint, &with(&good, name, id)).await.fails_with(*unknown);
            }
        }
        if endpoint.paged {
            for number in ["-1", "x", "1.5", "9223372036854775807", "99999999999999999999", "1001"] {
                scene
                    .call(&scene.bo, endpoint, &with(&good, "page_num", number))
                    .await
                    .fails_with(ErrorCode::InvalidPage);
            }
            for size in ["0", "-1", "101", "x", "99999999999999999999"] {
                let answer = scene.call(&scene.bo, endpoint, &with(&good, "page_size", size)).await;
                answer.fails_with(ErrorCode::InvalidPage);
                assert!(size != "101" || answer.message().contains("100"), "the cap is not named: {answer}");
            }
            scene.call(&scene.bo, endpoint, &with(&good, "page_size", "100")).await.data();
            let beyond = scene.call(&scene.bo, endpoint, &with(&good, "page_num", "900")).await;
            assert_eq!(beyond.items(), &Vec::<Value>::new());
        }
    }
}

async fn hostile_texts_are_never_a_failure_of_ours(stage: &Stage) {
    let scene = Scene::set(stage).await;
    let texts = [
        "\u{0}",
        "a\u{0}b",
        "😀👨‍👩‍👧‍👦",
        "\u{202e}txt.exe",
        "'; DROP TABLE video; --",
        "%' OR 1=1 --",
        "${jndi:ldap://x}",
        "<script>alert(1)</script>",
        "\\",
        "\r\nSet-Cookie: a=b",
        "\u{feff}",
        "\t",
        &"长".repeat(50_000),
    ];
    for endpoint in ENDPOINTS {
        for name in endpoint.texts() {
            for text in texts {
                let good = scene.parameters(endpoint).await;
                let answer = scene.call(&scene.bo, endpoint, &with(&good, name, text)).await;
                if answer.code() != 10_000 {
                    answer.is_a_failure();
                }
            }
        }
    }
    scene.bo.get("/video/list", &[("user_id", &scene.ana.id), ("page_num", "0"), ("page_size", "1")]).await.data();
}

async fn messages_are_chinese_or_english(stage: &Stage) {
    let scene = Scene::set(stage).await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.access != Access::Open) {
        let parameters = scene.parameters(endpoint).await;
        for (language, expected) in [
            (None, "请先登录"),
            (Some("en"), "Log in first."),
            (Some("en-GB,zh;q=0.5"), "Log in first."),
            (Some("zh-CN"), "请先登录"),
            (Some("fr"), "请先登录"),
        ] {
            let client = language.map_or(stage.anybody(), |language| stage.anybody().speaking(language));
            assert_eq!(scene.call(&client, endpoint, &parameters).await.message(), expected);
        }
    }
    for (code, call) in [
        (ErrorCode::UserNotFound, scene.bo.get("/user/info", &[("user_id", "1")]).await),
        (ErrorCode::CannotFollowSelf, {
            let fields = [("to_user_id", scene.bo.id.as_str()), ("action_type", "0")];
            scene.bo.post("/relation/action", &fields).await
        }),
    ] {
        assert_eq!(call.message(), code.message(reel_error::Language::Chinese));
    }
    let english = scene.bo.speaking("en").get("/user/info", &[("user_id", "1")]).await;
    assert_eq!(english.message(), ErrorCode::UserNotFound.message(reel_error::Language::English));
}
