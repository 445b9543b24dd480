//! `@context` and `@fromContext`: values that a type hands down to arguments of fields below it.

use async_graphql_parser::{Positioned, types::ConstDirective};

use super::marks::{Element, Reader};
use crate::{Code, field_set::FieldSet, model::FromContext};

impl Reader<'_> {
    pub(super) fn context(&mut self, element: &Element<'_>, directive: &Positioned<ConstDirective>) -> Option<String> {
        let name = self.required_text(directive, "name")?;
        let plain =
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric());
        if !plain {
            let message = format!(
                "\"{name}\" cannot be the name of a context (on {}): use a letter, then letters and digits.",
                element.coordinate
            );
            self.error(Code::ContextNameInvalid, message, directive.pos);
            return None;
        }
        Some(name)
    }

    pub(super) fn taken_context(
        &mut self,
        element: &Element<'_>,
        directive: &Positioned<ConstDirective>,
    ) -> Option<FromContext> {
        let field = self.required_text(directive, "field")?;
        let on = element.coordinate;
        let Some((context, text)) = split(&field) else {
            let message = format!(
                "@fromContext(field: \"{field}\") on {on} names no context: write it as \"$context {{ field }}\"."
            );
            self.error(Code::NoContextInSelection, message, directive.pos);
            return None;
        };
        match FieldSet::parse_block(text, directive.pos) {
            Ok(selection) => {
                let (context, text) = (context.to_owned(), text.to_owned());
                Some(FromContext { context, text, selection })
            }
            Err(why) => {
                let message = format!("@fromContext(field: \"{field}\") on {on}: {why}.");
                self.error(Code::ContextInvalidSelection, message, directive.pos);
                None
            }
        }
    }
}

/// `$context { field }`, in two parts.
fn split(field: &str) -> Option<(&str, &str)> {
    let rest = field.trim_start_matches([' ', ',', '\t', '\n', '\r']).strip_prefix('$')?;
    let rest = rest.trim_start_matches([' ', ',', '\t', '\n', '\r']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    (end > 0).then(|| rest.split_at(end))
}
