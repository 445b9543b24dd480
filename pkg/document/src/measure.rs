use std::collections::HashMap;

use async_graphql_parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};

use crate::{DocumentBounds, DocumentError};

/// Lists of an introspection that may stand inside each other; the standard query needs one. Each further one
/// multiplies the answer by the size of the schema.
const INTROSPECTION_LISTS: usize = 2;

/// What a selection set expands to, fragments included. All counts saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// Fields, spreads and inline fragments.
    pub selections: usize,
    /// Aliased fields.
    pub aliases: usize,
    /// Directives.
    pub directives: usize,
    /// Fields at the top.
    pub root_fields: usize,
    /// Fields inside each other, introspection apart.
    pub depth: usize,
    /// Selection sets inside each other, fragments included.
    pub nesting: usize,
    /// Lists of types and fields inside each other, as far as they would be an introspection.
    lists: usize,
    /// The same, really under `__schema` or `__type`.
    introspection_lists: usize,
}

/// Measures the document and refuses it when it crosses a bound. Each fragment is measured once, after those that it
/// spreads, so the cost is linear and the stack does not grow with the number of fragments.
pub(crate) fn measure(document: &ExecutableDocument, bounds: &DocumentBounds) -> Result<Measure, DocumentError> {
    let mut known = HashMap::with_capacity(document.fragments.len());
    for (name, fragment) in in_dependency_order(document)? {
        let mut measure = of_set(&fragment.selection_set.node, &known);
        measure.directives = measure.directives.saturating_add(fragment.directives.len());
        refuse_expansion(&measure, bounds)?;
        known.insert(name, measure);
    }
    let mut largest = Measure::default();
    let mut selections = 0_usize;
    for (_, operation) in document.operations.iter() {
        let mut measure = of_set(&operation.node.selection_set.node, &known);
        let on_variables: usize = operation.node.variable_definitions.iter().map(|v| v.node.directives.len()).sum();
        measure.directives = measure.directives.saturating_add(operation.node.directives.len() + on_variables);
        selections = selections.saturating_add(measure.selections);
        refuse_expansion(&Measure { selections, ..measure }, bounds)?;
        refuse(&measure, bounds)?;
        largest = larger(largest, measure);
    }
    Ok(largest)
}

/// The bounds that protect this process; they hold for unused fragments too, which validation still walks.
fn refuse_expansion(measure: &Measure, bounds: &DocumentBounds) -> Result<(), DocumentError> {
    if measure.selections > bounds.selections {
        return Err(DocumentError::TooManySelections { limit: bounds.selections });
    }
    if measure.nesting > bounds.nesting {
        return Err(DocumentError::NestedTooDeeply { limit: bounds.nesting });
    }
    Ok(())
}

fn refuse(measure: &Measure, bounds: &DocumentBounds) -> Result<(), DocumentError> {
    if measure.depth > bounds.depth {
        return Err(DocumentError::TooDeep { found: measure.depth, limit: bounds.depth });
    }
    if measure.introspection_lists > INTROSPECTION_LISTS {
        return Err(DocumentError::IntrospectionTooDeep { limit: INTROSPECTION_LISTS });
    }
    if measure.aliases > bounds.aliases {
        return Err(DocumentError::TooManyAliases { found: measure.aliases, limit: bounds.aliases });
    }
    if measure.root_fields > bounds.root_fields {
        return Err(DocumentError::TooManyRootFields { found: measure.root_fields, limit: bounds.root_fields });
    }
    if measure.directives > bounds.directives {
        return Err(DocumentError::TooManyDirectives { found: measure.directives, limit: bounds.directives });
    }
    Ok(())
}

fn larger(a: Measure, b: Measure) -> Measure {
    Measure {
        selections: a.selections.max(b.selections),
        aliases: a.aliases.max(b.aliases),
        directives: a.directives.max(b.directives),
        root_fields: a.root_fields.max(b.root_fields),
        depth: a.depth.max(b.depth),
        nesting: a.nesting.max(b.nesting),
        lists: a.lists.max(b.lists),
        introspection_lists: a.introspection_lists.max(b.introspection_lists),
    }
}

