//! Every limit at its value and one over, through the front door, with the default and with another setting.

use std::time::{Duration, Instant};

use axum::body::Body;
use http::Request;
use reel_config::Seconds;
use reel_error::ErrorCode;
use reel_router::config::{LimitSettings, RouterSettings};
use serde_json::{Value, json};

use crate::shop::shop;
use crate::world::{Call, World, data, silent_world, world};

/// A limit of documents: its code, how it is set, and a document that has exactly so much of it.
pub(crate) struct Case {
    pub(crate) code: ErrorCode,
    set: fn(&mut LimitSettings, usize),
    pub(crate) default: fn(&LimitSettings) -> usize,
    other: usize,
    pub(crate) document: fn(usize) -> String,
}

pub(crate) const CASES: [Case; 8] = [
    Case {
        code: ErrorCode::DocumentTooLarge,
        set: |limits, limit| limits.characters = limit,
        default: |limits| limits.characters,
        other: 100,
        document: |count| format!("{:<count$}", "{ viewer { id } } # é"),
    },
    Case {
        code: ErrorCode::TokenLimit,
        set: |limits, limit| limits.tokens = limit,
        default: |limits| limits.tokens,
        other: 20,
        document: |count| format!("{{ viewer {{ {}}} }}", "id ".repeat(count - 5)),
    },
    Case {
        code: ErrorCode::DepthLimit,
        set: |limits, limit| limits.depth = limit,
        default: |limits| limits.depth,
        other: 6,
        document: deep,
    },
    Case {
        code: ErrorCode::AliasLimit,
        set: |limits, limit| limits.aliases = limit,
        default: |limits| limits.aliases,
        other: 3,
        document: |count| format!("{{ viewer {{ {}}} }}", numbered(count, |at| format!("a{at}: id "))),
    },
    Case {
        code: ErrorCode::RootFieldLimit,
        set: |limits, limit| limits.root_fields = limit,
        default: |limits| limits.root_fields,
        other: 2,
        document: |count| format!("{{ ...F }} fragment F on Query {{ {}}}", "__typename ".repeat(count)),
    },
    Case {
        code: ErrorCode::DirectiveLimit,
        set: |limits, limit| limits.directives = limit,
        default: |limits| limits.directives,
        other: 4,
        document: |count| format!("{{ viewer {{ {}}} }}", "id @include(if: true) ".repeat(count)),
    },
    Case {
        code: ErrorCode::SelectionLimit,
        set: |limits, limit| limits.selections = limit,
        default: |limits| limits.selections,
        other: 200,
        document: wide,
    },
    Case {
        code: ErrorCode::PageSizeLimit,
        set: |limits, limit| limits.page_size = i64::try_from(limit).unwrap(),
        default: |limits| usize::try_from(limits.page_size).unwrap(),
        other: 7,
        document: |count| format!("{{ videos(first: {count}) {{ totalCount }} }}"),
    },
];

