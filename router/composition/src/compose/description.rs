//! Descriptions: the one that most subgraphs have, the first of those on a tie.

use async_graphql_parser::Pos;

use super::{Composer, model::GraphId};
use crate::Code;

pub(super) fn merge<'d>(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: impl IntoIterator<Item = (GraphId, Pos, Option<&'d String>)>,
) -> Option<String> {
    let described: Vec<_> = sources
        .into_iter()
        .filter_map(|(graph, pos, text)| Some((graph, pos, text.filter(|text| !text.trim().is_empty())?)))
        .collect();
    let (_, _, first) = described.first()?;
    if described.iter().all(|(_, _, text)| text == first) {
        return Some((*first).clone());
    }
    let votes = |text: &String| described.iter().filter(|(_, _, other)| *other == text).count();
    let mut best = *first;
    for (_, _, text) in &described {
        if votes(text) > votes(best) {
            best = text;
        }
    }
    let message = format!("The descriptions of {} differ between subgraphs; this one is used: {best:?}.", coordinate());
    let places = composer.places(described.iter().map(|(graph, pos, _)| (*graph, *pos)));
    composer.report.hint(Code::InconsistentDescription, message, places);
    Some(best.clone())
}
