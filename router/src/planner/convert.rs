//! From the library's plan to ours, once per plan.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql_parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql_value::{Name, Value};
use hive_router_query_planner::ast::operation::SubgraphFetchOperation;
use hive_router_query_planner::ast::selection_item::SelectionItem;
use hive_router_query_planner::ast::selection_set::SelectionSet as LibrarySelectionSet;
use hive_router_query_planner::planner::plan_nodes as library;

use super::contexts::{ContextualFetch, Entry};
use super::plan::{
    EntityFetch, EntityInput, EntityOutput, FetchedField, FlattenPath, FlattenSegment, KeyRename, PlanNode, QueryPlan,
    Requirement, RequirementField, RewriteSegment, RootFetch, TypenameRewrite,
};
use super::selected::{Key, SelectedTable};
use super::{PlanError, SubgraphName};
use crate::condition::Condition;
use crate::transport::SubgraphDocument;

pub(super) fn query_plan(plan: &library::QueryPlan) -> Result<QueryPlan, PlanError> {
    let root = plan.node.as_ref().map(|plan| node(plan, None)).transpose()?;
    Ok(QueryPlan { places_differ: root.as_ref().is_some_and(PlanNode::tells_places_apart), root, reserved: None })
}

/// What is planned from the root field of an entry, for the entities at its places.
pub(super) fn below(plan: &library::QueryPlan, entry: &Entry) -> Result<Option<PlanNode>, PlanError> {
    let mut root = plan.node.as_ref().map(|plan| node(plan, Some(entry))).transpose()?;
    root.iter_mut().for_each(|root| entry.relocate(root));
    Ok(root)
}

fn node(plan: &library::PlanNode, entry: Option<&Entry>) -> Result<PlanNode, PlanError> {
    match plan {
        library::PlanNode::Fetch(fetch) => match entry {
            None => Ok(PlanNode::Root(root_fetch(fetch)?)),
            Some(entry) => Ok(PlanNode::Contextual(Box::new(ContextualFetch::of_root(fetch, entry)?))),
        },
        library::PlanNode::Flatten(flatten) => match flatten.node.as_ref() {
            library::PlanNode::Fetch(fetch) => Ok(PlanNode::Entities(entity_fetch(&flatten.path, fetch)?)),
            other => Err(unsupported("a flatten step around", other)),
        },
        library::PlanNode::BatchFetch(batch) => Ok(PlanNode::Entities(batch_fetch(batch)?)),
        library::PlanNode::Sequence(steps) => Ok(PlanNode::Sequence(nodes(&steps.nodes, entry)?)),
        library::PlanNode::Parallel(steps) => Ok(PlanNode::Parallel(nodes(&steps.nodes, entry)?)),
        library::PlanNode::Condition(condition) => Ok(PlanNode::Condition {
            variable: Name::new(&condition.condition),
            then: optional(condition.if_clause.as_deref(), entry)?,
            otherwise: optional(condition.else_clause.as_deref(), entry)?,
        }),
        other @ (library::PlanNode::Subscription(_) | library::PlanNode::Defer(_)) => {
            Err(unsupported("the step", other))
        }
    }
}

fn nodes(steps: &[library::PlanNode], entry: Option<&Entry>) -> Result<Vec<PlanNode>, PlanError> {
    steps.iter().map(|step| node(step, entry)).collect()
}

fn optional(step: Option<&library::PlanNode>, entry: Option<&Entry>) -> Result<Option<Box<PlanNode>>, PlanError> {
    step.map(|step| node(step, entry).map(Box::new)).transpose()
}

fn unsupported(what: &str, node: &library::PlanNode) -> PlanError {
    PlanError::Unsupported(format!("{what} {node}"))
}

fn root_fetch(fetch: &library::FetchNode) -> Result<RootFetch, PlanError> {
    let document = document(&fetch.operation)?;
    let mut fields = Vec::new();
    for (_, operation) in document.parsed().operations.iter() {
        collect_fields(document.parsed(), &operation.node.selection_set.node, &[], &mut fields);
    }
    let renames = renames(fetch.output_rewrites.as_deref())?;
    let mut selected = SelectedTable::of(document.parsed());
    selected.rename(None, &renames);
    Ok(RootFetch {
        subgraph: SubgraphName::from(fetch.service_name.as_str()),
        document,
        fields,
        variables: variables(fetch.variable_usages.as_ref()),
        renames,
        selected: selected.shared(),
    })
}

