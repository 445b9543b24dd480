//! What `@inaccessible` hides must not be needed by what it leaves.

use crate::map::IndexMap;
use std::fmt;

use async_graphql_parser::types::Type;
use async_graphql_value::{ConstValue, Name};

use super::{Check, field_places, type_places};
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
            let message = "Query is @inaccessible: clients would have nothing to begin with, hide single fields of it.";
            check.report.error(Code::QueryRootTypeInaccessible, message, type_places(schemas, "Query"));
        }
    }
}

/// Arguments of directives are not part of what clients see.
pub(super) fn check_definitions(check: &mut Check<'_, '_>) {
    let schema = check.schema;
    for (name, directive) in &schema.directives {
        for argument in directive.arguments.values().filter(|argument| argument.marks.inaccessible.is_some()) {
            let message =
                format!("@inaccessible cannot stand on the directive argument @{name}({}:): remove it.", argument.name);
            check.error(Code::DisallowedInaccessible, message, argument.pos);
        }
    }
}

/// What a reference stands in: a field, or an input object.
struct Owner<'a> {
    ty: &'a Name,
    field: Option<&'a Name>,
}

impl Owner<'_> {
    fn places(&self, schemas: &[Schema]) -> Vec<Place> {
        match self.field {
            Some(field) => field_places(schemas, self.ty, field),
            None => type_places(schemas, self.ty),
        }
    }
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ty)?;
        self.field.map_or(Ok(()), |field| write!(f, ".{field}"))
    }
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
                self.inputs(&Owner { ty: &ty.name, field: None }, fields);
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
            let owner = Owner { ty: name, field: Some(field_name) };
            self.reference(&owner, "", &field.ty);
            self.inputs(&owner, &field.arguments);
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

    fn reference(&mut self, owner: &Owner<'_>, part: &str, ty: &Type) {
        let name = named(ty);
        if self.is_hidden(name) {
            let message = format!("{owner}{part} is visible but its type {name} is @inaccessible: hide both or none.");
            self.report.error(Code::ReferencedInaccessible, message, owner.places(self.schemas));
        }
    }

    fn inputs(&mut self, owner: &Owner<'_>, inputs: &IndexMap<Name, MergedInput>) {
        for (name, input) in inputs {
            let part = if owner.field.is_some() { format!("({name}:)") } else { format!(".{name}") };
            if !input.marks.inaccessible {
                self.reference(owner, &part, &input.ty);
                if let Some(default) = &input.default {
                    self.default(owner, &part, named(&input.ty), default);
                }
            } else if input.is_required() {
                let message = format!(
                    "{owner}{part} is @inaccessible but required, and clients could not give it: make it optional or visible."
                );
                self.report.error(Code::RequiredInaccessible, message, owner.places(self.schemas));
            }
        }
    }

    /// A default that clients could not write themselves.
    fn default(&mut self, owner: &Owner<'_>, part: &str, ty: &Name, value: &ConstValue) {
        let kind = self.merged.types.get(ty).map(|ty| &ty.kind);
        match (value, kind) {
            (ConstValue::List(items), _) => items.iter().for_each(|item| self.default(owner, part, ty, item)),
            (ConstValue::Enum(name), Some(MergedKind::Enum(values)))
                if values.get(name).is_some_and(|value| value.marks.inaccessible) =>
            {
                self.hidden_default(owner, part, &format!("{ty}.{name}"));
            }
            (ConstValue::Object(object), Some(MergedKind::Input(fields))) => {
                for (name, value) in object {
                    let Some(field) = fields.get(name) else { continue };
                    if field.marks.inaccessible {
                        self.hidden_default(owner, part, &format!("{ty}.{name}"));
                    }
                    self.default(owner, part, named(&field.ty), value);
                }
            }
            _ => {}
        }
    }

    fn hidden_default(&mut self, owner: &Owner<'_>, part: &str, hidden: &str) {
        let message =
            format!("The default of {owner}{part} uses {hidden}, which is @inaccessible: change one of them.");
        self.report.error(Code::DefaultValueUsesInaccessible, message, owner.places(self.schemas));
    }
}
