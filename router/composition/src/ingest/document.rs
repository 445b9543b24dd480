//! One subgraph's document: its definitions sorted out, its roots named as everybody names them.

use crate::map::{HashMap, IndexMap};
use async_graphql_parser::{
    Error, Pos, Positioned, parse_schema,
    types::{DirectiveDefinition, DirectiveLocation, SchemaDefinition, TypeDefinition, TypeSystemDefinition},
};
use async_graphql_value::{ConstValue, Name};

use super::{
    link::{Links, Meaning},
    marks::Reader,
    types,
};
use crate::{
    Code, Subgraph,
    diagnostics::{Place, Report},
    model::{Composed, DirectiveDef, Schema},
    nesting::{MAX_NESTING, is_too_deep},
    spec::{Directive, location_name},
};

/// The definitions of a document by kind.
struct Document {
    schemas: Vec<Positioned<SchemaDefinition>>,
    types: Vec<Positioned<TypeDefinition>>,
    directives: Vec<Positioned<DirectiveDefinition>>,
}

/// Reads one subgraph; `None` when its text cannot be parsed.
pub(super) fn read(subgraph: &Subgraph, graph: String, report: &mut Report) -> Option<Schema> {
    let document = parse(subgraph, report)?;
    let links = Links::read(&subgraph.name, &document.schemas, report);
    let defined: HashMap<_, _> =
        document.directives.iter().map(|directive| (directive.node.name.node.clone(), &directive.node)).collect();
    let roots = root_names(subgraph, &document, report);
    let mut reader = Reader {
        subgraph: &subgraph.name,
        links: &links,
        defined: &defined,
        roots: &roots,
        report,
        unread_field_set: false,
    };
    let types = types::read(&mut reader, &document.types);
    let directives = own_directives(&mut reader, subgraph, &document.directives);
    let composed = composed(&mut reader, &document.schemas);
    let unread_field_set = reader.unread_field_set;
    Some(Schema {
        unread_field_set,
        name: subgraph.name.clone(),
        url: subgraph.url.clone().unwrap_or_default(),
        graph,
        version: links.version,
        types,
        directives,
        composed,
    })
}

fn parse(subgraph: &Subgraph, report: &mut Report) -> Option<Document> {
    if is_too_deep(&subgraph.sdl) {
        let place = Place { subgraph: subgraph.name.clone(), line: 0, column: 0 };
        let message = format!("The schema nests brackets deeper than {MAX_NESTING} levels: write it flatter.");
        report.error(Code::InvalidGraphql, message, vec![place]);
        return None;
    }
    let parsed = match parse_schema(&subgraph.sdl) {
        Ok(parsed) => parsed,
        Err(error) => {
            let pos = error.positions().next().unwrap_or_default();
            let place = Place { subgraph: subgraph.name.clone(), line: pos.line, column: pos.column };
            let message = format!("The schema is not valid GraphQL: {}.", what_was_expected(&error));
            report.error(Code::InvalidGraphql, message, vec![place]);
            return None;
        }
    };
    let mut document = Document { schemas: Vec::new(), types: Vec::new(), directives: Vec::new() };
    for definition in parsed.definitions {
        match definition {
            TypeSystemDefinition::Schema(it) => document.schemas.push(it),
            TypeSystemDefinition::Type(it) => document.types.push(it),
            TypeSystemDefinition::Directive(it) => document.directives.push(it),
        }
    }
    Some(document)
}

/// The parser draws a picture; the line that says what it wanted is the last one.
fn what_was_expected(error: &Error) -> String {
    let text = error.to_string();
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    last.trim_start_matches("= ").to_owned()
}

/// Root types under other names, to the names that the supergraph uses.
fn root_names(subgraph: &Subgraph, document: &Document, report: &mut Report) -> HashMap<Name, Name> {
    let explicit = document.schemas.iter().any(|schema| !schema.node.extend);
    let mut renamed = HashMap::default();
    let roots = [
        ("Query", Code::RootQueryUsed, root(document, |schema| schema.query.as_ref())),
        ("Mutation", Code::RootMutationUsed, root(document, |schema| schema.mutation.as_ref())),
        ("Subscription", Code::RootSubscriptionUsed, root(document, |schema| schema.subscription.as_ref())),
    ];
    for (name, code, root) in roots {
        let named = root.map(|root| &root.node);
        let taken = document.types.iter().find(|ty| ty.node.name.node == name);
        match (named, taken) {
            (Some(named), _) if *named == *name => {}
            (None, Some(_)) if !explicit => {}
            (_, Some(taken)) => {
                let message = format!(
                    "The type \"{name}\" is not the root that `schema` names, but the supergraph's root has that name: \
                     rename the type, or name it in `schema`."
                );
                let place = Place { subgraph: subgraph.name.clone(), line: taken.pos.line, column: taken.pos.column };
                report.error(code, message, vec![place]);
            }
            (Some(named), None) => {
                renamed.insert(named.clone(), Name::new(name));
            }
            (None, None) => {}
        }
    }
    renamed
}

fn root(document: &Document, pick: fn(&SchemaDefinition) -> Option<&Positioned<Name>>) -> Option<&Positioned<Name>> {
    document.schemas.iter().find_map(|schema| pick(&schema.node))
}

