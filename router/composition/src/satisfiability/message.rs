//! What to say about a field that cannot be reached: the query, who could resolve the field, and what is missing.

use async_graphql_value::Name;

use super::{Place, world::World};
use crate::{
    Code,
    compose::{
        list,
        model::{GraphId, MergedKind},
    },
    diagnostics::Report,
    model::named,
};

/// A step on the way from a root.
pub(super) enum Step<'a> {
    Root(&'a Name),
    Field { name: &'a Name, after: usize },
    Cast { on: &'a Name, after: usize },
}

pub(super) fn report(world: &World<'_>, report: &mut Report, steps: &[Step<'_>], place: &Place<'_>, field: &Name) {
    let ty = place.ty;
    let owners: Vec<GraphId> = world.holders(ty).iter().copied().filter(|it| world.resolves(*it, ty, field)).collect();
    let from: Vec<GraphId> = place.reach.standpoints().map(|at| at.graph).collect();
    let names = |graphs: &[GraphId]| list(graphs.iter().map(|graph| format!("\"{}\"", world.schemas[*graph].name)));
    let setting = world.setting(ty, field);
    let mut message = format!("No plan can answer `{}`{setting}: ", query(world, steps, place, field));
    match owners.as_slice() {
        [] => message.push_str(&format!("no subgraph resolves {ty}.{field} for such a value.")),
        owners => {
            let obstacles = owners.iter().map(|owner| obstacle(world, place, *owner, field));
            message.push_str(&format!(
                "{ty}.{field} is resolved by {} only, and from {} {}.",
                names(owners),
                names(&from),
                list(obstacles)
            ));
        }
    }
    let places = owners.iter().chain(&from).filter_map(|graph| {
        let schema = &world.schemas[*graph];
        let pos = world.field(*graph, ty, field).map(|field| field.pos).or_else(|| Some(world.local(*graph, ty)?.pos));
        pos.map(|pos| schema.place(pos))
    });
    let mut distinct = Vec::new();
    for place in places {
        if !distinct.contains(&place) {
            distinct.push(place);
        }
    }
    report.error(Code::SatisfiabilityError, message, distinct);
}

/// Why one subgraph cannot be asked.
fn obstacle(world: &World<'_>, place: &Place<'_>, owner: GraphId, field: &Name) -> String {
    let name = &world.schemas[owner].name;
    let ty = place.ty;
    let in_reach = place.reach.standpoints().any(|at| at.graph == owner);
    let requires = world.field(owner, ty, field).and_then(|field| field.marks.requires.as_ref());
    if let Some(requires) = requires.filter(|_| in_reach) {
        return format!("what it requires (\"{requires}\") cannot be fetched and brought to \"{name}\" by a key");
    }
    if in_reach && !world.has_contexts(owner, ty, field, &place.contexts) {
        return format!(
            "a context that it takes in \"{name}\" is not set on the way there, or its value cannot be fetched"
        );
    }
    let keys = world.local(owner, ty).map(|local| &local.marks.keys);
    let resolvable: Vec<_> =
        keys.into_iter().flatten().filter(|key| key.resolvable).map(|key| format!("\"{}\"", key.fields)).collect();
    if resolvable.is_empty() {
        return format!("no key leads to \"{name}\" ({ty} has no resolvable @key there: add one)");
    }
    format!(
        "no key leads to \"{name}\" (it takes {}: add the fields of one of these, or add a key that both have)",
        resolvable.join(" or ")
    )
}

/// The shortest query that leads to the field.
fn query(world: &World<'_>, steps: &[Step<'_>], place: &Place<'_>, field: &Name) -> String {
    let mut path = Vec::new();
    let mut step = &steps[place.step];
    let root = loop {
        let after = match step {
            Step::Root(name) => break name.to_lowercase(),
            Step::Field { name, after } => {
                path.push((*name).to_string());
                after
            }
            Step::Cast { on, after } => {
                path.push(format!("... on {on}"));
                after
            }
        };
        step = &steps[*after];
    };
    let below = if has_fields(world, place.ty, field) { " { ... }" } else { "" };
    let opened: String = path.iter().rev().map(|step| format!(" {{ {step}")).collect();
    format!("{root}{opened} {{ {field}{below}{}", " }".repeat(path.len() + 1))
}

fn has_fields(world: &World<'_>, ty: &Name, field: &Name) -> bool {
    let composite = world.merged.types.get(ty).and_then(|ty| ty.kind.composite());
    let target = composite.and_then(|it| it.fields.get(field)).map(|field| named(&field.ty));
    let target = target.and_then(|target| world.merged.types.get(target));
    target.is_some_and(|ty| matches!(ty.kind, MergedKind::Object(_) | MergedKind::Interface(_) | MergedKind::Union(_)))
}
