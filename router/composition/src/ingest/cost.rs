//! `@cost` and `@listSize`: what routers need to know to estimate how much work an operation is.

use async_graphql_parser::{Positioned, types::ConstDirective};
use async_graphql_value::ConstValue;

use super::marks::{Element, Reader};
use crate::{Code, model::ListSize};

impl Reader<'_> {
    pub(super) fn cost(&mut self, element: &Element<'_>, directive: &Positioned<ConstDirective>) -> Option<i64> {
        let weight = directive.node.get_argument("weight").map(|weight| &weight.node);
        let Some(weight) = weight.and_then(whole_number) else {
            let name = &directive.node.name.node;
            let message = format!("@{name} on {} needs `weight`, a whole number.", element.coordinate);
            self.error(Code::InvalidGraphql, message, directive.pos);
            return None;
        };
        if weight < 0 {
            let message = format!(
                "@{} on {} has the weight {weight}: routers only load weights from 0 upwards, write one.",
                directive.node.name.node, element.coordinate
            );
            self.error(Code::DirectiveCostInvalidWeight, message, directive.pos);
            return None;
        }
        Some(weight)
    }

    pub(super) fn list_size(
        &mut self,
        element: &Element<'_>,
        directive: &Positioned<ConstDirective>,
    ) -> Option<ListSize> {
        let assumed = self.argument(
            element,
            directive,
            "assumedSize",
            (Code::ListSizeInvalidAssumedSize, "a whole number from 0 upwards"),
            |value| whole_number(value).filter(|size| *size >= 0),
        )?;
        let slicing_arguments = self.argument(
            element,
            directive,
            "slicingArguments",
            (Code::ListSizeInvalidSlicingArgument, "a list of strings"),
            texts,
        )?;
        let sized_fields = self.argument(
            element,
            directive,
            "sizedFields",
            (Code::ListSizeInvalidSizedField, "a list of strings"),
            texts,
        )?;
        let require_one = self.argument(
            element,
            directive,
            "requireOneSlicingArgument",
            (Code::InvalidGraphql, "true or false"),
            |value| if let ConstValue::Boolean(yes) = value { Some(*yes) } else { None },
        )?;
        Some(ListSize {
            assumed,
            slicing_arguments: slicing_arguments.unwrap_or_default(),
            sized_fields: sized_fields.unwrap_or_default(),
            require_one: require_one.unwrap_or(true),
            pos: directive.pos,
        })
    }

    /// An argument that may be left out: `Some(None)` then, and `None` after an error.
    fn argument<T>(
        &mut self,
        element: &Element<'_>,
        directive: &Positioned<ConstDirective>,
        argument: &str,
        (code, expected): (Code, &str),
        read: impl Fn(&ConstValue) -> Option<T>,
    ) -> Option<Option<T>> {
        let value = match directive.node.get_argument(argument).map(|value| &value.node) {
            None | Some(ConstValue::Null) => return Some(None),
            Some(value) => value,
        };
        let found = read(value);
        if found.is_none() {
            let (name, on) = (&directive.node.name.node, element.coordinate);
            let message = format!("`{argument}` of @{name} on {on} is {value}: it must be {expected}.");
            self.error(code, message, directive.pos);
            return None;
        }
        Some(found)
    }
}

/// GraphQL's `Int`: 32 bits.
fn whole_number(value: &ConstValue) -> Option<i64> {
    let ConstValue::Number(number) = value else { return None };
    number.as_i64().filter(|number| i32::try_from(*number).is_ok())
}

/// A list of one may be written without its brackets.
fn texts(value: &ConstValue) -> Option<Vec<String>> {
    let text = |value: &ConstValue| match value {
        ConstValue::String(text) => Some(text.clone()),
        _ => None,
    };
    match value {
        ConstValue::List(items) => items.iter().map(text).collect(),
        other => text(other).map(|text| vec![text]),
    }
}
