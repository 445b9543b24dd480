use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use reel_auth::Viewer;
use reel_auth::call::{self, CallVerifier};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::NamedService;

/// A gRPC server that answers only calls signed by our own processes. The viewer of the call is put into the
/// request's extensions ([`viewer`] reads it).
#[derive(Debug, Clone)]
pub struct SignedOnly<S> {
    inner: S,
    verifier: CallVerifier,
}

impl<S> SignedOnly<S> {
    /// Guards a generated server.
    pub fn new(inner: S, verifier: CallVerifier) -> Self {
        Self { inner, verifier }
    }

    fn admit(&self, request: &mut Request<Body>) -> Result<(), call::CallError> {
        let envelope = request.headers().get(call::HEADER).and_then(|value| value.to_str().ok());
        let content = request.uri().path().as_bytes();
        let viewer = self.verifier.verify(envelope.unwrap_or_default(), content)?;
        // Extensions of an in-process call come from the caller; only what was signed counts.
        request.extensions_mut().remove::<Viewer>();
        if let Some(viewer) = viewer {
            request.extensions_mut().insert(viewer);
        }
        Ok(())
    }
}

/// On whose behalf a call to a [`SignedOnly`] server is made.
pub fn viewer<T>(request: &tonic::Request<T>) -> Option<Viewer> {
    request.extensions().get().copied()
}

impl<S: NamedService> NamedService for SignedOnly<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for SignedOnly<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.admit(&mut request) {
            Ok(()) => Box::pin(self.inner.call(request)),
            Err(error) => {
                tracing::warn!(rpc.method = request.uri().path(), %error, "refused an unsigned gRPC call");
                let refusal = Status::unauthenticated("the call is not signed").into_http();
                Box::pin(async move { Ok(refusal) })
            }
        }
    }
}