fn entity_fetch(path: &library::FlattenNodePath, fetch: &library::FetchNode) -> Result<EntityFetch, PlanError> {
    let document = document(&fetch.operation)?;
    let (requires, required_fields) = requirements(fetch.requires.as_ref())?;
    let input = EntityInput {
        variable: Name::new("representations"),
        paths: vec![flatten_path(path)],
        requires,
        required_fields,
        rewrites: typename_rewrites(fetch.input_rewrites.as_deref())?,
    };
    let output = EntityOutput {
        key: Name::new("_entities"),
        input: 0,
        fields: entity_fields(document.parsed(), "_entities"),
        renames: renames(fetch.output_rewrites.as_deref())?,
    };
    Ok(EntityFetch {
        subgraph: SubgraphName::from(fetch.service_name.as_str()),
        variables: variables(fetch.variable_usages.as_ref()),
        selected: selected(document.parsed(), std::slice::from_ref(&output)),
        document,
        inputs: vec![input],
        outputs: vec![output],
    })
}

fn batch_fetch(batch: &library::BatchFetchNode) -> Result<EntityFetch, PlanError> {
    let document = document(&batch.operation)?;
    let mut inputs: Vec<EntityInput> = Vec::new();
    let mut outputs = Vec::new();
    for alias in &batch.entity_batch.aliases {
        let variable = Name::new(&alias.representations_variable_name);
        let known = inputs.iter().position(|input| input.variable == variable);
        let input = known.unwrap_or(inputs.len());
        if known.is_none() {
            let (requires, required_fields) = requirements(Some(&alias.requires))?;
            inputs.push(EntityInput {
                variable,
                paths: alias.merge_paths.iter().map(flatten_path).collect(),
                requires,
                required_fields,
                rewrites: typename_rewrites(alias.input_rewrites.as_deref())?,
            });
        }
        outputs.push(EntityOutput {
            key: Name::new(&alias.alias),
            input,
            fields: entity_fields(document.parsed(), &alias.alias),
            renames: renames(alias.output_rewrites.as_deref())?,
        });
    }
    Ok(EntityFetch {
        subgraph: SubgraphName::from(batch.service_name.as_str()),
        variables: variables(batch.variable_usages.as_ref()),
        selected: selected(document.parsed(), &outputs),
        document,
        inputs,
        outputs,
    })
}

pub(super) fn selected(document: &ExecutableDocument, outputs: &[EntityOutput]) -> Arc<SelectedTable> {
    let mut table = SelectedTable::of(document);
    outputs.iter().for_each(|output| table.rename(Some(&output.key), &output.renames));
    table.shared()
}

fn document(operation: &SubgraphFetchOperation) -> Result<Arc<SubgraphDocument>, PlanError> {
    parsed(operation.document_str.clone())
}

pub(super) fn parsed(text: String) -> Result<Arc<SubgraphDocument>, PlanError> {
    SubgraphDocument::new(text)
        .map(Arc::new)
        .map_err(|error| PlanError::Unsupported(format!("a document that does not parse: {error}")))
}

pub(super) fn variables(usages: Option<&BTreeSet<String>>) -> Vec<Name> {
    usages.into_iter().flatten().map(Name::new).collect()
}

fn flatten_path(path: &library::FlattenNodePath) -> FlattenPath {
    let segments = path.as_slice().iter().filter_map(|segment| match segment {
        library::FlattenNodePathSegment::Field(key) => Some(FlattenSegment::Key(Key::new(Name::new(key)))),
        library::FlattenNodePathSegment::TypeCondition(types) => Some(FlattenSegment::Types(types.clone())),
        library::FlattenNodePathSegment::List => None,
    });
    FlattenPath(segments.collect())
}

/// What a representation consists of, and how many fields that are.
fn requirements(set: Option<&LibrarySelectionSet>) -> Result<(Vec<Requirement>, usize), PlanError> {
    let mut fields = 0;
    let requirements = set.map(|set| numbered_requirements(set, &mut fields)).transpose()?;
    Ok((requirements.unwrap_or_default(), fields))
}

fn numbered_requirements(set: &LibrarySelectionSet, fields: &mut usize) -> Result<Vec<Requirement>, PlanError> {
    set.items.iter().map(|item| requirement(item, fields)).collect()
}

