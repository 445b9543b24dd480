//! Checks: each subgraph by itself, and the merged schema.

mod authorization;
mod context;
mod demand_control;
mod external;
mod field_sets;
mod implementations;
mod inaccessible;
mod interface_objects;
mod references;
mod sharing;

use async_graphql_parser::Pos;

use crate::{
    Code,
    compose::model::Merged,
    diagnostics::{Place, Report},
    model::{Schema, TypeDef},
    parallel,
};

/// Checks each subgraph by itself.
pub(crate) fn subgraphs(schemas: &[Schema], report: &mut Report) {
    let found = parallel::map(schemas.iter().collect(), |schema| {
        let mut found = Report::default();
        subgraph(schema, &mut found);
        found
    });
    found.into_iter().for_each(|found| report.append(found));
}

fn subgraph(schema: &Schema, report: &mut Report) {
    let mut check = Check { schema, report };
    references::check(&mut check);
    context::check_definitions(&mut check);
    inaccessible::check_definitions(&mut check);
    for ty in schema.types.values() {
        field_sets::check(&mut check, ty);
        external::check(&mut check, ty);
        sharing::check(&mut check, ty);
        interface_objects::check(&mut check, ty);
        authorization::check(&mut check, ty);
        demand_control::check(&mut check, ty);
        context::check(&mut check, ty);
    }
}

/// Checks what only the merged schema can show.
pub(crate) fn supergraph(merged: &Merged, schemas: &[Schema], report: &mut Report) {
    implementations::check(merged, schemas, report);
    interface_objects::check_all(merged, schemas, report);
    authorization::check_requirements(merged, schemas, report);
    inaccessible::check(merged, schemas, report);
}

/// One subgraph under check.
struct Check<'a, 'r> {
    schema: &'a Schema,
    report: &'r mut Report,
}

impl Check<'_, '_> {
    fn error(&mut self, code: Code, message: impl Into<String>, pos: Pos) {
        self.report.error(code, message, vec![self.schema.place(pos)]);
    }
}

/// Where subgraphs define a type.
fn type_places(schemas: &[Schema], name: &str) -> Vec<Place> {
    let found = schemas.iter().filter_map(|schema| Some((schema, schema.types.get(name)?)));
    found.map(|(schema, ty): (_, &TypeDef)| schema.place(ty.pos)).collect()
}

/// Where subgraphs define a field.
fn field_places(schemas: &[Schema], ty: &str, field: &str) -> Vec<Place> {
    let found = schemas.iter().filter_map(|schema| Some((schema, schema.field(ty, field)?)));
    found.map(|(schema, field)| schema.place(field.pos)).collect()
}
