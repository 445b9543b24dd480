//! One running video domain with a database, a Redis prefix and a file directory of its own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_graphql::Variables;
use bytes::Bytes;
use reel_auth::call::{CallSigner, CallVerifier};
use reel_auth::{InternalKey, Viewer};
use reel_config::{Millis, Seconds};
use reel_files::{FileStore, FilesSettings};
use reel_id::{IdGenerator, SessionId, UploadId, UserId};
use reel_rpc::upload::{self, UploadResponse};
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_rpc::user::user_service_server::{UserService, UserServiceServer};
use reel_rpc::user::{
    EndedSessionsRequest, EndedSessionsResponse, FindUsersRequest, FindUsersResponse, PeekSessionRequest,
    PeekSessionResponse, RenewSessionRequest, RenewSessionResponse, User,
};
use reel_rpc::video::video_service_client::VideoServiceClient;
use reel_rpc::{Channel, SignedOnly};
use reel_store::Redis;
use reel_subgraph::{Call, CallDocument, Tasks};
use reel_testkit::{TestClock, TestDatabase, TestRedis};
use reel_video::{MIGRATOR, NAME, Video, VideoDeps, VideoSettings};
use serde_json::{Value, json};
use tonic::{Request, Response, Status, Streaming};

pub(crate) const ANA: i64 = 101;
pub(crate) const BEN: i64 = 102;
pub(crate) const CAI: i64 = 103;

/// After a command to Redis that takes longer, Redis is not asked for a while, which on a clock that stands still is for
/// ever; and this machine may be busy.
const PATIENCE: Millis = Millis(10_000);

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) redis: TestRedis,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) users: Users,
    pub(crate) files: FileStore,
    pub(crate) tasks: Tasks,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) key: InternalKey,
    pub(crate) video: Video,
    ids: Arc<IdGenerator>,
}

/// The user domain, as far as this one asks it.
#[derive(Clone, Default)]
pub(crate) struct Users(pub(crate) Arc<Mutex<HashMap<i64, String>>>);

#[tonic::async_trait]
impl UserService for Users {
    async fn find_users(&self, request: Request<FindUsersRequest>) -> Result<Response<FindUsersResponse>, Status> {
        let known = self.0.lock().unwrap();
        let found = request.into_inner().ids.into_iter().filter_map(|id| known.get(&id).map(|name| (id, name.clone())));
        let users = found.map(|(id, username)| User { id, username }).collect();
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

    async fn upload_image(
        &self,
        _: Request<Streaming<upload::UploadRequest>>,
    ) -> Result<Response<UploadResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }

