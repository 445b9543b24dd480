//! Interfaces demand what their implementations demand, or a query could go around it through the interface.

use crate::map::HashMap;
use async_graphql_value::Name;

use super::{
    marks::demand,
    model::{Merged, MergedKind, MergedMarks},
};

/// What implementations demand for an interface as a whole and for its fields.
#[derive(Default)]
struct Demands {
    ty: MergedMarks,
    fields: HashMap<Name, MergedMarks>,
}

/// Copies the demands of implementations to their interfaces.
pub(super) fn spread(merged: &mut Merged) {
    let mut demands: HashMap<Name, Demands> = HashMap::default();
    for ty in merged.types.values() {
        let MergedKind::Object(object) = &ty.kind else { continue };
        for interface in object.implements.keys() {
            let demanded = demands.entry(interface.clone()).or_default();
            demand(&mut demanded.ty, &ty.marks);
            for (name, field) in &object.fields {
                if field.marks.demands_something() {
                    demand(demanded.fields.entry(name.clone()).or_default(), &field.marks);
                }
            }
        }
    }
    for (interface, demands) in demands {
        let Some(ty) = merged.types.get_mut(&interface) else { continue };
        demand(&mut ty.marks, &demands.ty);
        let Some(composite) = ty.kind.composite_mut() else { continue };
        for (name, field) in &mut composite.fields {
            if let Some(demanded) = demands.fields.get(name) {
                demand(&mut field.marks, demanded);
            }
        }
    }
}
