//! Directive definitions that stay: composed custom ones, `@cacheControl`, and executable ones that every subgraph has.

use crate::map::{IndexMap, IndexSet};
use std::collections::BTreeMap;

use async_graphql_value::Name;

use super::{
    Composer,
    arguments::{self, InputCodes, InputSource},
    description,
    model::{GraphId, Import, Merged, MergedDirective},
};
use crate::{
    Code,
    model::{DirectiveDef, InputValue},
    spec::is_executable,
};

const ARGUMENT: InputCodes = InputCodes {
    type_mismatch: Code::FieldArgumentTypeMismatch,
    default_mismatch: Code::FieldArgumentDefaultMismatch,
    compatible: Code::InconsistentButCompatibleArgumentType,
};

/// A definition in one subgraph.
type DirectiveSource<'a> = (GraphId, &'a DirectiveDef);

/// Decides which directives stay, before anything that carries them is merged.
pub(super) fn merge(composer: &mut Composer<'_, '_>, merged: &mut Merged) {
    let mut grouped: BTreeMap<&Name, Vec<DirectiveSource<'_>>> = BTreeMap::new();
    for (graph, schema) in composer.schemas.iter().enumerate() {
        for (name, directive) in &schema.directives {
            grouped.entry(name).or_default().push((graph, directive));
        }
    }
    for (name, sources) in grouped {
        if is_composed(composer, merged, name) {
            let directive = definition(composer, name, &sources, false);
            composer.kept_directives.insert(name.clone(), directive.repeatable);
            merged.directives.push(directive);
        } else if is_cache_control(name, &sources) {
            // Where subgraphs differ, every hint stays: the router takes the strictest.
            let directive = MergedDirective { repeatable: true, ..definition(composer, name, &sources, false) };
            composer.kept_directives.insert(name.clone(), true);
            merged.directives.push(directive);
        } else if sources.iter().any(|(_, directive)| directive.locations.iter().any(|at| is_executable(*at))) {
            executable(composer, merged, name, &sources);
        }
    }
}

/// Whether it is the `@cacheControl` that servers define by themselves, everywhere. It stays without being composed: how
/// long an answer may be kept is for the router to say, which sees only the supergraph.
fn is_cache_control(name: &Name, sources: &[DirectiveSource<'_>]) -> bool {
    const ARGUMENTS: [(&str, &str); 3] =
        [("maxAge", "Int"), ("scope", "CacheControlScope"), ("inheritMaxAge", "Boolean")];
    let is_known = |argument: &InputValue| {
        let ty = argument.ty.to_string();
        ARGUMENTS.contains(&(argument.name.as_str(), ty.as_str())) && argument.default.is_none()
    };
    name == "cacheControl"
        && sources.iter().all(|(_, directive)| {
            directive.arguments.values().all(is_known) && !directive.locations.iter().any(|at| is_executable(*at))
        })
}

/// Whether some subgraph composes the directive; then its link goes into the supergraph.
fn is_composed(composer: &mut Composer<'_, '_>, merged: &mut Merged, name: &Name) -> bool {
    let mut found: Option<(GraphId, &str, &str)> = None;
    for (graph, schema) in composer.schemas.iter().enumerate() {
        for composed in schema.composed.iter().filter(|composed| composed.name == *name) {
            if found.is_some_and(|(_, url, imported)| {
                identity(url) != identity(&composed.url) || imported != composed.imported
            }) {
                let message =
                    format!("@{name} comes from different specifications: rename one with `as` in its @link.");
                let places = vec![composer.place(graph, composed.pos)];
                composer.report.error(Code::DirectiveCompositionError, message, places);
            }
            found = Some((graph, &composed.url, &composed.imported));
            let import = Import { name: composed.imported.clone(), alias: composed.imported_as.clone() };
            if !link(merged, &composed.url, import) {
                let message = format!(
                    "@{name} is composed from major versions of its specification that do not fit together (\"{}\" is \
                     one): link the same one everywhere.",
                    composed.url
                );
                let places = vec![composer.place(graph, composed.pos)];
                composer.report.error(Code::DirectiveCompositionError, message, places);
            }
        }
    }
    found.is_some()
}

/// Adds an import to the supergraph's link, which is to the newest version; `false` when the major versions differ.
fn link(merged: &mut Merged, url: &str, import: Import) -> bool {
    let known = merged.links.keys().find(|known| identity(known) == identity(url)).cloned();
    let Some(known) = known else {
        merged.links.entry(url.to_owned()).or_default().insert(import);
        return true;
    };
    let mut imports = merged.links.remove(&known).unwrap_or_default();
    imports.insert(import);
    let newest = if version(&known) < version(url) { url } else { &known };
    merged.links.insert(newest.to_owned(), imports);
    version(&known).0 == version(url).0
}

/// Major and minor version at the end of an address.
fn version(url: &str) -> (u32, u32) {
    let version = url.rsplit_once("/v").and_then(|(_, version)| version.split_once('.'));
    let number = |text: &str| text.trim_end_matches('/').parse().unwrap_or_default();
    version.map_or((0, 0), |(major, minor)| (number(major), number(minor)))
}

fn identity(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(identity, _)| identity)
}

fn executable(composer: &mut Composer<'_, '_>, merged: &mut Merged, name: &Name, sources: &[DirectiveSource<'_>]) {
    let everywhere = sources.len() == composer.schemas.len();
    let directive = definition(composer, name, sources, true);
    if everywhere && !directive.locations.is_empty() {
        return merged.directives.push(directive);
    }
    let message = format!("@{name} is left out: clients can use a directive only when every subgraph has it.");
    let places = composer.places(sources.iter().map(|(graph, directive)| (*graph, directive.pos)));
    composer.report.hint(Code::InconsistentExecutableDirectivePresence, message, places);
}

fn definition(
    composer: &mut Composer<'_, '_>,
    name: &Name,
    sources: &[DirectiveSource<'_>],
    executable: bool,
) -> MergedDirective {
    let described = sources.iter().map(|(graph, it)| (*graph, it.pos, it.description.as_ref()));
    let description = description::merge(composer, || format!("@{name}"), described);
    let (_, first) = sources[0];
    let mut locations = first.locations.clone();
    if executable {
        locations.retain(|at| is_executable(*at) && sources.iter().all(|(_, it)| it.locations.contains(at)));
    } else {
        let more = sources.iter().flat_map(|(_, it)| it.locations.iter().copied());
        for at in more {
            if !locations.contains(&at) {
                locations.push(at);
            }
        }
    }
    let repeatable = sources.iter().any(|(_, it)| it.repeatable);
    let mut arguments = IndexMap::default();
    let mut names: IndexSet<&Name> = first.arguments.keys().collect();
    if !executable {
        names.extend(sources.iter().flat_map(|(_, it)| it.arguments.keys()));
    }
    for argument in names {
        let found: Vec<InputSource<'_>> =
            sources.iter().filter_map(|(graph, it)| Some((*graph, it.arguments.get(argument)?))).collect();
        if found.len() == sources.len() || !executable {
            let merged = arguments::one(composer, || format!("@{name}({argument}:)"), &found, &ARGUMENT);
            arguments.insert(argument.clone(), merged);
        }
    }
    MergedDirective { name: name.clone(), description, arguments, repeatable, locations, executable }
}
