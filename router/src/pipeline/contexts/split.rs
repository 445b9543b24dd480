use std::collections::BTreeSet;

use async_graphql_parser::Pos;
use async_graphql_parser::types::{Selection as Parsed, SelectionSet};
use async_graphql_value::{Name, Value};
use indexmap::IndexMap;
use reel_error::ErrorCode;

use super::super::operation::{Condition, Field, Fragment, Operation, OperationKind, Selection, Variable};
use super::entity::{self, typename, under};
use super::sources::{Source, sources};
use super::{Later, Split};
use crate::error::GraphqlError;
use crate::planner::contexts::{ContextualArgument, ContextualField};
use crate::planner::{ContextSource, ContextValue, Contexts, Entry, FlattenPath, FlattenSegment, Key, Requirement};
use crate::schema::{Schema, base_name};

/// How many fields may be written down for the objects of interfaces, each on its own. Interfaces inside each other
/// multiply.
const MOST_COPIES: usize = 10_000;

/// Takes the fields with arguments from contexts out of an operation, and puts in what they need.
pub(super) struct Splitter<'a> {
    contexts: &'a Contexts,
    schema: &'a Schema,
    operation: &'a Operation,
    reserved: String,
    /// The keys of what is selected for ourselves.
    keys: IndexMap<String, Name>,
    /// The way to the selection set that is looked at, its objects, and what must hold for it to be there.
    path: Vec<FlattenSegment>,
    levels: Vec<Level>,
    conditions: Vec<Condition>,
    later: IndexMap<Place, Draft>,
    /// How often something was taken out.
    taken: usize,
    /// What the arguments are taken from.
    values: Vec<Selection>,
    /// How many fields were written down for single objects of an interface.
    copies: usize,
}

/// An object on the way.
struct Level {
    /// Its type, as far as the way tells it.
    ty: Name,
    /// How many of the conditions hold for its own selection set.
    conditions: usize,
    /// What is selected on it for ourselves.
    added: Vec<Selection>,
}

/// Response keys down to an entity, its type, and the key of the field.
type Place = (Vec<Key>, Name, Name);

/// A field that is taken out. It may be selected more than once.
#[derive(Default)]
struct Draft {
    entry: Option<Entry>,
    selections: Vec<Selection>,
    then: IndexMap<Place, Draft>,
}

impl<'a> Splitter<'a> {
    pub(super) fn new(operation: &'a Operation, contexts: &'a Contexts, schema: &'a Schema, reserved: String) -> Self {
        Self {
            contexts,
            schema,
            operation,
            reserved,
            keys: IndexMap::new(),
            path: Vec::new(),
            levels: Vec::new(),
            conditions: Vec::new(),
            later: IndexMap::new(),
            taken: 0,
            values: Vec::new(),
            copies: 0,
        }
    }

    /// The parts of the operation, if there are any.
    ///
    /// # Errors
    ///
    /// When they would be too large.
    pub(super) fn split(mut self) -> Result<Option<Split>, GraphqlError> {
        let operation = self.operation;
        let first = Operation { selections: self.set(operation.selections.clone()), ..operation.clone() };
        if self.copies > MOST_COPIES {
            let message = "The operation selects too many fields of interfaces inside each other; select less.";
            return Err(GraphqlError::new(ErrorCode::SelectionLimit, message));
        }
        let later = finished(self.later, operation, &self.schema.query);
        let Self { values, reserved, .. } = self;
        Ok((!later.is_empty()).then(|| Split { first, later, values, reserved }))
    }

    /// What remains of a selection set.
    fn set(&mut self, selections: Vec<Selection>) -> Vec<Selection> {
        let mut kept = Vec::with_capacity(selections.len());
        for selection in selections {
            match selection {
                Selection::Fragment(fragment) => self.fragment(fragment, &mut kept),
                Selection::Field(field) if field.denied.is_some() => kept.push(Selection::Field(field)),
                Selection::Field(field) => self.field(field, &mut kept),
            }
        }
        kept
    }

    fn fragment(&mut self, mut fragment: Fragment, kept: &mut Vec<Selection>) {
        let (outer, before) = (self.conditions.len(), self.taken);
        self.conditions.extend(fragment.conditions.iter().cloned());
        if let Some(condition) = &fragment.condition {
            self.path.push(FlattenSegment::Types(BTreeSet::from([condition.to_string()])));
        }
        fragment.selections = self.set(std::mem::take(&mut fragment.selections));
        self.conditions.truncate(outer);
        if let Some(condition) = &fragment.condition {
            self.path.pop();
            // The way through the fragment is found again by the type.
            if self.taken > before {
                kept.push(typename(condition));
            }
        }
        kept.push(Selection::Fragment(fragment));
    }

