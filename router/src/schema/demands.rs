//! What a supergraph demands of whoever is given a value of it, whether clients see the value or not.

use std::collections::HashMap;

use async_graphql_value::Name;
use graphql_tools::parser::schema::{Definition, Document, Field, Type, TypeDefinition};

use super::Protection;
use super::build::Protections;

/// The demands of a whole supergraph.
#[derive(Debug, Default)]
pub(crate) struct Demands(HashMap<Name, OfType>);

#[derive(Debug, Default)]
struct OfType {
    /// What is demanded of whoever sees an object of the type. One of an interface or union may be any of its objects.
    own: Protection,
    /// What its fields demand, and their types.
    fields: HashMap<Name, (Protection, Name)>,
}

impl Demands {
    pub(crate) fn of(supergraph: &Document<'static, String>) -> Self {
        let protections = Protections::of(supergraph);
        let mut demands = Self::default();
        for definition in &supergraph.definitions {
            let Definition::TypeDefinition(definition) = definition else { continue };
            let (ty, fields, also) = match definition {
                TypeDefinition::Object(ty) => (&ty.name, ty.fields.as_slice(), ty.implements_interfaces.as_slice()),
                TypeDefinition::Interface(ty) => (&ty.name, ty.fields.as_slice(), [].as_slice()),
                TypeDefinition::Union(ty) => (&ty.name, [].as_slice(), [].as_slice()),
                TypeDefinition::Scalar(ty) => (&ty.name, [].as_slice(), [].as_slice()),
                TypeDefinition::Enum(ty) => (&ty.name, [].as_slice(), [].as_slice()),
                TypeDefinition::InputObject(_) => continue,
            };
            let own = protections.of_type(ty);
            also.iter().for_each(|interface| demands.0.entry(Name::new(interface)).or_default().own.demand(&own));
            let field = |field: &Field<'static, String>| {
                let target = Name::new(base_name(&field.field_type));
                (Name::new(&field.name), (protections.field(ty, &field.name), target))
            };
            let known = demands.0.entry(Name::new(ty)).or_default();
            known.own.demand(&own);
            known.fields = fields.iter().map(field).collect();
            if let TypeDefinition::Union(union) = definition {
                union.types.iter().for_each(|object| known.own.demand(&protections.of_type(object)));
            }
        }
        demands
    }

    /// All that is demanded on the way from an object of the type `ty` down the fields of `path`; `None` when there is no
    /// such way.
    pub(crate) fn along(&self, ty: &Name, path: &[Name]) -> Option<Protection> {
        let (mut all, mut ty) = (Protection::default(), ty);
        for name in path.iter().filter(|name| *name != "__typename") {
            let (demanded, target) = self.0.get(ty)?.fields.get(name)?;
            all.demand(demanded);
            // Built-in scalars demand nothing.
            if let Some(target) = self.0.get(target) {
                all.demand(&target.own);
            }
            ty = target;
        }
        Some(all)
    }
}

fn base_name<'a>(ty: &'a Type<'static, String>) -> &'a str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => base_name(inner),
    }
}

#[cfg(test)]
mod tests {
    use graphql_tools::parser::parse_schema;

    use super::*;
    use crate::grants::Grants;

    #[test]
    fn what_is_hidden_or_may_be_one_of_guarded_objects_is_demanded_on_the_way() {
        let supergraph = "type Query { tenant: Tenant }
            type Tenant { open: String secret: String @inaccessible @authenticated hidden: Hidden @inaccessible
                owners: [Owner!]! any: Any colour: Colour }
            type Hidden @inaccessible { open: String secret: String @authenticated }
            interface Owner { name: String }
            union Any = Person | Robot
            enum Colour @authenticated { RED }
            type Person implements Owner { name: String } type Robot { name: String }
            type Admin implements Owner @authenticated { name: String }";
        let demands = Demands::of(&parse_schema::<String>(supergraph).unwrap().into_static());
        let is_open = |path: &str| {
            let path: Vec<_> = path.split('.').map(Name::new).collect();
            demands.along(&Name::new("Tenant"), &path).map(|demanded| demanded.admits(&Grants::anonymous()))
        };
        for open in ["open", "hidden.open", "any", "any.__typename", "__typename"] {
            assert_eq!(is_open(open), Some(true), "{open}");
        }
        for guarded in ["secret", "hidden.secret", "owners.name", "colour"] {
            assert_eq!(is_open(guarded), Some(false), "{guarded}");
        }
        assert_eq!(is_open("nothing"), None);
        assert_eq!(is_open("open.more"), None);
    }
}
