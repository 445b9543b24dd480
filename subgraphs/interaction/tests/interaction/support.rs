//! One running interaction domain for one test, and a scripted video domain behind its gRPC contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_graphql::Variables;
use reel_auth::call::{CallSigner, CallVerifier};
use reel_auth::{InternalKey, Viewer};
use reel_config::{Millis, Seconds};
use reel_id::{IdGenerator, SessionId, UserId};
use reel_interaction::{Interaction, InteractionDeps, InteractionSettings, MIGRATOR, NAME};
use reel_rpc::upload::{self, UploadRequest, UploadResponse};
use reel_rpc::video::video_service_server::{VideoService, VideoServiceServer};
use reel_rpc::video::{FindVideosRequest, FindVideosResponse, Video};
use reel_rpc::{Channel, SignedOnly};
use reel_store::MysqlSettings;
use reel_subgraph::{Call, CallDocument, Subgraph, Tasks};
use reel_testkit::{TestClock, TestMysql};
use serde_json::{Value, json};
use sqlx::MySqlPool;
use tonic::{Request, Response, Status, Streaming};

/// Videos with ids below this exist.
pub(crate) const UNKNOWN: i64 = 1_000_000;

pub(crate) struct World {
    pub(crate) mysql: TestMysql,
    pub(crate) pool: MySqlPool,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) videos: Arc<Script>,
    pub(crate) client: Client,
    tasks: Tasks,
}

impl World {
    pub(crate) async fn new() -> Self {
        let mysql = TestMysql::new().await;
        // Sixty-four tasks share eight connections of a busy machine.
        let patient = MysqlSettings { acquire_timeout_ms: Millis(30_000), ..mysql.settings().clone() };
        let pool = reel_store::connect(&patient, NAME).await.unwrap();
        reel_store::migrate(&pool, &MIGRATOR, NAME).await.unwrap();
        let clock = TestClock::at("2026-01-01T08:00:00Z");
        let videos = Arc::new(Script::default());
        let tasks = Tasks::default();
        let client = start(&pool, &clock, &videos, &tasks, NEVER).await;
        Self { mysql, pool, clock, videos, client, tasks }
    }

    /// For tests that count statements, as the clean-up makes some too.
    pub(crate) async fn stop_clean_up(&self) {
        self.tasks.stop(Duration::from_secs(10)).await;
    }

    /// Another such process over the same stores.
    pub(crate) async fn start_also(&self, tasks: &Tasks) {
        start(&self.pool, &self.clock, &self.videos, tasks, Seconds(1)).await;
    }

    /// The same stores under a new process, which cleans up at once and then again and again.
    pub(crate) async fn restart(&mut self) {
        self.stop_clean_up().await;
        self.tasks = Tasks::default();
        self.client = start(&self.pool, &self.clock, &self.videos, &self.tasks, Seconds(1)).await;
    }

    /// Fails unless every count equals its rows and nothing has lost what it belongs to.
    pub(crate) async fn assert_consistent(&self) {
        assert_eq!(self.rows("deleted_comment").await, 0, "deleted comments of which something is left");
        self.assert_consistent_so_far().await;
    }

