//! The application in front of subgraphs that say what a test tells them, and of domains that remember what they got.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql_value::ConstValue;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use reel_auth::call::{CallSigner, CallVerifier};
use reel_auth::{AuthSettings, InternalKey, SigningKey, TokenSigner, TokenVerifier, Viewer};
use reel_config::{Millis, Seconds};
use reel_error::{Error, ErrorCode};
use reel_id::{Clock, SessionId, UploadId, UserId};
use reel_router::auth::{EndedSessions, IssuerTasks, Issuers, RevocationTask, RevocationWatch};
use reel_router::config::{RevocationSettings, RouterSettings};
use reel_router::graph::LiveGraph;
use reel_router::http::{Accounts, RouterApp, RouterParts};
use reel_router::transport::{
    Fetch, Fetched, HttpConnector, SubgraphError, SubgraphResponse, SubgraphTransport, TransportError,
};
use reel_router::{Engine, EngineSettings, SharedDocuments};
use reel_rpc::upload::{DiscardUploadRequest, DiscardUploadResponse, UploadRequest, UploadResponse};
use reel_rpc::user::renew_session_response::Outcome;
use reel_rpc::user::user_service_server::{UserService, UserServiceServer};
use reel_rpc::user::{
    EndedSession, EndedSessionsRequest, EndedSessionsResponse, FindUsersRequest, FindUsersResponse, PeekSessionRequest,
    PeekSessionResponse, RenewSessionRequest, RenewSessionResponse, Tokens, peek_session_response,
};
use reel_rpc::video::video_service_server::{VideoService, VideoServiceServer};
use reel_rpc::video::{FindVideosRequest, FindVideosResponse};
use reel_rpc::{Channel, SignedOnly, upload};
use serde_json::{Value, json};
use tonic::{Response, Status, Streaming};
use tower::ServiceExt as _;

/// The one refresh token that the user domain renews.
pub(crate) const REFRESH: &str = "refresh-1";
pub(crate) const NEXT_REFRESH: &str = "refresh-2";
pub(crate) const BOUNDARY: &str = "xYzZy";

#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl TestClock {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

type Script = Arc<dyn Fn(&Call) -> Value + Send + Sync>;

/// What a subgraph was asked.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) subgraph: String,
    pub(crate) document: String,
    pub(crate) variables: Value,
    pub(crate) viewer: Option<Viewer>,
}

struct Scripted {
    name: &'static str,
    calls: Arc<Mutex<Vec<Call>>>,
    script: Script,
}

#[async_trait]
impl SubgraphTransport for Scripted {
    async fn fetch(&self, mut fetch: Fetch) -> Result<Fetched, TransportError> {
        let call = Call {
            subgraph: self.name.to_owned(),
            document: fetch.document.text().to_owned(),
            variables: serde_json::to_value(&fetch.take_variables()?).unwrap(),
            viewer: fetch.context.viewer,
        };
        self.calls.lock().unwrap().push(call.clone());
        let answer = (self.script)(&call);
        if answer == "never" {
            return std::future::pending().await;
        }
        if let Some(after_ms) = answer["after_ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
        }
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        let error = |error: &Value| SubgraphError {
            message: error["message"].as_str().unwrap_or_default().to_owned(),
            code: error["extensions"]["code"].as_str().map(str::to_owned),
            ..SubgraphError::default()
        };
        let response = SubgraphResponse {
            data: ConstValue::from_json(answer["data"].clone()).unwrap(),
            errors: errors.iter().map(error).collect(),
            ..SubgraphResponse::default()
        };
        Ok(response.into())
    }
}

