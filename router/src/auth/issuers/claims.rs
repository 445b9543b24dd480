//! What a token says, and whether that is meant for us and now.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reel_error::ErrorCode;
use serde_json::{Map, Value};

use crate::config::IssuerSettings;
use crate::grants::{GrantedNames, Grants};

/// What the claims of an issuer's tokens have to be, and what they grant.
#[derive(Debug)]
pub(super) struct ClaimRules {
    pub(super) issuer: String,
    audiences: Vec<String>,
    leeway_ms: f64,
    /// The first of these that is there has the scopes.
    scopes: Vec<String>,
    policies: Vec<String>,
}

impl ClaimRules {
    pub(super) fn of(settings: &IssuerSettings, leeway_s: u64) -> Self {
        let scopes = settings.scopes_claim.clone().map_or_else(|| vec!["scope".into(), "scp".into()], |one| vec![one]);
        Self {
            issuer: settings.issuer.clone(),
            audiences: settings.audiences.clone(),
            leeway_ms: std::time::Duration::from_secs(leeway_s).as_secs_f64() * 1_000.0,
            scopes,
            policies: settings.policies_claim.iter().cloned().collect(),
        }
    }
}

/// The claims of a token (RFC 7519, section 4).
#[derive(Debug)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Reads them, whoever has signed them.
    pub(super) fn unverified(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&payload).ok().map(Self)
    }

    pub(super) fn is_of(&self, rules: &ClaimRules) -> bool {
        matches!(self.0.get("iss"), Some(Value::String(issuer)) if *issuer == rules.issuer)
    }

    /// Whether they are meant for us and for this moment, in milliseconds since the Unix epoch.
    pub(super) fn check(&self, rules: &ClaimRules, now_ms: i64) -> Result<(), ErrorCode> {
        let is_ours = |audience: &Value| matches!(audience, Value::String(name) if rules.audiences.contains(name));
        let is_for_us = match self.0.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(is_ours),
            Some(audience) => is_ours(audience),
            None => false,
        };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of our age are exact in 53 bits")]
        let now_ms = now_ms as f64;
        let expires_ms = self.time_ms("exp")?.ok_or(ErrorCode::TokenInvalid)?;
        let begins_ms = self.time_ms("nbf")?;
        if !is_for_us || begins_ms.is_some_and(|begins_ms| now_ms + rules.leeway_ms < begins_ms) {
            return Err(ErrorCode::TokenInvalid);
        }
        if now_ms >= expires_ms + rules.leeway_ms { Err(ErrorCode::TokenExpired) } else { Ok(()) }
    }

    pub(super) fn grants(&self, rules: &ClaimRules) -> Grants {
        Grants::token(GrantedNames { scopes: self.names(&rules.scopes), policies: self.names(&rules.policies) })
    }

    /// A time may have a fraction (RFC 7519, section 2).
    fn time_ms(&self, claim: &str) -> Result<Option<f64>, ErrorCode> {
        match self.0.get(claim) {
            None => Ok(None),
            Some(value) => value.as_f64().map(|seconds| Some(seconds * 1_000.0)).ok_or(ErrorCode::TokenInvalid),
        }
    }

    /// The names in the first of the claims that is there: a text with spaces (RFC 8693, section 4.2), or a list.
    fn names(&self, claims: &[String]) -> BTreeSet<String> {
        match claims.iter().find_map(|claim| self.find(claim)) {
            Some(Value::String(text)) => text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => BTreeSet::new(),
        }
    }

    fn find(&self, claim: &str) -> Option<&Value> {
        // A name may hold slashes, as those that are addresses do; a pointer begins with one.
        let Some(rest) = claim.strip_prefix('/') else { return self.0.get(claim) };
        let (first, inner) = rest.split_once('/').map_or((rest, None), |(first, inner)| (first, Some(inner)));
        let value = self.0.get(&first.replace("~1", "/").replace("~0", "~"))?;
        inner.map_or(Some(value), |inner| value.pointer(&format!("/{inner}")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOON: i64 = 1_790_000_000;

    fn rules(scopes_claim: Option<&str>, policies_claim: Option<&str>) -> ClaimRules {
        let settings = IssuerSettings {
            issuer: "https://issuer.test".into(),
            audiences: vec!["graph".into(), "other".into()],
            jwks: Default::default(),
            algorithms: Vec::new(),
            scopes_claim: scopes_claim.map(str::to_owned),
            policies_claim: policies_claim.map(str::to_owned),
        };
        ClaimRules::of(&settings, 30)
    }

    fn claims(value: Value) -> Claims {
        let Value::Object(mut given) = value else { panic!("claims are an object") };
        for (name, value) in [("aud", json!("graph")), ("exp", json!(NOON + 60))] {
            given.entry(name).or_insert(value);
        }
        Claims(given)
    }

    fn check(value: Value, now_ms: i64) -> Result<(), ErrorCode> {
        claims(value).check(&rules(None, None), now_ms)
    }

    #[test]
    fn a_token_is_believed_from_its_beginning_to_its_end_and_not_longer_than_the_leeway_beyond() {
        let (exp, nbf) = (json!({"exp": NOON}), json!({"nbf": NOON}));
        assert_eq!(check(exp.clone(), (NOON + 30) * 1_000 - 1), Ok(()));
        assert_eq!(check(exp, (NOON + 30) * 1_000), Err(ErrorCode::TokenExpired));
        assert_eq!(check(nbf.clone(), (NOON - 30) * 1_000), Ok(()));
        assert_eq!(check(nbf, (NOON - 30) * 1_000 - 1), Err(ErrorCode::TokenInvalid));
        assert_eq!(check(json!({"exp": 1_790_000_000.5}), (NOON + 30) * 1_000 + 499), Ok(()));
        assert_eq!(check(json!({"exp": 1_790_000_000.5}), (NOON + 30) * 1_000 + 500), Err(ErrorCode::TokenExpired));
    }

    #[test]
    fn claims_that_are_not_for_us_or_make_no_sense_are_refused() {
        for good in [json!({"aud": ["x", "graph"]}), json!({"aud": "other"}), json!({"nbf": 0})] {
            assert_eq!(check(good.clone(), NOON * 1_000), Ok(()), "{good}");
        }
        for bad in [
            json!({"aud": "x"}),
            json!({"aud": []}),
            json!({"aud": null}),
            json!({"aud": {"graph": 1}}),
            json!({"aud": ["GRAPH", 1]}),
            json!({"exp": null}),
            json!({"exp": "1790000060"}),
            json!({"nbf": "soon"}),
        ] {
            assert_eq!(check(bad.clone(), NOON * 1_000), Err(ErrorCode::TokenInvalid), "{bad}");
        }
        let Value::Object(without) = json!({"iss": "https://issuer.test", "aud": "graph"}) else { panic!() };
        assert_eq!(Claims(without).check(&rules(None, None), 0), Err(ErrorCode::TokenInvalid), "it must end");
        assert!(!claims(json!({"iss": ["https://issuer.test"]})).is_of(&rules(None, None)));
        assert!(!claims(json!({"iss": "https://issuer.test/"})).is_of(&rules(None, None)));
    }

    #[test]
    fn scopes_and_policies_are_read_from_the_claims_that_the_settings_name() {
        let granted = |value: Value, scopes, policies| claims(value).grants(&rules(scopes, policies));
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let scopes = |names: &[&str]| Grants::token(GrantedNames { scopes: set(names), ..GrantedNames::default() });
        for value in [json!({"scope": " a  b"}), json!({"scp": "a b"}), json!({"scp": ["a", "b", 3]})] {
            assert_eq!(granted(value.clone(), None, None), scopes(&["a", "b"]), "{value}");
        }
        assert_eq!(granted(json!({"scope": "", "scp": "a"}), None, None), Grants::login(), "`scope` is there");
        assert_eq!(granted(json!({"scope": "a", "x": ["b c"]}), Some("x"), None), scopes(&["b c"]));
        let deep = json!({"realm": {"roles": ["a"]}, "https://x.test/roles": ["b"], "realm/roles": ["c"]});
        assert_eq!(granted(deep.clone(), Some("/realm/roles"), None), scopes(&["a"]));
        assert_eq!(granted(deep.clone(), Some("https://x.test/roles"), None), scopes(&["b"]));
        assert_eq!(granted(deep.clone(), Some("/realm~1roles"), None), scopes(&["c"]));
        assert_eq!(granted(deep, Some("/realm/none"), None), Grants::login());
        let policies = GrantedNames { scopes: set(&["a"]), policies: set(&["p"]) };
        assert_eq!(granted(json!({"scope": "a", "p": "p"}), None, Some("p")), Grants::token(policies));
        assert_eq!(granted(json!({"policies": ["p"], "policy": "p"}), None, None), Grants::login(), "none by default");
    }
}
