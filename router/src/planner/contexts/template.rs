//! What the documents of contextual fetches are made of.

use std::sync::Arc;

use async_graphql_value::Name;
use hive_router_query_planner::ast::fragment::FragmentDefinition;
use hive_router_query_planner::ast::selection_item::SelectionItem;
use hive_router_query_planner::ast::selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet};
use hive_router_query_planner::planner::plan_nodes as library;

use super::super::plan::{EntityFetch, EntityInput, EntityOutput, KeyRename, SubgraphName};
use super::super::{PlanError, convert};
use super::{ContextualFetch, Entry};

/// A fetch, and what is repeated in it for each choice of values.
#[derive(Debug)]
pub(super) struct Template {
    subgraph: SubgraphName,
    /// The definitions of the client's variables.
    definitions: Vec<String>,
    variables: Vec<Name>,
    /// What is selected on an entity.
    selection: String,
    renames: Vec<KeyRename>,
}

impl Template {
    /// What becomes of the fetch of an entry's root field.
    pub(super) fn of(fetch: &library::FetchNode, entry: &Entry) -> Result<Self, PlanError> {
        let document = &fetch.operation.document;
        let field = match document.operation.selection_set.items.as_slice() {
            [SelectionItem::Field(field)] if field.name == *entry.root_field => field,
            _ => return Err(PlanError::Unsupported(format!("the fetch {}", fetch.operation.document_str))),
        };
        let is_ours = |name: &str| entry.values.iter().any(|value| *value.variable == *name);
        let definitions = document.operation.variable_definitions.iter().flatten();
        let definitions = definitions.filter(|definition| !is_ours(&definition.name));
        let variables = convert::variables(fetch.variable_usages.as_ref()).into_iter();
        let mut renames = convert::renames(fetch.output_rewrites.as_deref())?;
        // Paths begin at the entity, not at the root.
        renames.iter_mut().filter(|rename| !rename.path.is_empty()).for_each(|rename| drop(rename.path.remove(0)));
        Ok(Self {
            subgraph: SubgraphName::from(fetch.service_name.as_str()),
            definitions: definitions.map(ToString::to_string).collect(),
            variables: variables.filter(|name| !is_ours(name)).collect(),
            selection: inlined(&field.selections, &document.fragments).to_string(),
            renames,
        })
    }

    /// The fetch for so many choices.
    pub(super) fn fetch(&self, entry: &Entry, choices: usize) -> Result<EntityFetch, PlanError> {
        let document = convert::parsed(self.text(entry, choices))?;
        let input = |choice| EntityInput {
            variable: entities(entry, choice),
            paths: entry.places.clone(),
            requires: entry.requires.clone(),
            required_fields: entry.required_fields,
            rewrites: Vec::new(),
        };
        let output = |choice| EntityOutput {
            key: entities(entry, choice),
            input: choice,
            fields: convert::entity_fields(document.parsed(), &entities(entry, choice)),
            renames: self.renames.clone(),
        };
        let outputs: Vec<_> = (0..choices).map(output).collect();
        Ok(EntityFetch {
            subgraph: Arc::clone(&self.subgraph),
            variables: self.variables.clone(),
            inputs: (0..choices).map(input).collect(),
            selected: convert::selected(document.parsed(), &outputs),
            outputs,
            document,
        })
    }

    fn text(&self, entry: &Entry, choices: usize) -> String {
        let mut definitions = self.definitions.clone();
        let mut fields = String::new();
        for choice in 0..choices {
            let (entities, mut selection) = (entities(entry, choice), self.selection.clone());
            definitions.push(format!("${entities}: [_Any!]!"));
            for value in &entry.values {
                let variable = ContextualFetch::variable(value, choice);
                selection = selection.replace(&format!("${}", value.variable), &format!("${variable}"));
                definitions.push(format!("${variable}: {}", value.ty));
            }
            fields +=
                &format!("{entities}: _entities(representations: ${entities}) {{ ... on {} {selection} }} ", entry.ty);
        }
        format!("query({}) {{ {fields}}}", definitions.join(", "))
    }
}

/// The key of an `_entities` field and its variable.
fn entities(entry: &Entry, choice: usize) -> Name {
    Name::new(format!("{}e{choice}", entry.reserved))
}

/// A selection set with its fragments in place, so that it can be repeated with other variables.
fn inlined(set: &SelectionSet, fragments: &[FragmentDefinition]) -> SelectionSet {
    let item = |item: &SelectionItem| match item {
        SelectionItem::Field(field) => {
            let selections = inlined(&field.selections, fragments);
            Some(SelectionItem::Field(FieldSelection { selections, ..field.clone() }))
        }
        SelectionItem::InlineFragment(fragment) => {
            let selections = inlined(&fragment.selections, fragments);
            Some(SelectionItem::InlineFragment(InlineFragmentSelection { selections, ..fragment.clone() }))
        }
        SelectionItem::FragmentSpread(name) => {
            let fragment = fragments.iter().find(|fragment| fragment.name == *name)?;
            Some(SelectionItem::InlineFragment(InlineFragmentSelection {
                type_condition: fragment.type_condition.clone(),
                selections: inlined(&fragment.selection_set, fragments),
                skip_if: None,
                include_if: None,
            }))
        }
    };
    SelectionSet { items: set.items.iter().filter_map(item).collect() }
}
