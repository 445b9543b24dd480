use std::collections::HashSet;

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::{ConstValue, Name};
use graphql_tools::parser::schema as ast;
use indexmap::IndexMap;

use super::caching::{self, CacheHints};
use super::directives::ProtectionNames;
use super::list_sizes::ListSizes;
use super::{
    DirectiveDefinition, EnumValue, FieldDefinition, InputValue, Protection, Schema, TypeDefinition, TypeKind,
};
use crate::grants::GrantedNames;

/// Why a supergraph gives no API schema.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SchemaError {
    /// There is nothing to query.
    #[error("the supergraph's schema has no query type; define `type Query`")]
    NoQueryType,
}

type Document = ast::Document<'static, String>;
type Directives = [ast::Directive<'static, String>];

impl Schema {
    /// Builds the API schema. `api` is the supergraph without what is inaccessible or internal; `supergraph` still has
    /// the security directives.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] when there is no query type.
    pub fn build(api: &Document, supergraph: &Document) -> Result<Self, SchemaError> {
        let protections = Protections::of(supergraph);
        let mut schema = Self {
            types: IndexMap::new(),
            directives: Vec::new(),
            cache_hints: CacheHints::of(supergraph),
            list_sizes: ListSizes::of(supergraph),
            query: Name::new(api.query_type_name().ok_or(SchemaError::NoQueryType)?),
            mutation: api.mutation_type_name().map(Name::new),
            subscription: api.subscription_type_name().map(Name::new),
            identifying: identifying(supergraph),
            asked: protections.names(),
        };
        for definition in &api.definitions {
            match definition {
                ast::Definition::TypeDefinition(definition) => {
                    let ty = type_definition(definition, &protections);
                    if !is_internal(&ty.name) {
                        schema.types.insert(ty.name.clone(), ty);
                    }
                }
                ast::Definition::DirectiveDefinition(definition) if !is_internal_directive(&definition.name) => {
                    schema.directives.push(directive_definition(definition));
                }
                _ => {}
            }
        }
        schema.hide_meta_fields();
        schema.link_possible_types();
        Ok(schema)
    }

    /// `__schema` and `__type` can be selected but are not listed; the operation builder knows them.
    fn hide_meta_fields(&mut self) {
        if let Some(query) = self.types.get_mut(&self.query) {
            query.fields.retain(|name, _| !name.starts_with("__"));
        }
    }

    fn link_possible_types(&mut self) {
        let implementations: Vec<(Name, Vec<Name>)> = self
            .types
            .values()
            .filter(|ty| ty.kind == TypeKind::Object)
            .map(|ty| (ty.name.clone(), ty.interfaces.clone()))
            .collect();
        for (object, interfaces) in implementations {
            for interface in interfaces {
                if let Some(ty) = self.types.get_mut(&interface) {
                    ty.possible_types.push(object.clone());
                }
            }
        }
        let objects: HashSet<Name> =
            self.types.values().filter(|ty| ty.kind == TypeKind::Object).map(|ty| ty.name.clone()).collect();
        for ty in self.types.values_mut() {
            ty.possible_types.retain(|name| objects.contains(name));
        }
        let names: HashSet<Name> = self.types.keys().cloned().collect();
        for ty in self.types.values_mut() {
            ty.interfaces.retain(|name| names.contains(name));
        }
    }
}

/// The names in the field sets of `@key` and `@requires`. Names of types and arguments among them do no harm.
fn identifying(supergraph: &Document) -> HashSet<Name> {
    let mut names = HashSet::new();
    for definition in &supergraph.definitions {
        let (directives, fields) = match definition {
            ast::Definition::TypeDefinition(ast::TypeDefinition::Object(ty)) => (&ty.directives, &ty.fields),
            ast::Definition::TypeDefinition(ast::TypeDefinition::Interface(ty)) => (&ty.directives, &ty.fields),
            _ => continue,
        };
        let joins = directives.iter().chain(fields.iter().flat_map(|field| &field.directives));
        let joins = joins.filter(|join| join.name.starts_with("join__"));
        for (name, set) in joins.flat_map(|join| &join.arguments) {
            if let ast::Value::String(set) = set
                && matches!(name.as_str(), "key" | "requires")
            {
                let words = set.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
                names.extend(words.filter(|word| !word.is_empty()).map(Name::new));
            }
        }
    }
    names
}

/// What types and fields of the supergraph demand, by type and by type and field.
pub(super) struct Protections {
    types: IndexMap<String, Protection>,
    fields: IndexMap<(String, String), Protection>,
}

impl Protections {
    pub(super) fn of(supergraph: &Document) -> Self {
        let names = ProtectionNames::of(supergraph);
        let mut all = Self { types: IndexMap::new(), fields: IndexMap::new() };
        for definition in &supergraph.definitions {
            let ast::Definition::TypeDefinition(definition) = definition else { continue };
            let (name, directives, fields) = match definition {
                ast::TypeDefinition::Object(ty) => (&ty.name, &ty.directives, ty.fields.as_slice()),
                ast::TypeDefinition::Interface(ty) => (&ty.name, &ty.directives, ty.fields.as_slice()),
                ast::TypeDefinition::Scalar(ty) => (&ty.name, &ty.directives, [].as_slice()),
                ast::TypeDefinition::Enum(ty) => (&ty.name, &ty.directives, [].as_slice()),
                ast::TypeDefinition::Union(ty) => (&ty.name, &ty.directives, [].as_slice()),
                ast::TypeDefinition::InputObject(_) => continue,
            };
            all.types.insert(name.clone(), names.read(directives));
            for field in fields {
                all.fields.insert((name.clone(), field.name.clone()), names.read(&field.directives));
            }
        }
        all.spread_to_interfaces(supergraph);
        all
    }

    /// A field of an interface demands what the same field of any implementation demands: nobody can know before the
    /// answer which object will be there.
    fn spread_to_interfaces(&mut self, supergraph: &Document) {
        for definition in &supergraph.definitions {
            let ast::Definition::TypeDefinition(ast::TypeDefinition::Object(object)) = definition else { continue };
            for field in &object.fields {
                let demanded = self.field(&object.name, &field.name);
                if demanded.is_open() {
                    continue;
                }
                for interface in object.implements_interfaces.clone() {
                    if let Some(protection) = self.fields.get_mut(&(interface, field.name.clone())) {
                        protection.demand(&demanded);
                    }
                }
            }
        }
    }

    pub(super) fn of_type(&self, name: &str) -> Protection {
        self.types.get(name).cloned().unwrap_or_default()
    }

    fn names(&self) -> GrantedNames {
        let mut names = GrantedNames::default();
        self.types.values().chain(self.fields.values()).for_each(|protection| protection.names_into(&mut names));
        names
    }

    pub(super) fn field(&self, ty: &str, field: &str) -> Protection {
        self.fields.get(&(ty.to_owned(), field.to_owned())).cloned().unwrap_or_default()
    }
}

fn type_definition(definition: &ast::TypeDefinition<'static, String>, protections: &Protections) -> TypeDefinition {
    let new = |name: &String, kind, description: &Option<String>| TypeDefinition {
        name: Name::new(name),
        kind,
        description: description.clone(),
        fields: IndexMap::new(),
        input_fields: IndexMap::new(),
        values: IndexMap::new(),
        interfaces: Vec::new(),
        possible_types: Vec::new(),
        specified_by: None,
        protection: protections.of_type(name),
    };
    match definition {
        ast::TypeDefinition::Scalar(ty) => TypeDefinition {
            specified_by: argument(&ty.directives, "specifiedBy", "url"),
            ..new(&ty.name, TypeKind::Scalar, &ty.description)
        },
        ast::TypeDefinition::Object(ty) => TypeDefinition {
            fields: fields(&ty.name, &ty.fields, protections),
            interfaces: ty.implements_interfaces.iter().map(Name::new).collect(),
            possible_types: vec![Name::new(&ty.name)],
            ..new(&ty.name, TypeKind::Object, &ty.description)
        },
        ast::TypeDefinition::Interface(ty) => TypeDefinition {
            fields: fields(&ty.name, &ty.fields, protections),
            interfaces: ty.implements_interfaces.iter().map(Name::new).collect(),
            ..new(&ty.name, TypeKind::Interface, &ty.description)
        },
        ast::TypeDefinition::Union(ty) => TypeDefinition {
            possible_types: ty.types.iter().map(Name::new).collect(),
            ..new(&ty.name, TypeKind::Union, &ty.description)
        },
        ast::TypeDefinition::Enum(ty) => TypeDefinition {
            values: ty.values.iter().map(enum_value).collect(),
            ..new(&ty.name, TypeKind::Enum, &ty.description)
        },
        ast::TypeDefinition::InputObject(ty) => TypeDefinition {
            input_fields: ty.fields.iter().map(input_value).collect(),
            ..new(&ty.name, TypeKind::InputObject, &ty.description)
        },
    }
}

fn fields(
    ty: &str,
    fields: &[ast::Field<'static, String>],
    protections: &Protections,
) -> IndexMap<Name, FieldDefinition> {
    let definition = |field: &ast::Field<'static, String>| FieldDefinition {
        name: Name::new(&field.name),
        description: field.description.clone(),
        arguments: field.arguments.iter().map(input_value).collect(),
        ty: type_reference(&field.field_type),
        deprecation: deprecation(&field.directives),
        protection: protections.field(ty, &field.name),
    };
    fields.iter().map(|field| (Name::new(&field.name), definition(field))).collect()
}

fn enum_value(value: &ast::EnumValue<'static, String>) -> (Name, EnumValue) {
    let name = Name::new(&value.name);
    (
        name.clone(),
        EnumValue { name, description: value.description.clone(), deprecation: deprecation(&value.directives) },
    )
}

fn input_value(value: &ast::InputValue<'static, String>) -> (Name, InputValue) {
    let name = Name::new(&value.name);
    let input = InputValue {
        name: name.clone(),
        description: value.description.clone(),
        ty: type_reference(&value.value_type),
        default_value: value.default_value.as_ref().map(const_value),
        deprecation: deprecation(&value.directives),
    };
    (name, input)
}

fn directive_definition(definition: &ast::DirectiveDefinition<'static, String>) -> DirectiveDefinition {
    DirectiveDefinition {
        name: Name::new(&definition.name),
        description: definition.description.clone(),
        arguments: definition.arguments.iter().map(input_value).collect(),
        locations: definition.locations.iter().map(|location| location.as_str().to_owned()).collect(),
        repeatable: definition.repeatable,
    }
}

fn type_reference(ty: &ast::Type<'static, String>) -> Type {
    match ty {
        ast::Type::NamedType(name) => Type { base: BaseType::Named(Name::new(name)), nullable: true },
        ast::Type::ListType(inner) => Type { base: BaseType::List(Box::new(type_reference(inner))), nullable: true },
        ast::Type::NonNullType(inner) => Type { nullable: false, ..type_reference(inner) },
    }
}

fn const_value(value: &ast::Value<'static, String>) -> ConstValue {
    match value {
        // A schema has no variables.
        ast::Value::Variable(_) | ast::Value::Null => ConstValue::Null,
        ast::Value::Int(number) => number.as_i64().map_or(ConstValue::Null, ConstValue::from),
        ast::Value::Float(number) => ConstValue::from(*number),
        ast::Value::String(text) => ConstValue::String(text.clone()),
        ast::Value::Boolean(value) => ConstValue::Boolean(*value),
        ast::Value::Enum(name) => ConstValue::Enum(Name::new(name)),
        ast::Value::List(values) => ConstValue::List(values.iter().map(const_value).collect()),
        ast::Value::Object(fields) => {
            ConstValue::Object(fields.iter().map(|(name, value)| (Name::new(name), const_value(value))).collect())
        }
    }
}

fn argument(directives: &Directives, directive: &str, argument: &str) -> Option<String> {
    let directive = directives.iter().find(|found| found.name == directive)?;
    directive.arguments.iter().find_map(|(name, value)| match value {
        ast::Value::String(text) if name == argument => Some(text.clone()),
        _ => None,
    })
}

fn deprecation(directives: &Directives) -> Option<String> {
    let deprecated = directives.iter().any(|directive| directive.name == "deprecated");
    deprecated.then(|| argument(directives, "deprecated", "reason").unwrap_or_else(|| "No longer supported".to_owned()))
}

/// Left-overs of the federation machinery that a composer may have put into the supergraph.
fn is_internal(name: &str) -> bool {
    ["join__", "link__", "core__", "federation__", "context__"].iter().any(|prefix| name.starts_with(prefix))
}

fn is_internal_directive(name: &str) -> bool {
    const INTERNAL: [&str; 10] = [
        "link",
        "core",
        "tag",
        "inaccessible",
        "authenticated",
        "requiresScopes",
        "policy",
        "cost",
        "listSize",
        "context",
    ];
    is_internal(name) || name == caching::NAME || INTERNAL.contains(&name)
}
