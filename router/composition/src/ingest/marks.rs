//! Directives on an element, checked against their definitions and read into [`Marks`].

use crate::map::HashMap;
use async_graphql_parser::{
    Pos, Positioned,
    types::{ConstDirective, DirectiveDefinition, DirectiveLocation},
};
use async_graphql_value::{ConstValue, Name};

use super::link::{Links, Meaning};
use crate::{
    Code,
    diagnostics::{Place, Report},
    field_set::FieldSet,
    model::{Applied, Key, Marks, Override},
    spec::{Directive, Version, location_name},
};

/// What reading a subgraph's definitions needs to know.
pub(super) struct Reader<'a> {
    pub(super) subgraph: &'a str,
    pub(super) links: &'a Links,
    pub(super) defined: &'a HashMap<Name, &'a DirectiveDefinition>,
    /// Root types under other names → the names that the supergraph uses.
    pub(super) roots: &'a HashMap<Name, Name>,
    pub(super) report: &'a mut Report,
    /// Some field set could not be read, so what it uses is not known.
    pub(super) unread_field_set: bool,
}

/// An element that carries directives.
pub(super) struct Element<'a> {
    /// How messages call it: `User.name`.
    pub(super) coordinate: &'a str,
    pub(super) location: DirectiveLocation,
}

