//! The API schema: what clients see.

use async_graphql_value::Name;

use super::printer::{Printer, quoted};
use crate::compose::model::{Merged, MergedComposite, MergedInput, MergedKind, MergedType};

/// Prints the schema for clients: no federation directives, nothing inaccessible.
pub(crate) fn api(merged: &Merged) -> String {
    let mut printer = Printer::default();
    for directive in merged.directives.iter().filter(|directive| directive.executable) {
        printer.directive_definition(directive);
    }
    let mut api = Api { merged, printer };
    for ty in merged.types.values().filter(|ty| !ty.marks.inaccessible) {
        api.definition(ty);
    }
    api.printer.finish()
}

struct Api<'a> {
    merged: &'a Merged,
    printer: Printer,
}

impl Api<'_> {
    fn is_visible(&self, type_name: &Name) -> bool {
        self.merged.types.get(type_name).is_none_or(|ty| !ty.marks.inaccessible)
    }

    fn definition(&mut self, ty: &MergedType) {
        self.printer.gap();
        self.printer.description(ty.description.as_ref(), "");
        match &ty.kind {
            MergedKind::Scalar => {
                self.printer.put(format_args!("scalar {}", ty.name));
                if let Some(url) = &ty.marks.specified_by {
                    self.printer.put(format_args!(" @specifiedBy(url: {})", quoted(url)));
                }
                self.printer.raw("\n");
            }
            MergedKind::Object(it) => self.composite("type", &ty.name, it),
            MergedKind::Interface(it) => self.composite("interface", &ty.name, it),
            MergedKind::Union(members) => {
                let visible = members.keys().filter(|member| self.is_visible(member)).map(Name::as_str);
                let visible: Vec<_> = visible.collect();
                self.printer.put(format_args!("union {} = {}\n", ty.name, visible.join(" | ")));
            }
            MergedKind::Enum(values) => {
                self.printer.put(format_args!("enum {} {{\n", ty.name));
                for (name, value) in values.iter().filter(|(_, value)| !value.marks.inaccessible) {
                    self.printer.description(value.description.as_ref(), "  ");
                    self.printer.put(format_args!("  {name}"));
                    self.printer.deprecated(value.marks.deprecated.as_ref());
                    self.printer.raw("\n");
                }
                self.printer.raw("}\n");
            }
            MergedKind::Input(fields) => {
                let one_of = if ty.marks.one_of { " @oneOf" } else { "" };
                self.printer.put(format_args!("input {}{one_of} {{\n", ty.name));
                for (name, field) in fields.iter().filter(|(_, field)| !field.marks.inaccessible) {
                    self.printer.description(field.description.as_ref(), "  ");
                    self.printer.raw("  ");
                    self.printer.input(name, field);
                    self.printer.deprecated(field.marks.deprecated.as_ref());
                    self.printer.raw("\n");
                }
                self.printer.raw("}\n");
            }
        }
    }

    fn composite(&mut self, keyword: &str, name: &Name, composite: &MergedComposite) {
        self.printer.put(format_args!("{keyword} {name}"));
        let interfaces: Vec<_> =
            composite.implements.keys().filter(|interface| self.is_visible(interface)).map(Name::as_str).collect();
        if !interfaces.is_empty() {
            self.printer.put(format_args!(" implements {}", interfaces.join(" & ")));
        }
        self.printer.raw(" {\n");
        for (name, field) in composite.fields.iter().filter(|(_, field)| !field.marks.inaccessible) {
            self.printer.description(field.description.as_ref(), "  ");
            self.printer.put(format_args!("  {name}"));
            let visible = field.arguments.iter().filter(|(_, argument)| !argument.marks.inaccessible);
            let visible = visible.map(|(name, argument)| (name.clone(), argument.clone())).collect();
            self.printer.arguments(&visible, "  ", |printer, argument: &MergedInput| {
                printer.deprecated(argument.marks.deprecated.as_ref());
            });
            self.printer.put(format_args!(": {}", field.ty));
            self.printer.deprecated(field.marks.deprecated.as_ref());
            self.printer.raw("\n");
        }
        self.printer.raw("}\n");
    }
}
