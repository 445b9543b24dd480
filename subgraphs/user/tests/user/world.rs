use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::Variables;
use reel_auth::call::CallSigner;
use reel_auth::{AuthSettings, InternalKey, SigningKey, TokenState, TokenVerifier, Viewer};
use reel_files::{FileStore, FilesSettings};
use reel_id::IdGenerator;
use reel_rpc::Channel;
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_subgraph::{Call, CallDocument, Tasks};
use reel_testkit::{TestClock, TestDatabase};
use reel_user::{UserDeps, UserDomain, UserSettings};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The domain with everything real but the clock. Passwords are hashed cheaply.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) directory: TempDir,
    pub(crate) tasks: Tasks,
    /// What the domain is started again with.
    pub(crate) auth: AuthSettings,
    files: FileStore,
    ids: Arc<IdGenerator>,
    signing_key: SigningKey,
    internal_key: InternalKey,
    domain: Option<UserDomain>,
}

/// A login, as its owner sees it.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) viewer: Viewer,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

pub(crate) fn cheap() -> UserSettings {
    UserSettings { password_memory_kib: 64, password_passes: 1, ..UserSettings::default() }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(cheap()).await
    }

    pub(crate) async fn with(settings: UserSettings) -> Self {
        let database = TestDatabase::new(reel_user::NAME).await;
        reel_store::migrate(database.pool(), &reel_user::MIGRATOR, reel_user::NAME).await.unwrap();
        let directory = TempDir::new().unwrap();
        let files = FilesSettings {
            dir: directory.path().to_owned(),
            public_url: "http://files.test".into(),
            ..FilesSettings::default()
        };
        let clock = TestClock::at("2026-01-01T08:00:00Z");
        let mut world = Self {
            files: FileStore::open(&files).unwrap(),
            ids: Arc::new(IdGenerator::new(clock.clone(), 1).unwrap()),
            signing_key: SigningKey::generate(),
            internal_key: InternalKey::generate(),
            domain: None,
            auth: AuthSettings::default(),
            tasks: Tasks::default(),
            database,
            clock,
            directory,
        };
        world.restart(settings).await;
        world
    }

    /// Opens all of the pool's connections. Without it, requests that are meant to collide would wait for connections
    /// instead, one after the other.
    pub(crate) async fn open_connections(&self) {
        let pool = self.database.pool();
        let size = pool.options().get_max_connections();
        let open = futures::future::join_all((0..size).map(|_| pool.acquire())).await;
        assert!(open.iter().all(Result::is_ok) && open.len() > 1);
    }

    /// The same database and files under other settings, as after a new deployment. Its first clean-up begins at once.
    pub(crate) async fn restart(&mut self, settings: UserSettings) {
        self.tasks.stop(Duration::from_secs(10)).await;
        self.tasks = Tasks::default();
        let deps = UserDeps {
            pool: self.database.pool().clone(),
            files: self.files.clone(),
            ids: self.ids.clone(),
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            signing_key: self.signing_key.clone(),
            internal_key: self.internal_key.clone(),
            auth: self.auth.clone(),
            settings,
        };
        self.domain = Some(reel_user::start(deps).await.unwrap());
    }

    /// Runs an operation and returns the whole answer.
    pub(crate) async fn run(&self, viewer: Option<Viewer>, document: &str, variables: Value) -> Value {
        let call = Call {
            document: CallDocument::Text(document.to_owned()),
            operation_name: None,
            variables: Variables::from_json(variables),
            viewer,
            request_id: "test".into(),
            deadline: Instant::now() + Duration::from_secs(20),
        };
        serde_json::to_value(self.domain.as_ref().unwrap().subgraph.execute(call).await).unwrap()
    }

    /// Runs a mutation `name(input: …)` and returns its payload, or null together with the code of its error.
    pub(crate) async fn mutate(&self, viewer: Option<Viewer>, name: &str, selection: &str, input: Value) -> Value {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let document = format!(
            "mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} userErrors {{ code field message }} }} }}"
        );
        let answer = self.run(viewer, &document, json!({ "input": input })).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            Some(code) => json!({ "error": code }),
            None => answer["data"][name].clone(),
        }
    }

    pub(crate) async fn register(&self, username: &str, password: &str) -> Value {
        let input = json!({ "username": username, "password": password });
        self.mutate(None, "register", "user { id username }", input).await
    }

    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Value {
        let input = json!({ "username": username, "password": password });
        self.mutate(None, "logIn", LOGIN, input).await
    }

    /// Registers a person with the password "secret" and logs them in.
    pub(crate) async fn person(&self, username: &str) -> Login {
        assert_eq!(self.register(username, "secret").await["userErrors"], json!([]));
        self.login(username, "secret").await
    }

    /// Logs in, which must succeed.
    pub(crate) async fn login(&self, username: &str, password: &str) -> Login {
        let answer = self.log_in(username, password).await;
        self.read_login(&answer)
    }

    pub(crate) fn read_login(&self, payload: &Value) -> Login {
        let access = payload["session"]["accessToken"].as_str().unwrap_or_else(|| panic!("no login: {payload}"));
        let refresh = payload["session"]["refreshToken"].as_str().unwrap();
        Login { viewer: self.read_token(access), access: access.to_owned(), refresh: refresh.to_owned() }
    }

    /// Whom a current access token speaks for.
    pub(crate) fn read_token(&self, access: &str) -> Viewer {
        let keys = [self.signing_key.public_key()];
        let verified = TokenVerifier::new(&keys, &AuthSettings::default(), self.clock.clone()).verify(access).unwrap();
        assert_eq!(verified.state, TokenState::Current);
        verified.viewer
    }

    pub(crate) async fn renew(&self, refresh: &str) -> Value {
        self.mutate(None, "renewSession", LOGIN, json!({ "refreshToken": refresh })).await
    }

    /// The gRPC client of another domain or the router, on behalf of someone or of nobody.
    pub(crate) fn rpc(&self) -> UserServiceClient<Channel> {
        self.rpc_signed_with(&self.internal_key)
    }

    pub(crate) fn rpc_signed_with(&self, key: &InternalKey) -> UserServiceClient<Channel> {
        let signer = CallSigner::new(key, self.clock.clone());
        let server = self.domain.as_ref().unwrap().rpc.clone();
        UserServiceClient::new(Channel::in_process(server, reel_user::NAME, signer))
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.database.pool()).await.unwrap()
    }

    /// How many files are stored.
    pub(crate) fn stored_files(&self) -> usize {
        std::fs::read_dir(self.directory.path().join("avatars")).map_or(0, Iterator::count)
    }

    pub(crate) async fn close(self) {
        self.tasks.stop(Duration::from_secs(10)).await;
        self.database.close().await;
    }
}

const LOGIN: &str =
    "session { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt } user { id username }";
