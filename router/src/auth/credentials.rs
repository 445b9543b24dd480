use std::borrow::Cow;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

/// The header that carries the access token, in requests and in answers.
pub(crate) const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access-token");
/// The header that carries the refresh token, in requests and in answers.
pub(crate) const REFRESH_TOKEN: HeaderName = HeaderName::from_static("refresh-token");
/// The new access token again, for clients that read a renewed one only here.
pub(crate) const NEW_ACCESS_TOKEN: HeaderName = HeaderName::from_static("new-access-token");

/// The tokens of a request, unchecked.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials<'h> {
    pub(crate) access: Option<Cow<'h, str>>,
    pub(crate) refresh: Option<Cow<'h, str>>,
}

impl<'h> Credentials<'h> {
    /// Reads the token headers. An empty header counts as absent, because phone clients send one before the first
    /// login; `Access-Token` wins over `Authorization`.
    pub(crate) fn read(headers: &'h HeaderMap) -> Self {
        let access = text(headers, &ACCESS_TOKEN).or_else(|| bearer(headers));
        Self { access, refresh: text(headers, &REFRESH_TOKEN) }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Cow<'h, str>> {
    // What is not UTF-8 is still a token, only no genuine one: it must not pass as an anonymous request.
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes());
    (!value.trim().is_empty()).then_some(value)
}

fn bearer(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(Cow::Borrowed(token))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn access(headers: &[(&'static str, &'static str)]) -> Option<String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect::<HeaderMap>();
        Credentials::read(&headers).access.map(Cow::into_owned)
    }

    #[test]
    fn the_access_token_header_wins_over_the_bearer_token() {
        assert_eq!(access(&[("authorization", "Bearer a"), ("access-token", "b")]).as_deref(), Some("b"));
        assert_eq!(access(&[("authorization", "bearer  a")]).as_deref(), Some("a"));
        assert_eq!(access(&[("authorization", "Bearer a"), ("access-token", "")]).as_deref(), Some("a"));
    }

    #[test]
    fn empty_headers_and_other_schemes_are_no_token() {
        for headers in [
            &[("access-token", "")][..],
            &[("access-token", " ")],
            &[("authorization", "Basic a")],
            &[("authorization", "Bearer ")],
            &[],
        ] {
            assert_eq!(access(headers), None, "{headers:?}");
        }
    }
}