pub(crate) fn numbered(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// Fields so deep inside each other: a person's videos' authors' videos, and so on.
fn deep(depth: usize) -> String {
    const WAY: [&str; 4] = ["videos", "edges", "node", "author"];
    const LEAVES: [&str; 4] = ["id", "totalCount", "cursor", "id"];
    let mut text = "{ viewer ".to_owned();
    for at in 0..depth - 2 {
        text.push_str(&format!("{{ {} ", WAY[at % WAY.len()]));
    }
    text.push_str(&format!("{{ {} ", LEAVES[(depth - 2) % LEAVES.len()]));
    text.push_str(&"}".repeat(depth));
    text
}

/// So many selections from a short text: one field, then a fragment of 53 fields again and again, then single fields.
fn wide(selections: usize) -> String {
    let (spreads, single) = ((selections - 1) / 54, (selections - 1) % 54);
    let fragment = if spreads > 0 { format!("fragment F on User {{ {}}}", "id ".repeat(53)) } else { String::new() };
    format!("{{ viewer {{ {}{}}} }} {fragment}", "...F ".repeat(spreads), "id ".repeat(single))
}

/// The code with which a request is refused before anything runs.
pub(crate) async fn refusal(world: &World, body: &Value) -> Option<Value> {
    let request = Request::post("/graphql").header("content-type", "application/json");
    let answer = world.send(request.body(Body::from(body.to_string())).unwrap()).await.json();
    answer.get("data").is_none().then(|| answer["errors"][0]["extensions"]["code"].clone())
}

pub(crate) fn anything() -> crate::world::WorldBuilder {
    world(|_| data(json!({})))
}

#[tokio::test]
async fn every_limit_of_documents_holds_at_its_value_and_refuses_one_over_by_its_own_code() {
    for case in &CASES {
        for limit in [(case.default)(&LimitSettings::default()), case.other] {
            let world = anything().settings(|settings| (case.set)(&mut settings.limits, limit)).start().await;
            let at = refusal(&world, &json!({ "query": (case.document)(limit) })).await;
            assert_eq!(at, None, "{:?} at {limit}", case.code);
            let over = refusal(&world, &json!({ "query": (case.document)(limit + 1) })).await;
            assert_eq!(over, Some(case.code.name().into()), "{:?} one over {limit}", case.code);
        }
    }
}

/// `2,000,000`.
fn grouped(count: usize) -> String {
    match count {
        0..1_000 => count.to_string(),
        _ => format!("{},{:03}", grouped(count / 1_000), count % 1_000),
    }
}

#[test]
fn the_table_in_the_docs_has_each_limit_with_its_default_and_its_code() {
    let docs = include_str!("../../../docs/router.md");
    let limits = LimitSettings::default();
    let mib = |bytes: usize| format!("{} MiB", bytes >> 20);
    for (setting, default, code) in [
        ("body_bytes", format!("{} KiB", limits.body_bytes / 1_024), ErrorCode::PayloadTooLarge),
        ("deadline_s", format!("{} s", limits.deadline_s.0), ErrorCode::Timeout),
        ("characters", grouped(limits.characters), ErrorCode::DocumentTooLarge),
        ("tokens", grouped(limits.tokens), ErrorCode::TokenLimit),
        ("depth", grouped(limits.depth), ErrorCode::DepthLimit),
        ("nesting", grouped(limits.nesting), ErrorCode::DepthLimit),
        ("aliases", grouped(limits.aliases), ErrorCode::AliasLimit),
        ("root_fields", grouped(limits.root_fields), ErrorCode::RootFieldLimit),
        ("single_fields", format!("1 of `{}`", limits.single_fields.join("`, `")), ErrorCode::RootFieldLimit),
        ("directives", grouped(limits.directives), ErrorCode::DirectiveLimit),
        ("selections", grouped(limits.selections), ErrorCode::SelectionLimit),
        ("page_size", limits.page_size.to_string(), ErrorCode::PageSizeLimit),
        ("nodes", grouped(usize::try_from(limits.nodes).unwrap()), ErrorCode::CostLimit),
        ("fetched_bytes", mib(limits.fetched_bytes), ErrorCode::AnswerLimit),
        ("fetched_values", grouped(limits.fetched_values), ErrorCode::AnswerLimit),
        ("answer_bytes", mib(limits.answer_bytes), ErrorCode::AnswerLimit),
    ] {
        let row = docs.lines().find(|line| line.starts_with('|') && line.contains(&format!("| `{setting}`")));
        let row = row.unwrap_or_else(|| panic!("no row for {setting}"));
        let rest = format!("| {default} | `{}` |", code.name());
        assert!(row.contains(&rest), "{row}: not {rest}");
    }
}

#[tokio::test]
async fn a_page_size_in_a_variable_is_bounded_like_a_literal() {
    let world = anything().start().await;
    let ask = |first: usize| json!({ "query": "query($n: Int) { videos(first: $n) { totalCount } }", "variables": { "n": first } });
    assert_eq!(refusal(&world, &ask(50)).await, None);
    assert_eq!(refusal(&world, &ask(51)).await, Some("PAGE_SIZE_LIMIT_EXCEEDED".into()));
}

/// Followers of followers, so many levels deep.
fn followers(levels: usize, first: &str) -> String {
    let open = format!("followers{first} {{ edges {{ node {{ ").repeat(levels - 1);
    format!("user(id: 1) {{ {open} followers{first} {{ edges {{ cursor }} }} {} }}", "} } }".repeat(levels - 1))
}

#[tokio::test]
async fn nested_pages_multiply_and_are_bounded() {
    let world = anything().start().await;
    // 2 + 50 × (2 + 1 + 50) each.
    let several = |count| numbered(count, |at| format!("a{at}: {} ", followers(2, "(first: 50)")));
    for over in [followers(3, "(first: 50)"), several(8)] {
        let code = refusal(&world, &json!({ "query": format!("{{ {over} }}") })).await;
        assert_eq!(code, Some("COST_LIMIT_EXCEEDED".into()), "{over}");
    }
    for enough in [followers(2, "(first: 50)"), followers(3, "(first: 20)"), followers(3, ""), several(7)] {
        assert_eq!(refusal(&world, &json!({ "query": format!("{{ {enough} }}") })).await, None, "{enough}");
    }
}

#[tokio::test]
async fn objects_are_counted_exactly_and_with_the_variables_of_the_request() {
    // A page, and ten times an edge, a node and its author; the same page again is the same.
    let page = "videos(first: 10) { edges { node { author { id } } } }";
    let left_out = "more: videos(first: 50) @include(if: $more) { edges { cursor } }";
    let text = format!("query($more: Boolean = false) {{ {page} ...F {left_out} }} fragment F on Query {{ {page} }}");
    let sized = "query($n: Int) { videos(first: $n) { edges { node { author { id } } } } }";
    for (nodes, code) in [(31, None), (30, Some("COST_LIMIT_EXCEEDED".into()))] {
        let world = anything().settings(|settings| settings.limits.nodes = nodes).start().await;
        assert_eq!(refusal(&world, &json!({ "query": text })).await, code, "{nodes}");
        assert_eq!(refusal(&world, &json!({ "query": sized, "variables": { "n": 10 } })).await, code, "{nodes}");
        assert_eq!(refusal(&world, &json!({ "query": sized })).await, code, "without a size it is 10");
        assert_eq!(refusal(&world, &json!({ "query": sized, "variables": { "n": 9 } })).await, None);
        let more = refusal(&world, &json!({ "query": text, "variables": { "more": true } })).await;
        assert_eq!(more, Some("COST_LIMIT_EXCEEDED".into()));
    }
}

#[tokio::test]
async fn the_documents_of_the_frontend_pass_with_the_largest_pages() {
    let world = anything().start().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/operations/frontend");
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let parts = text.split("first: ").map(|part| part.trim_start_matches(|at: char| at.is_ascii_digit()));
        let largest = parts.collect::<Vec<_>>().join("first: 50").replace("50$first", "$first");
        let largest = largest.replace("50Int = 10", "Int = 50");
        let variables = json!({ "id": "1", "videoId": "1", "username": "a", "password": "b", "keywords": "c" });
        let code = refusal(&world, &json!({ "query": largest, "variables": variables })).await;
        assert_eq!(code, None, "{largest}");
    }
}

