//! Type definitions and their extensions, folded into one [`TypeDef`] per name.

use crate::map::{IndexMap, sized};
use async_graphql_parser::{
    Pos, Positioned,
    types::{
        BaseType, DirectiveLocation as At, EnumValueDefinition, FieldDefinition, InputValueDefinition, Type,
        TypeDefinition, TypeKind,
    },
};
use async_graphql_value::Name;
use indexmap::map::Entry;

use super::marks::{Element, Reader};
use crate::{
    Code,
    model::{
        Applied, Composite, EnumValue, External, Field, InputValue, Kind, Marks, TypeDef, Uses, is_builtin_scalar,
    },
};

/// Reads all types of a document, without Federation's own machinery.
pub(super) fn read(reader: &mut Reader<'_>, definitions: &[Positioned<TypeDefinition>]) -> IndexMap<Name, TypeDef> {
    let mut types: IndexMap<Name, TypeDef> = sized(definitions.len());
    let (extensions, bases): (Vec<_>, Vec<_>) = definitions.iter().partition(|definition| definition.node.extend);
    for definition in bases.into_iter().chain(extensions) {
        let name = &definition.node.name.node;
        if reader.links.is_machinery(name) {
            known_type(reader, definition);
            continue;
        }
        if is_builtin_scalar(name) {
            continue;
        }
        let ty = one(reader, definition);
        match types.entry(ty.name.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(ty);
            }
            Entry::Occupied(mut entry) => fold(reader, entry.get_mut(), ty, definition.node.extend),
        }
    }
    drop_machinery_fields(&mut types);
    types
}

/// The types that Federation's directives take are scalars.
fn known_type(reader: &mut Reader<'_>, definition: &Positioned<TypeDefinition>) {
    let name = &definition.node.name.node;
    let scalar = matches!(definition.node.kind, TypeKind::Scalar);
    if !scalar && reader.links.is_federation_scalar(name) {
        let message = format!("\"{name}\" belongs to Federation, where it is a scalar: remove or rename the type.");
        reader.error(Code::TypeDefinitionInvalid, message, definition.pos);
    }
}

/// `_service` and `_entities` are how routers talk to subgraphs, not part of the graph.
fn drop_machinery_fields(types: &mut IndexMap<Name, TypeDef>) {
    let Some(query) = types.get_mut("Query").and_then(|ty| ty.kind.composite_mut()) else { return };
    query.fields.retain(|name, _| !matches!(name.as_str(), "_service" | "_entities"));
    if query.fields.is_empty() && query.implements.is_empty() {
        types.shift_remove("Query");
    }
}

fn one(reader: &mut Reader<'_>, definition: &Positioned<TypeDefinition>) -> TypeDef {
    let node = &definition.node;
    let name = reader.roots.get(&node.name.node).cloned().unwrap_or_else(|| node.name.node.clone());
    if name.starts_with("__") {
        let message = format!("\"{name}\" begins with \"__\", which GraphQL keeps for itself: rename the type.");
        reader.error(Code::InvalidGraphql, message, definition.pos);
    }
    let location = match &node.kind {
        TypeKind::Scalar => At::Scalar,
        TypeKind::Object(_) => At::Object,
        TypeKind::Interface(_) => At::Interface,
        TypeKind::Union(_) => At::Union,
        TypeKind::Enum(_) => At::Enum,
        TypeKind::InputObject(_) => At::InputObject,
    };
    let marks = reader.marks(&Element { coordinate: &name, location }, &node.directives);
    let kind = match &node.kind {
        TypeKind::Scalar => Kind::Scalar,
        TypeKind::Object(it) => Kind::Object(composite(reader, &name, &marks, &it.implements, &it.fields)),
        TypeKind::Interface(it) => Kind::Interface(composite(reader, &name, &marks, &it.implements, &it.fields)),
        TypeKind::Union(it) => {
            Kind::Union(it.members.iter().map(|member| (renamed(reader, &member.node), member.pos)).collect())
        }
        TypeKind::Enum(it) => Kind::Enum(enum_values(reader, &name, &it.values)),
        TypeKind::InputObject(it) => Kind::Input(input_values(reader, &name, &it.fields, At::InputFieldDefinition)),
    };
    TypeDef {
        pos: definition.pos,
        description: text(node.description.as_ref()),
        extension: node.extend || marks.extends.is_some(),
        name,
        kind,
        marks,
    }
}

fn renamed(reader: &Reader<'_>, name: &Name) -> Name {
    reader.roots.get(name).unwrap_or(name).clone()
}

fn composite(
    reader: &mut Reader<'_>,
    name: &Name,
    marks: &Applied,
    implements: &[Positioned<Name>],
    fields: &[Positioned<FieldDefinition>],
) -> Composite {
    let mut composite = Composite {
        implements: implements.iter().map(|interface| (interface.node.clone(), interface.pos)).collect(),
        fields: sized(fields.len()),
    };
    for definition in fields {
        let mut field = field(reader, name, definition);
        // On a type these two mean: on each field of this definition (and not of its extensions).
        if marks.shareable.is_some() && field.marks.shareable.is_none() {
            field.marks.edit().shareable = marks.shareable;
        }
        if marks.external.is_some() && field.marks.external.is_none() {
            field.marks.edit().external = marks.external;
        }
        if composite.fields.insert(field.name.clone(), field).is_some() {
            twice(reader, name, &definition.node.name);
        }
    }
    composite
}

