//! One subgraph's schema after ingestion: imports resolved, extensions folded in, directives read into plain data.

use crate::map::IndexMap;
use std::ops::Deref;

use async_graphql_parser::{
    Pos,
    types::{BaseType, ConstDirective, DirectiveLocation, Type},
};
use async_graphql_value::{ConstValue, Name};

use crate::{diagnostics::Place, field_set::FieldSet, spec::Version};

/// A subgraph, ready to be checked and merged.
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) url: String,
    /// Its value of the `join__Graph` enum.
    pub(crate) graph: String,
    pub(crate) version: Version,
    pub(crate) types: IndexMap<Name, TypeDef>,
    /// Directives that the subgraph defines itself.
    pub(crate) directives: IndexMap<Name, DirectiveDef>,
    /// Some field set could not be read, so what it uses is not known.
    pub(crate) unread_field_set: bool,
    /// What `@composeDirective` names.
    pub(crate) composed: Vec<Composed>,
}

impl Schema {
    pub(crate) fn place(&self, pos: Pos) -> Place {
        Place { subgraph: self.name.clone(), line: pos.line, column: pos.column }
    }

    pub(crate) fn field(&self, type_name: &str, field: &str) -> Option<&Field> {
        self.types.get(type_name)?.kind.fields()?.get(field)
    }

    /// The types that set a context here.
    pub(crate) fn context_owners<'a>(&'a self, context: &'a str) -> impl Iterator<Item = &'a TypeDef> {
        self.types.values().filter(move |ty| ty.marks.contexts.iter().any(|own| own == context))
    }

    /// The object types that implement an interface here.
    pub(crate) fn implementers(&self, interface: &str) -> Vec<Name> {
        let implements = |ty: &&TypeDef| matches!(&ty.kind, Kind::Object(it) if it.implements.contains_key(interface));
        self.types.values().filter(implements).map(|ty| ty.name.clone()).collect()
    }
}

/// A named type.
pub(crate) struct TypeDef {
    pub(crate) name: Name,
    pub(crate) pos: Pos,
    pub(crate) description: Option<String>,
    /// It is only ever extended here, never defined.
    pub(crate) extension: bool,
    pub(crate) kind: Kind,
    pub(crate) marks: Marks,
}

/// What a type is, and its parts.
pub(crate) enum Kind {
    Scalar,
    Object(Composite),
    Interface(Composite),
    Union(IndexMap<Name, Pos>),
    Enum(IndexMap<Name, EnumValue>),
    Input(IndexMap<Name, InputValue>),
}

impl Kind {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Object(_) => "object",
            Self::Interface(_) => "interface",
            Self::Union(_) => "union",
            Self::Enum(_) => "enum",
            Self::Input(_) => "input object",
        }
    }

    pub(crate) fn composite(&self) -> Option<&Composite> {
        match self {
            Self::Object(it) | Self::Interface(it) => Some(it),
            _ => None,
        }
    }

    pub(crate) fn composite_mut(&mut self) -> Option<&mut Composite> {
        match self {
            Self::Object(it) | Self::Interface(it) => Some(it),
            _ => None,
        }
    }

    pub(crate) fn fields(&self) -> Option<&IndexMap<Name, Field>> {
        self.composite().map(|it| &it.fields)
    }

    pub(crate) fn is_leaf(&self) -> bool {
        matches!(self, Self::Scalar | Self::Enum(_))
    }

    pub(crate) fn is_interface(&self) -> bool {
        matches!(self, Self::Interface(_))
    }
}

/// The parts of an object or interface.
#[derive(Default)]
pub(crate) struct Composite {
    pub(crate) implements: IndexMap<Name, Pos>,
    pub(crate) fields: IndexMap<Name, Field>,
}

/// A field of an object or interface.
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) pos: Pos,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) arguments: IndexMap<Name, InputValue>,
    pub(crate) marks: Marks,
    pub(crate) external: External,
    pub(crate) uses: Uses,
}

impl Field {
    /// Whether this subgraph can never resolve the field by itself.
    pub(crate) fn is_fully_external(&self) -> bool {
        self.external == External::Yes && !self.uses.in_provides
    }
}

/// How `@external` on a field is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum External {
    #[default]
    No,
    /// On a key field of an extension, where Federation 1 demanded it and it means nothing.
    Nominal,
    Yes,
}

/// What else in the subgraph refers to a field.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Uses {
    pub(crate) in_key: bool,
    pub(crate) in_requires: bool,
    pub(crate) in_provides: bool,
    /// An interface of the type demands it.
    pub(crate) by_interface: bool,
    /// A `@fromContext` takes its value.
    pub(crate) in_context: bool,
}

impl Uses {
    pub(crate) fn any(self) -> bool {
        self.in_key || self.in_requires || self.in_provides || self.by_interface || self.in_context
    }
}

/// An argument or an input field.
pub(crate) struct InputValue {
    pub(crate) name: Name,
    pub(crate) pos: Pos,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    pub(crate) default: Option<ConstValue>,
    pub(crate) marks: Marks,
}

