//! Types of fields and arguments across subgraphs: which one fits all.

use crate::map::HashSet;
use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::Name;

use crate::model::{Kind, Schema};

/// Which object types belong to which interfaces and unions, in any subgraph.
pub(crate) struct Hierarchy {
    members: HashSet<(Name, Name)>,
}

impl Hierarchy {
    pub(crate) fn of(schemas: &[Schema]) -> Self {
        let mut members = HashSet::default();
        for ty in schemas.iter().flat_map(|schema| schema.types.values()) {
            match &ty.kind {
                Kind::Object(it) | Kind::Interface(it) => {
                    members.extend(it.implements.keys().map(|interface| (interface.clone(), ty.name.clone())));
                }
                Kind::Union(union) => members.extend(union.keys().map(|member| (ty.name.clone(), member.clone()))),
                _ => {}
            }
        }
        Self { members }
    }

    /// Whether every value of `sub` is a value of `wide`.
    pub(crate) fn is_subtype(&self, wide: &Type, sub: &Type) -> bool {
        if !wide.nullable && sub.nullable {
            return false;
        }
        match (&wide.base, &sub.base) {
            (BaseType::List(wide), BaseType::List(sub)) => self.is_subtype(wide, sub),
            (BaseType::Named(wide), BaseType::Named(sub)) => {
                wide == sub || self.members.contains(&(wide.clone(), sub.clone()))
            }
            _ => false,
        }
    }
}

/// How types of several subgraphs fit together.
pub(super) enum Fit {
    Same(Type),
    /// They differ, and this one covers them all.
    Compatible(Type),
    /// None covers the others; the first one, to go on with.
    Clash(Type),
}

impl Fit {
    pub(super) fn into_type(self) -> Type {
        match self {
            Self::Same(ty) | Self::Compatible(ty) | Self::Clash(ty) => ty,
        }
    }
}

/// What a client can get: the widest of the types.
pub(super) fn output(hierarchy: &Hierarchy, types: &[&Type]) -> Fit {
    fit(types, |candidate, other| hierarchy.is_subtype(candidate, other))
}

/// What a client may send: the narrowest of the types.
pub(super) fn input(hierarchy: &Hierarchy, types: &[&Type]) -> Fit {
    fit(types, |candidate, other| hierarchy.is_subtype(other, candidate))
}

fn fit(types: &[&Type], covers: impl Fn(&Type, &Type) -> bool) -> Fit {
    let first = types[0];
    if types.iter().all(|ty| *ty == first) {
        return Fit::Same(first.clone());
    }
    match types.iter().find(|candidate| types.iter().all(|other| covers(candidate, other))) {
        Some(candidate) => Fit::Compatible((*candidate).clone()),
        None => Fit::Clash(first.clone()),
    }
}
