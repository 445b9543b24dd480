//! `@cacheControl`: how long answers may be kept, as the subgraphs hint it.

use std::collections::{HashMap, HashSet};

use async_graphql_value::Name;
use graphql_tools::parser::schema::{self as ast, Definition, TypeDefinition, Value};
use graphql_tools::static_graphql::schema::Directive;

/// The name of the directive, where no `@link` renames it.
pub(super) const NAME: &str = "cacheControl";

/// What one `@cacheControl` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheHint {
    /// How long what it stands on may be kept, in seconds.
    pub max_age: Option<u32>,
    /// Whether it is for one person only (`scope: PRIVATE`).
    pub private: Option<bool>,
    /// Whether it may be kept as long as what it is in (`inheritMaxAge: true`).
    pub inherits: bool,
}

/// The hints of a supergraph.
#[derive(Debug, Default)]
pub struct CacheHints {
    types: HashMap<Name, CacheHint>,
    fields: HashMap<Name, HashMap<Name, CacheHint>>,
}

impl CacheHints {
    pub(super) fn of(supergraph: &ast::Document<'static, String>) -> Self {
        let names = names(supergraph, NAME);
        let mut hints = Self::default();
        for definition in &supergraph.definitions {
            let Definition::TypeDefinition(definition) = definition else { continue };
            let (name, directives, fields) = match definition {
                TypeDefinition::Object(ty) => (&ty.name, &ty.directives, ty.fields.as_slice()),
                TypeDefinition::Interface(ty) => (&ty.name, &ty.directives, ty.fields.as_slice()),
                TypeDefinition::Union(ty) => (&ty.name, &ty.directives, [].as_slice()),
                TypeDefinition::Scalar(_) | TypeDefinition::Enum(_) | TypeDefinition::InputObject(_) => continue,
            };
            hints.types.extend(read(directives, &names).map(|hint| (Name::new(name), hint)));
            let fields =
                fields.iter().filter_map(|field| Some((Name::new(&field.name), read(&field.directives, &names)?)));
            let fields: HashMap<_, _> = fields.collect();
            if !fields.is_empty() {
                hints.fields.insert(Name::new(name), fields);
            }
        }
        hints
    }

    /// Whether there are none, so that nothing may be kept.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty() && self.fields.is_empty()
    }

    /// What stands on a type.
    pub fn of_type(&self, name: &Name) -> CacheHint {
        self.types.get(name).copied().unwrap_or_default()
    }

    /// What stands on a field of a type.
    pub fn of_field(&self, ty: &Name, field: &Name) -> CacheHint {
        self.fields.get(ty).and_then(|fields| fields.get(field)).copied().unwrap_or_default()
    }
}

impl CacheHint {
    /// Both, where several subgraphs hint: what lets the least be kept.
    fn and(self, other: Self) -> Self {
        let private = match (self.private, other.private) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (one, other) => one.or(other),
        };
        let max_age = match (self.max_age, other.max_age) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self { max_age, private, inherits: self.inherits && other.inherits }
    }
}

/// The names under which a directive stands: a `@link` may import it under others.
pub(super) fn names(supergraph: &ast::Document<'static, String>, own: &str) -> HashSet<String> {
    let mut names = HashSet::from([own.to_owned()]);
    for definition in &supergraph.definitions {
        let Definition::SchemaDefinition(schema) = definition else { continue };
        let imports = schema.directives.iter().filter(|directive| directive.name == "link").flat_map(imports);
        names.extend(imports.filter_map(|import| renamed(import, own)));
    }
    names
}

fn imports(link: &Directive) -> &[Value<'static, String>] {
    link.arguments
        .iter()
        .find_map(|(name, value)| match value {
            Value::List(imports) if name == "import" => Some(imports.as_slice()),
            _ => None,
        })
        .unwrap_or_default()
}

/// `{ name: "@cacheControl", as: "@cache" }` → `cache`.
fn renamed(import: &Value<'static, String>, own: &str) -> Option<String> {
    let Value::Object(fields) = import else { return None };
    let text = |wanted: &str| {
        fields.iter().find_map(|(name, value)| match value {
            Value::String(text) if name == wanted => text.strip_prefix('@'),
            _ => None,
        })
    };
    text("as").filter(|_| text("name") == Some(own)).map(str::to_owned)
}

fn read(directives: &[Directive], names: &HashSet<String>) -> Option<CacheHint> {
    directives.iter().filter(|directive| names.contains(&directive.name)).map(hint).reduce(CacheHint::and)
}

/// What cannot be understood lets nothing be kept.
fn hint(directive: &Directive) -> CacheHint {
    let mut hint = CacheHint::default();
    for (name, value) in &directive.arguments {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("maxAge", Value::Int(seconds)) => {
                let seconds = seconds.as_i64().and_then(|seconds| u32::try_from(seconds).ok());
                hint.max_age = Some(seconds.unwrap_or_default());
            }
            ("scope", Value::Enum(scope)) => hint.private = Some(scope != "PUBLIC"),
            ("inheritMaxAge", Value::Boolean(inherits)) => hint.inherits = *inherits,
            _ => return CacheHint { max_age: Some(0), private: Some(true), inherits: false },
        }
    }
    hint
}
