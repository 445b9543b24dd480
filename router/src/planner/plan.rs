use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use async_graphql_value::Name;

use super::contexts::ContextualFetch;
use super::selected::{Key, SelectedTable};
use crate::condition::Condition;
use crate::transport::SubgraphDocument;

/// The name of a subgraph in the supergraph.
pub type SubgraphName = Arc<str>;

/// What to fetch, in which order.
#[derive(Debug, Default)]
pub struct QueryPlan {
    /// `None` when no subgraph is needed.
    pub root: Option<PlanNode>,
    /// Whether a fetch is for some of the places only that its response keys lead to, told apart by types or contexts.
    pub places_differ: bool,
    /// What the keys begin with that are fetched for contexts and not for the client.
    pub reserved: Option<String>,
}

/// A step of a plan.
#[derive(Debug)]
pub enum PlanNode {
    /// One after the other.
    Sequence(Vec<PlanNode>),
    /// At the same time.
    Parallel(Vec<PlanNode>),
    /// If a variable is true, the first; otherwise the second.
    Condition {
        /// The variable.
        variable: Name,
        /// If it is true.
        then: Option<Box<PlanNode>>,
        /// If it is not.
        otherwise: Option<Box<PlanNode>>,
    },
    /// A fetch of root fields.
    Root(RootFetch),
    /// A fetch of fields of entities that are already there.
    Entities(EntityFetch),
    /// The same for a field that takes arguments from what is around each entity.
    Contextual(Box<ContextualFetch>),
}

impl PlanNode {
    /// Whether a fetch inside asks for keys that begin so.
    pub(crate) fn asks_for(&self, begin: &str) -> bool {
        match self {
            Self::Sequence(steps) | Self::Parallel(steps) => steps.iter().any(|step| step.asks_for(begin)),
            Self::Condition { then, otherwise, .. } => {
                [then, otherwise].into_iter().flatten().any(|step| step.asks_for(begin))
            }
            Self::Root(fetch) => gives(&fetch.document, &fetch.renames, begin),
            Self::Entities(fetch) => fetch.outputs.iter().any(|output| gives(&fetch.document, &output.renames, begin)),
            Self::Contextual(_) => true,
        }
    }

    /// Whether a fetch inside is not for all places that its response keys lead to.
    pub(crate) fn tells_places_apart(&self) -> bool {
        match self {
            Self::Sequence(steps) | Self::Parallel(steps) => steps.iter().any(Self::tells_places_apart),
            Self::Condition { then, otherwise, .. } => {
                [then, otherwise].into_iter().flatten().any(|step| step.tells_places_apart())
            }
            Self::Root(_) => false,
            Self::Contextual(_) => true,
            Self::Entities(fetch) => {
                let segments = fetch.inputs.iter().flat_map(|input| &input.paths).flat_map(|path| &path.0);
                segments.into_iter().any(|segment| matches!(segment, FlattenSegment::Types(_)))
            }
        }
    }
}

/// Whether a document asks for keys that begin so, also if they are sent under others.
fn gives(document: &SubgraphDocument, renames: &[KeyRename], begin: &str) -> bool {
    document.text().contains(begin) || renames.iter().any(|rename| rename.to.starts_with(begin))
}

/// A fetch of root fields.
#[derive(Debug)]
pub struct RootFetch {
    /// Whom to ask.
    pub subgraph: SubgraphName,
    /// What to ask.
    pub document: Arc<SubgraphDocument>,
    /// The client's variables that the document uses.
    pub variables: Vec<Name>,
    /// What it selects.
    pub fields: Vec<FetchedField>,
    /// Keys of the answer that were renamed to avoid conflicts.
    pub renames: Vec<KeyRename>,
    /// What the document selects, in the client's keys.
    pub selected: Arc<SelectedTable>,
}

/// A field at the top of a fetch. A fetch whose fields are all excluded is not sent; one that fails loses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedField {
    /// Its response key.
    pub key: Name,
    /// When it is included.
    pub conditions: Vec<Condition>,
}

/// A fetch of fields of entities. One request may serve several places of the response.
#[derive(Debug)]
pub struct EntityFetch {
    /// Whom to ask.
    pub subgraph: SubgraphName,
    /// What to ask.
    pub document: Arc<SubgraphDocument>,
    /// The client's variables that the document uses.
    pub variables: Vec<Name>,
    /// The lists of representations.
    pub inputs: Vec<EntityInput>,
    /// The `_entities` fields of the document.
    pub outputs: Vec<EntityOutput>,
    /// What the document selects, in the client's keys.
    pub selected: Arc<SelectedTable>,
}

/// One list of representations.
#[derive(Debug)]
pub struct EntityInput {
    /// The variable that carries it.
    pub variable: Name,
    /// Where the entities are.
    pub paths: Vec<FlattenPath>,
    /// What a representation consists of.
    pub requires: Vec<Requirement>,
    /// How many fields that are, at all levels.
    pub required_fields: usize,
    /// Type names to replace in representations.
    pub rewrites: Vec<TypenameRewrite>,
}

/// One `_entities` field.
#[derive(Debug)]
pub struct EntityOutput {
    /// Its response key.
    pub key: Name,
    /// Which of the inputs it is about.
    pub input: usize,
    /// What it selects on the entities.
    pub fields: Vec<FetchedField>,
    /// Keys of the answer that were renamed to avoid conflicts.
    pub renames: Vec<KeyRename>,
}

/// Where entities are in the response. Lists are passed through wherever they are met.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlattenPath(pub Vec<FlattenSegment>);

impl Display for FlattenPath {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                FlattenSegment::Key(key) if index == 0 => write!(out, "{key}")?,
                FlattenSegment::Key(key) => write!(out, ".{key}")?,
                FlattenSegment::Types(types) => {
                    write!(out, "|{}", types.iter().map(String::as_str).collect::<Vec<_>>().join("|"))?;
                }
            }
        }
        Ok(())
    }
}

/// A step of a [`FlattenPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FlattenSegment {
    /// Into a response key.
    Key(Key),
    /// On only if the object is one of these types.
    Types(BTreeSet<String>),
}

/// A part of a representation.
#[derive(Debug, Clone)]
pub enum Requirement {
    /// A field.
    Field(RequirementField),
    /// Fields of some types only.
    Fragment {
        /// The type.
        condition: Name,
        /// The fields.
        parts: Vec<Requirement>,
    },
}

/// A field of a representation.
#[derive(Debug, Clone)]
pub struct RequirementField {
    /// Which field of all that the input requires.
    pub number: usize,
    /// Its name in the representation.
    pub key: Name,
    /// Its name in the response.
    pub source: Key,
    /// Its own fields; empty for a leaf.
    pub parts: Vec<Requirement>,
}

/// Replaces the type name of representations of some types, because the subgraph knows them as an interface.
#[derive(Debug)]
pub struct TypenameRewrite {
    /// Which types.
    pub types: BTreeSet<String>,
    /// What to say instead.
    pub replacement: String,
}

/// Renames a key of an answer back to what the client asked for.
#[derive(Debug, Clone)]
pub struct KeyRename {
    /// Where, from the top of the answer (or of the entity) down to the key itself.
    pub path: Vec<RewriteSegment>,
    /// The client's key.
    pub to: Name,
}

/// A step of a rename's path.
#[derive(Debug, Clone)]
pub enum RewriteSegment {
    /// Into a key.
    Key(Name),
    /// On only if the object is one of these types.
    Types(BTreeSet<String>),
}
