//! Diagnostics of the composition over the sources that they speak of.

use reel_composition::Diagnostic;

use super::sources::Source;
use crate::report::{Finding, Place, Severity};

/// A diagnostic with its places in the sources.
pub(super) fn finding<'a>(diagnostic: &'a Diagnostic, sources: &'a [Source]) -> Finding<'a> {
    let severity = match diagnostic.severity {
        reel_composition::Severity::Error => Severity::Error,
        reel_composition::Severity::Hint => Severity::Note,
    };
    let place = |place: &'a reel_composition::Place| {
        let source = sources.iter().find(|source| source.subgraph.name == place.subgraph);
        Place {
            origin: source.map_or(place.subgraph.as_str(), |source| source.origin.as_str()),
            subgraph: Some(&place.subgraph),
            line: place.line,
            column: place.column,
            text: source.map(|source| source.subgraph.sdl.as_str()),
        }
    };
    let places = diagnostic.places.iter().map(place).collect();
    Finding { severity, code: diagnostic.code.as_str(), message: &diagnostic.message, places }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reel_composition::{Subgraph, compose};

    fn sources(files: &[(&str, &str)]) -> Vec<Source> {
        let source = |(name, sdl): &(&str, &str)| Source {
            subgraph: Subgraph { name: (*name).to_owned(), url: None, sdl: (*sdl).to_owned() },
            origin: format!("{name}.graphql"),
        };
        files.iter().map(source).collect()
    }

    fn first(sources: &[Source]) -> String {
        let subgraphs: Vec<_> = sources.iter().map(|source| source.subgraph.clone()).collect();
        let errors = compose(&subgraphs).unwrap_err();
        finding(&errors[0], sources).text(false)
    }

    #[test]
    fn an_error_shows_each_line_with_a_mark_under_the_word() {
        let sources = sources(&[("a", "type Query {\n  a: Int @shareable\n}")]);
        let text = first(&sources);
        let expected =
            [" --> a.graphql:2:10 (subgraph \"a\")", "  |", "2 |   a: Int @shareable", "  |          ^^^^^^^^^^", ""];
        assert!(text.ends_with(&expected.join("\n")), "{text}");
        assert!(text.starts_with("error[INVALID_GRAPHQL]: @shareable is used but not known"), "{text}");
    }
}
