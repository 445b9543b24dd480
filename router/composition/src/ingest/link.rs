//! `@link`: which specification a subgraph is written for, and what it calls that specification's directives.

use crate::map::{HashMap, HashSet};
use async_graphql_parser::{
    Pos, Positioned,
    types::{ConstDirective, SchemaDefinition},
};
use async_graphql_value::ConstValue;

use crate::{
    Code,
    diagnostics::{Place, Report},
    spec::{ALL, Directive, FEDERATION_IDENTITY, NEWEST_MINOR, Version},
};

/// The names that a subgraph's links give to things.
pub(super) struct Links {
    pub(super) version: Version,
    /// Local directive name → federation directive.
    federation: HashMap<String, Directive>,
    /// Types that belong to the specification (`FieldSet`), by their local names.
    machinery: HashSet<String>,
    /// Links to specifications that are not ours.
    pub(super) others: Vec<Link>,
}

/// One `@link` that is not to Federation.
pub(super) struct Link {
    pub(super) url: String,
    prefix: String,
    imports: Vec<Import>,
}

struct Import {
    name: String,
    alias: String,
}

/// What a directive name means in a subgraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Federation(Directive),
    /// A federation directive that the subgraph has not imported.
    NotImported(Directive),
    /// Part of GraphQL or of the link specification itself.
    BuiltIn,
    Other,
}

impl Links {
    /// Reads the `@link`s on all of a subgraph's schema definitions and extensions.
    pub(super) fn read(subgraph: &str, schemas: &[Positioned<SchemaDefinition>], report: &mut Report) -> Self {
        let applied = schemas.iter().flat_map(|schema| &schema.node.directives);
        let mut links = Self {
            version: Version::V1,
            federation: HashMap::default(),
            machinery: HashSet::default(),
            others: Vec::new(),
        };
        for directive in applied.filter(|directive| directive.node.name.node == "link") {
            let mut reader = LinkReader { subgraph, pos: directive.pos, report, links: &mut links };
            reader.read(&directive.node);
        }
        if links.version == Version::V1 {
            let v1 = ALL.into_iter().filter(|directive| directive.since() == Version::V1);
            links.federation.extend(v1.map(|directive| (directive.name().to_owned(), directive)));
        }
        links
    }

    /// What a directive name means here; `defined` says whether the subgraph defines one of that name.
    pub(super) fn meaning(&self, name: &str, defined: bool) -> Meaning {
        if let Some(directive) = self.federation.get(name) {
            return Meaning::Federation(*directive);
        }
        if matches!(name, "deprecated" | "specifiedBy" | "oneOf" | "skip" | "include" | "link" | "core") {
            return Meaning::BuiltIn;
        }
        if self.find(name).is_some() {
            return Meaning::Other;
        }
        match Directive::by_name(name) {
            // A definition does not make up for the missing import: the directive would be dropped, and with it
            // what it guards.
            Some(directive) if !defined || directive.guards() || directive.since() <= self.version => {
                Meaning::NotImported(directive)
            }
            _ => Meaning::Other,
        }
    }

    /// The link that a custom directive comes from, and its name there.
    pub(super) fn find(&self, name: &str) -> Option<(&Link, String)> {
        self.others.iter().find_map(|link| {
            let wanted = format!("@{name}");
            if let Some(import) = link.imports.iter().find(|import| import.alias == wanted) {
                return Some((link, import.name.clone()));
            }
            let rest = name.strip_prefix(link.prefix.as_str())?;
            if rest.is_empty() {
                return Some((link, wanted));
            }
            rest.strip_prefix("__").map(|rest| (link, format!("@{rest}")))
        })
    }

    /// Whether a type is one that Federation's directives take.
    pub(super) fn is_federation_scalar(&self, type_name: &str) -> bool {
        type_name == "_FieldSet" || type_name.starts_with("federation__") || self.machinery.contains(type_name)
    }

    /// Whether a type is part of the federation machinery, not of the graph.
    pub(super) fn is_machinery(&self, type_name: &str) -> bool {
        matches!(type_name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
            || ["federation__", "link__", "core__", "join__"].iter().any(|prefix| type_name.starts_with(prefix))
            || self.machinery.contains(type_name)
    }
}

struct LinkReader<'a> {
    subgraph: &'a str,
    pos: Pos,
    report: &'a mut Report,
    links: &'a mut Links,
}

