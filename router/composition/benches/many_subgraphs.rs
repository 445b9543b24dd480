//! Composition of a graph that is larger than most: 100 subgraphs of 200 types each, in under a second.
//!
//! `cargo bench -p reel-composition`. The phases are not public, so the share of the parser is measured beside the
//! whole, on the same text.
#![expect(clippy::expect_used, reason = "a benchmark")]

use std::fmt::Write;

use divan::{Bencher, black_box};
use reel_composition::{Subgraph, compose};

const SUBGRAPHS: usize = 100;

/// Entities that every subgraph adds fields to.
const SHARED: usize = 60;

/// Types that only one subgraph has.
const OWN: usize = 115;

const ENUMS: usize = 10;
const INPUTS: usize = 13;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn compose_100_subgraphs_of_200_types(bencher: Bencher<'_, '_>) {
    let subgraphs: Vec<_> = (0..SUBGRAPHS).map(subgraph).collect();
    bencher.bench_local(|| compose(black_box(&subgraphs)).expect("the subgraphs fit together"));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn only_parse_100_subgraphs_of_200_types(bencher: Bencher<'_, '_>) {
    let subgraphs: Vec<_> = (0..SUBGRAPHS).map(subgraph).collect();
    bencher.bench_local(|| {
        for subgraph in black_box(&subgraphs) {
            black_box(async_graphql_parser::parse_schema(&subgraph.sdl).expect("valid GraphQL"));
        }
    });
}

/// Entities that lead to one another over all subgraphs, and types of every kind that belong to one: 200 in all.
fn subgraph(number: usize) -> Subgraph {
    let mut sdl = String::from(
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@shareable\"])\n",
    );
    let mut put = |text: String| sdl.write_str(&text).expect("strings take everything");
    for entity in 0..SHARED {
        let next = (entity * 7 + number) % SHARED;
        put(format!(
            "\"Entity {entity}.\"\ntype Shared{entity} @key(fields: \"id\") {{ id: ID! s{number}(first: Int = 10, after: \
             String): [Own{number}x{entity}!] n{number}: String next{number}: Shared{next} }}\n"
        ));
    }
    for own in 0..OWN {
        let (next, shared) = ((own + 1) % OWN, own % SHARED);
        let (choice, input) = (own % ENUMS, own % INPUTS);
        put(format!(
            "\"\"\"\nA type of one subgraph.\n\"\"\"\ntype Own{number}x{own} {{ a: Int b: String! c: [Float] d: \
             Own{number}x{next} e: Choice{number}x{choice} f(i: In{number}x{input}): Shared{shared} g: Date h: Boolean \
             }}\n"
        ));
    }
    (0..ENUMS).for_each(|choice| put(format!("enum Choice{number}x{choice} {{ A B C D }}\n")));
    (0..INPUTS).for_each(|input| put(format!("input In{number}x{input} {{ a: Int = 1 b: String c: [ID!] }}\n")));
    put("scalar Date\ntype Page @shareable { next: Boolean! previous: Boolean! }\n".to_owned());
    let entry = number % SHARED;
    put(format!(
        "type Query {{ q{number}: Own{number}x0 entity{number}(id: ID!): Shared{entry} page{number}: Page }}\n"
    ));
    let name = format!("sub{number}");
    Subgraph { url: Some(format!("http://{name}.test/graphql")), name, sdl }
}
