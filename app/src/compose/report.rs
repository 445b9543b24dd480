//! Diagnostics as a compiler prints them: what is wrong, and the lines that cause it.

use std::fmt::Write as _;

use reel_composition::{Diagnostic, Place, Severity};
use serde_json::{Value, json};

use super::sources::Source;

/// Schemas of generators can be one long line: more of it than this helps nobody.
const MAX_WIDTH: usize = 120;

const RED: &str = "\x1b[1;31m";
const GREEN: &str = "\x1b[1;32m";
const BLUE: &str = "\x1b[1;34m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Prints diagnostics over the sources that they speak of.
pub(super) struct Report<'a> {
    pub(super) sources: &'a [Source],
    pub(super) colour: bool,
}

impl Report<'_> {
    /// A diagnostic with its source lines.
    pub(super) fn text(&self, diagnostic: &Diagnostic) -> String {
        let (word, colour) = match diagnostic.severity {
            Severity::Error => ("error", RED),
            Severity::Hint => ("note", GREEN),
        };
        let head = self.coloured(colour, &format!("{word}[{}]", diagnostic.code));
        let message = self.coloured(BOLD, &format!(": {}", printable(&diagnostic.message)));
        let mut text = format!("{head}{message}\n");
        let numbers = diagnostic.places.iter().map(|place| place.line.to_string().len());
        let margin = numbers.max().unwrap_or(1);
        for place in &diagnostic.places {
            self.place(place, (margin, colour), &mut text);
        }
        text
    }

    /// A diagnostic for machines.
    pub(super) fn json(&self, diagnostic: &Diagnostic) -> Value {
        let places = diagnostic.places.iter().map(|place| {
            let Place { subgraph, line, column } = place;
            let source = self.source(subgraph).map(|source| source.origin.as_str());
            json!({ "subgraph": subgraph, "source": source, "line": line, "column": column })
        });
        json!({
            "severity": diagnostic.severity,
            "code": diagnostic.code,
            "message": diagnostic.message,
            "places": places.collect::<Vec<_>>(),
        })
    }

    fn source(&self, subgraph: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.subgraph.name == subgraph)
    }

    fn place(&self, place: &Place, (margin, colour): (usize, &str), text: &mut String) {
        let source = self.source(&place.subgraph);
        let origin = source.map_or(place.subgraph.as_str(), |source| source.origin.as_str());
        let arrow = self.coloured(BLUE, &format!("{:margin$}-->", ""));
        let origin = printable(origin);
        if place.line == 0 {
            let _ = writeln!(text, "{arrow} {origin}");
            return;
        }
        // A file's name does not always tell which subgraph it is.
        let _ = writeln!(text, "{arrow} {origin}:{}:{} (subgraph {:?})", place.line, place.column, place.subgraph);
        let line = source.and_then(|source| source.subgraph.sdl.lines().nth(place.line - 1));
        let Some(line) = line else { return };
        let cut = Cut::around(line, place.column);
        let bar = self.coloured(BLUE, &format!("{:margin$} |", ""));
        let number = self.coloured(BLUE, &format!("{:>margin$} |", place.line));
        let carets = self.coloured(colour, &"^".repeat(cut.marked));
        let _ = writeln!(text, "{bar}\n{number} {}\n{bar} {:indent$}{carets}", cut.text, "", indent = cut.before);
    }

    fn coloured(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
    }
}

/// The part of a line to show, and what to mark in it.
struct Cut {
    text: String,
    /// Characters before the mark.
    before: usize,
    marked: usize,
}

impl Cut {
    fn around(line: &str, column: usize) -> Self {
        let all: Vec<char> = line.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let at = column.saturating_sub(1).min(all.len());
        let is_word = |c: &&char| c.is_alphanumeric() || **c == '_';
        let sign = usize::from(all.get(at) == Some(&'@'));
        let marked = sign + all[(at + sign).min(all.len())..].iter().take_while(is_word).count();
        let start = if all.len() <= MAX_WIDTH { 0 } else { at.saturating_sub(MAX_WIDTH / 3) };
        let end = all.len().min(start + MAX_WIDTH);
        let (head, tail) = (if start > 0 { "…" } else { "" }, if end < all.len() { "…" } else { "" });
        let shown: String = all[start..end].iter().collect();
        let before = at - start + head.chars().count();
        Self { text: format!("{head}{shown}{tail}"), before, marked: marked.clamp(1, end.saturating_sub(at).max(1)) }
    }
}

/// Schemas come from others: what would steer the terminal is left out.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
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

    fn first(sources: &[Source], colour: bool) -> String {
        let subgraphs: Vec<_> = sources.iter().map(|source| source.subgraph.clone()).collect();
        let errors = compose(&subgraphs).unwrap_err();
        Report { sources, colour }.text(&errors[0])
    }

    #[test]
    fn an_error_shows_each_line_with_a_mark_under_the_word() {
        let sources = sources(&[("a", "type Query {\n  a: Int @shareable\n}")]);
        let text = first(&sources, false);
        let expected =
            [" --> a.graphql:2:10 (subgraph \"a\")", "  |", "2 |   a: Int @shareable", "  |          ^^^^^^^^^^", ""];
        assert!(text.ends_with(&expected.join("\n")), "{text}");
        assert!(text.starts_with("error[INVALID_GRAPHQL]: @shareable is used but not known"), "{text}");
    }

    #[test]
    fn colours_are_put_in_only_when_wanted() {
        let sources = sources(&[("a", "type Query { a: Missing }")]);
        assert!(first(&sources, true).contains(RED));
        assert!(!first(&sources, false).contains('\x1b'));
    }

    #[test]
    fn what_would_steer_the_terminal_is_not_printed() {
        let sources = sources(&[("a", "type Query {\n  \"\u{1b}[31m\" a: Missing\n}")]);
        assert!(!first(&sources, false).contains('\x1b'));
    }

    #[test]
    fn of_a_long_line_only_the_part_around_the_mark_is_shown() {
        let line = format!("{}here{}", " ".repeat(500), "x".repeat(500));
        let cut = Cut::around(&line, 501);
        assert!(cut.text.chars().count() <= MAX_WIDTH + 2, "{}", cut.text);
        let marked: String = cut.text.chars().skip(cut.before).take(4).collect();
        assert_eq!(marked, "here");
        assert!(cut.before + cut.marked < cut.text.chars().count());
    }

    #[test]
    fn a_column_past_the_end_of_a_line_still_has_a_mark() {
        let cut = Cut::around("ab", 9);
        assert_eq!((cut.before, cut.marked), (2, 1));
    }
}
