//! Each bound at its limit and one over it; bombs; the standard introspection query.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use proptest::prelude::*;
use reel_document::{DocumentBounds, DocumentError, check};

fn code(text: &str) -> Option<&'static str> {
    check(text, &DocumentBounds::default()).err().map(|error| error.code_name())
}

fn wide() -> DocumentBounds {
    DocumentBounds { characters: 10_000_000, tokens: 10_000_000, ..DocumentBounds::default() }
}

fn nested(depth: usize) -> String {
    format!("{}x{}", "{a".repeat(depth - 1) + "{", "}".repeat(depth))
}

fn fields(count: usize) -> String {
    format!("{{a{{{}}}}}", "b ".repeat(count))
}

#[test]
fn a_small_document_passes_and_is_measured() {
    let checked = check(
        "query($a: Int) { a(x: $a) { b: c ...F } } fragment F on T { d @skip(if: true) }",
        &DocumentBounds::default(),
    )
    .unwrap();
    assert_eq!((checked.measure.depth, checked.measure.aliases, checked.measure.directives), (2, 1, 1));
    assert_eq!((checked.measure.root_fields, checked.measure.selections), (1, 4));
}

#[test]
fn each_bound_holds_at_its_limit_and_one_over() {
    let bounds = DocumentBounds::default();
    let padded = |length: usize| format!("{{a}}{}", " ".repeat(length - 3));
    assert_eq!(code(&padded(bounds.characters)), None);
    assert_eq!(code(&padded(bounds.characters + 1)), Some("DOCUMENT_TOO_LARGE"));
    assert_eq!(code(&fields(bounds.tokens - 5)), None);
    assert_eq!(code(&fields(bounds.tokens - 4)), Some("TOKEN_LIMIT_EXCEEDED"));
    assert_eq!(code(&nested(bounds.depth)), None);
    assert_eq!(code(&nested(bounds.depth + 1)), Some("DEPTH_LIMIT_EXCEEDED"));
    let aliases = |count: usize| format!("{{x{{{}}}}}", (0..count).map(|i| format!("a{i}:a ")).collect::<String>());
    assert_eq!(code(&aliases(bounds.aliases)), None);
    assert_eq!(code(&aliases(bounds.aliases + 1)), Some("ALIAS_LIMIT_EXCEEDED"));
    let roots = |count: usize| format!("{{{}}}", (0..count).map(|i| format!("a{i} ")).collect::<String>());
    assert_eq!(code(&roots(bounds.root_fields)), None);
    assert_eq!(code(&roots(bounds.root_fields + 1)), Some("ROOT_FIELD_LIMIT_EXCEEDED"));
    let directives = |count: usize| format!("{{a {}}}", "@d".repeat(count));
    assert_eq!(code(&directives(bounds.directives)), None);
    assert_eq!(code(&directives(bounds.directives + 1)), Some("DIRECTIVE_LIMIT_EXCEEDED"));
    let selections = |count: usize| check(&fields(count - 1), &wide()).err().map(|error| error.code_name());
    assert_eq!(selections(bounds.selections), None);
    assert_eq!(selections(bounds.selections + 1), Some("SELECTION_LIMIT_EXCEEDED"));
}

#[test]
fn counts_are_of_the_expanded_document() {
    let text = format!("{{ r {{ {} }} }} fragment F on T {{ x: y @d }}", "...F ".repeat(16));
    assert_eq!(code(&text), Some("ALIAS_LIMIT_EXCEEDED"));
    let roots = format!("{{ {} }} fragment F on Query {{ a b c }}", "...F ".repeat(4));
    assert_eq!(code(&roots), Some("ROOT_FIELD_LIMIT_EXCEEDED"));
}

