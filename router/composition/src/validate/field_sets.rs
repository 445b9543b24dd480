//! What `@key`, `@requires` and `@provides` select.

use async_graphql_value::Name;

use super::Check;
use crate::{
    Code,
    field_set::{FieldSet, Selection},
    model::{External, Field, Kind, TypeDef, is_builtin_scalar, named},
    spec::Version,
};

/// What one of the directives allows.
struct Rules {
    directive: &'static str,
    invalid: Code,
    has_directive: Code,
    /// Fields with arguments are refused.
    has_arguments: Option<Code>,
    /// Selected leaves have to be external.
    missing_external: Option<Code>,
    /// Interfaces and unions are refused.
    abstract_type: Option<Code>,
}

const KEY: Rules = Rules {
    directive: "@key",
    invalid: Code::KeyInvalidFields,
    has_directive: Code::KeyHasDirectiveInFieldsArg,
    has_arguments: Some(Code::KeyFieldsHasArgs),
    missing_external: None,
    abstract_type: Some(Code::KeyFieldsSelectInvalidType),
};

const REQUIRES: Rules = Rules {
    directive: "@requires",
    invalid: Code::RequiresInvalidFields,
    has_directive: Code::RequiresHasDirectiveInFieldsArg,
    has_arguments: None,
    missing_external: Some(Code::RequiresFieldsMissingExternal),
    abstract_type: None,
};

const PROVIDES: Rules = Rules {
    directive: "@provides",
    invalid: Code::ProvidesInvalidFields,
    has_directive: Code::ProvidesHasDirectiveInFieldsArg,
    has_arguments: Some(Code::ProvidesFieldsHasArgs),
    missing_external: Some(Code::ProvidesFieldsMissingExternal),
    abstract_type: None,
};

pub(super) fn check(check: &mut Check<'_, '_>, ty: &TypeDef) {
    keys(check, ty);
    for field in ty.kind.fields().into_iter().flat_map(|fields| fields.values()) {
        let coordinate = format!("{}.{}", ty.name, field.name);
        if let Some(requires) = &field.marks.requires {
            requires_of(check, ty, &coordinate, requires);
        }
        if let Some(provides) = &field.marks.provides {
            provides_of(check, ty, &coordinate, field, provides);
        }
    }
}

fn keys(check: &mut Check<'_, '_>, ty: &TypeDef) {
    for key in &ty.marks.keys {
        if ty.kind.is_interface() && check.schema.version < Version::V2(3) {
            if check.schema.version != Version::V1 {
                let message =
                    format!("@key on the interface {} needs Federation v2.3: raise the version in @link.", ty.name);
                check.error(Code::KeyUnsupportedOnInterface, message, key.fields.pos);
            }
            continue;
        }
        run(check, &KEY, ty.name.as_str(), &ty.name, &key.fields);
    }
}

fn requires_of(check: &mut Check<'_, '_>, ty: &TypeDef, coordinate: &str, requires: &FieldSet) {
    if ty.kind.is_interface() {
        if check.schema.version != Version::V1 {
            let message =
                format!("@requires on {coordinate}: fields of interfaces cannot have it, put it on the objects.");
            check.error(Code::RequiresUnsupportedOnInterface, message, requires.pos);
        }
        return;
    }
    run(check, &REQUIRES, coordinate, &ty.name, requires);
}

fn provides_of(check: &mut Check<'_, '_>, ty: &TypeDef, coordinate: &str, field: &Field, provides: &FieldSet) {
    if ty.kind.is_interface() {
        if check.schema.version != Version::V1 {
            let message =
                format!("@provides on {coordinate}: fields of interfaces cannot have it, put it on the objects.");
            check.error(Code::ProvidesUnsupportedOnInterface, message, provides.pos);
        }
        return;
    }
    let target = named(&field.ty);
    let composite = check.schema.types.get(target).is_some_and(|ty| !ty.kind.is_leaf());
    if !composite {
        let message =
            format!("@provides on {coordinate}: it returns {target}, which has no fields to provide: remove it.");
        return check.error(Code::ProvidesOnNonObjectField, message, provides.pos);
    }
    run(check, &PROVIDES, coordinate, target, provides);
}

