use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use reel_auth::Viewer;
use reel_auth::call::{self, CallSigner};
use reel_telemetry::RequestContext;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

/// How long an ordinary call may take.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The way to one domain's gRPC service; cheap to clone. Generated clients are built on it.
///
/// It signs each call, on behalf of the [`Viewer`] in the request's extensions if there is one, passes on the id and the
/// trace of the request that it is made for, and ends it after its timeout.
#[derive(Clone)]
pub struct Channel {
    inner: BoxCloneSyncService<Request<Body>, Response<Body>, Status>,
    signer: CallSigner,
    audience: String,
    timeout: Duration,
}

/// The address of a domain cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{url} is not an address of a domain (http://host:port): {reason}")]
pub struct ConnectError {
    url: String,
    reason: String,
}

impl Channel {
    /// A channel to a server in this process.
    pub fn in_process<S>(server: S, domain: &str, signer: CallSigner) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        let server = server.map_err(|never: Infallible| match never {});
        Self::over(BoxCloneSyncService::new(server), domain, signer)
    }

    /// A channel to a server elsewhere. It connects when the first call is made, and again whenever it has to.
    ///
    /// # Errors
    /// When the address is not a valid URL.
    pub fn connect(url: &str, domain: &str, signer: CallSigner) -> Result<Self, ConnectError> {
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|error| ConnectError { url: url.to_owned(), reason: error.to_string() })?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(5))
            .tcp_nodelay(true);
        let network = endpoint.connect_lazy().map_err(|error| Status::from_error(Box::new(error)));
        Ok(Self::over(BoxCloneSyncService::new(network), domain, signer))
    }

    fn over(
        inner: BoxCloneSyncService<Request<Body>, Response<Body>, Status>,
        domain: &str,
        signer: CallSigner,
    ) -> Self {
        Self { inner, signer, audience: crate::audience(domain), timeout: DEFAULT_TIMEOUT }
    }

    /// The same channel with another bound on how long a call may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn sign(&self, request: &mut Request<Body>) -> Result<(), Status> {
        let viewer = request.extensions().get::<Viewer>().copied();
        let envelope = self.signer.sign(&self.audience, viewer.as_ref(), request.uri().path().as_bytes());
        let value = HeaderValue::from_str(&envelope)
            .map_err(|_| Status::internal("the envelope of a call is not a header value"))?;
        request.headers_mut().insert(call::HEADER, value);
        if let Some(context) = RequestContext::current() {
            context.write_to(request.headers_mut());
        }
        Ok(())
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Channel({})", self.audience)
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone that stays behind is not ready; the one that was polled makes the call (tower's rule).
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let signed = self.sign(&mut request);
        let timeout = self.timeout;
        Box::pin(async move {
            signed?;
            tokio::time::timeout(timeout, inner.call(request))
                .await
                .unwrap_or_else(|_| Err(Status::new(Code::DeadlineExceeded, "the call took too long")))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use reel_auth::InternalKey;
    use reel_id::SystemClock;
    use reel_telemetry::REQUEST_ID;

    use super::*;

    #[tokio::test]
    async fn a_call_carries_the_id_and_the_trace_of_the_request_that_it_is_made_for() {
        let seen = Arc::new(Mutex::new(None));
        let server = {
            let seen = Arc::clone(&seen);
            tower::service_fn(move |request: Request<Body>| {
                *seen.lock().unwrap() = Some(request.headers().clone());
                std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
            })
        };
        let signer = CallSigner::new(&InternalKey::generate(), Arc::new(SystemClock));
        let channel = Channel::in_process(server, "user", signer);
        let ask = || channel.clone().oneshot(Request::new(Body::empty()));
        let context = RequestContext::begin();
        context.clone().scope(ask()).await.unwrap();
        let headers = seen.lock().unwrap().take().unwrap();
        let next = RequestContext::read_from(&headers);
        assert_eq!((next.request_id(), next.trace_id()), (context.request_id(), context.trace_id()));
        ask().await.unwrap();
        assert!(!seen.lock().unwrap().take().unwrap().contains_key(REQUEST_ID), "it is made for no request");
    }
}
