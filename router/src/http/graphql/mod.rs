//! `/graphql`, as the GraphQL-over-HTTP specification describes it: POST with JSON, GET for queries.
//!
//! Nothing that a browser sends across sites without asking first gets through: bodies are JSON or refused, and a GET
//! never runs a mutation.

mod accept;
mod answer;
mod caching;
mod document;
mod known;
mod request;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use http::header::COOKIE;
use http::{HeaderMap, StatusCode};
use reel_error::ErrorCode;

use self::accept::{Wanted, wanted};
use self::answer::Refusal;
pub(crate) use self::known::KnownDocuments;
use self::request::Known;
use super::compression::Uncompressed;
use super::{MediaType, RequestHead, Shared, graphiql, media_type, read_bounded};
use crate::meters::{OperationMeter, Outcome};
use crate::pipeline::caching::CachePolicy;
use crate::transport::RequestContext;
use crate::{Grants, GraphqlRequest};

/// Runs an operation that was sent as JSON.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let format = match wanted(&parts.headers) {
        Wanted::Json(format) => format,
        // A page never posts here; whoever asks for HTML gets the JSON that they can have.
        Wanted::Page => accept::Format::Json,
        Wanted::Nothing => return answer::not_acceptable(),
    };
    // The time begins here: a body that never ends must not keep its place among the running requests.
    let time = shared.settings.limits.deadline_s.duration();
    let head = RequestHead::read(&parts.headers, time).passing(shared.headers.of(&parts.headers));
    let reading = read(&shared, &parts.headers, body);
    match tokio::time::timeout(time, reading).await {
        Ok(Ok(known)) => execute(&shared, &parts.headers, &head, format, known).await,
        Ok(Err(refusal)) => {
            shared.limits.note(refusal.code());
            refusal.into_response(format)
        }
        Err(_) => {
            shared.limits.note(ErrorCode::Timeout.name());
            let message = "The body did not arrive in time.";
            Refusal::new(ErrorCode::Timeout, StatusCode::REQUEST_TIMEOUT, message).into_response(format)
        }
    }
}

/// Runs a query that was sent in the URL, or shows GraphiQL to a browser.
pub(super) async fn get(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let format = match wanted(&headers) {
        Wanted::Json(format) => format,
        Wanted::Page if shared.settings.graphql.graphiql => return graphiql::page(),
        // A browser that navigates here must not run anything.
        Wanted::Page | Wanted::Nothing => return answer::not_acceptable(),
    };
    let known = match request::from_query(query.as_deref().unwrap_or_default()) {
        Ok(parameters) => parameters.with_document(&shared.documents).await,
        Err(refusal) => Err(refusal),
    };
    let mut known = match known {
        Ok(known) => known,
        Err(refusal) => return refusal.into_response(format),
    };
    let head = RequestHead::read(&headers, shared.settings.limits.deadline_s.duration());
    let head = head.passing(shared.headers.of(&headers));
    known.request.read_only = true;
    let mut response = execute(&shared, &headers, &head, format, known).await;
    // Any page can make a browser send this with the cookies of its user. The length of what comes back is seen on the wire,
    // and compressed it would tell what the answer has in common with the query (BREACH).
    if shared.headers.wanted().contains(&COOKIE) && headers.contains_key(COOKIE) {
        response.extensions_mut().insert(Uncompressed);
    }
    response
}

async fn read(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<Known, Refusal> {
    let wrong = match media_type(headers) {
        MediaType::Json => None,
        MediaType::Encoded => Some("Send the body as it is, without Content-Encoding."),
        _ => Some("Send the operation as application/json."),
    };
    if let Some(message) = wrong {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(ErrorCode::UnsupportedMediaType, status, message));
    }
    let body = read_bounded(headers, body, shared.settings.limits.body_bytes).await?;
    request::from_json(&body)?.with_document(&shared.documents).await
}

async fn execute(
    shared: &Shared,
    headers: &HeaderMap,
    head: &RequestHead,
    format: accept::Format,
    Known { request, meter }: Known,
) -> Response {
    let measured = meter.as_ref().map(OperationMeter::begin);
    let mut authentication = shared.authenticator.authenticate(headers).await;
    let may_write = !request.read_only;
    let admitted = authentication.caller.admitted().or_else(|code| {
        // Someone whose token has run out must still be able to log in.
        let bounds = shared.settings.limits.of_document(request.trusted);
        if document::only_opens_sessions(&request.query, request.operation_name.as_deref(), &bounds) {
            Ok((None, Grants::anonymous()))
        } else {
            Err(code)
        }
    });
    let (mut response, policy, outcome) = match admitted {
        Ok((viewer, grants)) => run(shared, request, head.context(viewer, grants), format).await,
        Err(code) => (Refusal::from(code).into_response(format), None, Outcome::Refused),
    };
    if let Some(measured) = measured {
        measured.settle(outcome);
    }
    if may_write {
        shared.authenticator.forget_ended(&mut authentication).await;
    }
    head.announce(response.headers_mut());
    shared.headers.vary(response.headers_mut());
    authentication.announce(response.headers_mut());
    if let Some(policy) = policy {
        caching::announce(policy, headers, shared.headers.wanted(), response.headers_mut());
    }
    response
}

/// Runs it in the time that is left.
async fn run(
    shared: &Shared,
    request: GraphqlRequest,
    context: Arc<RequestContext>,
    format: accept::Format,
) -> (Response, Option<CachePolicy>, Outcome) {
    let deadline = context.deadline;
    let graph = shared.graph.current();
    let running = graph.engine.execute(request, context);
    let Ok(answered) = tokio::time::timeout_at((deadline + answer::GRACE).into(), running).await else {
        shared.limits.note(ErrorCode::Timeout.name());
        return (Refusal::from(ErrorCode::Timeout).into_response(format), None, Outcome::Timeout);
    };
    let outcome = match answered.codes.first() {
        None => Outcome::Ok,
        Some(code) if answered.is_request_error => {
            shared.limits.note(code.name());
            if *code == ErrorCode::Timeout { Outcome::Timeout } else { Outcome::Refused }
        }
        Some(_) => {
            if answered.codes.contains(&ErrorCode::Timeout) && Instant::now() >= deadline {
                shared.limits.note(ErrorCode::Timeout.name());
            }
            if answered.codes.contains(&ErrorCode::AnswerLimit) {
                shared.limits.note(ErrorCode::AnswerLimit.name());
            }
            Outcome::Errors
        }
    };
    let policy = answered.cache;
    (answer::from_engine(answered, format), policy, outcome)
}
