//! What every endpoint does: who calls, which parameters, run the document, write the answer.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use reel_auth::Viewer;
use reel_error::ErrorCode;

use super::endpoint::{Access, Endpoint, Takes};
use super::file::FileBody;
use super::input::Input;
use super::objects::TimeFormat;
use super::{form, outcome};
use crate::auth::{Authentication, Caller, Credentials};
use crate::engine::describe;
use crate::http::{Failure, Reply, RequestHead, Shared, drain, language};
use crate::meters::{OperationMeter, Outcome};

/// How much longer than its deadline a request may run: the engine ends fetches at the deadline and still needs a moment.
const GRACE: Duration = Duration::from_millis(500);

/// What the endpoints share.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) shared: Arc<Shared>,
    pub(super) times: TimeFormat,
}

/// Serves one request to an endpoint.
pub(super) async fn serve(endpoint: &Endpoint, rest: &Rest, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut authentication = match (endpoint.access, endpoint.takes) {
        (Access::HandsOutTokens, _) => Authentication::plain(Caller::Anonymous),
        (_, Takes::File { .. }) => rest.shared.authenticator.authenticate_sender(&head.headers).await,
        _ => rest.shared.authenticator.authenticate(&head.headers).await,
    };
    let limit = rest.shared.settings.limits.deadline_s.duration();
    let request = RequestHead::read(&head.headers, limit).passing(rest.shared.headers.of(&head.headers));
    let answered = rest.answer(endpoint, &mut authentication, &head, &request, body).await;
    let (mut response, logged_out) = match answered {
        Ok(reply) => {
            let logged_out = reply.logged_out;
            (reply.into_response(), logged_out)
        }
        Err(failure) => {
            if failure.code != ErrorCode::Timeout || Instant::now() >= request.deadline {
                rest.shared.limits.note(failure.code.name());
            }
            let by_status = rest.shared.settings.rest.failures_use_status;
            let mut response = failure.into_response(language(&head.headers), by_status);
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            }
            (response, false)
        }
    };
    request.announce(response.headers_mut());
    if !logged_out {
        authentication.announce(response.headers_mut());
    }
    response
}

impl Rest {
    async fn answer(
        &self,
        endpoint: &Endpoint,
        authentication: &mut Authentication,
        head: &Parts,
        request: &RequestHead,
        body: Body,
    ) -> Result<Reply, Failure> {
        let limit = self.shared.settings.limits.deadline_s.duration();
        let viewer = match self.admit(endpoint.access, &authentication.caller) {
            Ok(viewer) => viewer,
            Err(code) => {
                drain(&head.headers, body).await;
                return Err(code.into());
            }
        };
        let mut input = Input::new(authentication.caller.clone(), form::Fields::new());
        input.refresh_token = Credentials::read(&head.headers).refresh.map(Cow::into_owned);
        let Takes::File { kind, check } = endpoint.takes else {
            input.extend(within(limit, self.fields(endpoint.takes, head, body)).await?);
            return self.run(endpoint, &input, head, request, viewer).await;
        };
        let form_limit = self.shared.settings.limits.body_bytes;
        let gate = self.shared.gate.as_ref().ok_or(ErrorCode::NotAvailable)?;
        let file = FileBody { gate, kind, check, form_limit, form_time: limit };
        let sender = input.viewer()?;
        let answered = async {
            file.read(&head.headers, body, sender, &mut input).await?;
            self.shared.authenticator.complete(authentication).await?;
            // A file takes as long as it takes; what comes after it has the ordinary time.
            self.run(endpoint, &input, head, &request.clone().extended(limit), viewer).await
        };
        let answered = answered.await;
        if let (Err(_), Some(upload)) = (&answered, input.upload) {
            // Nothing has claimed it, and nobody has learnt of it who could.
            gate.discard(kind, sender, upload).await;
        }
        answered
    }

    /// Runs the endpoint's document.
    async fn run(
        &self,
        endpoint: &Endpoint,
        input: &Input,
        head: &Parts,
        request: &RequestHead,
        viewer: Option<Viewer>,
    ) -> Result<Reply, Failure> {
        let operation = (endpoint.operation)(input)?;
        let graph = self.shared.graph.current();
        let document = graph.documents.as_ref().ok_or(ErrorCode::UnknownEndpoint)?.get(operation.document);
        // GET stands for reading, also where the contract has one that writes; HEAD is sent by whoever only looks.
        if head.method == Method::HEAD && document.operation.is_mutation() {
            return Err(Failure::with_status(ErrorCode::MethodNotAllowed));
        }
        let measured = document.meter.as_ref().map(OperationMeter::begin);
        let context = request.context(viewer, viewer.into());
        if let Some(span) = &context.span {
            describe(span, document.operation.kind(), document.name.as_deref());
        }
        let running = graph.engine.execute_prepared(&document.operation, operation.variables, context);
        let deadline = request.deadline + GRACE;
        let executed = tokio::time::timeout_at(deadline.into(), running).await;
        if let Some(measured) = measured {
            measured.settle(match &executed {
                Ok(executed) if executed.errors.is_empty() => Outcome::Ok,
                Ok(_) => Outcome::Errors,
                Err(_) => Outcome::Timeout,
            });
        }
        let executed = executed.map_err(|_| ErrorCode::Timeout)?;
        (endpoint.reply)(outcome::settle(executed)?, &self.times)
    }

    fn admit(&self, access: Access, caller: &Caller) -> Result<Option<Viewer>, ErrorCode> {
        let open = self.shared.settings.rest.public_reads_open;
        match access {
            Access::HandsOutTokens | Access::Open => Ok(caller.lenient()),
            Access::PublicRead if open => Ok(caller.lenient()),
            Access::PublicRead | Access::Person => caller.required().map(Some),
        }
    }

    async fn fields(&self, takes: Takes, head: &Parts, body: Body) -> Result<form::Fields, Failure> {
        let of_query = || form::of_query(head.uri.query().unwrap_or_default());
        let of_body = || form::of_body(&head.headers, body, self.shared.settings.limits.body_bytes);
        match takes {
            Takes::Nothing | Takes::File { .. } => Ok(form::Fields::new()),
            Takes::Query => of_query(),
            Takes::Form => of_body().await,
            Takes::FormOrQuery => {
                let mut fields = of_body().await?;
                fields.extend(of_query()?);
                Ok(fields)
            }
        }
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(Failure::new(ErrorCode::Timeout)))
}