/// Directives that the subgraph defines and that are not Federation's or GraphQL's own.
fn own_directives(
    reader: &mut Reader<'_>,
    subgraph: &Subgraph,
    directives: &[Positioned<DirectiveDefinition>],
) -> IndexMap<Name, DirectiveDef> {
    let mut own = IndexMap::default();
    for directive in directives {
        let name = &directive.node.name.node;
        match reader.links.meaning(name, true) {
            Meaning::Other => {}
            Meaning::Federation(meaning) => {
                known_definition(reader, meaning, directive);
                continue;
            }
            Meaning::NotImported(_) | Meaning::BuiltIn => continue,
        }
        let definition = DirectiveDef {
            pos: directive.pos,
            description: types::text(directive.node.description.as_ref()),
            arguments: types::arguments(reader, &format!("@{name}"), &directive.node.arguments),
            repeatable: is_repeatable(&subgraph.sdl, &directive.node),
            locations: directive.node.locations.iter().map(|location| location.node).collect(),
        };
        if own.insert(name.clone(), definition).is_some() {
            reader.error(
                Code::InvalidGraphql,
                format!("@{name} is defined twice: keep one definition."),
                directive.pos,
            );
        }
    }
    own
}

/// A subgraph may repeat a definition of Federation, but not change it.
fn known_definition(reader: &mut Reader<'_>, meaning: Directive, directive: &Positioned<DirectiveDefinition>) {
    let name = &directive.node.name.node;
    for argument in &directive.node.arguments {
        let argument = &argument.node.name;
        if !meaning.arguments().contains(&argument.node.as_str()) {
            let message = format!(
                "The definition of @{name} has the argument \"{}\", which Federation's does not: remove the definition.",
                argument.node
            );
            reader.error(Code::DirectiveDefinitionInvalid, message, argument.pos);
        }
    }
    for location in &directive.node.locations {
        let on_schema = meaning == Directive::Tag && location.node == DirectiveLocation::Schema;
        if !meaning.locations().contains(&location.node) && !on_schema {
            let message = format!(
                "The definition of @{name} puts it on {}, where Federation's cannot stand: remove the definition.",
                location_name(location.node)
            );
            reader.error(Code::DirectiveDefinitionInvalid, message, location.pos);
        }
    }
}

/// Whether `repeatable` stands before the locations. The parser says yes for every definition, so look at the text.
fn is_repeatable(sdl: &str, directive: &DirectiveDefinition) -> bool {
    let Some(first) = directive.locations.first() else { return false };
    let before = text_between(sdl, directive.name.pos, first.pos);
    let words = before.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let words: Vec<_> = words.collect();
    matches!(words.as_slice(), [.., "repeatable", "on"])
}

fn text_between(sdl: &str, from: Pos, to: Pos) -> String {
    let cut = |line: &str, skip: usize, end: Option<usize>| -> String {
        line.chars().take(end.unwrap_or(usize::MAX)).skip(skip).collect()
    };
    let lines = sdl.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines
        .filter(|(number, _)| (from.line..=to.line).contains(number))
        .map(|(number, line)| {
            let skip = if number == from.line { from.column - 1 } else { 0 };
            let end = (number == to.line).then(|| to.column - 1);
            cut(line, skip, end) + "\n"
        })
        .collect()
}

/// What the schema's `@composeDirective`s ask for.
fn composed(reader: &mut Reader<'_>, schemas: &[Positioned<SchemaDefinition>]) -> Vec<Composed> {
    let mut composed = Vec::new();
    for applied in schemas.iter().flat_map(|schema| &schema.node.directives) {
        let name = &applied.node.name.node;
        match reader.links.meaning(name, reader.defined.contains_key(name)) {
            Meaning::Federation(Directive::Compose) => {
                composed.extend(compose_directive(reader, applied));
            }
            Meaning::Federation(Directive::Tag) | Meaning::BuiltIn => {}
            Meaning::Other if reader.defined.contains_key(name) => {}
            meaning => reader.misplaced(name, meaning, "SCHEMA", applied.pos),
        }
    }
    composed
}

fn compose_directive(
    reader: &mut Reader<'_>,
    applied: &Positioned<async_graphql_parser::types::ConstDirective>,
) -> Option<Composed> {
    let pos = applied.pos;
    let Some(ConstValue::String(argument)) = applied.node.get_argument("name").map(|name| &name.node) else {
        let message = "@composeDirective needs `name`, a string such as \"@custom\".".to_owned();
        reader.error(Code::DirectiveCompositionError, message, pos);
        return None;
    };
    let Some(name) = argument.strip_prefix('@') else {
        let message = format!("@composeDirective(name: \"{argument}\"): write the name with its @.");
        reader.error(Code::DirectiveCompositionError, message, pos);
        return None;
    };
    let defined = reader.defined.contains_key(name);
    if reader.links.meaning(name, defined) != Meaning::Other || !defined {
        let message = format!(
            "@composeDirective names @{name}, which this subgraph does not define: define it, or correct the name."
        );
        reader.error(Code::DirectiveCompositionError, message, pos);
        return None;
    }
    let Some((link, imported)) = reader.links.find(name) else {
        let message =
            format!("@composeDirective names @{name}: import it with an @link to the specification it belongs to.");
        reader.error(Code::DirectiveCompositionError, message, pos);
        return None;
    };
    Some(Composed { name: Name::new(name), pos, url: link.url.clone(), imported, imported_as: format!("@{name}") })
}