    async fn discard_upload(
        &self,
        _: Request<upload::DiscardUploadRequest>,
    ) -> Result<Response<upload::DiscardUploadResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut VideoSettings)) -> Self {
        Self::over(None, change).await
    }

    /// With another Redis than the tests' own.
    pub(crate) async fn over(redis_instead: Option<Redis>, change: impl FnOnce(&mut VideoSettings)) -> Self {
        let database = TestDatabase::new(NAME).await;
        reel_store::migrate(database.pool(), &MIGRATOR, NAME).await.unwrap();
        let redis = TestRedis::new().await;
        let clock = TestClock::at("2026-01-01T08:00:00Z");
        let directory = tempfile::tempdir().unwrap();
        let files = FileStore::open(&FilesSettings {
            dir: directory.path().join("files"),
            public_url: "http://files.test".into(),
            ..FilesSettings::default()
        })
        .unwrap();
        let mut settings = VideoSettings {
            spool_dir: directory.path().join("spool"),
            // Tests sweep by starting the domain again.
            sweep_period_s: Seconds(3_600),
            popular_timeout_ms: PATIENCE,
            ..VideoSettings::default()
        };
        change(&mut settings);
        let users = Users::default();
        users.0.lock().unwrap().extend([(ANA, "Ana_影迷".to_owned()), (BEN, "ben".to_owned())]);
        let key = InternalKey::generate();
        let ids = Arc::new(IdGenerator::new(clock.clone(), 1).unwrap());
        let tasks = Tasks::default();
        let deps = VideoDeps {
            pool: database.pool().clone(),
            redis: redis_instead.unwrap_or_else(|| redis.redis().clone()),
            files: files.clone(),
            ids: ids.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
            internal_key: key.clone(),
            users: user_client(&users, &key, &clock),
            settings,
        };
        let video = Video::start(deps).await.unwrap();
        Self { database, redis, clock, users, files, tasks, directory, key, video, ids }
    }

    /// Another process of the same domain, over the same stores.
    pub(crate) async fn start_again(&self) -> Video {
        let deps = VideoDeps {
            pool: self.database.pool().clone(),
            redis: self.redis.redis().clone(),
            files: self.files.clone(),
            ids: Arc::new(IdGenerator::new(self.clock.clone(), 2).unwrap()),
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            internal_key: self.key.clone(),
            users: user_client(&self.users, &self.key, &self.clock),
            settings: VideoSettings {
                spool_dir: self.spool(),
                popular_timeout_ms: PATIENCE,
                ..VideoSettings::default()
            },
        };
        Video::start(deps).await.unwrap()
    }

    /// The whole answer to an operation.
    pub(crate) async fn run(&self, viewer: Option<i64>, document: &str, variables: Value) -> Value {
        let call = Call {
            document: CallDocument::Text(document.to_owned()),
            operation_name: None,
            variables: Variables::from_json(variables),
            viewer: viewer.map(person),
            request_id: "test".into(),
            deadline: Instant::now() + Duration::from_secs(30),
        };
        serde_json::to_value(self.video.subgraph.execute(call).await).unwrap()
    }

    /// The data of an operation that succeeds.
    pub(crate) async fn data(&self, viewer: Option<i64>, document: &str, variables: Value) -> Value {
        let mut answer = self.run(viewer, document, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    pub(crate) fn client(&self) -> VideoServiceClient<Channel> {
        let server = self.video.rpc.clone();
        let signer = CallSigner::new(&self.key, self.clock.clone());
        VideoServiceClient::new(Channel::in_process(server, NAME, signer).with_timeout(Duration::from_secs(60)))
    }

    /// Uploads these bytes in pieces; the answer is an id or the name of the code that refused them.
    pub(crate) async fn upload(&self, owner: i64, content: &[u8]) -> Result<i64, String> {
        let pieces: Vec<_> =
            content.chunks(10_000).map(|piece| Ok::<_, String>(Bytes::copy_from_slice(piece))).collect();
        self.upload_stream(owner, pieces).await
    }

    /// Uploads what a stream brings. A failing stream is broken off.
    pub(crate) async fn upload_stream(&self, owner: i64, pieces: Vec<Result<Bytes, String>>) -> Result<i64, String> {
        let messages = upload::messages(UserId::from(owner), futures::stream::iter(pieces));
        let mut request = Request::new(messages);
        request.extensions_mut().insert(person(owner));
        let response = self.client().upload_video(request).await.map_err(|status| status.to_string())?;
        let outcome = upload::outcome(response.into_inner());
        outcome.map(UploadId::raw).map_err(|error| error.code().name().to_owned())
    }

    /// An upload that can be published, without its files.
    pub(crate) async fn pretend_upload(&self, owner: i64) -> i64 {
        let id: i64 = self.ids.next();
        sqlx::query("INSERT INTO upload VALUES (?, ?, ?, ?, 1, '2026-12-31 00:00:00')")
            .bind(id)
            .bind(owner)
            .bind(format!("videos/{id}.mp4"))
            .bind(format!("covers/{id}.jpg"))
            .execute(self.database.pool())
            .await
            .unwrap();
        id
    }

    /// Publishes and returns the payload.
    pub(crate) async fn publish(&self, owner: i64, upload: i64, title: &str, description: &str) -> Value {
        let document = "mutation ($input: PublishVideoInput!) { publishVideo(input: $input) {
            video { id title description playUrl coverUrl visitCount createdAt updatedAt author { id } }
            userErrors { code field } } }";
        let input = json!({"uploadId": upload.to_string(), "title": title, "description": description});
        self.data(Some(owner), document, json!({"input": input})).await["publishVideo"].take()
    }

    /// Publishes a pretended upload, a second after the last one, and returns the video's id.
    pub(crate) async fn published(&self, owner: i64, title: &str, description: &str) -> String {
        self.clock.advance(Duration::from_secs(1));
        let upload = self.pretend_upload(owner).await;
        let payload = self.publish(owner, upload, title, description).await;
        payload["video"]["id"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
    }

    pub(crate) async fn visit(&self, id: &str) -> Value {
        let document = "mutation ($id: ID!) { visitVideo(input: {videoId: $id}) { video { visitCount } userErrors { code field } } }";
        self.data(None, document, json!({"id": id})).await["visitVideo"].take()
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }

    /// The names of all stored and spooled files.
    pub(crate) fn all_files(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(self.directory.path(), &mut names);
        names.sort();
        names
    }

    pub(crate) fn spool(&self) -> std::path::PathBuf {
        self.directory.path().join("spool")
    }
}

pub(crate) fn person(id: i64) -> Viewer {
    Viewer { user_id: UserId::from(id), session_id: SessionId::from(1) }
}

/// The codes of top-level errors.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none")).collect()
}

/// One field of every node of a connection.
pub(crate) fn nodes<'a>(connection: &'a Value, field: &str) -> Vec<&'a str> {
    let edges = connection["edges"].as_array().unwrap_or_else(|| panic!("{connection}"));
    edges.iter().map(|edge| edge["node"][field].as_str().unwrap()).collect()
}

fn user_client(users: &Users, key: &InternalKey, clock: &Arc<TestClock>) -> UserServiceClient<Channel> {
    let verifier = CallVerifier::new(key, reel_rpc::audience("user"), clock.clone());
    let server = SignedOnly::new(UserServiceServer::new(users.clone()), verifier);
    UserServiceClient::new(Channel::in_process(server, "user", CallSigner::new(key, clock.clone())))
}

fn collect(directory: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), names);
        } else {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
}