/// A file that a domain was sent: its kind, its owner, its content.
pub(crate) type Upload = (&'static str, Viewer, Vec<u8>);

/// The domains' side of gRPC.
#[derive(Clone)]
pub(crate) struct Domains {
    signer: Arc<TokenSigner>,
    pub(crate) ended: Arc<Mutex<Vec<SessionId>>>,
    pub(crate) renewals: Arc<Mutex<Vec<i64>>>,
    /// Whether the refresh token was spent long ago.
    pub(crate) spent: Arc<AtomicBool>,
    pub(crate) uploads: Arc<Mutex<Vec<Upload>>>,
    /// Whether files are refused before anything of them is read.
    pub(crate) busy: Arc<AtomicBool>,
    /// How often it was asked which logins have ended, and how often it does not answer that first.
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) silences: Arc<AtomicUsize>,
    /// The kinds and owners of uploads that were discarded.
    pub(crate) discarded: Arc<Mutex<Vec<(&'static str, Viewer)>>>,
}

#[tonic::async_trait]
impl UserService for Domains {
    async fn find_users(&self, _: tonic::Request<FindUsersRequest>) -> Result<Response<FindUsersResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn renew_session(
        &self,
        request: tonic::Request<RenewSessionRequest>,
    ) -> Result<Response<RenewSessionResponse>, Status> {
        let request = request.into_inner();
        self.renewals.lock().unwrap().push(request.session_id);
        let outcome = if request.refresh_token == REFRESH {
            let viewer = ana();
            Outcome::Tokens(Tokens {
                access_token: self.signer.sign(viewer, 2).unwrap().token,
                refresh_token: NEXT_REFRESH.into(),
                user_id: viewer.user_id.raw(),
                session_id: viewer.session_id.raw(),
            })
        } else {
            Outcome::Refused(ErrorCode::TokenExpired.name().into())
        };
        Ok(Response::new(RenewSessionResponse { outcome: Some(outcome) }))
    }

    async fn peek_session(
        &self,
        request: tonic::Request<PeekSessionRequest>,
    ) -> Result<Response<PeekSessionResponse>, Status> {
        let request = request.into_inner();
        let has_ended = self.ended.lock().unwrap().contains(&SessionId::from(request.session_id));
        let outcome = match request.refresh_token.as_str() {
            REFRESH | NEXT_REFRESH if has_ended => ErrorCode::SessionEnded.name(),
            REFRESH => return Ok(renewable(!self.spent.load(Ordering::SeqCst))),
            NEXT_REFRESH => return Ok(renewable(true)),
            _ => ErrorCode::TokenExpired.name(),
        };
        let outcome = Some(peek_session_response::Outcome::Refused(outcome.to_owned()));
        Ok(Response::new(PeekSessionResponse { outcome }))
    }

    async fn ended_sessions(
        &self,
        _: tonic::Request<EndedSessionsRequest>,
    ) -> Result<Response<EndedSessionsResponse>, Status> {
        if self.asked.fetch_add(1, Ordering::SeqCst) < self.silences.load(Ordering::SeqCst) {
            return Err(Status::unavailable("not yet"));
        }
        let ended = self.ended.lock().unwrap();
        let sessions = ended.iter().map(|id| EndedSession { session_id: id.raw() }).collect();
        Ok(Response::new(EndedSessionsResponse { sessions, next_since_ms: 0 }))
    }

    async fn upload_image(
        &self,
        request: tonic::Request<Streaming<UploadRequest>>,
    ) -> Result<Response<UploadResponse>, Status> {
        self.take("image", request).await
    }

    async fn discard_upload(
        &self,
        request: tonic::Request<DiscardUploadRequest>,
    ) -> Result<Response<DiscardUploadResponse>, Status> {
        self.discard("image", request)
    }
}

#[tonic::async_trait]
impl VideoService for Domains {
    async fn find_videos(&self, _: tonic::Request<FindVideosRequest>) -> Result<Response<FindVideosResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn upload_video(
        &self,
        request: tonic::Request<Streaming<UploadRequest>>,
    ) -> Result<Response<UploadResponse>, Status> {
        self.take("video", request).await
    }

    async fn discard_upload(
        &self,
        request: tonic::Request<DiscardUploadRequest>,
    ) -> Result<Response<DiscardUploadResponse>, Status> {
        self.discard("video", request)
    }
}

fn renewable(renewable: bool) -> Response<PeekSessionResponse> {
    let outcome = Some(peek_session_response::Outcome::Renewable(renewable));
    Response::new(PeekSessionResponse { outcome })
}

impl Domains {
    /// Notes that the one upload was discarded.
    fn discard(
        &self,
        kind: &'static str,
        request: tonic::Request<DiscardUploadRequest>,
    ) -> Result<Response<DiscardUploadResponse>, Status> {
        let (viewer, id) = upload::discard(request)?;
        assert_eq!(id, UploadId::from(77));
        self.discarded.lock().unwrap().push((kind, viewer));
        Ok(Response::new(DiscardUploadResponse {}))
    }

    /// Keeps a file, unless it was broken off or says that it is not one.
    async fn take(
        &self,
        kind: &'static str,
        request: tonic::Request<Streaming<UploadRequest>>,
    ) -> Result<Response<UploadResponse>, Status> {
        let (viewer, mut content) = upload::receive(request).await?;
        if self.busy.load(Ordering::SeqCst) {
            return upload::answer(Err(ErrorCode::RateLimited.into()));
        }
        let mut file = Vec::new();
        while let Some(chunk) = content.next().await {
            let Ok(chunk) = chunk else { return upload::answer(Err(ErrorCode::NotAVideo.into())) };
            file.extend_from_slice(&chunk);
        }
        if file == b"text" {
            return upload::answer(Err(Error::from(ErrorCode::NotAVideo)));
        }
        self.uploads.lock().unwrap().push((kind, viewer, file));
        upload::answer(Ok(UploadId::from(77)))
    }
}

pub(crate) fn ana() -> Viewer {
    Viewer { user_id: UserId::from(7), session_id: SessionId::from(9) }
}

/// The application and everything around it.
pub(crate) struct World {
    pub(crate) app: Router,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) domains: Domains,
    pub(crate) calls: Arc<Mutex<Vec<Call>>>,
    pub(crate) ended: Arc<EndedSessions>,
    users: Channel,
    _keys: IssuerTasks,
}