    /// The same while something may be left of deleted comments.
    pub(crate) async fn assert_consistent_so_far(&self) {
        const WRONG: [(&str, &str); 6] = [
            (
                "videos whose counts differ from their rows",
                "SELECT COUNT(*) FROM (SELECT video_id FROM video_like UNION SELECT video_id FROM comment \
                 UNION SELECT video_id FROM video_stats) AS videos \
                 LEFT JOIN video_stats AS stats ON stats.video_id = videos.video_id WHERE \
                 COALESCE(stats.like_count, 0) <> (SELECT COUNT(*) FROM video_like WHERE video_id = videos.video_id) \
                 OR COALESCE(stats.comment_count, 0) <> (SELECT COUNT(*) FROM comment WHERE video_id = videos.video_id) \
                 OR COALESCE(stats.thread_count, 0) <> \
                 (SELECT COUNT(*) FROM comment WHERE video_id = videos.video_id AND parent_id = 0)",
            ),
            (
                "comments whose likes are miscounted",
                "SELECT COUNT(*) FROM comment WHERE like_count <> \
                 (SELECT COUNT(*) FROM comment_like WHERE comment_id = comment.id)",
            ),
            (
                "comments whose replies are miscounted",
                "SELECT COUNT(*) FROM comment AS parent WHERE reply_count <> \
                 (SELECT COUNT(*) FROM comment WHERE parent_id = parent.id)",
            ),
            (
                "replies without their parent",
                "SELECT COUNT(*) FROM comment WHERE parent_id <> 0 AND parent_id NOT IN (SELECT id FROM comment) \
                 AND parent_id NOT IN (SELECT id FROM deleted_comment)",
            ),
            (
                "replies about another video than their parent",
                "SELECT COUNT(*) FROM comment AS reply JOIN comment AS parent ON parent.id = reply.parent_id \
                 WHERE parent.video_id <> reply.video_id",
            ),
            (
                "likes without their comment",
                "SELECT COUNT(*) FROM comment_like WHERE comment_id NOT IN (SELECT id FROM comment) \
                 AND comment_id NOT IN (SELECT id FROM deleted_comment)",
            ),
        ];
        for (what, query) in WRONG {
            let count: i64 = sqlx::query_scalar(query).fetch_one(&self.pool).await.unwrap();
            assert_eq!(count, 0, "{what}");
        }
    }

    /// How many rows a table has.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let query = match table {
            "video_like" => "SELECT COUNT(*) FROM video_like",
            "comment_like" => "SELECT COUNT(*) FROM comment_like",
            "deleted_comment" => "SELECT COUNT(*) FROM deleted_comment",
            _ => "SELECT COUNT(*) FROM comment",
        };
        sqlx::query_scalar(query).fetch_one(&self.pool).await.unwrap()
    }
}

/// As good as no clean-up after the first, which finds nothing.
const NEVER: Seconds = Seconds(3_600);

async fn start(
    pool: &MySqlPool,
    clock: &Arc<TestClock>,
    videos: &Arc<Script>,
    tasks: &Tasks,
    sweep_period_s: Seconds,
) -> Client {
    let key = InternalKey::generate();
    let verifier = CallVerifier::new(&key, reel_rpc::audience("video"), clock.clone());
    let server = SignedOnly::new(VideoServiceServer::from_arc(videos.clone()), verifier);
    let deps = InteractionDeps {
        pool: pool.clone(),
        ids: Arc::new(IdGenerator::new(clock.clone(), 0).unwrap()),
        clock: clock.clone(),
        videos: Channel::in_process(server, "video", CallSigner::new(&key, clock.clone())),
        tasks: tasks.clone(),
        settings: InteractionSettings { sweep_period_s, ..InteractionSettings::default() },
    };
    Client(Interaction::start(deps).await.unwrap().subgraph)
}

/// Asks the domain as the router would.
#[derive(Clone)]
pub(crate) struct Client(Subgraph);

impl Client {
    /// Runs a document for a viewer, or for nobody.
    pub(crate) async fn run(&self, viewer: Option<i64>, document: &str, variables: Value) -> Value {
        let viewer = viewer.map(|id| Viewer { user_id: UserId::from(id), session_id: SessionId::from(1) });
        let call = Call {
            document: CallDocument::Text(document.to_owned()),
            operation_name: None,
            variables: Variables::from_json(variables),
            viewer,
            request_id: "test".to_owned(),
            deadline: Instant::now() + Duration::from_secs(60),
        };
        serde_json::to_value(self.0.execute(call).await).unwrap()
    }

    /// Selects fields of entities as another subgraph's answer would lead to them.
    pub(crate) async fn entities(&self, viewer: Option<i64>, of: &str, ids: &[i64], selection: &str) -> Value {
        let document =
            format!("query ($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on {of} {{ {selection} }} }} }}");
        let of: Vec<Value> = ids.iter().map(|id| json!({"__typename": of, "id": id.to_string()})).collect();
        self.run(viewer, &document, json!({ "of": of })).await
    }

    /// One entity without errors.
    pub(crate) async fn entity(&self, viewer: Option<i64>, of: &str, id: i64, selection: &str) -> Value {
        let answer = self.entities(viewer, of, &[id], selection).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["_entities"][0].clone()
    }

    /// One video without errors.
    pub(crate) async fn video(&self, viewer: Option<i64>, id: i64, selection: &str) -> Value {
        self.entity(viewer, "Video", id, selection).await
    }

