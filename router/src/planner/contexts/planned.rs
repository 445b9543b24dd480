//! The supergraph as the planner gets it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_graphql_value::Name;
use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, Field, ObjectType, Type, TypeDefinition, Value,
};

use super::Contexts;
use super::read::{enum_value, takes_from_context};

/// The supergraph with a root field for each type and subgraph that resolves fields with arguments from contexts. These
/// fields stay with that subgraph alone, and have no requirements: what they require is fetched beforehand.
pub(in super::super) fn supergraph<'a>(supergraph: &'a Document, contexts: &Contexts) -> Cow<'a, Document> {
    if contexts.is_empty() {
        return Cow::Borrowed(supergraph);
    }
    let mut planned = supergraph.clone();
    let query = supergraph.query_type_name().map_or("Query", String::as_str);
    for definition in &mut planned.definitions {
        let Definition::TypeDefinition(TypeDefinition::Object(object)) = definition else { continue };
        let name = Name::new(&object.name);
        for field in &mut object.fields {
            if contexts.field(&name, &Name::new(&field.name)).is_some() {
                field.directives.retain_mut(stays);
            }
        }
        if object.name == query {
            add_entries(object, contexts);
        }
    }
    Cow::Owned(planned)
}

/// Other directives than joins stay as they are.
fn stays(directive: &mut Directive) -> bool {
    directive.arguments.retain(|(name, _)| !matches!(name.as_str(), "requires" | "override"));
    directive.name != "join__field" || takes_from_context(directive)
}

fn add_entries(query: &mut ObjectType, contexts: &Contexts) {
    let mut entries = BTreeMap::new();
    for (object, fields) in &contexts.fields {
        for field in fields.values() {
            entries.insert(field.entry(object), (object, &field.graph));
        }
    }
    for (name, (object, graph)) in entries {
        let joined = |join: &Directive| join.name == "join__type" && enum_value(join, "graph") == Some(graph);
        if !query.directives.iter().any(joined) {
            query.directives.push(directive(query, "join__type", graph));
        }
        let mut hidden = directive(query, "inaccessible", graph);
        hidden.arguments.clear();
        query.fields.push(Field {
            position: query.position,
            description: None,
            name: name.to_string(),
            arguments: Vec::new(),
            field_type: Type::NamedType(object.to_string()),
            directives: vec![directive(query, "join__field", graph), hidden],
        });
    }
}

fn directive(query: &ObjectType, name: &str, graph: &str) -> Directive {
    let arguments = vec![("graph".to_owned(), Value::Enum(graph.to_owned()))];
    Directive { position: query.position, name: name.to_owned(), arguments }
}