#[tokio::test]
async fn brackets_inside_each_other_are_bounded_before_the_parser_recurses() {
    let world = anything().settings(|settings| settings.limits.nesting = 4).start().await;
    let lists = |count: usize| format!("{{ user(id: {}1{}) {{ id }} }}", "[".repeat(count), "]".repeat(count));
    // Not a valid id, but shallow enough to be looked at; the operation's own and the arguments' bracket count too.
    assert_eq!(refusal(&world, &json!({ "query": lists(2) })).await, Some("GRAPHQL_VALIDATION_FAILED".into()));
    assert_eq!(refusal(&world, &json!({ "query": lists(3) })).await, Some("DEPTH_LIMIT_EXCEEDED".into()));
}

#[tokio::test]
async fn fields_that_guess_secrets_stand_once_in_an_operation() {
    let log_in = r#"logIn(input: { username: "a", password: "b" }) { user { id } }"#;
    let register = r#"register(input: { username: "a", password: "b" }) { user { id } }"#;
    let renew = r#"renewSession(input: { refreshToken: "a" }) { user { id } }"#;
    let world = anything().start().await;
    let change = r#"changePassword(input: { currentPassword: "a", newPassword: "b" }) { user { id } }"#;
    for one in [log_in, register, renew, change] {
        assert_eq!(refusal(&world, &json!({ "query": format!("mutation {{ {one} }}") })).await, None, "{one}");
        let two = json!({ "query": format!("mutation {{ a: {one} b: {log_in} }}") });
        assert_eq!(refusal(&world, &two).await, Some("ROOT_FIELD_LIMIT_EXCEEDED".into()), "{one}");
    }
    let free = |settings: &mut RouterSettings| settings.limits.single_fields.clear();
    let world = anything().settings(free).start().await;
    let two = json!({ "query": format!("mutation {{ a: {log_in} b: {log_in} }}") });
    assert_eq!(refusal(&world, &two).await, None);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_not_one_byte_more() {
    for limit in [LimitSettings::default().body_bytes, 100] {
        let world = anything().settings(|settings| settings.limits.body_bytes = limit).start().await;
        for (length, status) in [(limit, 200), (limit + 1, 413)] {
            let mut body = r#"{"query":"{ viewer { id } }"}"#.to_owned();
            body.push_str(&" ".repeat(length - body.len()));
            let request = Request::post("/graphql").header("content-type", "application/json");
            let answer = world.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(answer.status.as_u16(), status, "{length} bytes of {limit}");
            if status == 413 {
                assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "PAYLOAD_TOO_LARGE");
            }
        }
    }
}

