//! Access tokens of issuers that are not ours.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use http::{Request, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reel_config::{Millis, Seconds};
use reel_id::{Clock, SystemClock};
use reel_router::auth::Issuers;
use reel_router::config::{AccessSettings, HttpSettings, IssuerSettings, JwksSettings, TokenAlgorithm};
use reel_router::http::serve;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::world::{Answer, World, ana, data, silent_world, world};

const ISSUER: &str = "https://issuer.test";
/// The time in the tests' world, in seconds.
const NOON: i64 = 1_790_000_000;
const GRAPH: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
        {name: "@authenticated", as: "@login"}, "@requiresScopes", "@policy"])
    type Query {
        open: Int
        mine: Int @login
        read: Int @requiresScopes(scopes: [["read"], ["all", "admin"]])
        rule: Int @policy(policies: [["rule"]])
    }"#;
const QUERY: &str = "{ open mine read rule }";

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn public(number: u8) -> Value {
    use base64::Engine as _;
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key(number).verifying_key().as_bytes());
    json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": format!("k{number}"), "x": x})
}

fn jwks(numbers: &[u8]) -> String {
    json!({ "keys": numbers.iter().map(|number| public(*number)).collect::<Vec<_>>() }).to_string()
}

/// A token signed by a key, with some claims other than usual; null takes one away.
fn token(number: u8, changes: &Value) -> String {
    signed(number, Some(format!("k{number}")), changes)
}

fn signed(number: u8, key_id: Option<String>, changes: &Value) -> String {
    let header = Header { kid: key_id, typ: Some("at+jwt".into()), ..Header::new(Algorithm::EdDSA) };
    let der = key(number).to_pkcs8_der().unwrap();
    jsonwebtoken::encode(&header, &claims(changes), &EncodingKey::from_ed_der(der.as_bytes())).unwrap()
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": ["graph"], "sub": "auth0|ana", "exp": NOON + 600});
    for (name, value) in changes.as_object().into_iter().flatten() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn issuer(jwks: JwksSettings) -> IssuerSettings {
    IssuerSettings {
        issuer: ISSUER.into(),
        audiences: vec!["graph".into()],
        jwks,
        algorithms: vec![TokenAlgorithm::EdDSA, TokenAlgorithm::ES256],
        scopes_claim: None,
        policies_claim: Some("/ext/policies".into()),
    }
}

/// Nothing is fetched unless a token asks for it.
fn at(url: &str, pause_s: u64) -> JwksSettings {
    let url = Some(url.to_owned());
    JwksSettings { url, refresh_s: Seconds(86_400), pause_s: Seconds(pause_s), ..JwksSettings::default() }
}

fn in_file(path: &Path) -> JwksSettings {
    JwksSettings { file: Some(path.into()), poll_ms: Millis(10), ..JwksSettings::default() }
}

/// All at once, so that no half of it is ever read.
fn write(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, file).unwrap();
}

/// Somebody else's graph behind these issuers.
async fn graph(issuers: Vec<IssuerSettings>) -> World {
    let subgraph = reel_composition::Subgraph { name: "user".into(), url: None, sdl: GRAPH.into() };
    let supergraph = reel_composition::compose(&[subgraph]).unwrap().supergraph_sdl;
    let world = world(|_| data(json!({"open": 1, "mine": 2, "read": 3, "rule": 4})));
    world.settings(|settings| settings.auth.issuers = issuers).foreign(supergraph).start().await
}

/// The graph of an issuer with these keys in a file.
async fn graph_of(numbers: &[u8]) -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    write(&file, &jwks(numbers));
    (graph(vec![issuer(in_file(&file))]).await, folder)
}

async fn ask(world: &World, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    world.graphql(QUERY, &[("authorization", &bearer), ("accept", "application/graphql-response+json")]).await
}

/// The status, and the code of the first error.
async fn outcome(world: &World, token: &str) -> (u16, String) {
    let answer = ask(world, token).await;
    let code = answer.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned();
    (answer.status.as_u16(), code)
}