pub(crate) struct WorldBuilder {
    script: Script,
    settings: RouterSettings,
    access_ttl_s: Seconds,
    knows_ended: bool,
    over_http: bool,
    foreign: Option<String>,
    shared_documents: Option<SharedDocuments>,
}

/// A world whose subgraphs answer with this.
pub(crate) fn world(script: impl Fn(&Call) -> Value + Send + Sync + 'static) -> WorldBuilder {
    WorldBuilder {
        script: Arc::new(script),
        settings: RouterSettings::default(),
        access_ttl_s: Seconds(900),
        knows_ended: true,
        over_http: false,
        foreign: None,
        shared_documents: None,
    }
}

/// A world whose subgraphs must not be asked.
pub(crate) fn silent_world() -> WorldBuilder {
    world(|call| panic!("{call:?} must not be asked"))
}

/// A subgraph's answer.
#[expect(clippy::needless_pass_by_value, reason = "it is called with fresh values")]
pub(crate) fn data(data: Value) -> Value {
    json!({ "data": data })
}

/// A subgraph's failure.
pub(crate) fn error(code: ErrorCode) -> Value {
    json!({ "data": null, "errors": [{ "message": "no", "extensions": { "code": code.name() } }] })
}

impl WorldBuilder {
    pub(crate) fn settings(mut self, change: impl FnOnce(&mut RouterSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Subgraphs that are called over HTTP, and answer with their name in `x-from` and what they got as `x-locale` in `x-got`.
    pub(crate) fn over_http(mut self) -> Self {
        self.over_http = true;
        self
    }

    /// A router in front of somebody else's graph: it has no accounts.
    pub(crate) fn foreign(mut self, supergraph: String) -> Self {
        self.settings.rest.enabled = false;
        self.foreign = Some(supergraph);
        self
    }

    /// A router that finds documents of others here.
    pub(crate) fn shares(mut self, documents: SharedDocuments) -> Self {
        self.shared_documents = Some(documents);
        self
    }

    /// A router that has not yet learnt which logins have ended.
    pub(crate) fn just_started(mut self) -> Self {
        self.knows_ended = false;
        self
    }

    pub(crate) async fn start(self) -> World {
        let knows_ended = self.knows_ended;
        let world = self.build().await;
        if knows_ended {
            let watch = world.watch();
            while !world.ended.is_known() {
                tokio::task::yield_now().await;
            }
            watch.stop().await;
        }
        world
    }

    async fn build(self) -> World {
        let clock = Arc::new(TestClock(AtomicI64::new(1_790_000_000_000)));
        let auth = AuthSettings { access_ttl_s: self.access_ttl_s, ..AuthSettings::default() };
        let key = SigningKey::generate();
        let domains = Domains {
            signer: Arc::new(TokenSigner::new(&key, &auth, clock.clone()).unwrap()),
            ended: Arc::default(),
            renewals: Arc::default(),
            spent: Arc::default(),
            uploads: Arc::default(),
            busy: Arc::default(),
            asked: Arc::default(),
            silences: Arc::default(),
            discarded: Arc::default(),
        };
        let internal = InternalKey::generate();
        let verifier = |domain: &str| CallVerifier::new(&internal, reel_rpc::audience(domain), clock.clone());
        let signer = CallSigner::new(&internal, clock.clone());
        let users = SignedOnly::new(UserServiceServer::new(domains.clone()), verifier("user"));
        let videos = SignedOnly::new(VideoServiceServer::new(domains.clone()), verifier("video"));
        let users = Channel::in_process(users, "user", signer.clone());
        let calls = Arc::default();
        let ended = Arc::<EndedSessions>::default();
        let engine = if self.over_http {
            engine_over_http(&calls, &self.script, &self.settings).await
        } else {
            let supergraph = self.foreign.as_deref().unwrap_or(include_str!("../../../schema/supergraph.graphql"));
            engine(supergraph, &calls, &self.script, self.settings.engine())
        };
        let graph = Arc::new(LiveGraph::start(engine, &self.settings).await.unwrap());
        let accounts = Accounts {
            verifier: Arc::new(TokenVerifier::new(&[key.public_key()], &auth, clock.clone())),
            ended: Arc::clone(&ended),
            users: users.clone(),
            videos: Channel::in_process(videos, "video", signer),
        };
        let now: Arc<dyn Clock> = clock.clone();
        let (issuers, keys) = Issuers::start(&self.settings.auth, Some(&auth.issuer), &now).await.unwrap();
        let parts = RouterParts {
            graph,
            shared_documents: self.shared_documents,
            accounts: self.foreign.is_none().then_some(accounts),
            issuers,
            clock: clock.clone(),
            settings: self.settings,
            checks: Vec::new(),
            metrics: Some(Arc::new(|| "up 1\n".to_owned())),
        };
        let app = RouterApp::routes(parts).unwrap();
        World { app, clock, domains, calls, ended, users, _keys: keys }
    }
}

fn engine(supergraph: &str, calls: &Arc<Mutex<Vec<Call>>>, script: &Script, settings: EngineSettings) -> Engine {
    let transports: HashMap<String, Arc<dyn SubgraphTransport>> = ["user", "video", "interaction", "social"]
        .map(|name| {
            let transport = Scripted { name, calls: Arc::clone(calls), script: Arc::clone(script) };
            (name.to_owned(), Arc::new(transport) as Arc<dyn SubgraphTransport>)
        })
        .into();
    Engine::new(supergraph, transports, settings).unwrap()
}

async fn engine_over_http(calls: &Arc<Mutex<Vec<Call>>>, script: &Script, settings: &RouterSettings) -> Engine {
    let mut urls = BTreeMap::new();
    for name in ["user", "video", "interaction", "social"] {
        let (calls, script) = (Arc::clone(calls), Arc::clone(script));
        let serve = move |headers: HeaderMap, body: String| async move {
            let asked: Value = serde_json::from_str(&body).unwrap();
            let document = asked["query"].as_str().unwrap().to_owned();
            let variables = asked["variables"].clone();
            let call = Call { subgraph: name.to_owned(), document, variables, viewer: None };
            calls.lock().unwrap().push(call.clone());
            let got = headers.get("x-locale").map_or_else(String::new, |value| value.to_str().unwrap().to_owned());
            ([("x-from", name.to_owned()), ("x-got", got)], script(&call).to_string())
        };
        urls.insert(name.to_owned(), crate::shop::listen(Router::new().fallback(serve)).await);
    }
    let connector = HttpConnector::new(urls, BTreeMap::new(), settings.subgraph_calls.clone(), None);
    let connector = connector.with_headers(settings.subgraph_headers.clone());
    let supergraph = include_str!("../../../schema/supergraph.graphql");
    Engine::connect(supergraph, |name, url| connector.connect(name, url), settings.engine()).unwrap()
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The status and the `base.code`.
    pub(crate) fn outcome(&self) -> (u16, i64) {
        (self.status.as_u16(), self.json()["base"]["code"].as_i64().unwrap())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl World {
    pub(crate) fn token(&self) -> String {
        self.domains.signer.sign(ana(), 1).unwrap().token
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// A request without a token.
    pub(crate) async fn anonymous(&self, method: &str, uri: &str, form: &str) -> Answer {
        self.send(form_request(method, uri, form).body(Body::from(form.to_owned())).unwrap()).await
    }

    /// A request with a current token.
    pub(crate) async fn as_ana(&self, method: &str, uri: &str, form: &str) -> Answer {
        let request = form_request(method, uri, form).header("access-token", self.token());
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// An operation sent to `/graphql` with these headers.
    pub(crate) async fn graphql(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        let request = Request::post("/graphql").header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::from(json!({ "query": query }).to_string())).unwrap()).await
    }

    /// The variables of the last call to a subgraph.
    pub(crate) fn last_variables(&self) -> Value {
        self.calls.lock().unwrap().last().unwrap().variables.clone()
    }

    /// Starts asking for ended logins.
    pub(crate) fn watch(&self) -> RevocationTask {
        self.watch_every(RouterSettings::default().revocation.poll_ms)
    }

    /// Starts asking for ended logins this often.
    pub(crate) fn watch_every(&self, poll_ms: Millis) -> RevocationTask {
        let settings = RevocationSettings { poll_ms, ..RouterSettings::default().revocation };
        let ttl = Duration::from_secs(900);
        RevocationWatch::new(self.users.clone(), Arc::clone(&self.ended), self.clock.clone(), settings, ttl).spawn()
    }
}

fn form_request(method: &str, uri: &str, form: &str) -> http::request::Builder {
    let request = Request::builder().method(method).uri(uri);
    if form.is_empty() { request } else { request.header("content-type", "application/x-www-form-urlencoded") }
}

/// A multipart body from (name, content) pairs; the part `data` is a file.
pub(crate) fn multipart(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, content) in parts {
        let file = if *name == "data" { "; filename=\"../x.mp4\"\r\nContent-Type: video/mp4" } else { "" };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// An upload request.
pub(crate) fn multipart_request(method: &str, uri: &str, token: &str, body: Vec<u8>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(uri)
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .header("access-token", token)
        .body(Body::from(body))
        .unwrap()
}