/// The answer when the subgraph takes so long. Each has a clock of its own, because deadlines are moments of the real one.
fn answer_after(after_ms: u64, limit_s: u64) -> Value {
    let clock = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    clock.block_on(async {
        let user = json!({ "user": { "__typename": "User", "id": "1" } });
        let world = world(move |_| json!({ "data": user, "after_ms": after_ms }))
            .settings(|settings| settings.limits.deadline_s = Seconds(limit_s));
        let world = world.start().await;
        tokio::time::pause();
        world.graphql("{ user(id: 1) { id } }", &[]).await.json()
    })
}

/// A margin instead of one unit: the real clock runs on while the request is read.
#[test]
fn a_request_has_until_its_deadline() {
    const MARGIN_MS: u64 = 1_000;
    for limit_s in [LimitSettings::default().deadline_s.0, 3] {
        let in_time = answer_after(limit_s * 1_000 - MARGIN_MS, limit_s);
        assert_eq!(in_time["data"]["user"]["id"], "1", "{in_time}");
        let late = answer_after(limit_s * 1_000 + MARGIN_MS, limit_s);
        assert_eq!(late["errors"][0]["extensions"]["code"], "TIMEOUT", "{late}");
    }
}

#[tokio::test]
async fn the_deadline_holds_for_subgraphs_that_never_wait() {
    let payload = json!({ "video": { "__typename": "Video", "id": "1" } });
    let script = move |_: &Call| {
        std::thread::sleep(Duration::from_millis(450));
        data(json!({ "a": payload, "b": payload, "c": payload, "d": payload, "e": payload, "f": payload }))
    };
    let limit = |settings: &mut RouterSettings| settings.limits.deadline_s = Seconds(1);
    let world = world(script).settings(limit).start().await;
    let visit = "visitVideo(input: { videoId: 1 }) { video { id } }";
    let like = "likeVideo(input: { videoId: 1 }) { video { id } }";
    let text = format!("mutation {{ a: {visit} b: {like} c: {visit} d: {like} e: {visit} f: {like} }}");
    let token = world.token();
    let answer = world.graphql(&text, &[("access-token", &token)]).await.json();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT", "{answer}");
    assert!(world.calls.lock().unwrap().len() <= 3, "it was asked on after the deadline");
}

