//! What is wrong with a text, as a compiler prints it: the reason, and the lines that cause it.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use serde_json::{Value, json};

/// Texts of generators can be one long line: more of it than this helps nobody.
const MAX_WIDTH: usize = 120;

const RED: &str = "\x1b[1;31m";
const GREEN: &str = "\x1b[1;32m";
const BLUE: &str = "\x1b[1;34m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// It has to be mended.
    Error,
    /// It deserves a look.
    Note,
}

/// Something to tell about texts.
#[derive(Debug, Clone)]
pub(crate) struct Finding<'a> {
    pub(crate) severity: Severity,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    pub(crate) places: Vec<Place<'a>>,
}

/// A place that a finding is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Where the text is from: a file, an address.
    pub(crate) origin: &'a str,
    /// The subgraph whose schema it is; the origin does not always tell.
    pub(crate) subgraph: Option<&'a str>,
    /// From 1; 0 is the text as a whole.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    /// The text, where it is at hand.
    pub(crate) text: Option<&'a str>,
}

impl Finding<'_> {
    /// With its lines, for people.
    pub(crate) fn text(&self, is_coloured: bool) -> String {
        let paint = Paint(is_coloured);
        let (word, colour) = match self.severity {
            Severity::Error => ("error", RED),
            Severity::Note => ("note", GREEN),
        };
        let head = paint.text(colour, &format!("{word}[{}]", self.code));
        let message = paint.text(BOLD, &format!(": {}", printable(self.message)));
        let mut text = format!("{head}{message}\n");
        let numbers = self.places.iter().map(|place| place.line.to_string().len());
        let margin = numbers.max().unwrap_or(1);
        self.places.iter().for_each(|place| place.write(&paint, (margin, colour), &mut text));
        text
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let places: Vec<Value> = self.places.iter().map(Place::json).collect();
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Note => "hint",
        };
        json!({ "severity": severity, "code": self.code, "message": self.message, "places": places })
    }
}

impl Place<'_> {
    fn write(&self, paint: &Paint, (margin, colour): (usize, &str), out: &mut String) {
        let arrow = paint.text(BLUE, &format!("{:margin$}-->", ""));
        let origin = printable(self.origin);
        if self.line == 0 {
            let _ = writeln!(out, "{arrow} {origin}");
            return;
        }
        let subgraph = self.subgraph.map(|name| format!(" (subgraph {name:?})")).unwrap_or_default();
        let _ = writeln!(out, "{arrow} {origin}:{}:{}{subgraph}", self.line, self.column);
        let Some(line) = self.text.and_then(|text| text.lines().nth(self.line - 1)) else { return };
        let cut = Cut::around(line, self.column);
        let bar = paint.text(BLUE, &format!("{:margin$} |", ""));
        let number = paint.text(BLUE, &format!("{:>margin$} |", self.line));
        let carets = paint.text(colour, &"^".repeat(cut.marked));
        let _ = writeln!(out, "{bar}\n{number} {}\n{bar} {:indent$}{carets}", cut.text, "", indent = cut.before);
    }

    fn json(&self) -> Value {
        let mut place = json!({ "source": self.origin, "line": self.line, "column": self.column });
        if let Some(subgraph) = self.subgraph {
            place["subgraph"] = subgraph.into();
        }
        place
    }
}

/// Colours are for people: not for files and pipes, and not for those who have said no.
pub(crate) fn is_colour_wanted() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

struct Paint(bool);

impl Paint {
    fn text(&self, colour: &str, text: &str) -> String {
        if self.0 { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
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
        let sign = usize::from(matches!(all.get(at), Some('@' | '$')));
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

    fn finding(text: &str) -> Finding<'_> {
        let place = Place { origin: "a.graphql", subgraph: None, line: 2, column: 8, text: Some(text) };
        Finding { severity: Severity::Error, code: "CODE", message: "No \u{1b}[31mthing.", places: vec![place] }
    }

    #[test]
    fn an_error_shows_each_line_with_a_mark_under_the_word() {
        let text = finding("{\n  book @shareable\n}").text(false);
        let expected = [
            "error[CODE]: No  [31mthing.",
            " --> a.graphql:2:8",
            "  |",
            "2 |   book @shareable",
            "  |        ^^^^^^^^^^",
            "",
        ];
        assert_eq!(text, expected.join("\n"));
    }

    #[test]
    fn colours_are_put_in_only_when_wanted_and_nothing_else_steers_the_terminal() {
        let finding = finding("{\n \u{1b}[31m");
        assert!(finding.text(true).contains(RED) && finding.text(true).contains(PLAIN));
        assert!(!finding.text(false).contains('\x1b'));
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