    fn field(&mut self, mut field: Field, kept: &mut Vec<Selection>) {
        if let Some(contextual) = self.contexts.field(&field.parent, &field.name) {
            return self.take(field, contextual, kept);
        }
        let parent = self.schema.type_named(&field.parent).filter(|parent| parent.is_abstract());
        let objects = parent.map(|parent| parent.possible_types.as_slice()).unwrap_or_default();
        if objects.iter().any(|object| self.contexts.field(object, &field.name).is_some()) {
            self.copies = self.copies.saturating_add(fields_of(&field).saturating_mul(objects.len()));
            // More is not looked at: the operation is refused.
            let objects = if self.copies > MOST_COPIES { &[] } else { objects };
            for object in objects {
                let selections = vec![Selection::Field(Field { parent: object.clone(), ..field.clone() })];
                let fragment = Fragment { condition: Some(object.clone()), conditions: Vec::new(), selections };
                self.fragment(fragment, kept);
            }
        } else if field.selections.is_empty() {
            kept.push(Selection::Field(field));
        } else {
            let added = self.below(&mut field);
            kept.push(Selection::Field(field));
            kept.extend(added);
        }
    }

    /// Goes into a field. Answers what has to be selected beside it.
    fn below(&mut self, field: &mut Field) -> Vec<Selection> {
        let outer = self.conditions.len();
        self.levels.push(Level { ty: field.parent.clone(), conditions: outer, added: Vec::new() });
        self.conditions.extend(field.conditions.iter().cloned());
        self.path.push(FlattenSegment::Key(Key::new(field.sent.clone())));
        field.selections = self.set(std::mem::take(&mut field.selections));
        self.path.pop();
        self.conditions.truncate(outer);
        self.levels.pop().map(|level| level.added).unwrap_or_default()
    }

    /// Takes a field out, and puts in what identifies its object.
    fn take(&mut self, mut field: Field, contextual: &'a ContextualField, kept: &mut Vec<Selection>) {
        self.taken += 1;
        let (identity, requires, required_fields) = self.identity(contextual, &field.parent);
        // Always, whether or not the field is included: the planner's library loses fields where one is selected once with
        // a condition that turns out true and once without.
        kept.extend(identity);
        let values = contextual.arguments.iter().enumerate();
        let values: Vec<_> = values.map(|(number, it)| self.value(number, it, &field.conditions)).collect();
        for (argument, value) in contextual.arguments.iter().zip(&values) {
            field.arguments.push((argument.name.clone(), Value::Variable(value.variable.clone())));
        }
        let entry = Entry {
            root_field: contextual.entry(&field.parent),
            ty: field.parent.clone(),
            places: vec![FlattenPath(self.path.clone())],
            requires,
            required_fields,
            values,
            reserved: self.reserved.clone(),
        };
        let keys = self.path.iter().filter_map(|segment| match segment {
            FlattenSegment::Key(key) => Some(key.clone()),
            FlattenSegment::Types(_) => None,
        });
        let place = (keys.collect(), field.parent.clone(), field.sent.clone());
        let mut draft = std::mem::take(self.later.entry(place.clone()).or_default());
        // What takes something from contexts further down comes after this field.
        let beside = std::mem::replace(&mut self.later, std::mem::take(&mut draft.then));
        kept.extend(self.below(&mut field));
        draft.then = std::mem::replace(&mut self.later, beside);
        draft.selections.extend(under(&self.conditions, vec![Selection::Field(field)]));
        match &mut draft.entry {
            Some(known) => merge(known, entry),
            None => draft.entry = Some(entry),
        }
        self.later.insert(place, draft);
    }

