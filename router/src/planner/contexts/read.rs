//! Contexts as a supergraph writes them down: `@context` on types, `contextArguments` on the joins of fields.

use std::collections::{HashMap, HashSet};

use async_graphql_parser::parse_query;
use async_graphql_parser::types::{DocumentOperations, Selection, SelectionSet, Type};
use async_graphql_value::Name;
use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, Field, ObjectType, TypeDefinition, Value,
};

use super::super::PlannerError;
use super::{Branch, Contexts, ContextualArgument, ContextualField, refused};
use crate::schema::Demands;

impl Contexts {
    /// Reads the contexts of a supergraph.
    ///
    /// # Errors
    ///
    /// [`PlannerError::Unsupported`] for a field that takes something from a context in a way that no plan can follow.
    pub(crate) fn of(supergraph: &Document) -> Result<Self, PlannerError> {
        let mut contexts = Self::default();
        for object in objects(supergraph) {
            for field in &object.fields {
                if let Some(contextual) = contextual_field(object, field)? {
                    let fields = contexts.fields.entry(Name::new(&object.name)).or_default();
                    fields.insert(Name::new(&field.name), contextual);
                }
            }
        }
        refused::check_interfaces(supergraph)?;
        if !contexts.is_empty() {
            contexts.setters = setters(supergraph);
            contexts.demands = Demands::of(supergraph);
            refused::check(supergraph, &contexts)?;
        }
        Ok(contexts)
    }
}

pub(super) fn objects(supergraph: &Document) -> impl Iterator<Item = &ObjectType> {
    supergraph.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some(object),
        _ => None,
    })
}

/// A type that sets a context sets it for all its objects.
fn setters(supergraph: &Document) -> HashMap<String, HashSet<Name>> {
    let directive = directive_name(supergraph);
    let mut setters: HashMap<String, HashSet<Name>> = HashMap::new();
    for definition in &supergraph.definitions {
        let Definition::TypeDefinition(definition) = definition else { continue };
        let (directives, names): (_, Vec<&String>) = match definition {
            TypeDefinition::Object(ty) => (&ty.directives, vec![&ty.name]),
            TypeDefinition::Union(ty) => (&ty.directives, ty.types.iter().collect()),
            TypeDefinition::Interface(ty) => {
                let implementing = objects(supergraph).filter(|object| object.implements_interfaces.contains(&ty.name));
                (&ty.directives, implementing.map(|object| &object.name).collect())
            }
            _ => continue,
        };
        for set in directives.iter().filter(|set| set.name == directive) {
            let context = text(set, "name").unwrap_or_default().to_owned();
            setters.entry(context).or_default().extend(names.iter().map(Name::new));
        }
    }
    setters
}

/// The name under which `@context` stands: that of its specification, which a `@link` may change.
fn directive_name(supergraph: &Document) -> &str {
    let schema = supergraph.definitions.iter().find_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => Some(schema),
        _ => None,
    });
    let mut links = schema.into_iter().flat_map(|schema| &schema.directives).filter(|link| link.name == "link");
    let link = links.find(|link| text(link, "url").is_some_and(|url| url.contains("/context/v")));
    link.and_then(|link| text(link, "as")).unwrap_or("context")
}

fn contextual_field(object: &ObjectType, field: &Field) -> Result<Option<ContextualField>, PlannerError> {
    let Some(join) = field.directives.iter().find(|join| takes_from_context(join)) else { return Ok(None) };
    let refuse = |why| refused::field(&object.name, &field.name, why);
    if text(join, "overrideLabel").is_some() {
        return Err(refuse("it is overridden progressively (@override with a label)"));
    }
    let graph = enum_value(join, "graph").ok_or_else(|| refuse("its join names no subgraph"))?;
    let resolvable = |ty: &&Directive| {
        ty.name == "join__type"
            && enum_value(ty, "graph") == Some(graph)
            && argument(ty, "resolvable") != Some(&Value::Boolean(false))
    };
    let key = object.directives.iter().filter(resolvable).find_map(|ty| text(ty, "key"));
    let key = key.and_then(selection).ok_or_else(|| refuse("its type has no resolvable @key in that subgraph"))?;
    let requires = match text(join, "requires") {
        Some(requires) => Some(selection(requires).ok_or_else(|| refuse("what it requires cannot be read"))?),
        None => None,
    };
    let arguments = argument(join, "contextArguments").map(items).unwrap_or_default();
    let arguments: Option<Vec<_>> = arguments.iter().map(contextual_argument).collect();
    let arguments = arguments.ok_or_else(|| refuse("its contextual arguments cannot be read: compose it again"))?;
    Ok(Some(ContextualField { graph: graph.to_owned(), key, requires, arguments }))
}

/// Whether a join has arguments from contexts.
pub(super) fn takes_from_context(join: &Directive) -> bool {
    let arguments = argument(join, "contextArguments");
    join.name == "join__field" && arguments.is_some_and(|arguments| !items(arguments).is_empty())
}

