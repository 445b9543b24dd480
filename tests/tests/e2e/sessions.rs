//! Tokens: silent renewal, rotation, grace, reuse, logging out.

use std::time::{Duration, Instant};

use reel_e2e::{Answer, Client, Encoding, File, Form, Person, Stage};
use reel_error::ErrorCode;
use reel_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};

over_both_forms! {
    an_expired_token_is_renewed_on_the_way_over_rest_and_graphql;
    // A machine that is busy may need longer than the ten seconds of the default.
    parallel_renewals_get_one_successor with "auth.refresh_grace_s" = "120";
    a_spent_refresh_token_ends_the_login_after_the_grace_period with "auth.refresh_grace_s" = "1";
    what_cannot_be_renewed_fails_and_spends_nothing;
    the_refresh_endpoint_answers_with_a_new_pair with "auth.refresh_grace_s" = "120";
    logging_out_ends_one_login_within_a_second;
    a_new_password_and_logging_out_everywhere_end_every_login;
}

/// The person as their phone is a day later: the access token has expired.
fn a_day_later(stage: &Stage, person: &Person) -> Client {
    person.with_tokens(stage.product.forge().expired(person.access()), person.refresh())
}

/// The new pair of a renewed answer.
fn renewed(answer: &Answer) -> (String, String) {
    let token = |name| answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
    assert_eq!(answer.header("new-access-token"), answer.header("access-token"), "{answer}");
    (token("access-token"), token("refresh-token"))
}

fn not_renewed(answer: &Answer) {
    for name in ["access-token", "refresh-token", "new-access-token"] {
        assert_eq!(answer.header(name), None, "{answer}");
    }
}

async fn an_expired_token_is_renewed_on_the_way_over_rest_and_graphql(stage: &Stage) {
    let ana = stage.person("ana").await;
    let answer = ana.get("/user/info", &[]).await;
    answer.data();
    not_renewed(&answer);

    let phone = a_day_later(stage, &ana);
    let answer = phone.get("/user/info", &[]).await;
    assert_eq!(answer.data()["username"], "ana");
    let (access, refresh) = renewed(&answer);
    assert_ne!(refresh, ana.refresh(), "every renewal rotates the refresh token");
    let phone = phone.with_tokens(access.clone(), refresh.clone());
    let answer = phone.get("/user/info", &[]).await;
    assert_eq!(answer.data()["username"], "ana");
    not_renewed(&answer);

    let phone = phone.with_tokens(stage.product.forge().expired(&access), refresh);
    let answer = phone.graphql("{ viewer { username } }", json!({})).await;
    assert_eq!(answer.data()["viewer"]["username"], "ana");
    let (access, refresh) = renewed(&answer.0);
    // A request that fails for another reason announces the new pair as well, or the client would lose its login.
    let phone = phone.with_tokens(stage.product.forge().expired(&access), refresh);
    let answer = phone.get("/user/info", &[("user_id", "1")]).await;
    answer.fails_with(ErrorCode::UserNotFound);
    let (access, _) = renewed(&answer);
    phone.with_access(access).get("/user/info", &[]).await.data();

    // An upload reads its body while it is renewed.
    let chen = stage.person("chen").await;
    let (path, file) = ("/user/avatar/upload", Some(File::picture()));
    let answer = a_day_later(stage, &chen).send(Method::PUT, path, Encoding::Multipart, &[], file).await;
    assert_eq!(answer.data()["username"], "chen");
    renewed(&answer);

    let bo = stage.person("bo").await;
    let forge = stage.product.forge();
    let request = bo
        .anonymous()
        .request(Method::GET, "/user/info")
        .bearer_auth(forge.expired(bo.access()))
        .header("refresh-token", bo.refresh());
    let response = request.send().await.unwrap();
    assert!(response.headers().contains_key("new-access-token"), "a bearer token is renewed like the other");
}