#[tokio::test]
async fn batches_are_refused() {
    let world = silent_world().start().await;
    for batch in [json!([]), json!([{ "query": "{ viewer { id } }" }])] {
        assert_eq!(refusal(&world, &batch).await, Some("INVALID_ARGUMENT".into()));
    }
}

/// What a refusal may take, optimised or not.
const BOMB_LIMIT: Duration = Duration::from_millis(20);

/// What this process has computed: nobody else's work is in it.
fn computed() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
}

/// So many fragments, each of which spreads the next one so many times.
fn bomb(levels: usize, spreads: usize) -> String {
    let level = |at: usize| format!(" fragment F{at} on Query {{ {}}}", format!("...F{} ", at + 1).repeat(spreads));
    let last = format!(" fragment F{levels} on Query {{ {}}}", "__typename ".repeat(200));
    format!("{{ ...F0 }}{}{last}", numbered(levels, level))
}

#[tokio::test]
async fn each_of_25_fragment_bombs_is_refused_in_under_20_milliseconds() {
    if reel_testkit::ran_alone() {
        return;
    }
    let strict = silent_world().start().await;
    // Where text may be long, what it expands to is what refuses it.
    let lenient = |settings: &mut RouterSettings| {
        settings.limits.characters = 100_000;
        settings.limits.tokens = 100_000;
    };
    let lenient = silent_world().settings(lenient).start().await;
    for levels in [4, 8, 16, 32, 64] {
        for spreads in [2, 4, 8, 16, 32] {
            let body = json!({ "query": bomb(levels, spreads) });
            let mut cost = Duration::MAX;
            for _ in 0..10 {
                let (start, before) = (Instant::now(), computed());
                assert!(refusal(&strict, &body).await.is_some());
                // On a busy machine time passes while others have their turn, which is no cost of ours.
                cost = cost.min(start.elapsed()).min(computed().saturating_sub(before));
                if cost < BOMB_LIMIT {
                    break;
                }
            }
            assert!(cost < BOMB_LIMIT, "{levels} levels of {spreads} spreads: {cost:?}");
            let code = refusal(&lenient, &body).await.unwrap();
            assert!(code == "SELECTION_LIMIT_EXCEEDED" || code == "DEPTH_LIMIT_EXCEEDED", "{code}");
        }
    }
}

#[tokio::test]
async fn the_answers_of_subgraphs_for_one_request_may_not_be_too_long_together() {
    // What follows the data has to be looked at, but the answer is not there twice for it.
    for after_data in ["", r#","extensions":{"cost":7}"#] {
        let length = |data: &str| data.len() + after_data.len();
        let products = length(r#"{"data":{"products":[{"__typename":"Product","id":"1"}]}}"#);
        let stars = length(r#"{"data":{"newest":9,"_entities":[{"__typename":"Product","stars":5}]}}"#);
        for (limit, stars) in [(products + stars, json!(5)), (products + stars - 1, Value::Null)] {
            let shop = shop().after_data(after_data).settings(|settings| settings.limits.fetched_bytes = limit);
            let answer = shop.start().await.query("{ products { stars } }", &[]).await.json();
            assert_eq!(answer["data"]["products"], json!([{ "stars": stars }]), "{answer}");
            let code = answer["errors"][0]["extensions"]["code"].as_str();
            assert_eq!(code, stars.is_null().then_some("ANSWER_LIMIT_EXCEEDED"));
        }
    }
}
