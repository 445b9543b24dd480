//! How many objects an operation asks for. A list multiplies: what is in it counts as often as it is long, as far as page
//! sizes and `@listSize` tell.

use async_graphql_parser::types::BaseType;
use async_graphql_value::{ConstValue, Name, Number, Value, Variables};
use indexmap::IndexMap;
use reel_error::ErrorCode;

use super::limits::Limits;
use super::operation::{Field, Operation, Selection};
use crate::condition::{Condition, all_hold};
use crate::error::GraphqlError;
use crate::schema::{InputValue, Schema};

/// The size of a page that is asked for without one.
const DEFAULT_PAGE: u64 = 10;

/// Checks what the document alone tells. Answers whether its variables decide, so that [`check`] must be asked for them.
///
/// # Errors
///
/// When the operation asks for too much whatever its variables are.
pub fn settle(operation: &Operation, schema: &Schema, limits: &Limits) -> Result<bool, GraphqlError> {
    let objects = |known| Count { schema, limits, known }.objects(&[&operation.selections], &[]);
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
    refuse_above(limits, Count { schema, limits, known: Known::All(variables) }.objects(&[selections], &[]))
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

/// How long lists are right below a field.
#[derive(Clone, Copy)]
struct Page<'a> {
    size: u64,
    /// Which of them; all when there is none.
    sized: &'a [Name],
}

impl Page<'_> {
    fn of_list(self, field: &Field) -> Option<u64> {
        (self.sized.is_empty() || self.sized.contains(&field.name)).then_some(self.size)
    }
}

impl<'a> Count<'a> {
    /// The objects of selection sets on one object. `pages` are what its lists hold, as far as it is a page.
    fn objects(&self, sets: &[&[Selection]], pages: &[Page<'_>]) -> u64 {
        let mut fields = IndexMap::new();
        sets.iter().for_each(|set| self.gather(set, &mut fields));
        fields.values().map(|fields| self.of_key(fields, pages)).fold(0, u64::saturating_add)
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

    fn of_key(&self, fields: &[&Field], pages: &[Page<'_>]) -> u64 {
        // Where they are of different types, the longest list stands for all.
        let list = |field: &Field| match field.ty.base {
            BaseType::List(_) => {
                let of_page = || pages.iter().filter_map(|page| page.of_list(field)).max();
                self.length(field).or_else(of_page).unwrap_or(1)
            }
            BaseType::Named(_) => 1,
        };
        let page = |field: &&Field| match field.ty.base {
            BaseType::List(_) => None,
            BaseType::Named(_) => self.page(field),
        };
        let times = fields.iter().map(|field| list(field)).max().unwrap_or(0);
        let pages: Vec<Page<'_>> = fields.iter().filter_map(page).collect();
        let sets: Vec<&[Selection]> = fields.iter().map(|field| field.selections.as_slice()).collect();
        times.saturating_mul(self.objects(&sets, &pages).saturating_add(1))
    }

    /// How long the list is that the field itself is.
    fn length(&self, field: &Field) -> Option<u64> {
        self.page(field).filter(|page| page.sized.is_empty()).map(|page| page.size)
    }

    /// How large a page the field asks for; `None` when nothing tells.
    fn page(&self, field: &Field) -> Option<Page<'a>> {
        let definition = self.schema.type_named(&field.parent)?.fields.get(&field.name)?;
        let told = self.schema.list_sizes.of_field(&field.parent, &field.name);
        let is_size = |name: &Name| match told {
            Some(told) if !told.arguments.is_empty() => told.arguments.contains(name),
            _ => self.is_page_argument(name),
        };
        let mut arguments = definition.arguments.values().filter(|argument| is_size(&argument.name)).peekable();
        let otherwise = arguments.peek().map(|_| DEFAULT_PAGE);
        let asked = arguments.filter_map(|argument| self.asked(field, argument)).max();
        let size = asked.or(told.and_then(|told| told.assumed)).or(otherwise)?;
        Some(Page { size, sized: told.map_or(&[], |told| &told.sized) })
    }

    /// What an argument asks for, by what is given or by its default.
    fn asked(&self, field: &Field, argument: &InputValue) -> Option<u64> {
        let given = field.arguments.iter().find(|(name, _)| *name == argument.name);
        given.and_then(|(name, value)| self.size(name, value)).or(match &argument.default_value {
            Some(ConstValue::Number(size)) => Some(whole(size)),
            _ => None,
        })
    }

    /// A size that is given; null is none.
    fn size(&self, argument: &Name, value: &Value) -> Option<u64> {
        match (value, self.known) {
            (Value::Number(size), _) => Some(whole(size)),
            (Value::Variable(_), Known::Least) => Some(0),
            (Value::Variable(_), Known::Most) if self.is_page_argument(argument) => {
                Some(u64::try_from(self.limits.page_size).unwrap_or(0))
            }
            (Value::Variable(_), Known::Most) => Some(u64::MAX),
            (Value::Variable(name), Known::All(variables)) => match variables.get(name) {
                Some(ConstValue::Number(size)) => Some(whole(size)),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_page_argument(&self, name: &Name) -> bool {
        self.limits.page_arguments.iter().any(|page| *name == *page)
    }

    fn includes(&self, conditions: &[Condition]) -> bool {
        match self.known {
            Known::Least => conditions.is_empty(),
            Known::Most => true,
            Known::All(variables) => all_hold(conditions, variables),
        }
    }
}

/// A negative size is refused by whoever is asked for it.
fn whole(size: &Number) -> u64 {
    size.as_i64().map_or(u64::MAX, |size| u64::try_from(size).unwrap_or(0))
}
