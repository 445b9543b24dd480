//! What `@inaccessible` hides must not be needed by what it leaves.

use async_graphql_parser::types::Type;
use async_graphql_value::{ConstValue, Name};
use indexmap::IndexMap;

use super::{field_places, type_places};
use crate::{
    Code,
    compose::model::{Merged, MergedComposite, MergedInput, MergedKind, MergedType},
    diagnostics::{Place, Report},
    model::{Schema, named},
};

pub(super) fn check(merged: &Merged, schemas: &[Schema], report: &mut Report) {
    let mut check = Hidden { merged, schemas, report };
    for ty in merged.types.values() {
        if !ty.marks.inaccessible {
            check.visible_type(ty);
        } else if ty.name == "Query" {
            let message = "Query is @inaccessible: clients would have nothing to begin with.";
            check.report.error(Code::QueryRootTypeInaccessible, message, type_places(schemas, "Query"));
        }
    }
}

fn argument(name: &Name) -> String {
    format!("({name}:)")
}

fn input_field(name: &Name) -> String {
    format!(".{name}")
}

struct Hidden<'a, 'r> {
    merged: &'a Merged,
    schemas: &'a [Schema],
    report: &'r mut Report,
}

impl Hidden<'_, '_> {
    fn is_hidden(&self, name: &str) -> bool {
        self.merged.types.get(name).is_some_and(|ty| ty.marks.inaccessible)
    }

    fn visible_type(&mut self, ty: &MergedType) {
        let visible = match &ty.kind {
            MergedKind::Scalar => 1,
            MergedKind::Object(it) | MergedKind::Interface(it) => {
                self.composite(&ty.name, it);
                it.fields.values().filter(|field| !field.marks.inaccessible).count()
            }
            MergedKind::Union(members) => members.keys().filter(|member| !self.is_hidden(member)).count(),
            MergedKind::Enum(values) => values.values().filter(|value| !value.marks.inaccessible).count(),
            MergedKind::Input(fields) => {
                self.inputs(ty.name.as_str(), fields, &type_places(self.schemas, &ty.name), input_field);
                fields.values().filter(|field| !field.marks.inaccessible).count()
            }
        };
        if visible == 0 {
            let message = format!("Everything in {} is @inaccessible: make {} itself @inaccessible.", ty.name, ty.name);
            self.report.error(Code::OnlyInaccessibleChildren, message, type_places(self.schemas, &ty.name));
        }
    }

    fn composite(&mut self, name: &Name, composite: &MergedComposite) {
        for (field_name, field) in &composite.fields {
            if field.marks.inaccessible {
                self.promised(name, composite, field_name);
                continue;
            }
            let places = field_places(self.schemas, name, field_name);
            let coordinate = format!("{name}.{field_name}");
            self.reference(&coordinate, &field.ty, &places);
            self.inputs(&coordinate, &field.arguments, &places, argument);
        }
    }

    /// A hidden field that a visible interface still shows.
    fn promised(&mut self, name: &Name, composite: &MergedComposite, field: &Name) {
        for interface in composite.implements.keys() {
            if self.is_hidden(interface) {
                continue;
            }
            let promised = self.merged.types.get(interface).and_then(|ty| ty.kind.composite());
            let visible = promised.and_then(|it| it.fields.get(field)).is_some_and(|field| !field.marks.inaccessible);
            if visible {
                let message = format!(
                    "{name}.{field} is @inaccessible, but {interface}.{field} is visible and needs it: hide both or none."
                );
                let places = field_places(self.schemas, name, field);
                self.report.error(Code::ImplementedByInaccessible, message, places);
            }
        }
    }

    fn reference(&mut self, coordinate: &str, ty: &Type, places: &[Place]) {
        let name = named(ty);
        if self.is_hidden(name) {
            let message = format!("{coordinate} is visible but its type {name} is @inaccessible: hide both or none.");
            self.report.error(Code::ReferencedInaccessible, message, places.to_vec());
        }
    }

    fn inputs(
        &mut self,
        owner: &str,
        inputs: &IndexMap<Name, MergedInput>,
        places: &[Place],
        coordinate: fn(&Name) -> String,
    ) {
        for (name, input) in inputs {
            let coordinate = format!("{owner}{}", coordinate(name));
            if !input.marks.inaccessible {
                self.reference(&coordinate, &input.ty, places);
                if let Some(default) = &input.default {
                    self.default(&coordinate, named(&input.ty), default, places);
                }
            } else if input.is_required() {
                let message = format!("{coordinate} is @inaccessible but required: clients could not give it.");
                self.report.error(Code::RequiredInaccessible, message, places.to_vec());
            }
        }
    }

    /// A default that clients could not write themselves.
    fn default(&mut self, coordinate: &str, ty: &Name, value: &ConstValue, places: &[Place]) {
        let kind = self.merged.types.get(ty).map(|ty| &ty.kind);
        match (value, kind) {
            (ConstValue::List(items), _) => items.iter().for_each(|item| self.default(coordinate, ty, item, places)),
            (ConstValue::Enum(name), Some(MergedKind::Enum(values))) => {
                if values.get(name).is_some_and(|value| value.marks.inaccessible) {
                    self.hidden_default(coordinate, &format!("{ty}.{name}"), places);
                }
            }
            (ConstValue::Object(object), Some(MergedKind::Input(fields))) => {
                for (name, value) in object {
                    let Some(field) = fields.get(name) else { continue };
                    if field.marks.inaccessible {
                        self.hidden_default(coordinate, &format!("{ty}.{name}"), places);
                    }
                    self.default(coordinate, named(&field.ty), value, places);
                }
            }
            _ => {}
        }
    }

    fn hidden_default(&mut self, coordinate: &str, hidden: &str, places: &[Place]) {
        let message = format!("The default of {coordinate} uses {hidden}, which is @inaccessible: change one of them.");
        self.report.error(Code::DefaultValueUsesInaccessible, message, places.to_vec());
    }
}
