//! Telling caches that they may keep an answer.

use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::auth::{ACCESS_TOKEN, REFRESH_TOKEN};
use crate::pipeline::caching::CachePolicy;

/// What says who asks. A subgraph may answer differently to everyone.
const CREDENTIALS: [HeaderName; 4] = [AUTHORIZATION, COOKIE, ACCESS_TOKEN, REFRESH_TOKEN];

/// Writes `Cache-Control` and `Vary` for an answer that may be kept. One that carries credentials may not, and one to a
/// request with credentials, or with headers that are `passed` to subgraphs, only by whoever asked. `Vary` names those
/// headers already.
pub(super) fn announce(policy: CachePolicy, request: &HeaderMap, passed: &[HeaderName], answer: &mut HeaderMap) {
    if [SET_COOKIE, ACCESS_TOKEN, REFRESH_TOKEN].iter().any(|name| answer.contains_key(name)) {
        return;
    }
    let is_private = policy.private || CREDENTIALS.iter().chain(passed).any(|name| request.contains_key(name));
    let scope = if is_private { "private" } else { "public" };
    if let Ok(value) = HeaderValue::try_from(format!("max-age={}, {scope}", policy.max_age)) {
        answer.insert(CACHE_CONTROL, value);
        // An answer to nobody in particular must not be given to somebody.
        for name in CREDENTIALS.into_iter().filter(|name| !passed.contains(name)) {
            answer.append(VARY, name.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT_LANGUAGE;

    use super::*;

    fn announced(request: &[(HeaderName, &'static str)], answer: &mut HeaderMap) -> Option<String> {
        let request = request.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        announce(CachePolicy { max_age: 60, private: false }, &request, &[ACCEPT_LANGUAGE], answer);
        Some(answer.get(CACHE_CONTROL)?.to_str().unwrap().to_owned())
    }

    #[test]
    fn whoever_shows_credentials_gets_an_answer_of_their_own() {
        assert_eq!(announced(&[], &mut HeaderMap::new()).unwrap(), "max-age=60, public");
        for name in CREDENTIALS.into_iter().chain([ACCEPT_LANGUAGE]) {
            let mut answer = HeaderMap::new();
            assert_eq!(announced(&[(name.clone(), "x")], &mut answer).unwrap(), "max-age=60, private");
            let is_named = answer.get_all(VARY).iter().any(|value| value == name.as_str());
            assert_eq!(is_named, name != ACCEPT_LANGUAGE, "{name}");
        }
    }

    #[test]
    fn an_answer_with_new_tokens_is_not_kept() {
        for name in [SET_COOKIE, ACCESS_TOKEN, REFRESH_TOKEN] {
            let mut answer = HeaderMap::from_iter([(name, HeaderValue::from_static("x"))]);
            assert_eq!(announced(&[], &mut answer), None);
        }
    }
}