fn contextual_argument(value: &Value) -> Option<ContextualArgument> {
    let Value::Object(members) = value else { return None };
    let text = |wanted: &str| {
        members.iter().find_map(|(name, value)| match value {
            Value::String(text) if name == wanted => Some(text.as_str()),
            _ => None,
        })
    };
    let selected = text("selection")?.trim();
    let inner = selected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(selected);
    Some(ContextualArgument {
        name: Name::new(text("name")?),
        ty: Type::new(text("type")?)?,
        context: text("context")?.to_owned(),
        branches: branches(&selection(inner)?)?,
    })
}

/// One value, or one for each type. Composition admits nothing else.
fn branches(set: &SelectionSet) -> Option<Vec<Branch>> {
    let branch = |selection: &Selection| match selection {
        Selection::Field(_) => Some(Branch { on: None, path: path(set)? }),
        Selection::InlineFragment(fragment) => Some(Branch {
            on: Some(fragment.node.type_condition.as_ref()?.node.on.node.clone()),
            path: path(&fragment.node.selection_set.node)?,
        }),
        Selection::FragmentSpread(_) => None,
    };
    set.items.iter().map(|item| branch(&item.node)).collect()
}

fn path(set: &SelectionSet) -> Option<Vec<Name>> {
    let [item] = set.items.as_slice() else { return None };
    let Selection::Field(field) = &item.node else { return None };
    let field = &field.node;
    if field.alias.is_some() || !field.arguments.is_empty() || !field.directives.is_empty() {
        return None;
    }
    let mut names = vec![field.name.node.clone()];
    if !field.selection_set.node.items.is_empty() {
        names.extend(path(&field.selection_set.node)?);
    }
    Some(names)
}

/// A field set such as `id owner { id }`.
pub(super) fn selection(text: &str) -> Option<SelectionSet> {
    match parse_query(format!("{{ {text} }}")).ok()?.operations {
        DocumentOperations::Single(operation) => Some(operation.node.selection_set.node),
        DocumentOperations::Multiple(_) => None,
    }
}

fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Value> {
    directive.arguments.iter().find(|(argument, _)| argument == name).map(|(_, value)| value)
}

pub(super) fn text<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    match argument(directive, name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

pub(super) fn enum_value<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    match argument(directive, name) {
        Some(Value::Enum(value)) => Some(value),
        _ => None,
    }
}

/// As everywhere in GraphQL, a single value stands for a list of one.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::List(items) => items,
        single => std::slice::from_ref(single),
    }
}

#[cfg(test)]
mod tests {
    use graphql_tools::parser::parse_schema;

    use super::*;

    /// The contexts of a supergraph in which they stand under this name.
    fn contexts(link: &str, directive: &str) -> Contexts {
        let supergraph = format!(
            "schema @link(url: \"https://specs.apollo.dev/context/v0.1\" {link}) {{ query: Query }} \
             type Query @join__type(graph: A) {{ any: Any }} \
             interface Named @join__type(graph: A) @{directive}(name: \"a__c\") {{ name: String }} \
             union Any @join__type(graph: A) @{directive}(name: \"a__c\") = One | Two \
             type One @join__type(graph: A) {{ name: String item: Item }} \
             type Two implements Named @join__type(graph: A) @{directive}(name: \"a__d\") {{ name: String item: Item }} \
             type Item @join__type(graph: A, key: \"no\", resolvable: false) @join__type(graph: A, key: \"id owner {{ id }}\") {{ \
               id: ID! f(n: Int): Int @join__field(graph: B) @join__field(graph: A, requires: \"id\", contextArguments: [ \
                 {{ context: \"a__c\", name: \"of\", type: \"[String!]\", selection: \" ... on One {{ item {{ id }} }} ... on Two {{ name }}\" }} ]) \
               g: Int @join__field(graph: A, contextArguments: []) }}"
        );
        Contexts::of(&parse_schema::<String>(&supergraph).unwrap().into_static()).unwrap()
    }

    #[test]
    fn contexts_are_read_under_whatever_name_their_directive_stands() {
        for (link, directive) in [("", "context"), ("as: \"given\"", "given")] {
            let contexts = contexts(link, directive);
            let sets = |context, ty| contexts.is_set_by(context, &Name::new(ty));
            assert!(sets("a__c", "One") && sets("a__c", "Two") && sets("a__d", "Two"), "{contexts:?}");
            assert!(!sets("a__d", "One") && !sets("a__c", "Item") && !sets("a__c", "Named"), "{contexts:?}");
            let item = Name::new("Item");
            assert!(contexts.field(&item, &Name::new("g")).is_none());
            let field = contexts.field(&item, &Name::new("f")).unwrap();
            assert_eq!((field.graph.as_str(), field.key.items.len(), field.requires.is_some()), ("A", 2, true));
            let argument = &field.arguments[0];
            assert_eq!((argument.name.as_str(), argument.ty.to_string()), ("of", "[String!]".to_owned()));
            let branches: Vec<_> =
                argument.branches.iter().map(|it| (it.on.clone().unwrap(), it.path.join("."))).collect();
            let expected = [("One", "item.id"), ("Two", "name")];
            assert_eq!(branches, expected.map(|(on, path)| (Name::new(on), path.to_owned())));
        }
        assert!(!contexts("as: \"given\"", "context").is_set_by("a__c", &Name::new("One")));
    }
}