#[test]
fn brackets_of_every_kind_are_bounded_before_anything_recursive_runs() {
    for (open, close) in [("{a", "}"), ("[", "]"), ("{a:", "}"), ("(", ")")] {
        let text = format!("{{a(x:{}{})}}", open.repeat(100_000), close.repeat(100_000));
        let error = check(&text, &wide()).unwrap_err();
        assert_eq!(error, DocumentError::NestedTooDeeply { limit: 50 });
    }
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let brackets = "{[(".repeat(100);
    let text =
        format!("{{a(x:\"{brackets}\\\"{brackets}\", y:\"\"\"{brackets} \\\"\"\" {brackets}\"\"\") #{brackets}\n}}");
    assert!(check(&text, &DocumentBounds::default()).is_ok());
}

#[test]
fn fragment_cycles_are_refused() {
    assert_eq!(code("{...A} fragment A on Q {a ...B} fragment B on Q {b {...A}}"), Some("GRAPHQL_VALIDATION_FAILED"));
    assert_eq!(code("{a} fragment A on Q {...A}"), Some("GRAPHQL_VALIDATION_FAILED"));
}

#[test]
fn a_chain_of_many_fragments_is_refused_without_growing_the_stack() {
    let chain: String = (0..20_000).map(|i| format!("fragment F{i} on Q {{...F{}}} ", i + 1)).collect();
    let bounds = DocumentBounds { selections: usize::MAX, ..wide() };
    let error = check(&format!("{{...F0}} {chain} fragment F20000 on Q {{a}}"), &bounds).unwrap_err();
    assert_eq!(error, DocumentError::NestedTooDeeply { limit: 50 });
}

#[test]
fn syntax_errors_name_the_place() {
    let error = check("{\n  a(\n}", &DocumentBounds::default()).unwrap_err();
    assert_eq!(error.code_name(), "GRAPHQL_PARSE_FAILED");
    assert_eq!(error.position().map(|position| position.line), Some(3));
    assert!(!error.to_string().contains('\n'), "{error}");
}

/// What a refusal may take, optimised or not.
const BOMB_LIMIT: Duration = Duration::from_millis(20);

/// What this thread has computed.
fn computed() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

#[test]
fn twenty_five_fragment_bombs_are_each_refused_in_under_20_milliseconds() {
    for levels in [4, 8, 16, 24, 64] {
        for spreads in [2, 4, 8, 16, 32] {
            let mut text = String::from("{...F0}");
            for level in 0..levels {
                let spread = format!("...F{} ", level + 1).repeat(spreads);
                text.push_str(&format!(" fragment F{level} on Query {{{spread}}}"));
            }
            text.push_str(&format!(" fragment F{levels} on Query {{{}}}", "a ".repeat(200)));
            // Not how long it takes: on a busy machine others have their turn meanwhile.
            let before = computed();
            let result = check(&text, &DocumentBounds::default());
            let cost = computed() - before;
            assert!(result.is_err(), "{levels} levels of {spreads}");
            assert!(cost < BOMB_LIMIT, "{levels} levels of {spreads}: {cost:?}");
        }
    }
}

const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name kind } mutationType { name kind }
  subscriptionType { name kind } types { ...FullType } directives { name description locations args { ...InputValue } } } }
  fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description
  args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue }
  interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef } } fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
  fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

#[test]
fn the_standard_introspection_query_passes() {
    assert_eq!(code(INTROSPECTION), None);
}

#[test]
fn an_introspection_that_multiplies_its_answer_is_refused() {
    let text = "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}";
    assert_eq!(code(text), Some("DEPTH_LIMIT_EXCEEDED"));
}

proptest! {
    #[test]
    fn any_text_is_checked_without_a_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..200)) {
        let text = pieces.concat();
        if let Ok(checked) = check(&text, &wide()) {
            prop_assert!(checked.measure.selections <= DocumentBounds::default().selections);
        }
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "query ",
    "mutation ",
    "fragment F on T ",
    "fragment G on T ",
    "...F ",
    "...G ",
    "... on T ",
    "a ",
    "b: c ",
    "@d ",
    "(x: 1)",
    "$v: Int",
    "$v",
    "=",
    "!",
    "\"text\"",
    "\"\"\"block\"\"\"",
    "\"",
    "\\",
    "#",
    "\n",
    "é",
    "1.5e9",
    "-",
    "null ",
    "{a}",
    "{...F}",
    "{a{b{c}}}",
];
