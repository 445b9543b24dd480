//! `@listSize`: how long lists are, as the subgraphs say it.

use std::collections::HashMap;

use async_graphql_value::Name;
use graphql_tools::parser::schema::{self as ast, Definition, TypeDefinition, Value};
use graphql_tools::static_graphql::schema::Directive;

use super::caching::names;

/// What one `@listSize` says of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListSize {
    /// How long the list is when no argument says it (`assumedSize`).
    pub assumed: Option<u64>,
    /// The arguments that are its length (`slicingArguments`).
    pub arguments: Vec<Name>,
    /// The fields of its object that are so long (`sizedFields`); without any it is the field itself, or every list right below it.
    pub sized: Vec<Name>,
}

/// The list sizes of a supergraph, by type and field.
#[derive(Debug, Default)]
pub struct ListSizes(HashMap<Name, HashMap<Name, ListSize>>);

impl ListSizes {
    pub(super) fn of(supergraph: &ast::Document<'static, String>) -> Self {
        let mut names = names(supergraph, "listSize");
        names.extend(["cost__listSize", "federation__listSize"].map(str::to_owned));
        let mut sizes = Self::default();
        for definition in &supergraph.definitions {
            let (name, fields) = match definition {
                Definition::TypeDefinition(TypeDefinition::Object(ty)) => (&ty.name, &ty.fields),
                Definition::TypeDefinition(TypeDefinition::Interface(ty)) => (&ty.name, &ty.fields),
                _ => continue,
            };
            let sized = fields.iter().filter_map(|field| {
                let directive = field.directives.iter().find(|directive| names.contains(&directive.name))?;
                Some((Name::new(&field.name), read(directive)))
            });
            let sized: HashMap<_, _> = sized.collect();
            if !sized.is_empty() {
                sizes.0.insert(Name::new(name), sized);
            }
        }
        sizes
    }

    /// What is said of a field of a type.
    pub fn of_field(&self, ty: &Name, field: &Name) -> Option<&ListSize> {
        self.0.get(ty)?.get(field)
    }
}

/// What cannot be understood says nothing.
fn read(directive: &Directive) -> ListSize {
    let mut size = ListSize::default();
    for (name, value) in &directive.arguments {
        match (name.as_str(), value) {
            ("assumedSize", Value::Int(length)) => {
                size.assumed = length.as_i64().and_then(|length| u64::try_from(length).ok());
            }
            ("slicingArguments", value) => size.arguments = texts(value),
            ("sizedFields", value) => size.sized = texts(value),
            _ => {}
        }
    }
    size
}

fn texts(value: &Value<'static, String>) -> Vec<Name> {
    match value {
        Value::String(text) => vec![Name::new(text)],
        Value::List(values) => values.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
