//! The envelope of every REST answer: `{"base":{"code":…,"msg":…},"data":…}`.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use reel_error::{ErrorCode, Language};
use serde::Serialize;

use super::Failure;
use super::quality::by_quality;
use crate::auth::TokenPair;

/// The `base.code` of success.
const SUCCESS: i32 = 10_000;

/// What a REST endpoint answers when it succeeds.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The JSON of `data`; absent where the contract says "none".
    data: Option<Vec<u8>>,
    /// The tokens of a new login, for the answer's headers.
    tokens: Option<TokenPair>,
    /// Whether the login that made the request is over, so that no renewed tokens may be announced.
    pub(crate) logged_out: bool,
}

#[derive(Serialize)]
struct Envelope<'a> {
    base: Base<'a>,
}

#[derive(Serialize)]
struct Base<'a> {
    code: i32,
    msg: &'a str,
}

impl Reply {
    /// Success without `data`.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Success with this `data`.
    pub(crate) fn data(data: &impl Serialize) -> Result<Self, Failure> {
        let data = serde_json::to_vec(data).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written as JSON");
            Failure::new(ErrorCode::Internal)
        })?;
        Ok(Self { data: Some(data), ..Self::default() })
    }

    /// The same, handing out the tokens of a login.
    pub(crate) fn with_tokens(self, tokens: TokenPair) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// The same, at the end of the login that made the request.
    pub(crate) fn logged_out(self) -> Self {
        Self { logged_out: true, ..self }
    }

    /// The HTTP answer.
    pub(crate) fn into_response(self) -> Response {
        let mut body = format!(r#"{{"base":{{"code":{SUCCESS},"msg":"success"}}"#).into_bytes();
        if let Some(data) = &self.data {
            body.extend_from_slice(br#","data":"#);
            body.extend_from_slice(data);
        }
        body.push(b'}');
        let mut response = json(StatusCode::OK, body);
        if let Some(tokens) = &self.tokens {
            tokens.announce(response.headers_mut());
        }
        response
    }
}

impl Failure {
    /// The HTTP answer.
    pub(crate) fn into_response(self, language: Language, failures_use_status: bool) -> Response {
        let base = Base { code: self.code.number(), msg: self.message(language) };
        // Two plain fields always serialise; the fallback exists only so that nothing here can panic.
        let body =
            serde_json::to_vec(&Envelope { base }).unwrap_or_else(|_| br#"{"base":{"code":-1,"msg":""}}"#.to_vec());
        json(self.status(failures_use_status), body)
    }
}

/// The language that the client asks for; Chinese unless it prefers English.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    by_quality(header)
        .into_iter()
        .filter(|(_, quality)| *quality > 0.0)
        .find_map(|(tag, _)| match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Some(Language::English),
            "zh" => Some(Language::Chinese),
            _ => None,
        })
        .unwrap_or_default()
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn asked(header: &'static str) -> Language {
        language(&HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(header))]))
    }

    async fn text(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[test]
    fn texts_are_chinese_unless_english_is_preferred() {
        for header in ["en", "en-US,en;q=0.9", "fr,en;q=0.5", "zh;q=0.4,en;q=0.5"] {
            assert_eq!(asked(header), Language::English, "{header}");
        }
        for header in ["", "*", "fr", "zh-CN,zh;q=0.9,en;q=0.8", "en;q=0"] {
            assert_eq!(asked(header), Language::Chinese, "{header}");
        }
    }

    #[tokio::test]
    async fn success_has_data_only_where_there_is_some() {
        assert_eq!(text(Reply::none().into_response()).await, r#"{"base":{"code":10000,"msg":"success"}}"#);
        let reply = Reply::data(&serde_json::json!({"items": []})).unwrap();
        assert_eq!(text(reply.into_response()).await, r#"{"base":{"code":10000,"msg":"success"},"data":{"items":[]}}"#);
    }

    #[tokio::test]
    async fn a_failure_is_http_200_unless_it_came_before_the_handler_or_the_setting_says_otherwise() {
        let failure = Failure::new(ErrorCode::UserNotFound);
        let response = failure.clone().into_response(Language::English, false);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(text(response).await, r#"{"base":{"code":11005,"msg":"This user does not exist."}}"#);
        assert_eq!(failure.into_response(Language::Chinese, true).status(), StatusCode::NOT_FOUND);
        let unreadable = Failure::with_status(ErrorCode::UnsupportedMediaType);
        assert_eq!(unreadable.into_response(Language::Chinese, false).status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}
