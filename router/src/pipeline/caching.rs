//! How long the answer to an operation may be kept, by the `@cacheControl` of what it selects.
//!
//! The rules are those that Apollo Server documents ("Server-side caching": static hints, default `maxAge`, calculation of
//! the response's policy). An answer is kept as long as its shortest-lived field, and is private as soon as one is.
//! A field counts by its own hint, else by that of its type. Without either, fields of the root and fields that are
//! objects count as 0 seconds, unless they inherit; other fields say nothing.

use async_graphql_value::{Name, Variables};

use super::operation::{Field, Operation, OperationKind, Selection};
use crate::condition::{Condition, all_hold};
use crate::schema::{CacheHint, Schema, TypeDefinition, base_name};

/// No answer is kept for longer, in seconds: a year.
const LONGEST: u32 = 31_536_000;

/// What the answers of an operation let caches do, for any variables.
#[derive(Debug, Default)]
pub struct CacheRules {
    rules: Vec<Rule>,
    /// Something that must not be kept is always there.
    never: bool,
}

/// How long an answer may be kept, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    /// For how many seconds; never 0.
    pub max_age: u32,
    /// Whether only by the one who asked.
    pub private: bool,
}

/// What one selected field says.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    /// It counts when they hold.
    conditions: Vec<Condition>,
    max_age: Option<u32>,
    private: bool,
}

impl CacheRules {
    /// The rules of an operation whose arguments are also `taken` from fields that it does not select; `None` when its
    /// answers may never be kept.
    pub(super) fn of(operation: &Operation, taken: &[Selection], schema: &Schema) -> Option<Self> {
        if schema.cache_hints.is_empty() || operation.kind != OperationKind::Query {
            return None;
        }
        let mut rules = Self::default();
        rules.read(schema, &operation.selections, &[], true);
        rules.read(schema, taken, &[], false);
        (!rules.never).then_some(rules)
    }

    /// How long an answer for these variables may be kept; `None` is not at all.
    pub fn policy(&self, variables: &Variables) -> Option<CachePolicy> {
        let (mut max_age, mut private) = (None, false);
        for rule in self.rules.iter().filter(|rule| all_hold(&rule.conditions, variables)) {
            max_age = match (max_age, rule.max_age) {
                (Some(one), Some(other)) => Some(u32::min(one, other)),
                (one, other) => one.or(other),
            };
            private |= rule.private;
        }
        max_age.filter(|seconds| *seconds > 0).map(|seconds| CachePolicy { max_age: seconds.min(LONGEST), private })
    }

    fn read(&mut self, schema: &Schema, selections: &[Selection], outer: &[Condition], is_root: bool) {
        for selection in selections {
            if self.never {
                return;
            }
            match selection {
                Selection::Field(field) => {
                    let conditions = both(outer, &field.conditions);
                    self.field(schema, field, &conditions, is_root);
                    self.read(schema, &field.selections, &conditions, false);
                }
                Selection::Fragment(fragment) => {
                    self.read(schema, &fragment.selections, &both(outer, &fragment.conditions), is_root);
                }
            }
        }
    }

    fn field(&mut self, schema: &Schema, field: &Field, conditions: &[Condition], is_root: bool) {
        if field.is_introspection() {
            // Another supergraph may come at any time.
            return self.add(conditions, Some(0), false);
        }
        let Some(parent) = schema.type_named(&field.parent).filter(|_| field.name != "__typename") else { return };
        // What is not known before the answer counts as every object that it may be.
        let objects: &[Name] =
            if parent.is_abstract() { &parent.possible_types } else { std::slice::from_ref(&parent.name) };
        for object in objects.iter().filter_map(|name| schema.type_named(name)) {
            self.field_of(schema, object, field, conditions, is_root);
        }
        if objects.is_empty() {
            self.field_of(schema, parent, field, conditions, is_root);
        }
    }

    fn field_of(
        &mut self,
        schema: &Schema,
        object: &TypeDefinition,
        field: &Field,
        conditions: &[Condition],
        is_root: bool,
    ) {
        let definition = object.fields.get(&field.name);
        let ty = schema.type_named(base_name(definition.map_or(&field.ty, |definition| &definition.ty)));
        let composite = ty.filter(|ty| !ty.is_leaf());
        let of_type = composite.map(|ty| schema.cache_hints.of_type(&ty.name)).unwrap_or_default();
        let hint = over(of_type, schema.cache_hints.of_field(&object.name, &field.name));
        let defaults = is_root || (composite.is_some() && !hint.inherits);
        let is_guarded = !object.protection.is_open()
            || definition.is_some_and(|definition| !definition.protection.is_open())
            || ty.is_some_and(|ty| !ty.protection.is_open());
        self.add(conditions, hint.max_age.or(defaults.then_some(0)), is_guarded || hint.private == Some(true));
    }

    fn add(&mut self, conditions: &[Condition], max_age: Option<u32>, private: bool) {
        self.never |= conditions.is_empty() && max_age == Some(0);
        let rule = Rule { conditions: conditions.to_vec(), max_age, private };
        if (max_age.is_some() || private) && !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }
}

/// The hint of a field over that of its type. A type's own age goes before a field that inherits.
fn over(of_type: CacheHint, of_field: CacheHint) -> CacheHint {
    let inherits = of_field.inherits && of_field.max_age.or(of_type.max_age).is_none();
    CacheHint {
        max_age: if inherits { None } else { of_field.max_age.or(of_type.max_age) },
        private: of_field.private.or(of_type.private),
        inherits: inherits || of_type.inherits,
    }
}

fn both(outer: &[Condition], inner: &[Condition]) -> Vec<Condition> {
    [outer, inner].concat()
}
