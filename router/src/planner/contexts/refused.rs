//! What a supergraph may ask of contexts and no plan here can do. The planner would leave the arguments out, and the
//! subgraph would answer something else than was meant.

use std::collections::HashMap;

use async_graphql_parser::types::{Selection, SelectionSet};
use async_graphql_value::Name;
use graphql_tools::static_graphql::schema::{Definition, Document, Field, Type, TypeDefinition};

use super::super::PlannerError;
use super::read::{objects, selection, takes_from_context, text};
use super::{Branch, Contexts};

pub(super) fn field(ty: &str, field: &str, why: &'static str) -> PlannerError {
    PlannerError::Unsupported { field: format!("{ty}.{field}"), why }
}

/// Refuses fields of interfaces that take something from a context, as interface objects may have them.
pub(super) fn check_interfaces(supergraph: &Document) -> Result<(), PlannerError> {
    for (name, fields) in composites(supergraph).filter(|(name, _)| !objects(supergraph).any(|ty| ty.name == *name)) {
        if let Some(found) = fields.iter().find(|field| field.directives.iter().any(takes_from_context)) {
            return Err(field(name, &found.name, "it is the field of an interface object"));
        }
    }
    Ok(())
}

/// Refuses fields with arguments from contexts that other fields or contexts are computed from.
pub(super) fn check(supergraph: &Document, contexts: &Contexts) -> Result<(), PlannerError> {
    let types = Types::of(supergraph, contexts);
    for (name, fields) in composites(supergraph) {
        for requiring in fields.iter().flat_map(|field| &field.directives).filter(|join| join.name == "join__field") {
            if let Some(set) = text(requiring, "requires").and_then(selection) {
                types.check(name, &set, "another field @requires it")?;
            }
        }
    }
    for argument in contexts.fields.values().flat_map(HashMap::values).flat_map(|field| &field.arguments) {
        let setters = contexts.setters.get(&argument.context).into_iter().flatten();
        for setter in setters {
            for Branch { path, .. } in &argument.branches {
                types.check_path(setter, path)?;
            }
        }
    }
    Ok(())
}

fn composites(supergraph: &Document) -> impl Iterator<Item = (&str, &[Field])> {
    supergraph.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(ty)) => Some((ty.name.as_str(), ty.fields.as_slice())),
        Definition::TypeDefinition(TypeDefinition::Interface(ty)) => Some((ty.name.as_str(), ty.fields.as_slice())),
        _ => None,
    })
}

struct Types<'a> {
    fields: HashMap<&'a str, &'a [Field]>,
    /// The objects of each interface.
    objects: HashMap<&'a str, Vec<&'a str>>,
    contexts: &'a Contexts,
}

impl<'a> Types<'a> {
    fn of(supergraph: &'a Document, contexts: &'a Contexts) -> Self {
        let mut possible: HashMap<&str, Vec<&str>> = HashMap::new();
        for object in objects(supergraph) {
            for name in object.implements_interfaces.iter().chain([&object.name]) {
                possible.entry(name).or_default().push(&object.name);
            }
        }
        Self { fields: composites(supergraph).collect(), objects: possible, contexts }
    }

    fn check(&self, ty: &str, set: &SelectionSet, why: &'static str) -> Result<(), PlannerError> {
        for item in &set.items {
            match &item.node {
                Selection::Field(selected) => {
                    let name = &selected.node.name.node;
                    self.check_field(ty, name, why)?;
                    if let Some(target) = self.target(ty, name) {
                        self.check(target, &selected.node.selection_set.node, why)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|condition| &*condition.node.on.node);
                    self.check(condition.unwrap_or(ty), &fragment.node.selection_set.node, why)?;
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn check_path(&self, ty: &str, path: &[Name]) -> Result<(), PlannerError> {
        let Some((name, rest)) = path.split_first() else { return Ok(()) };
        self.check_field(ty, name, "it is the value of a context itself")?;
        self.target(ty, name).map_or(Ok(()), |target| self.check_path(target, rest))
    }

    fn check_field(&self, ty: &str, name: &Name, why: &'static str) -> Result<(), PlannerError> {
        let possible = self.objects.get(ty).map(Vec::as_slice).unwrap_or_default();
        match possible.iter().find(|object| self.contexts.field(&Name::new(object), name).is_some()) {
            Some(object) => Err(field(object, name, why)),
            None => Ok(()),
        }
    }

    fn target(&self, ty: &str, name: &Name) -> Option<&'a str> {
        self.fields.get(ty)?.iter().find(|field| field.name == name.as_str()).map(|field| base(&field.field_type))
    }
}

fn base(ty: &Type) -> &str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => base(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::HivePlanner;

    /// A supergraph of one subgraph; `of_item` is more of its fields.
    fn refusal(of_item: &str, more: &str) -> String {
        let supergraph = format!(
            "schema @link(url: \"https://specs.apollo.dev/link/v1.0\") \
               @link(url: \"https://specs.apollo.dev/join/v0.5\", for: EXECUTION) \
               @link(url: \"https://specs.apollo.dev/context/v0.1\", for: SECURITY) {{ query: Query }} \
             enum join__Graph {{ A @join__graph(name: \"a\", url: \"http://a.test/\") }} \
             scalar join__FieldSet \
             type Query @join__type(graph: A) {{ top: Top }} \
             type Top @join__type(graph: A, key: \"id\") @context(name: \"a__top\") {{ id: ID! name: String item: Item }} \
             type Item @join__type(graph: A, key: \"id\") {{ id: ID! {of_item} }} {more}"
        );
        HivePlanner::new(&supergraph).err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn taking(selection: &str, rest: &str) -> String {
        format!(
            "f: String @join__field(graph: A, contextArguments: [{{context: \"a__top\", name: \"n\", type: \"String\", \
             selection: \"{selection}\"}}]{rest})"
        )
    }

    #[test]
    fn what_cannot_be_executed_is_refused_by_its_name_with_the_reason() {
        assert_eq!(refusal(&taking("{ name }", ""), ""), "");
        let on_interface = format!("interface Named @join__type(graph: A) {{ {} }}", taking("{ name }", ""));
        let keyless = format!("type Part @join__type(graph: A) {{ {} }}", taking("{ name }", ""));
        let required = taking("{ name }", "") + " g: Int @join__field(graph: A, requires: \"f\")";
        let cases = [
            (refusal(&taking("{ name }", ", overrideLabel: \"x\""), ""), "Item.f", "progressively"),
            (refusal(&taking("{ name id }", ""), ""), "Item.f", "cannot be read"),
            (refusal(&taking("{ item { f } }", ""), ""), "Item.f", "value of a context"),
            (refusal(&required, ""), "Item.f", "@requires"),
            (refusal("", &on_interface), "Named.f", "interface object"),
            (refusal("", &keyless), "Part.f", "@key"),
        ];
        for (refused, field, why) in cases {
            assert!(refused.contains(field) && refused.contains(why), "{field} {why}: {refused}");
        }
    }
}