/// A field that was fetched under another key is required as `name: key`: read the key, send the name.
fn requirement(item: &SelectionItem, fields: &mut usize) -> Result<Requirement, PlanError> {
    match item {
        SelectionItem::Field(field) => {
            let number = *fields;
            *fields += 1;
            Ok(Requirement::Field(RequirementField {
                number,
                key: Name::new(field.alias.as_ref().unwrap_or(&field.name)),
                source: Key::new(Name::new(&field.name)),
                parts: numbered_requirements(&field.selections, fields)?,
            }))
        }
        SelectionItem::InlineFragment(fragment) => Ok(Requirement::Fragment {
            condition: Name::new(&fragment.type_condition),
            parts: numbered_requirements(&fragment.selections, fields)?,
        }),
        SelectionItem::FragmentSpread(name) => {
            Err(PlanError::Unsupported(format!("a spread of {name} in what a fetch requires")))
        }
    }
}

fn typename_rewrites(rewrites: Option<&[library::FetchRewrite]>) -> Result<Vec<TypenameRewrite>, PlanError> {
    rewrites.unwrap_or_default().iter().map(typename_rewrite).collect()
}

fn typename_rewrite(rewrite: &library::FetchRewrite) -> Result<TypenameRewrite, PlanError> {
    let library::FetchRewrite::ValueSetter(setter) = rewrite else {
        return Err(PlanError::Unsupported(format!("the input rewrite {rewrite:?}")));
    };
    match setter.path.as_slice() {
        [library::FetchNodePathSegment::TypenameEquals(types), library::FetchNodePathSegment::Key(key)]
            if key == "__typename" =>
        {
            Ok(TypenameRewrite { types: types.clone(), replacement: setter.set_value_to.clone() })
        }
        _ => Err(PlanError::Unsupported(format!("the input rewrite {rewrite:?}"))),
    }
}

pub(super) fn renames(rewrites: Option<&[library::FetchRewrite]>) -> Result<Vec<KeyRename>, PlanError> {
    rewrites.unwrap_or_default().iter().map(rename).collect()
}

fn rename(rewrite: &library::FetchRewrite) -> Result<KeyRename, PlanError> {
    let library::FetchRewrite::KeyRenamer(renamer) = rewrite else {
        return Err(PlanError::Unsupported(format!("the output rewrite {rewrite:?}")));
    };
    let segment = |segment: &library::FetchNodePathSegment| match segment {
        library::FetchNodePathSegment::Key(key) => RewriteSegment::Key(Name::new(key)),
        library::FetchNodePathSegment::TypenameEquals(types) => RewriteSegment::Types(types.clone()),
    };
    Ok(KeyRename { path: renamer.path.iter().map(segment).collect(), to: Name::new(&renamer.rename_key_to) })
}

/// What is selected under one `_entities` field.
pub(super) fn entity_fields(document: &ExecutableDocument, key: &str) -> Vec<FetchedField> {
    let mut fields = Vec::new();
    for (_, operation) in document.operations.iter() {
        for selection in &operation.node.selection_set.node.items {
            if let Selection::Field(field) = &selection.node
                && field.node.response_key().node == key
            {
                collect_fields(document, &field.node.selection_set.node, &[], &mut fields);
            }
        }
    }
    fields
}

/// The planner's documents have no cycles of fragments.
fn collect_fields(
    document: &ExecutableDocument,
    set: &SelectionSet,
    outer: &[Condition],
    fields: &mut Vec<FetchedField>,
) {
    for selection in &set.items {
        let mut conditions = outer.to_vec();
        conditions.extend(selection.node.directives().iter().filter_map(|directive| condition(&directive.node)));
        match &selection.node {
            Selection::Field(field) => {
                let field = FetchedField { key: field.node.response_key().node.clone(), conditions };
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
            Selection::InlineFragment(fragment) => {
                collect_fields(document, &fragment.node.selection_set.node, &conditions, fields);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect_fields(document, &fragment.node.selection_set.node, &conditions, fields);
                }
            }
        }
    }
}

fn condition(directive: &Directive) -> Option<Condition> {
    let expected = match directive.name.node.as_str() {
        "include" => true,
        "skip" => false,
        _ => return None,
    };
    match &directive.get_argument("if")?.node {
        Value::Variable(variable) => Some(Condition { variable: variable.clone(), expected }),
        _ => None,
    }
}