impl LinkReader<'_> {
    fn error(&mut self, code: Code, message: String) {
        let place = Place { subgraph: self.subgraph.to_owned(), line: self.pos.line, column: self.pos.column };
        self.report.error(code, message, vec![place]);
    }

    fn read(&mut self, directive: &ConstDirective) {
        let Some(ConstValue::String(url)) = directive.get_argument("url").map(|url| &url.node) else {
            let message = "@link needs a `url` string that names the specification.".to_owned();
            return self.error(Code::InvalidLinkDirectiveUsage, message);
        };
        let alias = match directive.get_argument("as").map(|alias| &alias.node) {
            Some(ConstValue::String(alias)) => Some(alias.clone()),
            _ => None,
        };
        let imports = self.imports(directive);
        let (identity, name, version) = split_url(url);
        if version.is_none() && identity.starts_with("https://specs.apollo.dev") {
            let message =
                format!("\"{url}\" names no version of a specification: end it like .../federation/v2.{NEWEST_MINOR}.");
            return self.error(Code::InvalidLinkIdentifier, message);
        }
        match identity.as_str() {
            FEDERATION_IDENTITY => self.federation(url, version, &alias.unwrap_or(name), &imports),
            "https://specs.apollo.dev/link" => {}
            _ => match core_feature(&identity) {
                Some(feature) => self.feature(feature, &alias.unwrap_or(name), &imports),
                None => {
                    let link = Link { url: url.clone(), prefix: alias.unwrap_or(name), imports };
                    self.links.others.push(link);
                }
            },
        }
    }

    fn imports(&mut self, directive: &ConstDirective) -> Vec<Import> {
        let Some(ConstValue::List(items)) = directive.get_argument("import").map(|imports| &imports.node) else {
            return Vec::new();
        };
        items.iter().filter_map(|item| self.import(item)).collect()
    }

    fn import(&mut self, item: &ConstValue) -> Option<Import> {
        let import = match item {
            ConstValue::String(name) => Import { name: name.clone(), alias: name.clone() },
            ConstValue::Object(object) => match (object.get("name"), object.get("as")) {
                (Some(ConstValue::String(name)), None) => Import { name: name.clone(), alias: name.clone() },
                (Some(ConstValue::String(name)), Some(ConstValue::String(alias))) => {
                    Import { name: name.clone(), alias: alias.clone() }
                }
                _ => return self.bad_import(item),
            },
            _ => return self.bad_import(item),
        };
        if import.name.starts_with('@') != import.alias.starts_with('@') {
            return self.bad_import(item);
        }
        Some(import)
    }

    fn bad_import(&mut self, item: &ConstValue) -> Option<Import> {
        let message = format!(
            "The import {item} of @link cannot be read: write a name (\"@key\") or {{name: \"@key\", as: \"@other\"}}, \
             with or without @ on both."
        );
        self.error(Code::InvalidLinkDirectiveUsage, message);
        None
    }

    fn federation(&mut self, url: &str, version: Option<(u32, u32)>, prefix: &str, imports: &[Import]) {
        if self.links.version != Version::V1 {
            let message = "The Federation specification is linked twice: keep one @link.".to_owned();
            return self.error(Code::InvalidLinkDirectiveUsage, message);
        }
        let minor = match version {
            Some((2, minor)) if minor <= NEWEST_MINOR => minor,
            _ => {
                let message =
                    format!("\"{url}\" is not a version that can be composed: link v2.0 to v2.{NEWEST_MINOR}.");
                return self.error(Code::UnknownFederationLinkVersion, message);
            }
        };
        self.links.version = Version::V2(minor);
        for directive in ALL.into_iter().filter(|directive| directive.since() <= Version::V2(minor)) {
            self.links.federation.insert(format!("{prefix}__{}", directive.name()), directive);
        }
        for import in imports {
            self.federation_import(url, minor, import);
        }
    }

    fn federation_import(&mut self, url: &str, minor: u32, import: &Import) {
        let Some(name) = import.name.strip_prefix('@') else {
            if matches!(import.name.as_str(), "FieldSet" | "Scope" | "Policy" | "ContextFieldValue") {
                self.links.machinery.insert(import.alias.clone());
                return;
            }
            return self.unknown_import(url, import);
        };
        match Directive::by_name(name) {
            Some(directive) if directive.since() <= Version::V2(minor) => {
                let alias = import.alias.trim_start_matches('@').to_owned();
                self.links.federation.insert(alias, directive);
            }
            Some(directive) => {
                let Version::V2(needed) = directive.since() else { return };
                let message = format!("\"{url}\" has no @{name}: link v2.{needed} or newer to import it.");
                self.error(Code::InvalidLinkDirectiveUsage, message);
            }
            None => self.unknown_import(url, import),
        }
    }

    fn unknown_import(&mut self, url: &str, import: &Import) {
        let message = format!("\"{url}\" has no \"{}\": correct or remove the import.", import.name);
        self.error(Code::InvalidLinkDirectiveUsage, message);
    }

    /// A link straight to one of the small specifications that Federation is made of.
    fn feature(&mut self, directives: &[Directive], prefix: &str, imports: &[Import]) {
        for (index, directive) in directives.iter().enumerate() {
            // A specification's main directive has its name.
            let name = if index == 0 { prefix.to_owned() } else { format!("{prefix}__{}", directive.name()) };
            self.links.federation.insert(name, *directive);
            let imported = format!("@{}", directive.name());
            for import in imports.iter().filter(|import| import.name == imported) {
                self.links.federation.insert(import.alias.trim_start_matches('@').to_owned(), *directive);
            }
        }
    }
}

fn core_feature(identity: &str) -> Option<&'static [Directive]> {
    match identity.strip_prefix("https://specs.apollo.dev/")? {
        "tag" => Some(&[Directive::Tag]),
        "inaccessible" => Some(&[Directive::Inaccessible]),
        "authenticated" => Some(&[Directive::Authenticated]),
        "requiresScopes" => Some(&[Directive::RequiresScopes]),
        "policy" => Some(&[Directive::Policy]),
        "cost" => Some(&[Directive::Cost, Directive::ListSize]),
        _ => None,
    }
}

/// Identity (the address without the version), name, and version of a specification.
fn split_url(url: &str) -> (String, String, Option<(u32, u32)>) {
    let trimmed = url.trim_end_matches('/');
    let (rest, last) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
    let version = last
        .strip_prefix('v')
        .and_then(|version| version.split_once('.'))
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    let identity = if version.is_some() { rest } else { trimmed };
    let name = identity.rsplit('/').next().unwrap_or_default();
    (identity.to_owned(), name.to_owned(), version)
}
