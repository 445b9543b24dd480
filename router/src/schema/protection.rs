use graphql_tools::parser::schema::{Definition, Document, Value};
use graphql_tools::static_graphql::schema::Directive;

/// What a type or field demands of the viewer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Protection {
    /// Somebody must be logged in.
    pub authenticated: bool,
    /// Scopes or a policy are demanded. Nobody has any here, so it is refused to all.
    pub forbidden: bool,
}

impl Protection {
    /// Whether nothing is demanded.
    pub fn is_open(self) -> bool {
        self == Self::default()
    }

    /// Whether a viewer, or nobody, meets the demand.
    pub fn admits(self, authenticated: bool) -> bool {
        !self.forbidden && (authenticated || !self.authenticated)
    }

    /// Both demands.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { authenticated: self.authenticated || other.authenticated, forbidden: self.forbidden || other.forbidden }
    }
}

/// The names under which the security directives stand in this supergraph. Their own names always count; a `@link`
/// may add others with `as:` or an import under another name.
pub(super) struct ProtectionNames {
    authenticated: Vec<String>,
    forbidden: Vec<String>,
}

impl ProtectionNames {
    pub(super) fn of(document: &Document<'static, String>) -> Self {
        let mut names = Self {
            authenticated: vec!["authenticated".into(), "federation__authenticated".into()],
            forbidden: ["requiresScopes", "policy", "federation__requiresScopes", "federation__policy"]
                .map(String::from)
                .to_vec(),
        };
        for definition in &document.definitions {
            if let Definition::SchemaDefinition(schema) = definition {
                schema
                    .directives
                    .iter()
                    .filter(|directive| directive.name == "link")
                    .for_each(|link| names.add_link(link));
            }
        }
        names
    }

    pub(super) fn read(&self, directives: &[Directive]) -> Protection {
        directives.iter().fold(Protection::default(), |protection, directive| {
            protection.and(Protection {
                authenticated: self.authenticated.contains(&directive.name),
                forbidden: self.forbidden.contains(&directive.name),
            })
        })
    }

    fn add_link(&mut self, link: &Directive) {
        let Some(url) = string_argument(link, "url") else { return };
        let target = if url.contains("/authenticated/") {
            &mut self.authenticated
        } else if url.contains("/requiresScopes/") || url.contains("/policy/") {
            &mut self.forbidden
        } else {
            return;
        };
        target.extend(string_argument(link, "as").map(str::to_owned));
        let imports = link.arguments.iter().find(|(name, _)| name == "import");
        if let Some((_, Value::List(imports))) = imports {
            target.extend(imports.iter().filter_map(renamed_import));
        }
    }
}

fn string_argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    directive.arguments.iter().find_map(|(argument, value)| match value {
        Value::String(text) if argument == name => Some(text.as_str()),
        _ => None,
    })
}

/// `{ name: "@authenticated", as: "@login" }` → `login`.
fn renamed_import(import: &Value<'static, String>) -> Option<String> {
    let Value::Object(fields) = import else { return None };
    fields.iter().find_map(|(name, value)| match value {
        Value::String(text) if name == "as" => Some(text.trim_start_matches('@').to_owned()),
        _ => None,
    })
}