async fn parallel_renewals_get_one_successor(stage: &Stage) {
    let ana = stage.person("ana").await;
    let phone = a_day_later(stage, &ana);
    let calls = (0..16).map(|index| {
        let phone = phone.clone();
        async move {
            if index % 2 == 0 {
                phone.get("/user/info", &[]).await
            } else {
                phone.graphql("{ viewer { id } }", json!({})).await.0
            }
        }
    });
    let answers = futures::future::join_all(calls).await;
    let successors: Vec<String> = answers.iter().map(|answer| renewed(answer).1).collect();
    assert!(successors.iter().all(|successor| *successor == successors[0]), "{successors:?}");
    // A lost reply is the same as one that came in parallel.
    assert_eq!(renewed(&phone.get("/user/info", &[]).await).1, successors[0]);
    let (access, refresh) = renewed(&answers[0]);
    phone.with_tokens(stage.product.forge().expired(&access), refresh).get("/user/info", &[]).await.data();
}

async fn refresh(client: &Client) -> Answer {
    client.send_raw(Method::POST, "/auth/refresh", None, "").await
}

async fn a_spent_refresh_token_ends_the_login_after_the_grace_period(stage: &Stage) {
    let ana = stage.person("ana").await;
    let other_login = stage.log_in("ana").await;
    let (access, successor) = renewed(&a_day_later(stage, &ana).get("/user/info", &[]).await);
    let owner = ana.with_tokens(access, successor);
    owner.get("/user/info", &[]).await.data();
    eventually("the spent token is taken for stolen", async || refresh(&ana).await.code() != 10_000).await;
    refresh(&ana).await.is_a_failure();
    refresh(&owner).await.is_a_failure();
    eventually("the access token has ended with its login", async || {
        owner.get("/user/info", &[]).await.code() == i64::from(ErrorCode::SessionEnded.number())
    })
    .await;
    other_login.get("/user/info", &[]).await.data();
    refresh(&other_login).await.data();
}

async fn what_cannot_be_renewed_fails_and_spends_nothing(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    let expired = stage.product.forge().expired(ana.access());
    let mut failures = Vec::new();
    for refresh in ["garbage", "", &"x".repeat(5_000), bo.refresh(), ana.access()] {
        let client = ana.with_tokens(expired.clone(), refresh);
        failures.push(client.get("/user/info", &[]).await);
        let answer = client.graphql("{ viewer { id } }", json!({})).await;
        assert!(answer.partial()["viewer"].is_null(), "{}", answer.0);
        not_renewed(&answer.0);
    }
    failures.push(ana.with_tokens("garbage", ana.refresh()).get("/user/info", &[]).await);
    failures
        .push(ana.with_tokens(stage.product.forge().forged(ana.access()), ana.refresh()).get("/user/info", &[]).await);
    for failure in &failures {
        failure.is_a_failure();
        not_renewed(failure);
    }
    // Where anyone may call, such tokens are those of nobody.
    ana.with_tokens(expired.clone(), "garbage").get("/video/feed/", &[]).await.data();
    for person in [ana, bo] {
        assert_eq!(a_day_later(stage, &person).get("/user/info", &[]).await.data()["username"], person.name.as_str());
    }
}

async fn the_refresh_endpoint_answers_with_a_new_pair(stage: &Stage) {
    let ana = stage.person("ana").await;
    let mut client = ana.anonymous();
    client.refresh = Some(ana.refresh().to_owned());
    let answer = refresh(&client).await;
    let data = answer.data().clone();
    assert_eq!(data["access_token"].as_str(), answer.header("access-token"));
    assert_eq!(data["refresh_token"].as_str(), answer.header("refresh-token"));
    assert_eq!(data.as_object().unwrap().len(), 2);
    ana.with_access(data["access_token"].as_str().unwrap()).get("/user/info", &[]).await.data();
    assert_eq!(refresh(&client).await.data()["refresh_token"], data["refresh_token"], "within the grace period");
    // Clients send the access token that has expired, or whatever they have, along.
    for access in [stage.product.forge().expired(ana.access()), "garbage".to_owned()] {
        refresh(&ana.with_tokens(access, ana.refresh())).await.data();
    }
    for token in
        [None, Some(String::new()), Some("garbage".to_owned()), Some(ana.access().to_owned()), Some("x".repeat(5_000))]
    {
        client.refresh = token;
        let answer = refresh(&client).await;
        answer.is_a_failure();
        not_renewed(&answer);
    }
}

