//! How many objects an operation asks for. A page multiplies: what is in its list counts as often as the page is large.

use async_graphql_parser::types::BaseType;
use async_graphql_value::{ConstValue, Name, Number, Value, Variables};
use indexmap::IndexMap;
use reel_error::ErrorCode;

use super::limits::Limits;
use super::operation::{Field, Operation, Selection};
use crate::condition::{Condition, all_hold};
use crate::error::GraphqlError;
use crate::schema::Schema;

/// The size of a page that is asked for without one.
const DEFAULT_PAGE: u64 = 10;

/// Checks what the document alone tells. Answers whether its variables decide, so that [`check`] must be asked for them.
///
/// # Errors
///
/// When the operation asks for too much whatever its variables are.
pub fn settle(operation: &Operation, schema: &Schema, limits: &Limits) -> Result<bool, GraphqlError> {
    let objects = |known| Count { schema, limits, known }.objects(&[&operation.selections], None);
    refuse_above(limits, objects(Known::Least))?;
    Ok(objects(Known::Most) > limits.nodes)
}

/// Checks an operation with its variables.
///
/// # Errors
///
/// When it asks for too much.
pub fn check(
    selections: &[Selection],
    schema: &Schema,
    limits: &Limits,
    variables: &Variables,
) -> Result<(), GraphqlError> {
    refuse_above(limits, Count { schema, limits, known: Known::All(variables) }.objects(&[selections], None))
}

fn refuse_above(limits: &Limits, objects: u64) -> Result<(), GraphqlError> {
    if objects <= limits.nodes {
        return Ok(());
    }
    let most = limits.nodes;
    let message = format!("The operation asks for up to {objects} objects; {most} are allowed. Ask for smaller pages.");
    Err(GraphqlError::new(ErrorCode::CostLimit, message))
}

/// What is known of the variables.
#[derive(Clone, Copy)]
enum Known<'a> {
    /// Nothing; whatever they are, it is no less than is counted.
    Least,
    /// Nothing; whatever they are, it is no more than is counted.
    Most,
    All(&'a Variables),
}

struct Count<'a> {
    schema: &'a Schema,
    limits: &'a Limits,
    known: Known<'a>,
}

impl Count<'_> {
    /// The objects of selection sets on one object. `page` is its size, if the object is a page.
    fn objects(&self, sets: &[&[Selection]], page: Option<u64>) -> u64 {
        let mut fields = IndexMap::new();
        sets.iter().for_each(|set| self.gather(set, &mut fields));
        fields.values().map(|fields| self.of_key(fields, page)).fold(0, u64::saturating_add)
    }

    /// The fields with selections by their keys: those of one key are one value.
    fn gather<'s>(&self, set: &'s [Selection], fields: &mut IndexMap<&'s Name, Vec<&'s Field>>) {
        for selection in set {
            match selection {
                Selection::Field(field) if !field.selections.is_empty() && self.includes(&field.conditions) => {
                    fields.entry(&field.key).or_default().push(field);
                }
                Selection::Fragment(fragment) if self.includes(&fragment.conditions) => {
                    self.gather(&fragment.selections, fields);
                }
                Selection::Field(_) | Selection::Fragment(_) => {}
            }
        }
    }

    fn of_key(&self, fields: &[&Field], page: Option<u64>) -> u64 {
        let Some(field) = fields.first() else { return 0 };
        let own_page = self.page_size(field);
        let (times, page) = match field.ty.base {
            BaseType::List(_) => (own_page.or(page).unwrap_or(1), None),
            BaseType::Named(_) => (1, own_page),
        };
        let sets: Vec<&[Selection]> = fields.iter().map(|field| field.selections.as_slice()).collect();
        times.saturating_mul(self.objects(&sets, page).saturating_add(1))
    }

    /// How large a page the field asks for; `None` when it gives none.
    fn page_size(&self, field: &Field) -> Option<u64> {
        let definition = self.schema.type_named(&field.parent)?.fields.get(&field.name)?;
        let is_size = |name: &Name| self.limits.page_arguments.iter().any(|page| *name == *page);
        if !definition.arguments.keys().any(is_size) {
            return None;
        }
        let sizes = field.arguments.iter().filter(|(name, _)| is_size(name));
        Some(sizes.filter_map(|(_, value)| self.size(value)).max().unwrap_or(DEFAULT_PAGE))
    }

    /// A size that is given; null is none.
    fn size(&self, value: &Value) -> Option<u64> {
        // A negative size is refused by whoever is asked for it.
        let whole = |size: &Number| size.as_i64().map_or(u64::MAX, |size| u64::try_from(size).unwrap_or(0));
        match (value, self.known) {
            (Value::Number(size), _) => Some(whole(size)),
            (Value::Variable(_), Known::Least) => Some(0),
            (Value::Variable(_), Known::Most) => Some(u64::try_from(self.limits.page_size).unwrap_or(0)),
            (Value::Variable(name), Known::All(variables)) => match variables.get(name) {
                Some(ConstValue::Number(size)) => Some(whole(size)),
                _ => None,
            },
            _ => None,
        }
    }

    fn includes(&self, conditions: &[Condition]) -> bool {
        match self.known {
            Known::Least => conditions.is_empty(),
            Known::Most => true,
            Known::All(variables) => all_hold(conditions, variables),
        }
    }
}
