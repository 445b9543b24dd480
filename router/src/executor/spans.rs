//! Fetches as steps of a trace.

use reel_telemetry::Span;

use super::ask::{Question, Whose};
use crate::meters::FetchOutcome;
use crate::planner::EntityFetch;

/// How much of the places in the answer is said, in bytes: they are made of the client's words.
const LONGEST_PATH: usize = 256;

/// A fetch that is recorded. It counts as cancelled unless it is settled.
pub(super) struct FetchSpan(Option<Span>);

impl FetchSpan {
    /// This is asked, as a part of a request.
    pub(super) fn begin(request: &Span, question: &Question<'_>) -> (Self, Span) {
        let span = request.child(format!("fetch {}", question.subgraph));
        span.set("subgraph.name", question.subgraph.to_string());
        match question.whose {
            Whose::Root => span.set("subgraph.fetch.kind", "root"),
            Whose::Entities { fetch, count } => {
                span.set("subgraph.fetch.kind", "entities");
                span.set("subgraph.fetch.path", paths(fetch));
                span.set("subgraph.fetch.entities", i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
        (Self(Some(span.clone())), span)
    }

    /// It has ended.
    pub(super) fn settle(mut self, outcome: FetchOutcome) {
        self.end(outcome);
    }

    fn end(&mut self, outcome: FetchOutcome) {
        let Some(span) = self.0.take() else { return };
        match outcome {
            FetchOutcome::Ok => {}
            FetchOutcome::Errors => span.set("error.type", outcome.name()),
            _ => span.fail(outcome.name()),
        }
        span.end();
    }
}

impl Drop for FetchSpan {
    fn drop(&mut self) {
        self.end(FetchOutcome::Cancelled);
    }
}

/// Where the entities are in the answer.
fn paths(fetch: &EntityFetch) -> String {
    let mut text = String::new();
    for path in fetch.inputs.iter().flat_map(|input| &input.paths) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&path.to_string());
        if text.len() > LONGEST_PATH {
            let end = (0..=LONGEST_PATH).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            break;
        }
    }
    text
}