/// Waits until these tokens are refused.
async fn ends(client: &Client) {
    eventually("the login has ended", async || client.get("/user/info", &[]).await.code() != 10_000).await;
    client.get("/user/info", &[]).await.fails_with(ErrorCode::SessionEnded);
    refresh(client).await.is_a_failure();
}

/// How long an access token works on after a logout. The best of several: the others also waited for the machine.
async fn fastest_end(stage: &Stage) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let login = stage.log_in("ana").await;
        login.send_raw(Method::POST, "/auth/logout", None, "").await.data();
        let since = Instant::now();
        eventually("the login has ended", async || login.get("/user/info", &[]).await.code() != 10_000).await;
        fastest = fastest.min(since.elapsed());
    }
    fastest
}

async fn logging_out_ends_one_login_within_a_second(stage: &Stage) {
    let ana = stage.person("ana").await;
    let other_login = stage.log_in("ana").await;
    ana.anonymous().send_raw(Method::POST, "/auth/logout", None, "").await.fails_with(ErrorCode::Unauthenticated);
    let answer = ana.send_raw(Method::POST, "/auth/logout", None, "").await;
    assert!(answer.data().is_null());
    not_renewed(&answer);
    ends(&ana).await;
    assert!(fastest_end(stage).await < Duration::from_secs(1), "the access tokens worked on");
    a_day_later(stage, &ana).get("/user/info", &[]).await.is_a_failure();
    other_login.get("/user/info", &[]).await.data();

    // A login that is renewed only to be ended must not announce tokens that are of no use.
    let late = a_day_later(stage, &other_login).send_raw(Method::POST, "/auth/logout", None, "").await;
    late.data();
    not_renewed(&late);
    refresh(&other_login).await.is_a_failure();
}

async fn a_new_password_and_logging_out_everywhere_end_every_login(stage: &Stage) {
    let ana = stage.person("ana").await;
    let other_login = stage.log_in("ana").await;
    let document = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) \
                    { session { accessToken refreshToken } userErrors { code field } } }";
    let change = async |current: &str, new: &str| -> Value {
        let input = json!({"currentPassword": current, "newPassword": new});
        ana.graphql(document, json!({ "input": input })).await.data()["changePassword"].clone()
    };
    assert_eq!(change("wrong", "another password").await["userErrors"][0]["code"], "WRONG_CREDENTIALS");
    assert_eq!(change(reel_e2e::PASSWORD, "short").await["userErrors"][0]["code"], "WEAK_PASSWORD");
    ana.get("/user/info", &[]).await.data();
    let changed = change(reel_e2e::PASSWORD, "another password").await;
    assert_eq!(changed["userErrors"], json!([]));
    let text = |name: &str| changed["session"][name].as_str().unwrap().to_owned();
    let after = ana.with_tokens(text("accessToken"), text("refreshToken"));
    futures::join!(ends(&ana), ends(&other_login));
    after.get("/user/info", &[]).await.data();
    let log_in = async |password: &str| {
        stage.anybody().post("/user/login", &[("username", "ana"), ("password", password)]).await
    };
    log_in(reel_e2e::PASSWORD).await.fails_with(ErrorCode::WrongCredentials);
    let another = log_in("another password").await;
    let another = after.with_access(another.header("access-token").unwrap());
    another.get("/user/info", &[]).await.data();
    let out = "mutation { logOut(input: {everywhere: true}) { userErrors { code } } }";
    assert_eq!(after.graphql(out, json!({})).await.data()["logOut"]["userErrors"], json!([]));
    futures::join!(ends(&after), ends(&another));
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_at_one_router_ends_the_login_at_all() {
    crate::play(Form::SeparateProcesses, &[], async |stage| {
        let ana = stage.person("ana").await;
        let elsewhere = stage.product.start_router().await.with_tokens(ana.access(), ana.refresh());
        elsewhere.get("/user/info", &[]).await.data();
        ana.send_raw(Method::POST, "/auth/logout", None, "").await.data();
        futures::join!(ends(&ana), ends(&elsewhere));
        // A router that starts later has to learn of it as well.
        let later = stage.product.start_router().await.with_tokens(ana.access(), ana.refresh());
        later.get("/user/info", &[]).await.fails_with(ErrorCode::SessionEnded);
    })
    .await;
}
