//! The limits that need the schema: page sizes, and fields that may stand only once in a document.

use async_graphql_value::{ConstValue, Name, Value, Variables};
use reel_document::DocumentBounds;
use reel_error::ErrorCode;

use super::operation::{Field, Operation, Selection};
use crate::error::GraphqlError;

/// What clients' documents may ask.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The bounds of the text and of what it expands to.
    pub document: DocumentBounds,
    /// The largest page.
    pub page_size: i64,
    /// The arguments that are page sizes.
    pub page_arguments: Vec<String>,
    /// How many objects an operation may ask for, with pages multiplied.
    pub nodes: u64,
    /// Root fields of which a document may have one: those that guess secrets.
    pub single_fields: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: DocumentBounds::default(),
            page_size: 50,
            page_arguments: vec!["first".into(), "last".into()],
            nodes: 20_000,
            single_fields: ["logIn", "register", "renewSession", "changePassword"].map(Into::into).into(),
        }
    }
}

/// A page size that comes in a variable, to be checked per request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageArgument {
    /// The argument.
    pub argument: Name,
    /// The variable.
    pub variable: Name,
}

/// Checks what the document alone tells, and answers which page sizes come in variables.
///
/// # Errors
///
/// Which limit was crossed.
pub fn check(operation: &Operation, limits: &Limits) -> Result<Vec<PageArgument>, GraphqlError> {
    let mut singles = 0;
    count_singles(&operation.selections, limits, &mut singles);
    if singles > 1 {
        let names = limits.single_fields.join(", ");
        let message = format!("An operation may have only one of the fields {names}; send several requests.");
        return Err(GraphqlError::new(ErrorCode::RootFieldLimit, message));
    }
    let pages = pages(operation, limits);
    for (field, argument, value) in &pages {
        if let Value::Number(size) = value {
            check_size(argument, size.as_i64(), limits).map_err(|error| error.located(field.position))?;
        }
    }
    Ok(pages.into_iter().filter_map(in_variable).collect())
}

/// The page sizes that come in variables, of a document that may itself ask for any.
pub fn pages_in_variables(operation: &Operation, limits: &Limits) -> Vec<PageArgument> {
    pages(operation, limits).into_iter().filter_map(in_variable).collect()
}

/// Checks the page sizes that came in variables.
///
/// # Errors
///
/// The one that is too large.
pub fn check_variables<'a>(
    pages: impl IntoIterator<Item = &'a PageArgument>,
    variables: &Variables,
    limits: &Limits,
) -> Result<(), GraphqlError> {
    pages.into_iter().try_for_each(|page| match variables.get(&page.variable) {
        Some(ConstValue::Number(size)) => check_size(&page.argument, size.as_i64(), limits),
        _ => Ok(()),
    })
}

fn count_singles(selections: &[Selection], limits: &Limits, count: &mut usize) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                *count += usize::from(limits.single_fields.iter().any(|single| field.name == *single));
            }
            Selection::Fragment(fragment) => count_singles(&fragment.selections, limits, count),
        }
    }
}

/// A field with an argument that is a page size.
type Page<'a> = (&'a Field, &'a Name, &'a Value);

fn pages<'a>(operation: &'a Operation, limits: &Limits) -> Vec<Page<'a>> {
    let mut found = Vec::new();
    find_pages(&operation.selections, limits, &mut found);
    found
}

fn find_pages<'a>(selections: &'a [Selection], limits: &Limits, found: &mut Vec<Page<'a>>) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                let is_page = |(name, _): &&(Name, Value)| limits.page_arguments.iter().any(|page| *name == *page);
                found.extend(field.arguments.iter().filter(is_page).map(|(name, value)| (field, name, value)));
                find_pages(&field.selections, limits, found);
            }
            Selection::Fragment(fragment) => find_pages(&fragment.selections, limits, found),
        }
    }
}

fn in_variable((_, argument, value): Page<'_>) -> Option<PageArgument> {
    match value {
        Value::Variable(variable) => Some(PageArgument { argument: argument.clone(), variable: variable.clone() }),
        _ => None,
    }
}

/// Negative sizes are the subgraph's to refuse. A number that is not an `i64` is too large to be a size.
fn check_size(argument: &Name, size: Option<i64>, limits: &Limits) -> Result<(), GraphqlError> {
    if size.is_some_and(|size| size <= limits.page_size) {
        return Ok(());
    }
    let message = format!("`{argument}` may be at most {}; page through the rest with `after`.", limits.page_size);
    Err(GraphqlError::new(ErrorCode::PageSizeLimit, message))
}