    /// Runs a mutation and answers its payload, or the code of a top-level error.
    pub(crate) async fn mutate(&self, viewer: i64, mutation: &str, input: Value, selection: &str) -> Value {
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let document = format!(
            "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code field }} }} }}"
        );
        let answer = self.run(Some(viewer), &document, json!({ "input": input })).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            Some(code) => json!(code),
            None => answer["data"][mutation].clone(),
        }
    }

    /// Likes a video, or takes it back.
    pub(crate) async fn like_video(&self, viewer: i64, video: i64, like: bool) {
        let mutation = if like { "likeVideo" } else { "unlikeVideo" };
        let payload = self.mutate(viewer, mutation, json!({"videoId": video.to_string()}), "video { id }").await;
        assert_eq!(payload, json!({"video": {"id": video.to_string()}, "userErrors": []}));
    }

    /// Likes a comment, or takes it back. Answers the code if that was refused.
    pub(crate) async fn like_comment(&self, viewer: i64, comment: i64, like: bool) -> Option<String> {
        let mutation = if like { "likeComment" } else { "unlikeComment" };
        let payload = self.mutate(viewer, mutation, json!({"commentId": comment.to_string()}), "comment { id }").await;
        refusal(&payload)
    }

    /// Comments on a video.
    pub(crate) async fn comment(&self, viewer: i64, video: i64) -> i64 {
        let input = json!({"videoId": video.to_string(), "content": "a comment"});
        let payload = self.mutate(viewer, "publishComment", input, "comment { id }").await;
        id(&payload["comment"]["id"])
    }

    /// Replies to a comment. Answers the reply, or the code if it was refused.
    pub(crate) async fn reply(&self, viewer: i64, parent: i64) -> Result<i64, String> {
        let input = json!({"parentId": parent.to_string(), "content": "a reply"});
        let payload = self.mutate(viewer, "publishComment", input, "comment { id }").await;
        refusal(&payload).map_or_else(|| Ok(id(&payload["comment"]["id"])), Err)
    }

    /// Deletes a comment. Answers the code if that was refused.
    pub(crate) async fn delete(&self, viewer: i64, comment: i64) -> Option<String> {
        let input = json!({"commentId": comment.to_string()});
        let payload = self.mutate(viewer, "deleteComment", input, "deletedCommentId").await;
        let refusal = refusal(&payload);
        let deleted = if refusal.is_none() { json!(comment.to_string()) } else { Value::Null };
        assert_eq!(payload["deletedCommentId"], deleted, "{payload}");
        refusal
    }
}

/// The one user error of a payload; anything else that failed fails the test.
fn refusal(payload: &Value) -> Option<String> {
    let errors = payload["userErrors"].as_array().unwrap_or_else(|| panic!("not a payload: {payload}"));
    errors.first().map(|error| error["code"].as_str().unwrap().to_owned())
}

/// An id of an answer.
pub(crate) fn id(value: &Value) -> i64 {
    value.as_str().unwrap_or_else(|| panic!("not an id: {value}")).parse().unwrap()
}

/// The codes of the top-level errors.
pub(crate) fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap()).collect()
}

/// The video domain, as this domain sees it.
#[derive(Debug, Default)]
pub(crate) struct Script {
    down: AtomicBool,
    asked: AtomicU32,
}

impl Script {
    /// Nobody answers any more, or everybody again.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// How many calls came so far.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tonic::async_trait]
impl VideoService for Script {
    async fn find_videos(&self, request: Request<FindVideosRequest>) -> Result<Response<FindVideosResponse>, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(Status::unavailable("scripted: connection refused by 10.0.0.7"));
        }
        let known = request.into_inner().ids.into_iter().filter(|id| *id < UNKNOWN);
        let videos = known.map(|id| Video { id, author_id: 1 }).collect();
        Ok(Response::new(FindVideosResponse { videos }))
    }

    async fn upload_video(&self, _: Request<Streaming<UploadRequest>>) -> Result<Response<UploadResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }

    async fn discard_upload(
        &self,
        _: Request<upload::DiscardUploadRequest>,
    ) -> Result<Response<upload::DiscardUploadResponse>, Status> {
        Err(Status::unimplemented("not asked by this domain"))
    }
}