    /// What tells the subgraph which object it is, and has what the field requires, under keys of ours.
    fn identity(&mut self, contextual: &ContextualField, parent: &Name) -> (Vec<Selection>, Vec<Requirement>, usize) {
        let (name, mut fields) = (Name::new("__typename"), 0);
        let mut requires = vec![entity::required(name.clone(), name, &SelectionSet::default(), &mut fields)];
        let mut selected = vec![typename(parent)];
        let sets = [Some(&contextual.key), contextual.requires.as_ref()];
        for item in sets.into_iter().flatten().flat_map(|set| &set.items) {
            let Parsed::Field(field) = &item.node else { continue };
            let (name, set) = (&field.node.name.node, &field.node.selection_set.node);
            let arguments = entity::arguments(&item.node);
            let written: Vec<_> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let key = self.key(format!("{parent}.{name}({})", written.join(", ")));
            let ty = entity::type_of(self.schema, parent, name);
            let below = entity::selections(self.schema, base_name(&ty), set);
            selected.push(entity::field(parent, key.clone(), name.clone(), arguments, ty, below));
            requires.push(entity::required(name.clone(), key, set, &mut fields));
        }
        (selected, requires, fields)
    }

    /// Selects the value of an argument on the objects around, from the nearest to the first that certainly has it.
    fn value(&mut self, number: usize, argument: &'a ContextualArgument, of_field: &[Condition]) -> ContextValue {
        let mut found = Vec::new();
        for depth in (0..self.levels.len()).rev() {
            let level = &self.levels[depth];
            let conditions = [&self.conditions[level.conditions..], of_field].concat();
            let at = sources(self.contexts, self.schema, &level.ty.clone(), argument);
            for source in at.sources {
                if let Some((added, path)) = self.source(&source) {
                    self.values.extend(added.iter().cloned());
                    self.levels[depth].added.extend(under(&conditions, added));
                    found.push(ContextSource { level: depth, ty: source.ty, path });
                }
            }
            if at.certain {
                break;
            }
        }
        let variable = Name::new(format!("{}v{number}_", self.reserved));
        ContextValue { variable, ty: argument.ty.clone(), sources: found }
    }

    fn source(&mut self, source: &Source<'_>) -> Option<(Vec<Selection>, Vec<Key>)> {
        let key = self.key(format!("{}.{}", source.ty, source.path.join(".")));
        let value = entity::value(self.schema, &source.ty, key.clone(), source.path)?;
        let rest = source.path.iter().skip(1).cloned();
        let path = std::iter::once(key).chain(rest).map(Key::new).collect();
        if !source.is_some {
            return Some((vec![value], path));
        }
        let fragment = Fragment { condition: Some(source.ty.clone()), conditions: Vec::new(), selections: vec![value] };
        Some((vec![typename(&source.ty), Selection::Fragment(fragment)], path))
    }

    /// The key under which something is selected for ourselves; the same for the same.
    fn key(&mut self, what: String) -> Name {
        let number = self.keys.len();
        self.keys.entry(what).or_insert_with(|| Name::new(format!("{}{number}", self.reserved))).clone()
    }
}

/// How many fields it is, with what is below it.
fn fields_of(field: &Field) -> usize {
    1 + fields_below(&field.selections)
}

fn fields_below(selections: &[Selection]) -> usize {
    let count = |selection: &Selection| match selection {
        Selection::Field(field) => fields_of(field),
        Selection::Fragment(fragment) => fields_below(&fragment.selections),
    };
    selections.iter().map(count).sum()
}

/// Adds another way to the same field. Both lead through objects of the same keys.
fn merge(known: &mut Entry, other: Entry) {
    known.places.extend(other.places.into_iter().filter(|place| !known.places.contains(place)).collect::<Vec<_>>());
    for (value, other) in known.values.iter_mut().zip(other.values) {
        for source in other.sources {
            if !value.sources.contains(&source) {
                value.sources.push(source);
            }
        }
        value.sources.sort_by_key(|source| std::cmp::Reverse(source.level));
    }
}

fn finished(drafts: IndexMap<Place, Draft>, operation: &Operation, query: &Name) -> Vec<Later> {
    let later = drafts.into_values().filter_map(|draft| {
        let entry = draft.entry?;
        let ty = entity::named(&entry.ty);
        let root =
            entity::field(query, entry.root_field.clone(), entry.root_field.clone(), Vec::new(), ty, draft.selections);
        let taken = entry.values.iter().map(|value| Variable {
            name: value.variable.clone(),
            ty: value.ty.clone(),
            default_value: None,
            position: Pos::default(),
        });
        let asked = Operation {
            kind: OperationKind::Query,
            variables: operation.variables.iter().cloned().chain(taken).collect(),
            root_type: query.clone(),
            selections: vec![root],
        };
        Some(Later { entry, operation: asked, then: finished(draft.then, operation, query) })
    });
    later.collect()
}