impl InputValue {
    /// Whether a caller must give it.
    pub(crate) fn is_required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }
}

/// A value of an enum.
pub(crate) struct EnumValue {
    pub(crate) pos: Pos,
    pub(crate) description: Option<String>,
    pub(crate) marks: Marks,
}

/// A directive that a subgraph defines.
pub(crate) struct DirectiveDef {
    pub(crate) pos: Pos,
    pub(crate) description: Option<String>,
    pub(crate) arguments: IndexMap<Name, InputValue>,
    pub(crate) repeatable: bool,
    pub(crate) locations: Vec<DirectiveLocation>,
}

/// A directive that a subgraph wants to keep in the supergraph.
pub(crate) struct Composed {
    pub(crate) name: Name,
    pub(crate) pos: Pos,
    /// The `@link` that the directive comes from.
    pub(crate) url: String,
    /// What that `@link` calls it.
    pub(crate) imported_as: String,
    pub(crate) imported: String,
}

/// The directives on one element. Most elements have none, so nothing is stored for those.
#[derive(Clone, Default)]
pub(crate) struct Marks(Option<Box<Applied>>);

impl Marks {
    pub(crate) fn new(applied: Applied) -> Self {
        Self(Some(Box::new(applied)))
    }

    pub(crate) fn edit(&mut self) -> &mut Applied {
        self.0.get_or_insert_default()
    }
}

impl Deref for Marks {
    type Target = Applied;

    fn deref(&self) -> &Applied {
        self.0.as_deref().unwrap_or(&NOTHING_APPLIED)
    }
}

static NOTHING_APPLIED: Applied = Applied {
    keys: Vec::new(),
    requires: None,
    provides: None,
    overrides: None,
    shareable: None,
    external: None,
    extends: None,
    interface_object: None,
    inaccessible: None,
    authenticated: None,
    requires_scopes: None,
    policy: None,
    tags: Vec::new(),
    deprecated: None,
    specified_by: None,
    one_of: None,
    cost: None,
    list_size: None,
    contexts: Vec::new(),
    from_context: None,
    custom: Vec::new(),
};

/// Directives by their meaning, whatever the subgraph calls them.
#[derive(Clone, Default)]
pub(crate) struct Applied {
    pub(crate) keys: Vec<Key>,
    pub(crate) requires: Option<FieldSet>,
    pub(crate) provides: Option<FieldSet>,
    pub(crate) overrides: Option<Override>,
    pub(crate) shareable: Option<Pos>,
    pub(crate) external: Option<Pos>,
    pub(crate) extends: Option<Pos>,
    pub(crate) interface_object: Option<Pos>,
    pub(crate) inaccessible: Option<Pos>,
    pub(crate) authenticated: Option<Pos>,
    /// Any of these groups, all of each.
    pub(crate) requires_scopes: Option<Vec<Vec<String>>>,
    pub(crate) policy: Option<Vec<Vec<String>>>,
    pub(crate) tags: Vec<String>,
    pub(crate) deprecated: Option<String>,
    pub(crate) specified_by: Option<String>,
    pub(crate) one_of: Option<Pos>,
    pub(crate) cost: Option<i64>,
    pub(crate) list_size: Option<ListSize>,
    /// The contexts that a type sets for what is below it.
    pub(crate) contexts: Vec<String>,
    pub(crate) from_context: Option<FromContext>,
    pub(crate) custom: Vec<(ConstDirective, Pos)>,
}

impl Applied {
    /// Adds what an extension of the same element says.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.tags.extend(other.tags);
        self.contexts.extend(other.contexts);
        self.custom.extend(other.custom);
        macro_rules! first { ($($field:ident),*) => { $(self.$field = self.$field.take().or(other.$field);)* } }
        first!(requires, provides, overrides, shareable, external, extends, interface_object, inaccessible);
        first!(authenticated, requires_scopes, policy, deprecated, specified_by, one_of, cost, list_size, from_context);
    }
}

/// One `@key`.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) fields: FieldSet,
    pub(crate) resolvable: bool,
}

/// An `@override`.
#[derive(Clone)]
pub(crate) struct Override {
    pub(crate) from: String,
    pub(crate) label: Option<String>,
    pub(crate) pos: Pos,
}

/// A `@listSize`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ListSize {
    pub(crate) assumed: Option<i64>,
    pub(crate) slicing_arguments: Vec<String>,
    pub(crate) sized_fields: Vec<String>,
    pub(crate) require_one: bool,
    pub(crate) pos: Pos,
}

/// A `@fromContext`: an argument that routers fill in from a type further up.
#[derive(Clone)]
pub(crate) struct FromContext {
    pub(crate) context: String,
    /// As it is written.
    pub(crate) text: String,
    pub(crate) selection: FieldSet,
}

/// The named type inside all lists.
pub(crate) fn named(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// The scalars that every GraphQL schema has.
pub(crate) fn is_builtin_scalar(name: &str) -> bool {
    matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID")
}
