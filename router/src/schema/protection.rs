use crate::grants::{GrantedNames, Grants};

/// What a type or field demands of the viewer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protection {
    /// Somebody must be logged in.
    pub authenticated: bool,
    /// The demands of `@requiresScopes`; each has to be met.
    pub scopes: Vec<AnyOf>,
    /// The demands of `@policy`; each has to be met.
    pub policies: Vec<AnyOf>,
}

/// Groups of names. It is met by all names of any one group; without a group, by nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnyOf(pub Vec<Vec<String>>);

impl Protection {
    /// Whether nothing is demanded.
    pub fn is_open(&self) -> bool {
        !self.authenticated && self.scopes.is_empty() && self.policies.is_empty()
    }

    /// Whether a caller with these grants meets the demand. Whoever is asked for scopes or policies must be logged in, too.
    pub fn admits(&self, grants: &Grants) -> bool {
        self.is_open()
            || grants.is_authenticated()
                && self.scopes.iter().all(|any| any.is_met_by(|scope| grants.has_scope(scope)))
                && self.policies.iter().all(|any| any.is_met_by(|policy| grants.has_policy(policy)))
    }

    /// Adds another demand.
    pub fn demand(&mut self, other: &Self) {
        self.authenticated |= other.authenticated;
        add_new(&mut self.scopes, &other.scopes);
        add_new(&mut self.policies, &other.policies);
    }

    /// Adds the names that it asks for.
    pub(super) fn names_into(&self, names: &mut GrantedNames) {
        let all =
            |demands: &[AnyOf]| demands.iter().flat_map(|any| any.0.iter().flatten()).cloned().collect::<Vec<_>>();
        names.scopes.extend(all(&self.scopes));
        names.policies.extend(all(&self.policies));
    }
}

impl AnyOf {
    fn is_met_by(&self, has: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|group| group.iter().all(|name| has(name)))
    }
}

fn add_new(demands: &mut Vec<AnyOf>, others: &[AnyOf]) {
    for other in others {
        if !demands.contains(other) {
            demands.push(other.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any_of(groups: &[&[&str]]) -> AnyOf {
        AnyOf(groups.iter().map(|group| group.iter().map(|name| (*name).to_owned()).collect()).collect())
    }

    fn scopes(names: &[&str]) -> Grants {
        Grants::token(GrantedNames {
            scopes: names.iter().map(|name| (*name).to_owned()).collect(),
            ..GrantedNames::default()
        })
    }

    #[test]
    fn one_group_is_enough_and_needs_all_of_its_names() {
        let guarded = Protection { scopes: vec![any_of(&[&["a", "b"], &["c"]])], ..Protection::default() };
        for met in [&["a", "b"][..], &["c"], &["a", "c"], &["a", "b", "c", "d"]] {
            assert!(guarded.admits(&scopes(met)), "{met:?}");
        }
        for unmet in [&[][..], &["a"], &["b"], &["d"], &["a b"]] {
            assert!(!guarded.admits(&scopes(unmet)), "{unmet:?}");
        }
        assert!(!guarded.admits(&Grants::login()));
        assert!(!guarded.admits(&Grants::anonymous()));
    }

    #[test]
    fn every_demand_has_to_be_met() {
        let mut guarded = Protection { scopes: vec![any_of(&[&["a"]])], ..Protection::default() };
        guarded.demand(&Protection { scopes: vec![any_of(&[&["b"], &["c"]])], ..Protection::default() });
        assert!(guarded.admits(&scopes(&["a", "c"])));
        assert!(!guarded.admits(&scopes(&["a"])));
        assert!(!guarded.admits(&scopes(&["b", "c"])));
        guarded.demand(&Protection { policies: vec![any_of(&[&["a"]])], ..Protection::default() });
        assert!(!guarded.admits(&scopes(&["a", "b"])), "a scope is no policy");
    }

    #[test]
    fn a_demand_without_groups_is_met_by_nobody_and_one_of_nothing_by_every_login() {
        let nobody = Protection { policies: vec![any_of(&[])], ..Protection::default() };
        assert!(!nobody.admits(&scopes(&["a"])));
        let login = Protection { policies: vec![any_of(&[&[]])], ..Protection::default() };
        assert!(login.admits(&Grants::login()));
        assert!(!login.admits(&Grants::anonymous()));
        assert!(Protection::default().admits(&Grants::anonymous()));
    }
}
