//! Reading parameters from URLs and bodies.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use reel_error::ErrorCode;
use serde_json::Value;

use super::input::invalid;
use crate::http::{Failure, MediaType, media_type, read_bounded};

/// Parameters in the order in which they came.
pub(super) type Fields = Vec<(String, String)>;

/// The parameters of a URL.
pub(super) fn of_query(query: &str) -> Result<Fields, Failure> {
    serde_urlencoded::from_str(query)
        .map_err(|_| invalid("无法解析查询参数", "The query parameters of the URL cannot be read."))
}

/// The parameters of a body: multipart, urlencoded, or one flat JSON object. No body means no parameters.
pub(super) async fn of_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Fields, Failure> {
    let kind = media_type(headers);
    let body = read_bounded(headers, body, limit).await?;
    if body.is_empty() {
        return Ok(Fields::new());
    }
    match kind {
        MediaType::Multipart(boundary) => of_multipart(body, boundary).await,
        MediaType::UrlEncoded => serde_urlencoded::from_bytes(&body).map_err(|_| unreadable()),
        MediaType::Json => of_json(&body),
        MediaType::Encoded => Err(Failure::with_status(ErrorCode::UnsupportedMediaType)
            .detail("请求体不能压缩", "Send the body as it is, without Content-Encoding.")),
        MediaType::Missing | MediaType::Other => Err(Failure::with_status(ErrorCode::UnsupportedMediaType)),
    }
}

async fn of_multipart(body: Bytes, boundary: String) -> Result<Fields, Failure> {
    let body = futures::stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts = multer::Multipart::new(body, boundary);
    let mut fields = Fields::new();
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(|_| unreadable())?;
        fields.push((name, text(bytes.into())?));
    }
    Ok(fields)
}

/// Scalars may be strings or numbers: clients in typed languages send both.
fn of_json(body: &[u8]) -> Result<Fields, Failure> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return Err(unreadable()) };
    let mut fields = Fields::new();
    for (name, value) in object {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(invalid(format!("参数 {name} 应为字符串"), format!("The parameter {name} is a string.")));
            }
        };
        fields.push((name, value));
    }
    Ok(fields)
}

/// A parameter's text.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| unreadable())
}

/// The body is not what it is said to be.
pub(super) fn unreadable() -> Failure {
    Failure::with_status(ErrorCode::UnreadableBody)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;

    use super::*;

    async fn read(content_type: &'static str, body: &'static str) -> Result<Fields, ErrorCode> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        of_body(&headers, Body::from(body), 1_000).await.map_err(|failure| failure.code)
    }

    fn expected() -> Fields {
        vec![("title".into(), "a 题 & b".into()), ("n".into(), "483675103821824000".into())]
    }

    #[tokio::test]
    async fn the_three_kinds_of_body_carry_the_same_parameters() {
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\na 题 & b\r\n\
                         --x\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n483675103821824000\r\n--x--\r\n";
        assert_eq!(read("multipart/form-data; boundary=x", multipart).await, Ok(expected()));
        let urlencoded = "title=a+%E9%A2%98+%26+b&n=483675103821824000";
        assert_eq!(read("application/x-www-form-urlencoded", urlencoded).await, Ok(expected()));
        for json in [
            r#"{"title":"a 题 & b","n":"483675103821824000"}"#,
            r#"{"title":"a 题 & b","gone":null,"n":483675103821824000}"#,
        ] {
            let mut fields = read("application/json", json).await.unwrap();
            fields.sort_by(|left, right| right.0.cmp(&left.0));
            assert_eq!(fields, expected());
        }
    }

    #[tokio::test]
    async fn bodies_that_cannot_be_read_are_told_apart() {
        for (content_type, body, code) in [
            ("application/json", "{", ErrorCode::UnreadableBody),
            ("application/json", "[]", ErrorCode::UnreadableBody),
            ("application/json", r#"{"a":{}}"#, ErrorCode::InvalidArgument),
            ("multipart/form-data; boundary=x", "--x\r\nbroken", ErrorCode::UnreadableBody),
            ("multipart/form-data", "--x--", ErrorCode::UnsupportedMediaType),
            ("text/plain", "a=b", ErrorCode::UnsupportedMediaType),
        ] {
            assert_eq!(read(content_type, body).await, Err(code), "{content_type} {body}");
        }
        assert_eq!(read("text/plain", "").await, Ok(vec![]));
        let large = of_body(&HeaderMap::new(), Body::from(vec![0; 1_001]), 1_000).await;
        assert_eq!(large.unwrap_err().code, ErrorCode::PayloadTooLarge);
    }
}
