//! What is measured: the whole product in one process over a private MariaDB and Redis, and the baseline beside it.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use reel_app::{Domains, Platform, RunningRouter, Settings, start_in_process};
use reel_auth::{InternalKey, SigningKey, TokenSigner, TokenVerifier, Viewer};
use reel_config::Secret;
use reel_devservers::{Options, Servers};
use reel_id::SessionId;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::baseline::{self, Baseline, PAGE};
use crate::content::{self, Databases};
use reel_bench_routers::load::Target;

/// The popular query: every domain is asked.
const POPULAR: &str = "query Popular($first: Int) { popularVideos(first: $first) { edges { node { \
    id title coverUrl visitCount author { username viewerIsFollowing } likeCount viewerHasLiked \
    comments(first: 1) { edges { node { content author { username } } } } } } } }";

/// The running servers.
pub(crate) struct Stage {
    servers: Servers,
    platform: Platform,
    domains: Domains,
    router: RunningRouter,
    baseline: JoinHandle<()>,
    baseline_address: String,
    access_token: String,
    _directory: TempDir,
}

impl Stage {
    /// Starts everything and fills the tables.
    pub(crate) async fn build() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let servers = Servers::start(directory.path(), Options::ephemeral()).await?;
        let signing_key = SigningKey::generate();
        let settings = settings(&servers, &directory, &signing_key);
        let platform = Platform::new(&settings)?;
        let domains = Domains::start(&settings, &platform).await?;
        let viewer = Viewer { user_id: content::viewer().into(), session_id: SessionId::from(1) };
        content::fill(&databases(&domains), viewer.user_id.raw()).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let router = start_in_process(&settings, &platform, &domains, listener).await?;
        let signer = TokenSigner::new(&signing_key, &settings.auth, Arc::clone(&platform.clock))?;
        let access_token = signer.sign(viewer, 1)?.token;
        let (baseline, baseline_address) = serve_baseline(&settings, &platform, &domains, &signing_key).await?;
        Ok(Self { servers, platform, domains, router, baseline, baseline_address, access_token, _directory: directory })
    }

    /// Shows that the baseline and the router answer the same, before anything is timed.
    pub(crate) async fn check_same_answer(&self) -> Result<()> {
        let targets = self.targets();
        // The first query finds no popular list and has it built; only then is the baseline's answer the same.
        let ask = async |target: &Target| -> Result<Value> {
            let client = reqwest::Client::builder().no_proxy().build()?;
            let mut request =
                client.post(format!("http://{}{}", target.address, target.path)).body(target.bodies[0].clone());
            for (name, value) in &target.headers {
                request = request.header(name, value);
            }
            Ok(request.send().await?.json().await?)
        };
        let router = &targets[1].1;
        for _ in 0..100 {
            let ours = ask(router).await?;
            ensure!(ours["errors"].is_null(), "the router answers {ours}");
            if ask(&targets[0].1).await? == ours {
                return Ok(());
            }
        }
        anyhow::bail!(
            "the baseline and the router answer differently: {} and {}",
            ask(&targets[0].1).await?,
            ask(router).await?
        )
    }

    /// What is measured, the baseline first.
    pub(crate) fn targets(&self) -> Vec<(&'static str, Target)> {
        let router = self.router.address().to_string();
        let token = ("access-token".to_owned(), self.access_token.clone());
        let kind = |value: &str| ("content-type".to_owned(), value.to_owned());
        let query = json!({"query": POPULAR, "variables": {"first": PAGE}}).to_string();
        let popular = |address: String, path: &str| Target {
            address,
            method: "POST".into(),
            path: path.into(),
            headers: vec![token.clone(), kind("application/json")],
            bodies: vec![query.clone()],
            must_contain: "viewerHasLiked".into(),
            ..Target::default()
        };
        // Each video is liked and then unliked, so that nearly every request changes rows.
        let action = |turn: i64| format!("video_id={}&action_type={}", content::video(turn / 2), 1 + turn % 2);
        let likes = (0..content::VIDEOS).map(action);
        let like = Target {
            address: router.clone(),
            method: "POST".into(),
            path: "/like/action".into(),
            headers: vec![token.clone(), kind("application/x-www-form-urlencoded")],
            bodies: likes.collect(),
            must_contain: "10000".into(),
            ..Target::default()
        };
        let list = Target {
            address: router.clone(),
            method: "GET".into(),
            path: format!("/video/popular?page_num=0&page_size={PAGE}"),
            headers: vec![token.clone()],
            bodies: vec![String::new()],
            must_contain: "visit_count".into(),
            ..Target::default()
        };
        vec![
            ("popular query, hand-written axum handler", popular(self.baseline_address.clone(), "/baseline")),
            ("popular query, router", popular(router, "/graphql")),
            ("`GET /video/popular`", list),
            ("`POST /like/action`", like),
        ]
    }

    /// Stops everything in order.
    pub(crate) async fn tear_down(self) {
        self.baseline.abort();
        self.router.stop().await;
        self.platform.tasks.stop(std::time::Duration::from_secs(5)).await;
        self.domains.close().await;
        self.servers.stop().await;
    }
}

fn settings(servers: &Servers, directory: &TempDir, signing_key: &SigningKey) -> Settings {
    let mut settings = Settings::default();
    settings.mysql.url = Some(Secret::new(servers.mysql_url()));
    settings.redis.url = Some(Secret::new(servers.redis_url()));
    settings.auth.signing_key = Some(signing_key.to_setting());
    settings.auth.internal_key = Some(InternalKey::generate().to_setting());
    settings.files.dir = directory.path().join("files");
    settings.video.spool_dir = directory.path().join("spool");
    settings
}

fn databases(domains: &Domains) -> Databases {
    let [(_, user), (_, video), (_, interaction), (_, social)] = domains.databases.clone();
    Databases { user, video, interaction, social }
}

async fn serve_baseline(
    settings: &Settings,
    platform: &Platform,
    domains: &Domains,
    signing_key: &SigningKey,
) -> Result<(JoinHandle<()>, String)> {
    let clock = Arc::clone(&platform.clock);
    let routes = baseline::routes(Baseline {
        databases: databases(domains),
        redis: domains.redis.clone(),
        verifier: TokenVerifier::new(&[signing_key.public_key()], &settings.auth, clock),
        files_url: settings.files.public_url.clone(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen")?;
    let address = listener.local_addr()?.to_string();
    let serving = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "the baseline ended");
        }
    });
    Ok((serving, address))
}
