//! What a caller's token grants.

use std::collections::BTreeSet;
use std::sync::Arc;

use reel_auth::Viewer;

/// What a caller may ask beyond what is open to everyone. Callers with equal grants see the same graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Grants {
    is_authenticated: bool,
    /// `None` when there are none, as for everyone who logged in with us.
    named: Option<Arc<GrantedNames>>,
}

/// Names that `@requiresScopes` and `@policy` ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct GrantedNames {
    /// For `@requiresScopes`.
    pub scopes: BTreeSet<String>,
    /// For `@policy`.
    pub policies: BTreeSet<String>,
}

impl Grants {
    /// Nobody's: the caller brought no token.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Those of everybody whose token is genuine, without scopes or policies.
    pub fn login() -> Self {
        Self { is_authenticated: true, named: None }
    }

    /// Those of a token with these scopes and policies.
    pub fn token(named: GrantedNames) -> Self {
        let is_empty = named.scopes.is_empty() && named.policies.is_empty();
        Self { is_authenticated: true, named: (!is_empty).then(|| Arc::new(named)) }
    }

    /// Whether the caller brought a genuine token.
    pub fn is_authenticated(&self) -> bool {
        self.is_authenticated
    }

    /// Whether the scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.named.as_ref().is_some_and(|named| named.scopes.contains(scope))
    }

    /// Whether the policy was granted.
    pub fn has_policy(&self, policy: &str) -> bool {
        self.named.as_ref().is_some_and(|named| named.policies.contains(policy))
    }

    /// The same without the names that are not among `asked`. Whoever differs only in those sees the same graph.
    #[must_use]
    pub fn among(&self, asked: &GrantedNames) -> Self {
        let Some(named) = &self.named else { return self.clone() };
        let both = |ours: &BTreeSet<String>, asked: &BTreeSet<String>| ours.intersection(asked).cloned().collect();
        let named = GrantedNames {
            scopes: both(&named.scopes, &asked.scopes),
            policies: both(&named.policies, &asked.policies),
        };
        Self { is_authenticated: self.is_authenticated, ..Self::token(named) }
    }
}

/// A login of ours grants what needs a login, and nothing by name.
impl From<Option<Viewer>> for Grants {
    fn from(viewer: Option<Viewer>) -> Self {
        viewer.map_or_else(Self::anonymous, |_| Self::login())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(scopes: &[&str], policies: &[&str]) -> GrantedNames {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        GrantedNames { scopes: set(scopes), policies: set(policies) }
    }

    #[test]
    fn whoever_differs_in_names_that_nobody_asks_for_has_equal_grants() {
        let asked = named(&["read", "write"], &["hr"]);
        let grants = |scopes, policies| Grants::token(named(scopes, policies)).among(&asked);
        assert_eq!(grants(&["read", "x"], &["y"]), grants(&["read"], &["z"]));
        assert_eq!(grants(&["x"], &["read"]), Grants::login(), "a policy is no scope");
        assert_ne!(grants(&["read"], &[]), grants(&["write"], &[]));
        assert_ne!(grants(&["read"], &[]), grants(&["read"], &["hr"]));
        assert_ne!(Grants::login(), Grants::anonymous());
    }
}