/// Whether the token is believed.
async fn is_believed(world: &World, token: &str) -> bool {
    let answer = ask(world, token).await.json();
    answer["data"]["mine"] == 2
}

async fn until_believed(world: &World, token: &str, expected: bool) {
    let waiting = async {
        while is_believed(world, token).await != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

type Gate = Arc<Mutex<Option<Arc<Notify>>>>;

/// Publishes keys over HTTP.
struct KeyServer {
    url: String,
    answer: Arc<Mutex<(u16, String)>>,
    fetches: Arc<AtomicUsize>,
    /// When it is there, answers wait for it.
    gate: Gate,
}

impl KeyServer {
    async fn start(status: u16, text: &str) -> Self {
        let answer = Arc::new(Mutex::new((status, text.to_owned())));
        let fetches = Arc::<AtomicUsize>::default();
        let gate = Gate::default();
        let (shown, counted, waits) = (Arc::clone(&answer), Arc::clone(&fetches), Arc::clone(&gate));
        let publish = get(move || {
            let (shown, waits) = (Arc::clone(&shown), Arc::clone(&waits));
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                let gate = waits.lock().unwrap().clone();
                if let Some(gate) = gate {
                    gate.notified().await;
                }
                let (status, text) = shown.lock().unwrap().clone();
                (StatusCode::from_u16(status).unwrap(), text)
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let app = Router::new().route("/keys", publish);
        tokio::spawn(async move {
            serve(listener, app, &HttpSettings::default(), std::future::pending()).await;
        });
        Self { url, answer, fetches, gate }
    }

    fn publish(&self, status: u16, text: &str) {
        *self.answer.lock().unwrap() = (status, text.to_owned());
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn what_a_token_grants_is_what_its_claims_say() {
    let (world, _folder) = graph_of(&[1]).await;
    let shown = async |claims: Value| ask(&world, &token(1, &claims)).await.json()["data"].clone();
    let expected = |read: Value, rule: Value| json!({"open": 1, "mine": 2, "read": read, "rule": rule});
    assert_eq!(shown(json!({})).await, expected(Value::Null, Value::Null));
    assert_eq!(shown(json!({"scope": "x read"})).await, expected(json!(3), Value::Null));
    assert_eq!(shown(json!({"scp": ["all", "admin"]})).await, expected(json!(3), Value::Null));
    assert_eq!(shown(json!({"scope": "all rule"})).await, expected(Value::Null, Value::Null));
    assert_eq!(shown(json!({"ext": {"policies": ["rule", "read"]}})).await, expected(Value::Null, json!(4)));
    let anonymous = world.graphql(QUERY, &[]).await.json();
    assert_eq!(anonymous["data"], json!({"open": 1, "mine": null, "read": null, "rule": null}));
    assert!(world.calls.lock().unwrap().iter().all(|call| call.viewer.is_none()), "subgraphs of ours learn of nobody");
}

#[tokio::test]
async fn tokens_of_others_and_our_own_are_believed_side_by_side_each_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    write(&file, &jwks(&[1]));
    let user = json!({"user": {"__typename": "User", "id": "7", "username": "ana"}});
    let world = world(move |_| data(user.clone()));
    let world = world.settings(|settings| settings.auth.issuers = vec![issuer(in_file(&file))]).start().await;
    let theirs = token(1, &json!({"sub": "7"}));
    for (token, viewer) in [(theirs.clone(), None), (world.token(), Some(ana()))] {
        let answer = world.graphql("{ user(id: 7) { username } }", &[("access-token", &token)]).await;
        assert_eq!(answer.json()["data"]["user"]["username"], "ana");
        assert_eq!(world.calls.lock().unwrap().last().unwrap().viewer, viewer, "their 7 is not our 7");
    }
    let info = Request::get("/user/info").header("access-token", &theirs).body(Body::empty()).unwrap();
    assert_eq!(world.send(info).await.outcome(), (200, 10_205), "who has no account here has no profile here");
    let upload = Request::post("/uploads?kind=image").header("access-token", &theirs).body(Body::from("x")).unwrap();
    assert_eq!(world.send(upload).await.status, StatusCode::FORBIDDEN);
    let forged = token(1, &json!({"iss": "reelgraph"}));
    let info = Request::get("/user/info").header("access-token", &forged).body(Body::empty()).unwrap();
    assert_eq!(world.send(info).await.outcome(), (200, 10_202), "only our own keys sign for us");
}

#[tokio::test]
async fn tokens_for_others_or_another_time_are_refused() {
    let (world, _folder) = graph_of(&[1]).await;
    let invalid = (401, "TOKEN_INVALID".to_owned());
    for claims in [
        json!({"iss": "https://issuer.test/"}),
        json!({"iss": null}),
        json!({"aud": "elsewhere"}),
        json!({"aud": null}),
        json!({"exp": null}),
        json!({"nbf": NOON + 6}),
    ] {
        assert_eq!(outcome(&world, &token(1, &claims)).await, invalid, "{claims}");
    }
    for claims in [json!({"aud": "graph"}), json!({"nbf": NOON + 5}), json!({"exp": NOON - 4})] {
        assert!(is_believed(&world, &token(1, &claims)).await, "{claims}");
    }
    assert_eq!(outcome(&world, &token(1, &json!({"exp": NOON - 5}))).await, (401, "TOKEN_EXPIRED".to_owned()));
    for text in ["x", "a.b.c", "..", "e30.e30.e30"] {
        assert_eq!(outcome(&world, text).await, invalid, "{text}");
    }
    let remembered = token(1, &json!({"exp": NOON + 60}));
    assert!(is_believed(&world, &remembered).await);
    world.clock.pass(Duration::from_secs(65));
    assert_eq!(outcome(&world, &remembered).await.1, "TOKEN_EXPIRED", "what was believed once is not for ever");
    let long = token(1, &json!({"x": "x".repeat(20_000)}));
    assert_eq!(outcome(&world, &long).await, invalid);
    assert!(world.calls.lock().unwrap().iter().all(|call| call.document.contains("mine")), "the others asked nothing");
}

#[tokio::test]
async fn every_allowed_algorithm_is_checked_and_no_other_is_believed() {
    let given: Value = serde_json::from_str(include_str!("data/tokens.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    write(&file, &given["jwks"].to_string());
    let all: Vec<TokenAlgorithm> = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"]
        .map(|name| serde_json::from_value(json!(name)).unwrap())
        .into();
    for allowed in [all.as_slice(), &[TokenAlgorithm::PS256], &[TokenAlgorithm::ES256, TokenAlgorithm::RS384]] {
        let world = graph(vec![IssuerSettings { algorithms: allowed.to_vec(), ..issuer(in_file(&file)) }]).await;
        for (name, token) in given["tokens"].as_object().unwrap() {
            let algorithm: TokenAlgorithm = serde_json::from_value(json!(name)).unwrap();
            let is_believed = is_believed(&world, token.as_str().unwrap()).await;
            assert_eq!(is_believed, allowed.contains(&algorithm), "{name} with {allowed:?}");
        }
    }
    for refused in ["HS256", "HS384", "HS512", "none", "rs256"] {
        assert!(serde_json::from_value::<TokenAlgorithm>(json!(refused)).is_err(), "{refused}");
    }
}

#[tokio::test]
async fn a_public_key_cannot_be_used_as_a_secret_and_a_key_not_for_another_algorithm() {
    use base64::Engine as _;
    let base64 = |text: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let secret = json!({"kty": "oct", "kid": "secret", "alg": "HS256", "k": base64(b"s")});
    let other_use = json!({"kid": "enc", "use": "enc", "kty": "OKP", "crv": "Ed25519", "x": public(2)["x"]});
    write(&file, &json!({ "keys": [public(1), secret, other_use, {"kty": "odd"}, 7] }).to_string());
    let world = graph(vec![issuer(in_file(&file))]).await;
    let published = std::fs::read(&file).unwrap();
    let x = key(1).verifying_key();
    for (kid, secret) in [("k1", x.as_bytes().as_slice()), ("k1", &published), ("secret", b"s")] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
            let forged = jsonwebtoken::encode(&header, &claims(&json!({})), &EncodingKey::from_secret(secret)).unwrap();
            assert_eq!(outcome(&world, &forged).await.1, "TOKEN_INVALID", "{kid} {algorithm:?}");
        }
    }
    let good = token(1, &json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    for header in [
        json!({"alg": "none", "kid": "k1"}),
        json!({"alg": "ES256", "kid": "k1"}),
        json!({"alg": "EdDSA", "kid": "k1", "crit": ["exp"], "exp": 1}),
    ] {
        for signature in [parts[2], ""] {
            let changed = [&base64(header.to_string().as_bytes()), parts[1], signature].join(".");
            assert_eq!(outcome(&world, &changed).await.1, "TOKEN_INVALID", "{header}");
        }
    }
    let changed = base64(claims(&json!({"scope": "read"})).to_string().as_bytes());
    assert!(!is_believed(&world, &[parts[0], &changed, parts[2]].join(".")).await);
    assert!(!is_believed(&world, &signed(2, Some("k1".into()), &json!({}))).await, "another key under a known name");
    assert!(!is_believed(&world, &signed(2, Some("enc".into()), &json!({}))).await, "a key for something else");
    assert!(is_believed(&world, &signed(1, None, &json!({}))).await, "who names no key is tried with all");
    assert!(is_believed(&world, &good).await);
}

#[tokio::test]
async fn keys_in_a_file_are_changed_without_a_restart() {
    let (world, folder) = graph_of(&[1]).await;
    let file = folder.path().join("jwks.json");
    let (old, new) = (token(1, &json!({})), token(2, &json!({})));
    assert!(is_believed(&world, &old).await);
    write(&file, &jwks(&[1, 2]));
    until_believed(&world, &new, true).await;
    assert!(is_believed(&world, &old).await);
    write(&file, &jwks(&[2]));
    until_believed(&world, &old, false).await;
    write(&file, "{");
    std::fs::remove_file(&file).unwrap();
    assert!(is_believed(&world, &new).await, "the last good keys stay");
}

#[tokio::test]
async fn keys_at_an_address_are_fetched_again_for_a_token_that_names_an_unknown_one() {
    let server = KeyServer::start(200, &jwks(&[1])).await;
    let world = graph(vec![issuer(at(&server.url, 0))]).await;
    assert!(is_believed(&world, &token(1, &json!({}))).await);
    assert_eq!(server.fetches(), 1, "a known key is not fetched");
    server.publish(200, &jwks(&[2]));
    assert!(is_believed(&world, &token(2, &json!({}))).await, "at once");
    assert!(!is_believed(&world, &token(1, &json!({}))).await, "what is no longer published no longer counts");
    let fetches = server.fetches();
    for useless in [json!({"aud": "x"}), json!({"exp": NOON - 60}), json!({"iss": "https://x.test"})] {
        assert!(!is_believed(&world, &token(9, &useless)).await);
    }
    assert_eq!(server.fetches(), fetches, "tokens that could not be used anyway fetch nothing");
}

#[tokio::test]
async fn a_storm_of_unknown_keys_makes_no_storm_of_fetches() {
    let server = KeyServer::start(200, &jwks(&[1])).await;
    let world = graph(vec![issuer(at(&server.url, 3_600))]).await;
    for storm in 0..200 {
        let unknown = signed(1, Some(format!("unknown-{storm}")), &json!({}));
        assert_eq!(outcome(&world, &unknown).await, (401, "TOKEN_INVALID".to_owned()));
    }
    assert_eq!(server.fetches(), 1, "the one at the start");
    assert!(is_believed(&world, &token(1, &json!({}))).await);
}

#[tokio::test]
async fn tokens_that_come_while_keys_are_fetched_wait_for_the_one_fetch() {
    let server = KeyServer::start(200, &jwks(&[1])).await;
    let world = graph(vec![issuer(at(&server.url, 0))]).await;
    let gate = Arc::new(Notify::new());
    *server.gate.lock().unwrap() = Some(Arc::clone(&gate));
    server.publish(200, &jwks(&[2]));
    let new = token(2, &json!({}));
    let open = async {
        while server.fetches() < 2 {
            tokio::task::yield_now().await;
        }
        *server.gate.lock().unwrap() = None;
        gate.notify_waiters();
        gate.notify_one();
    };
    let (believed, ()) = tokio::join!(futures::future::join_all((0..50).map(|_| is_believed(&world, &new))), open);
    assert!(believed.into_iter().all(|believed| believed));
    assert!(server.fetches() <= 3, "{} fetches", server.fetches());
}

#[tokio::test]
async fn without_any_keys_tokens_are_not_refused_for_good_and_everyone_else_is_served() {
    let server = KeyServer::start(503, "").await;
    let world = graph(vec![issuer(at(&server.url, 0))]).await;
    let token = token(1, &json!({}));
    assert_eq!(outcome(&world, &token).await, (503, "SERVICE_UNAVAILABLE".to_owned()));
    assert_eq!(world.graphql("{ open }", &[]).await.json()["data"]["open"], 1);
    let ready = world.send(Request::get("/readyz").body(Body::empty()).unwrap()).await.json();
    let check = ready["checks"].as_array().unwrap().iter().find(|check| check["name"] == "issuers").unwrap();
    assert_eq!((&ready["ready"], &check["ready"], &check["advisory"]), (&json!(true), &json!(false), &json!(true)));
    assert_eq!(check["reason"], "the keys of https://issuer.test: an answer without keys");
    server.publish(200, &jwks(&[1]));
    assert!(is_believed(&world, &token).await, "as soon as there are keys");
}

#[tokio::test]
async fn the_last_good_keys_stay_in_use_whatever_is_published_after_them() {
    let server = KeyServer::start(200, &jwks(&[1])).await;
    let world = graph(vec![issuer(at(&server.url, 0))]).await;
    let (known, unknown) = (token(1, &json!({})), token(2, &json!({})));
    let large = format!("{}{}", jwks(&[2]), " ".repeat(300_000));
    let garbage =
        ["", "<html>", "[]", "{}", r#"{"keys": 1}"#, r#"{"keys": []}"#, r#"{"keys": [{"kty": "OKP"}]}"#, &large];
    for (status, text) in garbage.map(|text| (200, text)).into_iter().chain([(404, "{}"), (302, "")]) {
        server.publish(status, text);
        let fetches = server.fetches();
        assert_eq!(outcome(&world, &unknown).await.1, "TOKEN_INVALID", "{status}");
        assert!(server.fetches() > fetches, "it was looked for");
        assert!(is_believed(&world, &known).await, "{status}");
    }
    server.publish(200, &jwks(&[2]));
    assert!(is_believed(&world, &unknown).await);
}

#[tokio::test]
async fn an_address_that_nobody_listens_at_does_not_stop_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    drop(listener);
    let world = graph(vec![issuer(at(&url, 0))]).await;
    assert_eq!(outcome(&world, &token(1, &json!({}))).await, (503, "SERVICE_UNAVAILABLE".to_owned()));
}

#[tokio::test]
async fn keys_come_over_tls_from_whoever_a_trusted_authority_vouches_for() {
    let authority = crate::https::Authority::new();
    let published = Router::new().route("/keys", get(|| async { jwks(&[1]) }));
    let url = crate::https::listen(authority.certify("localhost", |_| {}), &["http/1.1"], published).await + "/keys";
    let trusting = JwksSettings { ca_file: Some(authority.file()), ..at(&url, 0) };
    assert!(is_believed(&graph(vec![issuer(trusting)]).await, &token(1, &json!({}))).await);
    let doubting = graph(vec![issuer(at(&url, 0))]).await;
    assert_eq!(outcome(&doubting, &token(1, &json!({}))).await.1, "SERVICE_UNAVAILABLE");
}

#[tokio::test]
async fn each_issuer_signs_for_itself_only() {
    let folder = tempfile::tempdir().unwrap();
    let files = [1, 2].map(|number| folder.path().join(format!("{number}.json")));
    files.iter().zip([1, 2]).for_each(|(file, number)| write(file, &jwks(&[number])));
    let second = IssuerSettings { issuer: "https://second.test".into(), ..issuer(in_file(&files[1])) };
    let world = graph(vec![issuer(in_file(&files[0])), second]).await;
    assert!(is_believed(&world, &token(1, &json!({}))).await);
    assert!(is_believed(&world, &token(2, &json!({"iss": "https://second.test"}))).await);
    for (number, name) in [(2, ISSUER), (1, "https://second.test")] {
        let crossed = signed(number, None, &json!({"iss": name}));
        assert_eq!(outcome(&world, &crossed).await.1, "TOKEN_INVALID", "{name}");
    }
}

#[tokio::test]
async fn settings_that_would_believe_too_much_or_nothing_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    write(&file, &jwks(&[1]));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let start = async |change: fn(&mut AccessSettings)| {
        let mut settings = AccessSettings { issuers: vec![issuer(in_file(&file))], ..AccessSettings::default() };
        change(&mut settings);
        match Issuers::start(&settings, Some("ours"), &clock).await {
            Ok((_, tasks)) => {
                tasks.stop().await;
                "started".to_owned()
            }
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(start(|_| {}).await, "started");
    assert_eq!(start(|settings| settings.leeway_s = Seconds(30)).await, "started");
    type Change = fn(&mut AccessSettings);
    let refused: [(Change, &str); 11] = [
        (|settings| settings.leeway_s = Seconds(31), "leeway_s"),
        (|settings| settings.issuers[0].issuer = String::new(), "empty"),
        (|settings| settings.issuers[0].issuer = "ours".into(), "our own"),
        (|settings| settings.issuers.push(settings.issuers[0].clone()), "twice"),
        (|settings| settings.issuers[0].audiences.clear(), "audience"),
        (|settings| settings.issuers[0].algorithms.clear(), "algorithm"),
        (|settings| settings.issuers[0].algorithms = vec![TokenAlgorithm::RS256], "no key for the allowed algorithms"),
        (|settings| settings.issuers[0].jwks.file = None, "a file or a url"),
        (|settings| settings.issuers[0].jwks.url = Some("http://x".into()), "a file or a url"),
        (|settings| settings.issuers[0].jwks = at("ftp://x/keys", 1), "https://host/path"),
        (|settings| settings.issuers[0].jwks.file = Some("/does/not/exist".into()), "/does/not/exist"),
    ];
    for (change, reason) in refused {
        let error = start(change).await;
        assert!(error.starts_with("router.auth.") && error.contains(reason), "{reason}: {error}");
    }
}

#[tokio::test]
async fn refused_requests_say_why_in_their_status() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    write(&file, &jwks(&[1]));
    let settings = |settings: &mut reel_router::config::RouterSettings| {
        settings.auth.issuers = vec![issuer(in_file(&file))];
        settings.auth.on_denied = reel_router::pipeline::OnDenied::RefuseRequest;
    };
    let subgraph = reel_composition::Subgraph { name: "user".into(), url: None, sdl: GRAPH.into() };
    let supergraph = reel_composition::compose(&[subgraph]).unwrap().supergraph_sdl;
    let world = silent_world().settings(settings).foreign(supergraph).start().await;
    assert_eq!(outcome(&world, &token(1, &json!({}))).await, (403, "FORBIDDEN".to_owned()));
    let anonymous = world.graphql(QUERY, &[("accept", "application/graphql-response+json")]).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    let errors = anonymous.json()["errors"].as_array().unwrap().clone();
    let paths: Vec<&Value> = errors.iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["mine"]), &json!(["read"]), &json!(["rule"])]);
    assert_eq!(world.graphql(QUERY, &[("accept", "application/json")]).await.status, StatusCode::OK);
}
