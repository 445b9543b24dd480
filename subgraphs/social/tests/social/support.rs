//! One running social domain for one test, and a scripted user domain behind its gRPC contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_graphql::Variables;
use reel_auth::{InternalKey, Viewer, call::CallSigner};
use reel_id::{IdGenerator, SessionId, UserId};
use reel_rpc::Channel;
use reel_rpc::upload::{self, UploadRequest, UploadResponse};
use reel_rpc::user::user_service_server::{UserService, UserServiceServer};
use reel_rpc::user::{
    EndedSessionsRequest, EndedSessionsResponse, FindUsersRequest, FindUsersResponse, PeekSessionRequest,
    PeekSessionResponse, RenewSessionRequest, RenewSessionResponse, User,
};
use reel_social::{MIGRATOR, NAME, Social, SocialDeps};
use reel_subgraph::{Call, CallDocument, Subgraph};
use reel_testkit::{TestClock, TestDatabase};
use serde_json::{Value, json};
use tonic::{Request, Response, Status, Streaming};

/// People with ids below this exist.
pub(crate) const UNKNOWN: i64 = 1_000_000;

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) users: Arc<Script>,
    pub(crate) subgraph: Subgraph,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new(NAME).await;
        reel_store::migrate(database.pool(), &MIGRATOR, NAME).await.unwrap();
        let clock = TestClock::at("2026-01-01T08:00:00Z");
        let users = Arc::new(Script::default());
        let server = UserServiceServer::from_arc(users.clone());
        let signer = CallSigner::new(&InternalKey::generate(), clock.clone());
        let deps = SocialDeps {
            pool: database.pool().clone(),
            ids: Arc::new(IdGenerator::new(clock.clone(), 0).unwrap()),
            clock: clock.clone(),
            users: Channel::in_process(server, "user", signer),
        };
        let subgraph = Social::start(deps).await.unwrap().subgraph;
        Self { database, clock, users, subgraph }
    }

    /// Runs a document for a viewer, or for nobody.
    pub(crate) async fn run(&self, viewer: Option<i64>, document: &str, variables: Value) -> Value {
        run(&self.subgraph, viewer, document, variables).await
    }

    /// Selects fields of people as another subgraph's answer would lead to them.
    pub(crate) async fn people(&self, viewer: Option<i64>, ids: &[i64], selection: &str) -> Value {
        let document =
            format!("query ($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on User {{ {selection} }} }} }}");
        let of: Vec<Value> = ids.iter().map(|id| json!({"__typename": "User", "id": id.to_string()})).collect();
        self.run(viewer, &document, json!({ "of": of })).await
    }

    /// One person without errors.
    pub(crate) async fn person(&self, viewer: Option<i64>, id: i64, selection: &str) -> Value {
        let answer = self.people(viewer, &[id], selection).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["_entities"][0].clone()
    }

    pub(crate) async fn follow(&self, follower: i64, followee: i64) {
        follow(&self.subgraph, follower, followee).await;
    }

    pub(crate) async fn unfollow(&self, follower: i64, followee: i64) {
        unfollow(&self.subgraph, follower, followee).await;
    }
}

pub(crate) async fn follow(subgraph: &Subgraph, follower: i64, followee: i64) {
    let document = "mutation ($id: ID!) { followUser(input: {userId: $id}) { user { id } userErrors { code } } }";
    let answer = run(subgraph, Some(follower), document, json!({"id": followee.to_string()})).await;
    let expected = json!({"user": {"id": followee.to_string()}, "userErrors": []});
    assert_eq!(answer["data"]["followUser"], expected, "{answer}");
}

pub(crate) async fn unfollow(subgraph: &Subgraph, follower: i64, followee: i64) {
    let document = "mutation ($id: ID!) { unfollowUser(input: {userId: $id}) { user { id } userErrors { code } } }";
    let answer = run(subgraph, Some(follower), document, json!({"id": followee.to_string()})).await;
    let expected = json!({"user": {"id": followee.to_string()}, "userErrors": []});
    assert_eq!(answer["data"]["unfollowUser"], expected, "{answer}");
}

async fn run(subgraph: &Subgraph, viewer: Option<i64>, document: &str, variables: Value) -> Value {
    let viewer = viewer.map(|id| Viewer { user_id: UserId::from(id), session_id: SessionId::from(1) });
    let call = Call {
        document: CallDocument::Text(document.to_owned()),
        operation_name: None,
        variables: Variables::from_json(variables),
        viewer,
        request_id: "test".to_owned(),
        deadline: Instant::now() + Duration::from_secs(30),
    };
    serde_json::to_value(subgraph.execute(call).await).unwrap()
}

/// The user domain, as this domain sees it.
#[derive(Debug, Default)]
pub(crate) struct Script {
    down: AtomicBool,
    asked: AtomicU32,
}

impl Script {
    /// Nobody answers any more.
    pub(crate) fn go_down(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    /// How many calls came so far.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tonic::async_trait]
impl UserService for Script {
    async fn find_users(&self, request: Request<FindUsersRequest>) -> Result<Response<FindUsersResponse>, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(Status::unavailable("scripted: connection refused by 10.0.0.7"));
        }
        let known = request.into_inner().ids.into_iter().filter(|id| *id < UNKNOWN);
        let users = known.map(|id| User { id, username: format!("user{id}") }).collect();
        Ok(Response::new(FindUsersResponse { users }))
    }

    async fn renew_session(&self, _: Request<RenewSessionRequest>) -> Result<Response<RenewSessionResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }

    async fn peek_session(&self, _: Request<PeekSessionRequest>) -> Result<Response<PeekSessionResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }

    async fn ended_sessions(
        &self,
        _: Request<EndedSessionsRequest>,
    ) -> Result<Response<EndedSessionsResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }

    async fn upload_image(&self, _: Request<Streaming<UploadRequest>>) -> Result<Response<UploadResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }

    async fn discard_upload(
        &self,
        _: Request<upload::DiscardUploadRequest>,
    ) -> Result<Response<upload::DiscardUploadResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }
}