fn field(reader: &mut Reader<'_>, owner: &str, definition: &Positioned<FieldDefinition>) -> Field {
    let node = &definition.node;
    let coordinate = format!("{owner}.{}", node.name.node);
    let marks = reader.marks(&Element { coordinate: &coordinate, location: At::FieldDefinition }, &node.directives);
    Field {
        name: node.name.node.clone(),
        pos: definition.pos,
        description: text(node.description.as_ref()),
        ty: field_type(reader, &node.ty.node),
        arguments: arguments(reader, &coordinate, &node.arguments),
        marks,
        external: External::No,
        uses: Uses::default(),
    }
}

fn field_type(reader: &Reader<'_>, ty: &Type) -> Type {
    let base = match &ty.base {
        BaseType::Named(name) => BaseType::Named(renamed(reader, name)),
        BaseType::List(inner) => BaseType::List(Box::new(field_type(reader, inner))),
    };
    Type { base, nullable: ty.nullable }
}

/// A description. The parser leaves the one escape that block strings have.
pub(super) fn text(description: Option<&Positioned<String>>) -> Option<String> {
    description.map(|text| text.node.replace("\\\"\"\"", "\"\"\""))
}

/// The arguments of a field or of a directive definition.
pub(super) fn arguments(
    reader: &mut Reader<'_>,
    coordinate: &str,
    definitions: &[Positioned<InputValueDefinition>],
) -> IndexMap<Name, InputValue> {
    input_values(reader, coordinate, definitions, At::ArgumentDefinition)
}

fn input_values(
    reader: &mut Reader<'_>,
    owner: &str,
    definitions: &[Positioned<InputValueDefinition>],
    location: At,
) -> IndexMap<Name, InputValue> {
    let mut values = sized(definitions.len());
    for definition in definitions {
        let node = &definition.node;
        let coordinate = input_coordinate(owner, &node.name.node, location);
        let value = InputValue {
            name: node.name.node.clone(),
            pos: definition.pos,
            description: text(node.description.as_ref()),
            ty: node.ty.node.clone(),
            default: node.default_value.as_ref().map(|value| value.node.clone()),
            marks: reader.marks(&Element { coordinate: &coordinate, location }, &node.directives),
        };
        if values.insert(value.name.clone(), value).is_some() {
            twice(reader, owner, &node.name);
        }
    }
    values
}

fn input_coordinate(owner: &str, name: &str, location: At) -> String {
    if location == At::ArgumentDefinition { format!("{owner}({name}:)") } else { format!("{owner}.{name}") }
}

fn enum_values(
    reader: &mut Reader<'_>,
    owner: &str,
    definitions: &[Positioned<EnumValueDefinition>],
) -> IndexMap<Name, EnumValue> {
    let mut values = sized(definitions.len());
    for definition in definitions {
        let node = &definition.node;
        let coordinate = format!("{owner}.{}", node.value.node);
        let value = EnumValue {
            pos: definition.pos,
            description: text(node.description.as_ref()),
            marks: reader.marks(&Element { coordinate: &coordinate, location: At::EnumValue }, &node.directives),
        };
        if values.insert(node.value.node.clone(), value).is_some() {
            twice(reader, owner, &node.value);
        }
    }
    values
}

fn twice(reader: &mut Reader<'_>, owner: &str, name: &Positioned<Name>) {
    let message = format!("{owner} has \"{}\" twice: keep one.", name.node);
    reader.error(Code::InvalidGraphql, message, name.pos);
}

/// Adds an extension to what is known of a type.
fn fold(reader: &mut Reader<'_>, base: &mut TypeDef, extra: TypeDef, is_extension: bool) {
    let name = extra.name.clone();
    if !is_extension {
        let message = format!("The type \"{name}\" is defined twice: keep one definition, or extend it.");
        return reader.error(Code::InvalidGraphql, message, extra.pos);
    }
    let mut clashes: Vec<(Name, Pos)> = Vec::new();
    match (&mut base.kind, extra.kind) {
        (Kind::Scalar, Kind::Scalar) => {}
        (Kind::Object(to), Kind::Object(from)) | (Kind::Interface(to), Kind::Interface(from)) => {
            to.implements.extend(from.implements);
            add_all(&mut to.fields, from.fields, |field| field.pos, &mut clashes);
        }
        (Kind::Union(to), Kind::Union(from)) => to.extend(from),
        (Kind::Enum(to), Kind::Enum(from)) => add_all(to, from, |value| value.pos, &mut clashes),
        (Kind::Input(to), Kind::Input(from)) => add_all(to, from, |value| value.pos, &mut clashes),
        (kind, other) => {
            let message = format!("\"{name}\" is a {} and is extended as a {}.", kind.word(), other.word());
            return reader.error(Code::InvalidGraphql, message, extra.pos);
        }
    }
    for (clash, pos) in clashes {
        twice(reader, &name, &Positioned::new(clash, pos));
    }
    absorb(&mut base.marks, &extra.marks);
}

fn absorb(to: &mut Marks, from: &Applied) {
    to.edit().absorb(from.clone());
}

fn add_all<T>(
    to: &mut IndexMap<Name, T>,
    from: IndexMap<Name, T>,
    pos: impl Fn(&T) -> Pos,
    clashes: &mut Vec<(Name, Pos)>,
) {
    for (name, value) in from {
        match to.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(entry) => clashes.push((entry.key().clone(), pos(&value))),
        }
    }
}