fn run(check: &mut Check<'_, '_>, rules: &Rules, owner: &str, parent: &Name, fields: &FieldSet) {
    let mut walk = Walk { check, rules, owner, fields };
    walk.all(parent, &fields.selections, false);
}

struct Walk<'w, 'a, 'r> {
    check: &'w mut Check<'a, 'r>,
    rules: &'w Rules,
    owner: &'w str,
    fields: &'w FieldSet,
}

impl Walk<'_, '_, '_> {
    fn error(&mut self, code: Code, why: &str) {
        let message = format!("{}(fields: \"{}\") on {}: {why}.", self.rules.directive, self.fields, self.owner);
        self.check.error(code, message, self.fields.pos);
    }

    fn all(&mut self, parent: &Name, selections: &[Selection], under_external: bool) {
        for selection in selections {
            match selection {
                Selection::Field { name, has_directive, children, .. } => {
                    self.directive(*has_directive);
                    self.field(parent, name, children, under_external);
                }
                Selection::Fragment { on, has_directive, children } => {
                    self.directive(*has_directive);
                    let on = on.as_ref().unwrap_or(parent);
                    match self.check.schema.types.get(on).map(|ty| ty.kind.is_leaf()) {
                        Some(false) => self.all(on, children, under_external),
                        Some(true) => self.error(self.rules.invalid, &format!("{on} has no fields")),
                        None => self.error(self.rules.invalid, &format!("the subgraph has no type {on}")),
                    }
                }
            }
        }
    }

    fn directive(&mut self, has_directive: bool) {
        if has_directive {
            self.error(self.rules.has_directive, "directives such as @include cannot stand here, remove them");
        }
    }

    fn field(&mut self, parent: &Name, name: &Name, children: &[Selection], under_external: bool) {
        if *name == "__typename" {
            return;
        }
        let schema = self.check.schema;
        let Some(field) = schema.field(parent, name) else {
            return self.error(
                self.rules.invalid,
                &format!("{parent} has no field \"{name}\" in this subgraph, add it there or leave it out"),
            );
        };
        if let Some(code) = self.rules.has_arguments.filter(|_| !field.arguments.is_empty()) {
            self.error(code, &format!("{parent}.{name} has arguments, leave it out"));
        }
        let target = named(&field.ty);
        let kind = schema.types.get(target).map(|ty| &ty.kind);
        let leaf = is_builtin_scalar(target) || kind.is_some_and(Kind::is_leaf);
        if let (Some(code), Some(Kind::Interface(_) | Kind::Union(_))) = (self.rules.abstract_type, kind) {
            self.error(code, &format!("{parent}.{name} is {target}, which is not an object type, leave it out"));
        }
        match (leaf, children.is_empty()) {
            (true, false) => {
                self.error(self.rules.invalid, &format!("{parent}.{name} is {target}, which has no fields"));
            }
            (false, true) => {
                self.error(self.rules.invalid, &format!("{parent}.{name} is {target}: select some of its fields"));
            }
            _ => {}
        }
        let external = under_external || self.is_external(parent, field);
        if leaf && !external {
            self.not_external(parent, field);
        }
        if !leaf {
            self.all(target, children, external);
        }
    }

    /// Also when only the implementations of an interface say so.
    fn is_external(&self, parent: &Name, field: &Field) -> bool {
        let schema = self.check.schema;
        let interface = schema.types.get(parent).is_some_and(|ty| ty.kind.is_interface());
        let in_implementation =
            |ty: &Name| schema.field(ty, &field.name).is_some_and(|field| field.external == External::Yes);
        field.external == External::Yes || interface && schema.implementers(parent).iter().any(in_implementation)
    }

    fn not_external(&mut self, parent: &Name, field: &Field) {
        // Federation 1 accepts what is superfluous.
        let Some(code) = self.rules.missing_external.filter(|_| self.check.schema.version != Version::V1) else {
            return;
        };
        let why = if field.external == External::Nominal {
            format!(
                "{parent}.{} is a key field of an extension, so this subgraph has it anyway: leave it out",
                field.name
            )
        } else {
            format!(
                "{parent}.{} is not @external, so this subgraph resolves it anyway: leave it out, or mark it @external",
                field.name
            )
        };
        self.error(code, &why);
    }
}
