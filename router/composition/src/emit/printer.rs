//! SDL text: the parts that both schemas are made of.

use crate::map::IndexMap;
use std::fmt::{Display, Write};

use async_graphql_parser::types::ConstDirective;
use async_graphql_value::{ConstValue, Name};

use crate::{
    compose::model::{MergedDirective, MergedInput},
    spec::location_name,
};

/// An SDL document as it grows.
#[derive(Default)]
pub(super) struct Printer {
    text: String,
}

impl Printer {
    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Formats into the document. Writing into a string cannot fail.
    pub(super) fn put(&mut self, value: impl Display) {
        let _ = write!(self.text, "{value}");
    }

    /// An empty line between definitions.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    pub(super) fn description(&mut self, description: Option<&String>, indent: &str) {
        let Some(description) = description else { return };
        if must_quote(description) {
            self.put(format_args!("{indent}{}\n", quoted(description)));
            return;
        }
        if !description.contains('\n') && !description.ends_with('"') {
            let description = description.replace("\"\"\"", "\\\"\"\"");
            return self.put(format_args!("{indent}\"\"\"{description}\"\"\"\n"));
        }
        self.put(format_args!("{indent}\"\"\"\n"));
        for line in description.lines() {
            let line = line.replace("\"\"\"", "\\\"\"\"");
            self.put(format_args!("{}\n", format_args!("{indent}{line}").to_string().trim_end()));
        }
        self.put(format_args!("{indent}\"\"\"\n"));
    }

    /// `(first: Int = 10, after: String)`, one line each where arguments have descriptions.
    pub(super) fn arguments(
        &mut self,
        arguments: &IndexMap<Name, MergedInput>,
        indent: &str,
        directives: impl Fn(&mut Self, &MergedInput),
    ) {
        if arguments.is_empty() {
            return;
        }
        let lines = arguments.values().any(|argument| argument.description.is_some());
        let inner = format!("{indent}  ");
        self.raw(if lines { "(\n" } else { "(" });
        for (index, (name, argument)) in arguments.iter().enumerate() {
            if lines {
                self.description(argument.description.as_ref(), &inner);
                self.raw(&inner);
            } else if index > 0 {
                self.raw(", ");
            }
            self.input(name, argument);
            directives(self, argument);
            if lines {
                self.raw("\n");
            }
        }
        if lines {
            self.raw(indent);
        }
        self.raw(")");
    }

    /// `name: Type = default`.
    pub(super) fn input(&mut self, name: &Name, input: &MergedInput) {
        self.put(format_args!("{name}: {}", input.ty));
        if let Some(default) = &input.default {
            self.raw(" = ");
            self.value(default);
        }
    }

    pub(super) fn value(&mut self, value: &ConstValue) {
        match value {
            ConstValue::String(text) => self.raw(&quoted(text)),
            ConstValue::List(items) => {
                self.raw("[");
                for (index, item) in items.iter().enumerate() {
                    self.raw(if index > 0 { ", " } else { "" });
                    self.value(item);
                }
                self.raw("]");
            }
            ConstValue::Object(fields) => {
                self.raw("{");
                for (index, (name, field)) in fields.iter().enumerate() {
                    self.put(format_args!("{}{name}: ", if index > 0 { ", " } else { "" }));
                    self.value(field);
                }
                self.raw("}");
            }
            other => self.put(other),
        }
    }

    pub(super) fn applied(&mut self, directive: &ConstDirective) {
        self.put(format_args!(" @{}", directive.name.node));
        for (index, (name, value)) in directive.arguments.iter().enumerate() {
            self.put(format_args!("{}{}: ", if index == 0 { "(" } else { ", " }, name.node));
            self.value(&value.node);
        }
        if !directive.arguments.is_empty() {
            self.raw(")");
        }
    }

    pub(super) fn deprecated(&mut self, reason: Option<&String>) {
        if let Some(reason) = reason {
            self.put(format_args!(" @deprecated(reason: {})", quoted(reason)));
        }
    }

    pub(super) fn directive_definition(&mut self, directive: &MergedDirective) {
        self.gap();
        self.description(directive.description.as_ref(), "");
        self.put(format_args!("directive @{}", directive.name));
        self.arguments(&directive.arguments, "", |_, _| {});
        self.raw(if directive.repeatable { " repeatable on " } else { " on " });
        let locations: Vec<_> = directive.locations.iter().copied().map(location_name).collect();
        self.raw(&locations.join(" | "));
        self.raw("\n");
    }
}

/// Block strings cannot hold everything: not control characters, and not the blanks at their ends.
fn must_quote(text: &str) -> bool {
    text.is_empty()
        || text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
        || text.starts_with([' ', '\t', '\n'])
        || text.ends_with(['\n', '\\'])
        || text.lines().any(|line| line.ends_with([' ', '\t']))
}

/// A GraphQL string literal.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
