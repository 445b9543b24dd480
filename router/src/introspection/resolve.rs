//! The fields of the introspection types.

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::{ConstValue, Name};
use indexmap::IndexMap;

use crate::schema::{DirectiveDefinition, EnumValue, FieldDefinition, InputValue, Schema, TypeDefinition, TypeKind};

/// Something that an introspection can ask about.
pub(super) enum Node<'a> {
    Null,
    Leaf(ConstValue),
    List(Vec<Node<'a>>),
    Schema,
    Type(&'a TypeDefinition),
    /// A list or non-null type around another.
    Wrapped(&'a Type),
    /// The nullable form of a type that is not null.
    Unwrapped(&'a BaseType),
    Field(&'a FieldDefinition),
    Input(&'a InputValue),
    EnumValue(&'a EnumValue),
    Directive(&'a DirectiveDefinition),
}

/// What a field of a node is.
pub(super) fn field<'a>(schema: &'a Schema, node: &Node<'a>, name: &str, deprecated: bool) -> Node<'a> {
    match node {
        Node::Schema => schema_field(schema, name),
        Node::Type(ty) => type_field(schema, ty, name, deprecated),
        Node::Wrapped(ty) if !ty.nullable => wrapper("NON_NULL", name, || base(schema, &ty.base)),
        Node::Wrapped(ty) => unwrapped_field(schema, &ty.base, name),
        Node::Unwrapped(ty) => unwrapped_field(schema, ty, name),
        Node::Field(field) => match name {
            "args" => inputs(&field.arguments, deprecated),
            "type" => reference(schema, &field.ty),
            _ => described(&field.name, field.description.as_ref(), field.deprecation.as_ref(), name),
        },
        Node::Input(input) => match name {
            "type" => reference(schema, &input.ty),
            "defaultValue" => text(input.default_value.as_ref().map(ToString::to_string).as_ref()),
            _ => described(&input.name, input.description.as_ref(), input.deprecation.as_ref(), name),
        },
        Node::EnumValue(value) => described(&value.name, value.description.as_ref(), value.deprecation.as_ref(), name),
        Node::Directive(directive) => match name {
            "args" => inputs(&directive.arguments, deprecated),
            "locations" => Node::List(directive.locations.iter().map(|location| text(Some(location))).collect()),
            "isRepeatable" => Node::Leaf(ConstValue::Boolean(directive.repeatable)),
            _ => described(&directive.name, directive.description.as_ref(), None, name),
        },
        Node::Null | Node::Leaf(_) | Node::List(_) => Node::Null,
    }
}

fn schema_field<'a>(schema: &'a Schema, name: &str) -> Node<'a> {
    let named = |name: Option<&Name>| name.and_then(|name| schema.type_named(name)).map_or(Node::Null, Node::Type);
    match name {
        "types" => Node::List(schema.types.values().map(Node::Type).collect()),
        "queryType" => named(Some(&schema.query)),
        "mutationType" => named(schema.mutation.as_ref()),
        "subscriptionType" => named(schema.subscription.as_ref()),
        "directives" => Node::List(schema.directives.iter().map(Node::Directive).collect()),
        _ => Node::Null,
    }
}

fn type_field<'a>(schema: &'a Schema, ty: &'a TypeDefinition, name: &str, deprecated: bool) -> Node<'a> {
    let types = |names: &'a [Name]| {
        Node::List(names.iter().filter_map(|name| schema.type_named(name)).map(Node::Type).collect())
    };
    match (name, ty.kind) {
        ("kind", kind) => leaf(kind_name(kind)),
        ("specifiedByURL", _) => text(ty.specified_by.as_ref()),
        ("isOneOf", TypeKind::InputObject) => Node::Leaf(ConstValue::Boolean(false)),
        ("fields", TypeKind::Object | TypeKind::Interface) => {
            let shown = ty.fields.values().filter(|field| deprecated || field.deprecation.is_none());
            Node::List(shown.map(Node::Field).collect())
        }
        ("interfaces", TypeKind::Object | TypeKind::Interface) => types(&ty.interfaces),
        ("possibleTypes", TypeKind::Interface | TypeKind::Union) => types(&ty.possible_types),
        ("enumValues", TypeKind::Enum) => {
            let shown = ty.values.values().filter(|value| deprecated || value.deprecation.is_none());
            Node::List(shown.map(Node::EnumValue).collect())
        }
        ("inputFields", TypeKind::InputObject) => inputs(&ty.input_fields, deprecated),
        ("name" | "description", _) => described(&ty.name, ty.description.as_ref(), None, name),
        _ => Node::Null,
    }
}

fn reference<'a>(schema: &'a Schema, ty: &'a Type) -> Node<'a> {
    if ty.nullable { base(schema, &ty.base) } else { Node::Wrapped(ty) }
}

fn base<'a>(schema: &'a Schema, ty: &'a BaseType) -> Node<'a> {
    match ty {
        BaseType::Named(name) => schema.type_named(name).map_or(Node::Null, Node::Type),
        BaseType::List(_) => Node::Unwrapped(ty),
    }
}

fn unwrapped_field<'a>(schema: &'a Schema, ty: &'a BaseType, name: &str) -> Node<'a> {
    match ty {
        BaseType::List(inner) => wrapper("LIST", name, || reference(schema, inner)),
        BaseType::Named(_) => Node::Null,
    }
}

fn wrapper<'a>(kind: &str, name: &str, inner: impl FnOnce() -> Node<'a>) -> Node<'a> {
    match name {
        "kind" => leaf(kind),
        "ofType" => inner(),
        _ => Node::Null,
    }
}

fn inputs(inputs: &IndexMap<Name, InputValue>, deprecated: bool) -> Node<'_> {
    let shown = inputs.values().filter(|input| deprecated || input.deprecation.is_none());
    Node::List(shown.map(Node::Input).collect())
}

fn described<'a>(own: &Name, description: Option<&String>, deprecation: Option<&String>, name: &str) -> Node<'a> {
    match name {
        "name" => leaf(own),
        "description" => text(description),
        "isDeprecated" => Node::Leaf(ConstValue::Boolean(deprecation.is_some())),
        "deprecationReason" => text(deprecation),
        _ => Node::Null,
    }
}

fn leaf<'a>(text: &str) -> Node<'a> {
    Node::Leaf(ConstValue::String(text.to_owned()))
}

fn text<'a>(text: Option<&String>) -> Node<'a> {
    text.map_or(Node::Null, |text| leaf(text))
}

fn kind_name(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::Scalar => "SCALAR",
        TypeKind::Object => "OBJECT",
        TypeKind::Interface => "INTERFACE",
        TypeKind::Union => "UNION",
        TypeKind::Enum => "ENUM",
        TypeKind::InputObject => "INPUT_OBJECT",
    }
}
