//! Which kind of answer the client wants.

use http::HeaderMap;
use http::header::ACCEPT;

use crate::http::quality::by_quality;

/// The media type of an answer. It decides which statuses an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `application/json`: a well-formed request is always answered with 200.
    Json,
    /// `application/graphql-response+json`: a request that was not executed has a status of 4xx or 5xx.
    GraphqlResponse,
}

/// What the `Accept` header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A GraphQL response.
    Json(Format),
    /// A page: a browser that navigates.
    Page,
    /// Nothing that we have.
    Nothing,
}

impl Format {
    /// The `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// Reads the `Accept` headers. Without one, the answer is `application/json`, which old clients expect.
pub(super) fn wanted(headers: &HeaderMap) -> Wanted {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let header = values.join(",");
    if header.trim().is_empty() {
        return Wanted::Json(Format::Json);
    }
    by_quality(&header)
        .into_iter()
        .filter(|(_, quality)| *quality > 0.0)
        .find_map(|(range, _)| match range.to_ascii_lowercase().as_str() {
            "application/json" | "application/*" | "*/*" => Some(Wanted::Json(Format::Json)),
            "application/graphql-response+json" => Some(Wanted::Json(Format::GraphqlResponse)),
            "text/html" | "application/xhtml+xml" | "text/*" => Some(Wanted::Page),
            _ => None,
        })
        .unwrap_or(Wanted::Nothing)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(header: &'static str) -> Wanted {
        wanted(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(header))]))
    }

    #[test]
    fn the_best_known_media_type_wins() {
        let json = Wanted::Json(Format::Json);
        let graphql = Wanted::Json(Format::GraphqlResponse);
        for (header, expected) in [
            ("", json),
            ("*/*", json),
            ("application/*", json),
            ("application/json", json),
            ("application/graphql-response+json", graphql),
            ("application/graphql-response+json, application/json;q=0.9", graphql),
            ("application/graphql-response+json;q=0.5, application/json", json),
            ("application/graphql-response+json; charset=utf-8", graphql),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", Wanted::Page),
            ("text/csv", Wanted::Nothing),
            ("application/json;q=0", Wanted::Nothing),
        ] {
            assert_eq!(asked(header), expected, "{header}");
        }
        assert_eq!(wanted(&HeaderMap::new()), json);
    }
}
