//! The supergraph as a model: merged types with the joins that say which subgraph has what.

use crate::map::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

use async_graphql_parser::types::{ConstDirective, DirectiveLocation, Type};
use async_graphql_value::{ConstValue, Name};

use crate::model::ListSize;

/// An index into [`Merged::graphs`], which has the order of the ingested schemas.
pub(crate) type GraphId = usize;

/// The merged schema.
pub(crate) struct Merged {
    pub(crate) graphs: Vec<Graph>,
    /// By name, in alphabetical order.
    pub(crate) types: IndexMap<Name, MergedType>,
    pub(crate) directives: Vec<MergedDirective>,
    /// `@link`s of composed custom directives.
    pub(crate) links: BTreeMap<String, BTreeSet<Import>>,
}

/// One imported name of a [`Merged::links`] entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    pub(crate) name: String,
    pub(crate) alias: String,
}

/// One value of `join__Graph`.
pub(crate) struct Graph {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) url: String,
}

pub(crate) struct MergedType {
    pub(crate) name: Name,
    pub(crate) description: Option<String>,
    pub(crate) kind: MergedKind,
    pub(crate) joins: Vec<JoinType>,
    pub(crate) marks: MergedMarks,
}

pub(crate) enum MergedKind {
    Scalar,
    Object(MergedComposite),
    Interface(MergedComposite),
    Union(BTreeMap<Name, Vec<GraphId>>),
    Enum(IndexMap<Name, MergedEnumValue>),
    Input(IndexMap<Name, MergedInput>),
}

impl MergedKind {
    pub(crate) fn composite(&self) -> Option<&MergedComposite> {
        match self {
            Self::Object(it) | Self::Interface(it) => Some(it),
            _ => None,
        }
    }

    pub(crate) fn composite_mut(&mut self) -> Option<&mut MergedComposite> {
        match self {
            Self::Object(it) | Self::Interface(it) => Some(it),
            _ => None,
        }
    }
}

pub(crate) struct MergedComposite {
    pub(crate) implements: BTreeMap<Name, Vec<GraphId>>,
    pub(crate) fields: IndexMap<Name, MergedField>,
}

#[derive(Clone)]
pub(crate) struct MergedField {
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) arguments: IndexMap<Name, MergedInput>,
    /// Empty when every subgraph of the type resolves the field in the same plain way.
    pub(crate) joins: Vec<JoinField>,
    pub(crate) marks: MergedMarks,
}

/// An argument or an input field.
#[derive(Clone)]
pub(crate) struct MergedInput {
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) default: Option<ConstValue>,
    pub(crate) joins: Vec<JoinField>,
    pub(crate) marks: MergedMarks,
}

impl MergedInput {
    pub(crate) fn is_required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }
}

pub(crate) struct MergedEnumValue {
    pub(crate) description: Option<String>,
    pub(crate) graphs: Vec<GraphId>,
    pub(crate) marks: MergedMarks,
}

/// `@join__type`.
pub(crate) struct JoinType {
    pub(crate) graph: GraphId,
    pub(crate) key: Option<String>,
    pub(crate) extension: bool,
    pub(crate) resolvable: bool,
    pub(crate) interface_object: bool,
}

impl JoinType {
    pub(crate) fn plain(graph: GraphId) -> Self {
        Self { graph, key: None, extension: false, resolvable: true, interface_object: false }
    }
}

/// `@join__field`. Without a graph: the field comes from an interface object.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct JoinField {
    pub(crate) graph: Option<GraphId>,
    pub(crate) requires: Option<String>,
    pub(crate) provides: Option<String>,
    pub(crate) ty: Option<String>,
    pub(crate) external: bool,
    pub(crate) overrides: Option<String>,
    pub(crate) used_overridden: bool,
    pub(crate) override_label: Option<String>,
    pub(crate) context_arguments: Vec<ContextArgument>,
}

/// An argument of a subgraph's field that routers fill in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ContextArgument {
    pub(crate) name: Name,
    pub(crate) ty: String,
    pub(crate) context: String,
    pub(crate) selection: String,
}

impl JoinField {
    /// Whether it says no more than that the subgraph has the field. What was taken over does not matter where the old
    /// subgraph has no part in the type.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self { graph: self.graph, overrides: self.overrides.clone(), ..Self::default() }
    }
}

/// Directives of an element, over all subgraphs.
#[derive(Clone, Default)]
pub(crate) struct MergedMarks {
    pub(crate) inaccessible: bool,
    pub(crate) authenticated: bool,
    pub(crate) requires_scopes: Option<Vec<Vec<String>>>,
    pub(crate) policy: Option<Vec<Vec<String>>>,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) deprecated: Option<String>,
    pub(crate) specified_by: Option<String>,
    pub(crate) one_of: bool,
    pub(crate) cost: Option<i64>,
    pub(crate) list_size: Option<ListSize>,
    /// Each with the name of its subgraph: `name__context`.
    pub(crate) contexts: BTreeSet<String>,
    pub(crate) custom: Vec<ConstDirective>,
}

impl MergedMarks {
    /// Whether they demand anything of the viewer.
    pub(crate) fn demands_something(&self) -> bool {
        self.authenticated || self.requires_scopes.is_some() || self.policy.is_some()
    }
}

/// A directive definition that the supergraph keeps.
pub(crate) struct MergedDirective {
    pub(crate) name: Name,
    pub(crate) description: Option<String>,
    pub(crate) arguments: IndexMap<Name, MergedInput>,
    pub(crate) repeatable: bool,
    pub(crate) locations: Vec<DirectiveLocation>,
    /// It may stand in operations, so clients need it too.
    pub(crate) executable: bool,
}