/// The recursion is bounded by the nesting that the scan allowed.
fn of_set(set: &SelectionSet, known: &HashMap<&str, Measure>) -> Measure {
    let mut total = Measure::default();
    for selection in &set.items {
        let one = of_selection(&selection.node, known);
        total = Measure {
            selections: total.selections.saturating_add(one.selections).saturating_add(1),
            aliases: total.aliases.saturating_add(one.aliases),
            directives: total
                .directives
                .saturating_add(one.directives)
                .saturating_add(selection.node.directives().len()),
            root_fields: total.root_fields.saturating_add(one.root_fields),
            ..larger(total, one)
        };
    }
    total.nesting = total.nesting.saturating_add(1);
    total
}

fn of_selection(selection: &Selection, known: &HashMap<&str, Measure>) -> Measure {
    match selection {
        Selection::Field(field) => {
            let field = &field.node;
            let inner = of_set(&field.selection_set.node, known);
            let introspects = matches!(field.name.node.as_str(), "__schema" | "__type");
            let is_list = matches!(field.name.node.as_str(), "fields" | "interfaces" | "possibleTypes" | "inputFields");
            Measure {
                aliases: inner.aliases.saturating_add(usize::from(field.alias.is_some())),
                root_fields: 1,
                depth: if introspects { 1 } else { inner.depth.saturating_add(1) },
                lists: inner.lists + usize::from(is_list),
                introspection_lists: if introspects { inner.lists } else { inner.introspection_lists },
                ..inner
            }
        }
        // An unknown fragment is validation's to refuse; it expands to nothing.
        Selection::FragmentSpread(spread) => {
            known.get(spread.node.fragment_name.node.as_str()).copied().unwrap_or_default()
        }
        Selection::InlineFragment(fragment) => of_set(&fragment.node.selection_set.node, known),
    }
}

/// A fragment being visited: those that it spreads, and how many of them are done.
struct Visit<'a> {
    name: &'a str,
    fragment: &'a FragmentDefinition,
    spreads: Vec<&'a str>,
    next: usize,
}

/// The fragments, each after those that it spreads. Iterative: a chain can be as long as the document.
fn in_dependency_order(document: &ExecutableDocument) -> Result<Vec<(&str, &FragmentDefinition)>, DocumentError> {
    let mut order = Vec::with_capacity(document.fragments.len());
    // `false` while a fragment is being visited, `true` when it is in `order`.
    let mut done: HashMap<&str, bool> = HashMap::with_capacity(document.fragments.len());
    for name in document.fragments.keys() {
        let mut stack: Vec<Visit<'_>> = Vec::new();
        enter(document, name, &mut done, &mut stack)?;
        while let Some(visit) = stack.last_mut() {
            if let Some(&spread) = visit.spreads.get(visit.next) {
                visit.next += 1;
                enter(document, spread, &mut done, &mut stack)?;
            } else if let Some(visit) = stack.pop() {
                done.insert(visit.name, true);
                order.push((visit.name, visit.fragment));
            }
        }
    }
    Ok(order)
}

fn enter<'a>(
    document: &'a ExecutableDocument,
    name: &str,
    done: &mut HashMap<&'a str, bool>,
    stack: &mut Vec<Visit<'a>>,
) -> Result<(), DocumentError> {
    match done.get(name) {
        Some(true) => return Ok(()),
        Some(false) => return Err(DocumentError::FragmentCycle { name: name.to_owned() }),
        None => {}
    }
    let Some((name, fragment)) = document.fragments.get_key_value(name) else {
        return Ok(());
    };
    let mut spreads = Vec::new();
    collect_spreads(&fragment.node.selection_set.node, &mut spreads);
    done.insert(name.as_str(), false);
    stack.push(Visit { name: name.as_str(), fragment: &fragment.node, spreads, next: 0 });
    Ok(())
}

fn collect_spreads<'a>(set: &'a SelectionSet, spreads: &mut Vec<&'a str>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => collect_spreads(&field.node.selection_set.node, spreads),
            Selection::InlineFragment(fragment) => collect_spreads(&fragment.node.selection_set.node, spreads),
            Selection::FragmentSpread(spread) => spreads.push(spread.node.fragment_name.node.as_str()),
        }
    }
}
