//! The API schema: what clients see of the supergraph, with what each field demands of the viewer.

mod build;
mod caching;
mod demands;
mod directives;
mod list_sizes;
mod protection;

use std::collections::HashSet;

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::{ConstValue, Name};
use indexmap::IndexMap;

pub use build::SchemaError;
pub use caching::{CacheHint, CacheHints};
pub(crate) use demands::Demands;
pub use list_sizes::{ListSize, ListSizes};
pub use protection::{AnyOf, Protection};

use crate::grants::{GrantedNames, Grants};

/// The API schema. Nothing inaccessible and nothing of the federation is in it.
#[derive(Debug)]
pub struct Schema {
    /// Every type, the built-in and the introspection types included.
    pub types: IndexMap<Name, TypeDefinition>,
    /// The directives that clients may see.
    pub directives: Vec<DirectiveDefinition>,
    /// How long answers may be kept.
    pub cache_hints: CacheHints,
    /// How long lists are.
    pub list_sizes: ListSizes,
    /// The root type of queries.
    pub query: Name,
    /// The root type of mutations.
    pub mutation: Option<Name>,
    /// The root type of subscriptions.
    pub subscription: Option<Name>,
    /// The names of fields that identify objects, or that are required of them.
    pub identifying: HashSet<Name>,
    /// The scopes and policies that anything asks for.
    pub asked: GrantedNames,
}

/// The kind of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    /// A scalar, built in or not.
    Scalar,
    /// An object.
    Object,
    /// An interface.
    Interface,
    /// A union.
    Union,
    /// An enum.
    Enum,
    /// An input object.
    InputObject,
}

/// A type.
#[derive(Debug)]
pub struct TypeDefinition {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: TypeKind,
    /// Its description.
    pub description: Option<String>,
    /// The fields of an object or interface.
    pub fields: IndexMap<Name, FieldDefinition>,
    /// The fields of an input object.
    pub input_fields: IndexMap<Name, InputValue>,
    /// The values of an enum.
    pub values: IndexMap<Name, EnumValue>,
    /// What an object or interface implements.
    pub interfaces: Vec<Name>,
    /// The objects of an interface or union; an object itself.
    pub possible_types: Vec<Name>,
    /// `@specifiedBy` of a scalar.
    pub specified_by: Option<String>,
    /// What the type demands of the viewer.
    pub protection: Protection,
}

/// A field of an object or interface.
#[derive(Debug)]
pub struct FieldDefinition {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its arguments.
    pub arguments: IndexMap<Name, InputValue>,
    /// Its type.
    pub ty: Type,
    /// Why it is deprecated.
    pub deprecation: Option<String>,
    /// What it demands of the viewer.
    pub protection: Protection,
}

/// An argument or a field of an input object.
#[derive(Debug)]
pub struct InputValue {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its type.
    pub ty: Type,
    /// Its default.
    pub default_value: Option<ConstValue>,
    /// Why it is deprecated.
    pub deprecation: Option<String>,
}

/// A value of an enum.
#[derive(Debug)]
pub struct EnumValue {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Why it is deprecated.
    pub deprecation: Option<String>,
}

/// A directive.
#[derive(Debug)]
pub struct DirectiveDefinition {
    /// Its name, without the `@`.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its arguments.
    pub arguments: IndexMap<Name, InputValue>,
    /// Where it may stand.
    pub locations: Vec<String>,
    /// Whether it may stand more than once in one place.
    pub repeatable: bool,
}

impl Schema {
    /// As much of what was granted as makes a difference here.
    pub fn relevant(&self, grants: &Grants) -> Grants {
        grants.among(&self.asked)
    }

    /// The type of this name.
    pub fn type_named(&self, name: &str) -> Option<&TypeDefinition> {
        self.types.get(name)
    }

    /// Whether a concrete object of type `object` is also a `condition`.
    pub fn is_possible(&self, condition: &str, object: &str) -> bool {
        condition == object
            || self.types.get(condition).is_some_and(|ty| ty.possible_types.iter().any(|possible| possible == object))
    }
}

impl TypeDefinition {
    /// Whether it is an interface or a union.
    pub fn is_abstract(&self) -> bool {
        matches!(self.kind, TypeKind::Interface | TypeKind::Union)
    }

    /// Whether it has no selection set.
    pub fn is_leaf(&self) -> bool {
        matches!(self.kind, TypeKind::Scalar | TypeKind::Enum)
    }
}

/// The name at the core of a type, without its lists.
pub fn base_name(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base_name(inner),
    }
}
