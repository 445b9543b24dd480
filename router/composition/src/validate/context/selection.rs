//! What a `@fromContext` selects: one value, from each type that sets the context, of the argument's type.

use crate::map::HashSet;
use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::Name;

use crate::{
    field_set::Selection,
    model::{FromContext, Kind, Schema, TypeDef, named},
};

/// What is wrong, in words.
type Checked<T> = Result<T, String>;

pub(super) fn check(schema: &Schema, from: &FromContext, argument: &Type) -> Checked<()> {
    let selections = from.selection.selections.as_slice();
    let owners = schema.context_owners(&from.context);
    if let [Selection::Field { .. }] = selections {
        return owners.into_iter().try_for_each(|owner| value(schema, owner, selections, argument));
    }
    let branches = branches(schema, selections)?;
    let mut used = HashSet::default();
    for owner in owners {
        let possible = objects(schema, owner);
        let fitting: Vec<_> = branches.iter().filter(|(on, _)| possible.contains(on)).collect();
        if fitting.is_empty() {
            return Err(format!("no fragment is for {}, which sets the context, too", owner.name));
        }
        for (on, children) in fitting {
            used.insert(*on);
            let object = schema.types.get(*on).ok_or_else(|| format!("the subgraph has no type {on}"))?;
            value(schema, object, children, argument)?;
        }
    }
    match branches.iter().find(|(on, _)| !used.contains(on)) {
        Some((on, _)) => Err(format!("{on} never is a type that sets the context: remove its fragment")),
        None => Ok(()),
    }
}

/// A fragment's type and what it selects.
type Branch<'a> = (&'a Name, &'a [Selection]);

fn branches<'a>(schema: &Schema, selections: &'a [Selection]) -> Checked<Vec<Branch<'a>>> {
    let mut branches: Vec<Branch<'a>> = Vec::new();
    for selection in selections {
        let Selection::Fragment { on, has_directive, children } = selection else {
            return Err("select one field, or one in a fragment for each type".to_owned());
        };
        if *has_directive {
            return Err("directives cannot stand here".to_owned());
        }
        let Some(on) = on else { return Err("fragments need a type here: ... on Type".to_owned()) };
        if !matches!(schema.types.get(on).map(|ty| &ty.kind), Some(Kind::Object(_))) {
            return Err(format!("{on} is not an object type of this subgraph, and only those can be in fragments"));
        }
        if branches.iter().any(|(earlier, _)| *earlier == on) {
            return Err(format!("{on} has two fragments: keep one"));
        }
        branches.push((on, children));
    }
    Ok(branches)
}

fn objects<'a>(schema: &'a Schema, owner: &'a TypeDef) -> Vec<&'a Name> {
    match &owner.kind {
        Kind::Union(members) => members.keys().collect(),
        Kind::Interface(_) => {
            let implements =
                |ty: &&TypeDef| matches!(&ty.kind, Kind::Object(it) if it.implements.contains_key(&owner.name));
            schema.types.values().filter(implements).map(|ty| &ty.name).collect()
        }
        _ => vec![&owner.name],
    }
}

fn value(schema: &Schema, owner: &TypeDef, selections: &[Selection], argument: &Type) -> Checked<()> {
    let found = selected(schema, owner, selections)?;
    if fits(&found, argument) {
        return Ok(());
    }
    Err(format!("it selects {found} on {}, but the argument is {argument}", owner.name))
}

/// The type of the one value that is selected.
fn selected(schema: &Schema, owner: &TypeDef, selections: &[Selection]) -> Checked<Type> {
    if owner.marks.interface_object.is_some() {
        return Err(format!("{} is an @interfaceObject, from which nothing can be selected here", owner.name));
    }
    let [Selection::Field { name, arguments, has_directive, children }] = selections else {
        return Err(format!("select exactly one field of {}", owner.name));
    };
    if *has_directive || !arguments.is_empty() {
        return Err("directives and arguments cannot stand here".to_owned());
    }
    if *name == "__typename" {
        return Ok(Type { base: BaseType::Named(Name::new("String")), nullable: false });
    }
    let field = owner.kind.fields().and_then(|fields| fields.get(name));
    let field = field.ok_or_else(|| format!("{} has no field \"{name}\" in this subgraph", owner.name))?;
    let target = schema.types.get(named(&field.ty)).filter(|ty| !ty.kind.is_leaf());
    match (target, children.is_empty()) {
        // What is further up may be null when it fails, whatever its type promises.
        (None, true) => {
            let leaf = Type { base: BaseType::Named(named(&field.ty).clone()), nullable: true };
            Ok(in_lists(&field.ty, leaf))
        }
        (Some(target), false) => Ok(in_lists(&field.ty, selected(schema, target, children)?)),
        (None, false) => Err(format!("{}.{name} has no fields", owner.name)),
        (Some(_), true) => Err(format!("{}.{name} is {}: select one of its fields", owner.name, field.ty)),
    }
}

/// A value below a list is a list of values.
fn in_lists(outer: &Type, inner: Type) -> Type {
    match &outer.base {
        BaseType::List(item) => Type { base: BaseType::List(Box::new(in_lists(item, inner))), nullable: true },
        BaseType::Named(_) => inner,
    }
}

fn fits(selected: &Type, argument: &Type) -> bool {
    (argument.nullable || !selected.nullable)
        && match (&selected.base, &argument.base) {
            (BaseType::List(selected), BaseType::List(argument)) => fits(selected, argument),
            (BaseType::Named(selected), BaseType::Named(argument)) => selected == argument,
            _ => false,
        }
}
