//! The security directives of a supergraph, under whatever names they stand there.

use std::collections::HashMap;

use graphql_tools::parser::schema::{Definition, Document, Value};
use graphql_tools::static_graphql::schema::Directive;

use super::protection::{AnyOf, Protection};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Authenticated,
    Scopes,
    Policy,
}

/// Their own names, and the specification that each comes from when it comes from one of its own.
const GUARDS: [(&str, Guard); 3] =
    [("authenticated", Guard::Authenticated), ("requiresScopes", Guard::Scopes), ("policy", Guard::Policy)];

/// The names under which the security directives stand in a supergraph. Their own names always count; a `@link` may add
/// others, with `as:` for the whole specification or in its imports.
pub(super) struct ProtectionNames(HashMap<String, Guard>);

impl ProtectionNames {
    pub(super) fn of(document: &Document<'static, String>) -> Self {
        let own = GUARDS.iter().map(|(name, guard)| ((*name).to_owned(), *guard));
        let mut names = Self(own.collect());
        names.add_prefixed("federation");
        for definition in &document.definitions {
            let directives = match definition {
                Definition::SchemaDefinition(schema) => &schema.directives,
                _ => continue,
            };
            directives.iter().filter(|directive| directive.name == "link").for_each(|link| names.add_link(link));
        }
        names
    }

    pub(super) fn read(&self, directives: &[Directive]) -> Protection {
        let mut protection = Protection::default();
        for directive in directives {
            match self.0.get(&directive.name) {
                Some(Guard::Authenticated) => protection.authenticated = true,
                Some(Guard::Scopes) => protection.scopes.push(groups(directive, "scopes")),
                Some(Guard::Policy) => protection.policies.push(groups(directive, "policies")),
                None => {}
            }
        }
        protection
    }

    fn add_link(&mut self, link: &Directive) {
        let Some(specification) = string_argument(link, "url").and_then(specification) else { return };
        let guard = GUARDS.iter().find(|(name, _)| *name == specification).map(|(_, guard)| *guard);
        if guard.is_none() && specification != "federation" {
            return;
        }
        if let Some(namespace) = string_argument(link, "as") {
            self.add_prefixed(namespace);
            // `@policy` of the specification `policy` goes by the name of the specification.
            self.0.extend(guard.map(|guard| (namespace.to_owned(), guard)));
        }
        let imports = link.arguments.iter().find(|(name, _)| name == "import");
        if let Some((_, Value::List(imports))) = imports {
            for (name, alias) in imports.iter().filter_map(renamed_import) {
                let known = GUARDS.iter().find(|(own, _)| *own == name).map(|(_, guard)| *guard);
                self.0.extend(known.map(|guard| (alias.to_owned(), guard)));
            }
        }
    }

    fn add_prefixed(&mut self, namespace: &str) {
        self.0.extend(GUARDS.iter().map(|(name, guard)| (format!("{namespace}__{name}"), *guard)));
    }
}

/// `https://specs.apollo.dev/policy/v0.1` → `policy`.
fn specification(url: &str) -> Option<&str> {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let last = parts.next()?;
    let is_version = last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    if is_version { parts.next() } else { Some(last) }
}

/// What cannot be read is met by nobody. As everywhere in GraphQL, a single value stands for a list of one.
fn groups(directive: &Directive, argument: &str) -> AnyOf {
    let value = directive.arguments.iter().find(|(name, _)| name == argument).map(|(_, value)| value);
    let groups = match value {
        Some(Value::List(groups)) => groups.iter().map(group).collect(),
        Some(single) => group(single).map(|group| vec![group]),
        None => None,
    };
    AnyOf(groups.unwrap_or_default())
}

fn group(value: &Value<'static, String>) -> Option<Vec<String>> {
    let text = |value: &Value<'static, String>| match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    match value {
        Value::List(names) => names.iter().map(text).collect(),
        single => text(single).map(|name| vec![name]),
    }
}

fn string_argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    directive.arguments.iter().find_map(|(argument, value)| match value {
        Value::String(text) if argument == name => Some(text.as_str()),
        _ => None,
    })
}

/// `{ name: "@authenticated", as: "@login" }` → `authenticated`, `login`.
fn renamed_import<'a>(import: &'a Value<'static, String>) -> Option<(&'a str, &'a str)> {
    let Value::Object(fields) = import else { return None };
    let text = |wanted: &str| {
        fields.iter().find_map(|(name, value)| match value {
            Value::String(text) if name == wanted => Some(text.trim_start_matches('@')),
            _ => None,
        })
    };
    Some((text("name")?, text("as")?))
}

#[cfg(test)]
mod tests {
    use graphql_tools::parser::parse_schema;
    use graphql_tools::parser::schema::TypeDefinition;

    use super::*;

    /// What the only field of `type Query` demands.
    fn demanded(links: &str, directives: &str) -> Protection {
        let text = format!("schema {links} {{ query: Query }} type Query {{ a: Int {directives} }}");
        let document = parse_schema::<String>(&text).unwrap().into_static();
        let field = document.definitions.iter().find_map(|definition| match definition {
            Definition::TypeDefinition(TypeDefinition::Object(ty)) => Some(&ty.fields[0]),
            _ => None,
        });
        ProtectionNames::of(&document).read(&field.unwrap().directives)
    }

    fn link(specification: &str, rest: &str) -> String {
        format!("@link(url: \"https://specs.apollo.dev/{specification}\" {rest})")
    }

    #[test]
    fn the_directives_are_found_under_every_name_that_a_link_gives_them() {
        let cases = [
            (String::new(), "@authenticated"),
            (String::new(), "@federation__authenticated"),
            (link("authenticated/v0.1", "as: \"login\""), "@login"),
            (link("authenticated/v0.1", "import: [{name: \"@authenticated\", as: \"@login\"}]"), "@login"),
            (link("federation/v2.9", "as: \"fed\""), "@fed__authenticated"),
            (link("federation/v2.9", "import: [\"@key\", {name: \"@authenticated\", as: \"@in\"}]"), "@in"),
        ];
        for (links, directive) in cases {
            let expected = Protection { authenticated: true, ..Protection::default() };
            assert_eq!(demanded(&links, directive), expected, "{links} {directive}");
        }
        let links = link("policy/v0.1", "as: \"rules\"") + &link("requiresScopes/v0.1", "as: \"needs\"");
        let renamed = demanded(&links, "@rules(policies: [[\"p\"]]) @needs(scopes: [[\"s\"]])");
        assert_eq!(renamed, demanded("", "@policy(policies: [[\"p\"]]) @requiresScopes(scopes: [[\"s\"]])"));
        assert_eq!((renamed.scopes.len(), renamed.policies.len()), (1, 1));
        assert!(demanded(&link("tag/v0.3", "as: \"policy2\""), "@policy2(name: \"x\")").is_open());
    }

    #[test]
    fn groups_are_read_as_graphql_reads_lists_and_what_cannot_be_read_is_met_by_nobody() {
        let groups = |arguments: &str| demanded("", &format!("@requiresScopes{arguments}")).scopes.remove(0).0;
        assert_eq!(groups("(scopes: [[\"a\", \"b\"], [\"c\"]])"), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(groups("(scopes: [\"a\", \"b\"])"), [vec!["a"], vec!["b"]]);
        assert_eq!(groups("(scopes: \"a\")"), [vec!["a"]]);
        for unreadable in ["", "(scopes: [[1]])", "(scopes: null)", "(policies: [[\"a\"]])", "(scopes: [])"] {
            assert!(groups(unreadable).is_empty(), "{unreadable}");
        }
    }
}
