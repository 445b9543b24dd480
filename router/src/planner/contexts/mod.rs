//! Contexts (`@context`, `@fromContext`; Federation 2.8): fields whose arguments routers fill in with values from further up.
//!
//! The planner library does not know them. So it never sees such a field in a client's operation: what is below it is
//! planned on its own, from a root field of the planner's supergraph that clients cannot see.

mod entry;
mod fetch;
mod planned;
mod read;
mod refused;
mod template;

use std::collections::{HashMap, HashSet};

use async_graphql_parser::types::{SelectionSet, Type};
use async_graphql_value::Name;

pub use entry::{ContextSource, ContextValue, Entry};
pub(crate) use fetch::CHOICES_PER_REQUEST;
pub use fetch::ContextualFetch;
pub(super) use planned::supergraph;

use crate::schema::{Demands, Protection};

/// The contexts of a supergraph.
#[derive(Debug, Default)]
pub struct Contexts {
    /// The object types that set a context, by its name.
    setters: HashMap<String, HashSet<Name>>,
    /// By type and by name.
    fields: HashMap<Name, HashMap<Name, ContextualField>>,
    /// What has to be granted for their values. Clients need not see what these are taken from.
    demands: Demands,
}

/// A field with arguments from contexts.
#[derive(Debug)]
pub(crate) struct ContextualField {
    /// The subgraph that resolves it, as the supergraph's enum names it.
    pub(crate) graph: String,
    /// What identifies an object there.
    pub(crate) key: SelectionSet,
    /// What the field requires besides.
    pub(crate) requires: Option<SelectionSet>,
    /// The arguments that clients do not see.
    pub(crate) arguments: Vec<ContextualArgument>,
}

/// An argument that takes its value from a context.
#[derive(Debug)]
pub(crate) struct ContextualArgument {
    /// Its name.
    pub(crate) name: Name,
    /// Its type.
    pub(crate) ty: Type,
    /// The context, with the name of its subgraph: `name__context`.
    pub(crate) context: String,
    /// Where the value is on the objects that set the context.
    pub(crate) branches: Vec<Branch>,
}

/// Where a value is on some of the objects that set a context.
#[derive(Debug)]
pub(crate) struct Branch {
    /// Which of them; `None` is all.
    pub(crate) on: Option<Name>,
    /// The fields down to it, at least one.
    pub(crate) path: Vec<Name>,
}

impl Contexts {
    /// Whether no field takes anything from a context.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field of an object type, if it takes something from a context.
    pub(crate) fn field(&self, object: &Name, field: &Name) -> Option<&ContextualField> {
        self.fields.get(object)?.get(field)
    }

    /// Whether objects of this type set a context.
    pub(crate) fn is_set_by(&self, context: &str, object: &Name) -> bool {
        self.setters.get(context).is_some_and(|setters| setters.contains(object))
    }

    /// What is demanded of whoever is given the value below `path` of an object of the type `ty`; `None` when there is none.
    pub(crate) fn demanded(&self, ty: &Name, path: &[Name]) -> Option<Protection> {
        self.demands.along(ty, path)
    }
}

impl ContextualField {
    /// The root field of the planner's supergraph that leads to objects of the type in the subgraph.
    pub(crate) fn entry(&self, object: &Name) -> Name {
        Name::new(format!("_contextual_{}_{object}", self.graph))
    }
}