impl Reader<'_> {
    pub(super) fn error(&mut self, code: Code, message: impl Into<String>, pos: Pos) {
        let place = Place { subgraph: self.subgraph.to_owned(), line: pos.line, column: pos.column };
        self.report.error(code, message, vec![place]);
    }

    /// Reads all directives of one element.
    pub(super) fn marks(&mut self, element: &Element<'_>, directives: &[Positioned<ConstDirective>]) -> Marks {
        if directives.is_empty() {
            return Marks::default();
        }
        let mut applied = Applied::default();
        for (index, directive) in directives.iter().enumerate() {
            let name = &directive.node.name.node;
            let repeated = directives[..index].iter().any(|earlier| earlier.node.name.node == *name);
            self.one(element, directive, repeated, &mut applied);
        }
        Marks::new(applied)
    }

    fn one(&mut self, element: &Element<'_>, directive: &Positioned<ConstDirective>, again: bool, to: &mut Applied) {
        let name = &directive.node.name.node;
        let pos = directive.pos;
        match self.links.meaning(name, self.defined.contains_key(name)) {
            Meaning::Federation(meaning) => {
                if !self.may_stand(element, name, meaning.locations(), pos) {
                    return;
                }
                if again && !meaning.repeatable() {
                    let message = format!("@{name} stands twice on {}: keep one.", element.coordinate);
                    return self.error(Code::InvalidGraphql, message, pos);
                }
                self.federation(element, meaning, directive, to);
            }
            Meaning::BuiltIn => self.built_in(element, directive, to),
            meaning => self.custom(element, meaning, directive, to),
        }
    }

    fn may_stand(&mut self, element: &Element<'_>, name: &str, locations: &[DirectiveLocation], pos: Pos) -> bool {
        let fits = locations.contains(&element.location);
        if !fits {
            let allowed: Vec<_> = locations.iter().copied().map(location_name).collect();
            let message = format!(
                "@{name} cannot stand on {} ({}): it belongs on {}.",
                element.coordinate,
                location_name(element.location),
                allowed.join(", ")
            );
            self.error(Code::InvalidGraphql, message, pos);
        }
        fits
    }

    /// A directive that means nothing where it stands.
    pub(super) fn misplaced(&mut self, name: &str, meaning: Meaning, location: &str, pos: Pos) {
        let message = match meaning {
            Meaning::NotImported(directive) => not_imported(name, directive, self.links.version),
            Meaning::Federation(_) => format!("@{name} cannot stand on {location}: remove it."),
            Meaning::BuiltIn | Meaning::Other => {
                format!("@{name} is not known: define it, or import it with @link, or correct its name.")
            }
        };
        self.error(Code::InvalidGraphql, message, pos);
    }

    fn custom(
        &mut self,
        element: &Element<'_>,
        meaning: Meaning,
        directive: &Positioned<ConstDirective>,
        to: &mut Applied,
    ) {
        let name = &directive.node.name.node;
        let defined = self.defined.get(name).copied().filter(|_| meaning == Meaning::Other);
        let Some(definition) = defined else {
            return self.misplaced(name, meaning, location_name(element.location), directive.pos);
        };
        let locations: Vec<_> = definition.locations.iter().map(|location| location.node).collect();
        if !self.may_stand(element, name, &locations, directive.pos) {
            return;
        }
        for (argument, _) in &directive.node.arguments {
            if !definition.arguments.iter().any(|known| known.node.name.node == argument.node) {
                let message = format!("@{name} has no argument \"{}\".", argument.node);
                self.error(Code::InvalidGraphql, message, argument.pos);
            }
        }
        to.custom.push((directive.node.clone(), directive.pos));
    }

    fn built_in(&mut self, element: &Element<'_>, directive: &Positioned<ConstDirective>, to: &mut Applied) {
        match directive.node.name.node.as_str() {
            "deprecated" => {
                let reason = self.text(directive, "reason", Code::InvalidGraphql);
                to.deprecated = Some(reason.unwrap_or_else(|| "No longer supported".to_owned()));
            }
            "specifiedBy" => to.specified_by = self.text(directive, "url", Code::InvalidGraphql),
            "oneOf" if element.location == DirectiveLocation::InputObject => to.one_of = Some(directive.pos),
            name => {
                let message = format!("@{name} cannot stand on {}: remove it.", element.coordinate);
                self.error(Code::InvalidGraphql, message, directive.pos);
            }
        }
    }

    fn federation(
        &mut self,
        element: &Element<'_>,
        meaning: Directive,
        directive: &Positioned<ConstDirective>,
        to: &mut Applied,
    ) {
        let pos = directive.pos;
        match meaning {
            Directive::Key => to.keys.extend(self.key(element, directive)),
            Directive::Requires => to.requires = self.field_set(element, meaning, directive),
            Directive::Provides => to.provides = self.field_set(element, meaning, directive),
            Directive::External => to.external = Some(pos),
            Directive::Extends => to.extends = Some(pos),
            Directive::Shareable => to.shareable = Some(pos),
            Directive::InterfaceObject => to.interface_object = Some(pos),
            Directive::Inaccessible => to.inaccessible = Some(pos),
            Directive::Authenticated => to.authenticated = Some(pos),
            Directive::RequiresScopes => to.requires_scopes = self.groups(directive, "scopes"),
            Directive::Policy => to.policy = self.groups(directive, "policies"),
            Directive::Tag => to.tags.extend(self.required_text(directive, "name")),
            Directive::Override => to.overrides = self.overrides(directive),
            Directive::Compose => {}
            Directive::Cost => to.cost = self.cost(element, directive),
            Directive::ListSize => to.list_size = self.list_size(element, directive),
            Directive::Context => to.contexts.extend(self.context(element, directive)),
            Directive::FromContext => to.from_context = self.taken_context(element, directive),
        }
    }

    fn key(&mut self, element: &Element<'_>, directive: &Positioned<ConstDirective>) -> Option<Key> {
        let resolvable = match directive.node.get_argument("resolvable").map(|value| &value.node) {
            None | Some(ConstValue::Boolean(true)) => true,
            Some(ConstValue::Boolean(false)) => false,
            Some(other) => {
                let message = format!("`resolvable` of @key is {other}: it must be true or false.");
                self.error(Code::InvalidGraphql, message, directive.pos);
                return None;
            }
        };
        let fields = self.field_set(element, Directive::Key, directive)?;
        Some(Key { fields, resolvable })
    }

    fn field_set(
        &mut self,
        element: &Element<'_>,
        meaning: Directive,
        directive: &Positioned<ConstDirective>,
    ) -> Option<FieldSet> {
        let (wrong_type, invalid) = match meaning {
            Directive::Key => (Code::KeyInvalidFieldsType, Code::KeyInvalidFields),
            Directive::Requires => (Code::RequiresInvalidFieldsType, Code::RequiresInvalidFields),
            _ => (Code::ProvidesInvalidFieldsType, Code::ProvidesInvalidFields),
        };
        let on = element.coordinate;
        let before = std::mem::replace(&mut self.unread_field_set, true);
        let name = &directive.node.name.node;
        let text = match directive.node.get_argument("fields").map(|value| &value.node) {
            Some(ConstValue::String(text)) => text.clone(),
            Some(ConstValue::List(items)) if self.links.version == Version::V1 => join_texts(items),
            other => {
                let found = other.map_or_else(|| "nothing".to_owned(), ToString::to_string);
                let message = format!("`fields` of @{name} on {on} is {found}: it must be a string such as \"id\".");
                self.error(wrong_type, message, directive.pos);
                return None;
            }
        };
        match FieldSet::parse(&text, directive.pos) {
            Ok(fields) => {
                self.unread_field_set = before;
                Some(fields)
            }
            Err(why) => {
                self.error(invalid, format!("@{name}(fields: \"{text}\") on {on}: {why}."), directive.pos);
                None
            }
        }
    }

    fn overrides(&mut self, directive: &Positioned<ConstDirective>) -> Option<Override> {
        let from = self.required_text(directive, "from")?;
        let label = self.text(directive, "label", Code::OverrideLabelInvalid);
        if label.is_some() && self.links.version < Version::V2(7) {
            let message = "`label` of @override needs Federation v2.7: raise the version in @link.";
            self.error(Code::InvalidGraphql, message, directive.pos);
        }
        Some(Override { from, label, pos: directive.pos })
    }

    pub(super) fn required_text(&mut self, directive: &Positioned<ConstDirective>, argument: &str) -> Option<String> {
        if directive.node.get_argument(argument).is_none() {
            let message = format!("@{} needs `{argument}`, a string.", directive.node.name.node);
            self.error(Code::InvalidGraphql, message, directive.pos);
            return None;
        }
        self.text(directive, argument, Code::InvalidGraphql)
    }

    fn text(&mut self, directive: &Positioned<ConstDirective>, argument: &str, code: Code) -> Option<String> {
        match directive.node.get_argument(argument).map(|value| &value.node) {
            None | Some(ConstValue::Null) => None,
            Some(ConstValue::String(text)) => Some(text.clone()),
            Some(other) => {
                let message = format!("`{argument}` of @{} is {other}: it must be a string.", directive.node.name.node);
                self.error(code, message, directive.pos);
                None
            }
        }
    }

    /// `[["a", "b"], ["c"]]`, also where GraphQL lets a list of one be written without its brackets.
    fn groups(&mut self, directive: &Positioned<ConstDirective>, argument: &str) -> Option<Vec<Vec<String>>> {
        let groups = directive.node.get_argument(argument).and_then(|value| texts_of_texts(&value.node));
        if groups.is_none() {
            let name = &directive.node.name.node;
            let message = format!("@{name} needs `{argument}`, a list of lists of strings.");
            self.error(Code::InvalidGraphql, message, directive.pos);
        }
        groups
    }
}

fn not_imported(name: &str, directive: Directive, version: Version) -> String {
    let Version::V2(needed) = directive.since().max(Version::V2(0)) else { return String::new() };
    if version < directive.since() {
        return format!(
            "@{name} is used but not known in the Federation version that this subgraph links: link \
             \"https://specs.apollo.dev/federation/v2.{needed}\" or newer and import \"@{name}\"."
        );
    }
    format!(
        "@{name} is used but not imported, so it would have no effect: add \"@{name}\" to the import of the \
         subgraph's @link to the Federation specification."
    )
}

fn join_texts(items: &[ConstValue]) -> String {
    let texts = items.iter().filter_map(|item| match item {
        ConstValue::String(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn texts_of_texts(value: &ConstValue) -> Option<Vec<Vec<String>>> {
    let text = |value: &ConstValue| match value {
        ConstValue::String(text) => Some(text.clone()),
        _ => None,
    };
    let texts = |value: &ConstValue| match value {
        ConstValue::List(items) => items.iter().map(text).collect::<Option<Vec<_>>>(),
        other => text(other).map(|text| vec![text]),
    };
    match value {
        ConstValue::List(items) => items.iter().map(texts).collect(),
        other => texts(other).map(|group| vec![group]),
    }
}
