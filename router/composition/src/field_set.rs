//! Field sets: the selections in `@key`, `@requires` and `@provides`.

use std::fmt;

use async_graphql_parser::{
    Pos, parse_query,
    types::{DocumentOperations, Selection as Parsed, SelectionSet},
};
use async_graphql_value::{Name, Value};

use crate::nesting::{MAX_NESTING, is_too_deep};

/// A parsed field set with the place of its directive.
#[derive(Clone)]
pub(crate) struct FieldSet {
    pub(crate) selections: Vec<Selection>,
    pub(crate) pos: Pos,
}

/// One selection of a field set.
#[derive(Clone)]
pub(crate) enum Selection {
    Field { name: Name, arguments: Vec<(Name, Value)>, has_directive: bool, children: Vec<Selection> },
    Fragment { on: Option<Name>, has_directive: bool, children: Vec<Selection> },
}

impl FieldSet {
    /// Parses `id organization { id }`.
    ///
    /// # Errors
    ///
    /// A description of what is wrong with the text.
    pub(crate) fn parse(text: &str, pos: Pos) -> Result<Self, String> {
        if let Some(selections) = plain_names(text) {
            return Ok(Self { selections, pos });
        }
        if is_too_deep(text) {
            return Err(format!("it nests deeper than {MAX_NESTING} levels"));
        }
        let document = parse_query(format!("{{{text}}}"))
            .map_err(|_| "it is not a valid selection such as \"id\" or \"owner { id }\"".to_owned())?;
        let DocumentOperations::Single(operation) = document.operations else {
            return Err("it is not one selection".to_owned());
        };
        if !document.fragments.is_empty() {
            return Err("it must not define fragments".to_owned());
        }
        Ok(Self { selections: convert(operation.node.selection_set.node)?, pos })
    }
}

impl FieldSet {
    /// Parses a selection with its braces or without: `{ id }`.
    ///
    /// # Errors
    ///
    /// A description of what is wrong with the text.
    pub(crate) fn parse_block(text: &str, pos: Pos) -> Result<Self, String> {
        let text = text.trim();
        let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
        if inner.trim().is_empty() {
            return Err("nothing is selected".to_owned());
        }
        Self::parse(inner, pos)
    }
}

/// Most keys are plain names: no need for a parser.
fn plain_names(text: &str) -> Option<Vec<Selection>> {
    let is_name = |word: &str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !word.starts_with(|c: char| c.is_ascii_digit())
    };
    let leaf = |word: &str| Selection::Field {
        name: Name::new(word),
        arguments: Vec::new(),
        has_directive: false,
        children: Vec::new(),
    };
    let words: Vec<_> = text.split([' ', ',', '\n', '\t', '\r']).filter(|word| !word.is_empty()).collect();
    (!words.is_empty() && words.iter().all(|word| is_name(word))).then(|| words.into_iter().map(leaf).collect())
}

fn convert(set: SelectionSet) -> Result<Vec<Selection>, String> {
    set.items.into_iter().map(|item| convert_one(item.node)).collect()
}

fn convert_one(selection: Parsed) -> Result<Selection, String> {
    match selection {
        Parsed::Field(field) => {
            let field = field.node;
            if let Some(alias) = field.alias {
                return Err(format!("it must not use an alias (\"{}\")", alias.node));
            }
            Ok(Selection::Field {
                name: field.name.node,
                arguments: field.arguments.into_iter().map(|(name, value)| (name.node, value.node)).collect(),
                has_directive: !field.directives.is_empty(),
                children: convert(field.selection_set.node)?,
            })
        }
        Parsed::InlineFragment(fragment) => Ok(Selection::Fragment {
            on: fragment.node.type_condition.map(|condition| condition.node.on.node),
            has_directive: !fragment.node.directives.is_empty(),
            children: convert(fragment.node.selection_set.node)?,
        }),
        Parsed::FragmentSpread(_) => Err("it must not spread named fragments".to_owned()),
    }
}

impl fmt::Display for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_all(&self.selections, f)
    }
}

fn write_all(selections: &[Selection], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, selection) in selections.iter().enumerate() {
        if index > 0 {
            f.write_str(" ")?;
        }
        write!(f, "{selection}")?;
    }
    Ok(())
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let children = match self {
            Self::Field { name, arguments, children, .. } => {
                write!(f, "{name}")?;
                for (index, (name, value)) in arguments.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if index == 0 { "(" } else { ", " })?;
                }
                if !arguments.is_empty() {
                    f.write_str(")")?;
                }
                children
            }
            Self::Fragment { on, children, .. } => {
                f.write_str("...")?;
                if let Some(on) = on {
                    write!(f, " on {on}")?;
                }
                children
            }
        };
        if children.is_empty() {
            return Ok(());
        }
        f.write_str(" { ")?;
        write_all(children, f)?;
        f.write_str(" }")
    }
}
