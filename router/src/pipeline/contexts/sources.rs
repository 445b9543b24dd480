use async_graphql_value::Name;

use crate::planner::Contexts;
use crate::planner::contexts::ContextualArgument;
use crate::schema::{Schema, TypeDefinition};

/// Where the objects of a type have the value of an argument.
pub(super) struct Sources<'a> {
    pub(super) sources: Vec<Source<'a>>,
    /// Whether they all set the context, so that nothing further up counts.
    pub(super) certain: bool,
}

/// Where some objects have it.
pub(super) struct Source<'a> {
    /// The type that it is selected on.
    pub(super) ty: Name,
    /// Whether this type is only one of those that the objects may be.
    pub(super) is_some: bool,
    /// The fields down to it.
    pub(super) path: &'a [Name],
}

/// Where objects of the type `ty` have the value of `argument`.
pub(super) fn sources<'a>(
    contexts: &Contexts,
    schema: &Schema,
    ty: &Name,
    argument: &'a ContextualArgument,
) -> Sources<'a> {
    let Some(ty) = schema.type_named(ty) else { return Sources { sources: Vec::new(), certain: false } };
    let sets = |object: &&Name| contexts.is_set_by(&argument.context, object);
    let setting: Vec<&Name> = ty.possible_types.iter().filter(sets).collect();
    let certain = !setting.is_empty() && setting.len() == ty.possible_types.len();
    if let Some(path) = shared(ty, argument).filter(|_| certain) {
        return Sources { sources: vec![Source { ty: ty.name.clone(), is_some: false, path }], certain };
    }
    let sources = setting.into_iter().filter_map(|object| {
        let fits = |on: &Name| schema.is_possible(on, object);
        let branch = argument.branches.iter().find(|branch| branch.on.as_ref().is_none_or(fits))?;
        Some(Source { ty: object.clone(), is_some: ty.is_abstract(), path: &branch.path })
    });
    Sources { sources: sources.collect(), certain }
}

/// The fields that lead to the value on all objects of an interface alike.
fn shared<'a>(ty: &TypeDefinition, argument: &'a ContextualArgument) -> Option<&'a [Name]> {
    let branch = argument.branches.iter().find(|branch| branch.on.as_ref().is_none_or(|on| *on == ty.name))?;
    ty.fields.contains_key(branch.path.first()?).then_some(&branch.path)
}
