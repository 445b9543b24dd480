//! The user domain: registering, logging in and out, renewing, changing the password, profiles and avatars. It alone
//! signs access tokens, and it answers the other domains' question who exists.
//!
//! [`start`] builds it on a migrated database; [`sdl`] prints its part of the graph without anything running.

mod config;
mod domain;
mod graphql;
mod loaders;
mod repository;
mod rpc;
mod service;

use std::sync::Arc;

use anyhow::Context as _;
use reel_auth::call::CallVerifier;
use reel_auth::{AuthSettings, InternalKey, SigningKey, TokenSigner};
use reel_files::FileStore;
use reel_id::{Clock, IdGenerator};
use reel_rpc::SignedOnly;
use reel_rpc::user::user_service_server::UserServiceServer;
use reel_subgraph::{Subgraph, Tasks};
use sqlx::MySqlPool;

pub use config::UserSettings;
pub use rpc::UserRpc;

use crate::repository::Repository;
use crate::service::{Accounts, Avatars, Hashing, Sessions};

/// The domain's name: of its database, its subgraph and its addresses.
pub const NAME: &str = "user";

/// The domain's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/user");

/// What the domain needs.
#[derive(Debug)]
pub struct UserDeps {
    /// The domain's database, migrated.
    pub pool: MySqlPool,
    /// Where avatars are stored.
    pub files: FileStore,
    /// Makes ids for this process.
    pub ids: Arc<IdGenerator>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Runs the clean-up.
    pub tasks: Tasks,
    /// Signs access tokens.
    pub signing_key: SigningKey,
    /// What calls between our processes are signed with.
    pub internal_key: InternalKey,
    /// How long tokens live.
    pub auth: AuthSettings,
    /// The domain's own settings.
    pub settings: UserSettings,
}

/// The domain, ready to answer.
#[derive(Clone)]
pub struct UserDomain {
    /// Its part of the graph.
    pub subgraph: Subgraph,
    /// What other domains and the router ask of it.
    pub rpc: SignedOnly<UserServiceServer<UserRpc>>,
}

/// Builds the domain and starts its clean-up.
///
/// # Errors
/// When the signing key or the costs of password hashes cannot be used.
pub async fn start(deps: UserDeps) -> anyhow::Result<UserDomain> {
    let UserDeps { pool, files, ids, clock, tasks, signing_key, internal_key, auth, settings } = deps;
    let repository = Repository::new(pool);
    let signer = TokenSigner::new(&signing_key, &auth, Arc::clone(&clock)).context("auth.signing_key")?;
    let (max_logins, new_ids) = (settings.max_logins, || Arc::clone(&ids));
    let sessions =
        Arc::new(Sessions::new(repository.clone(), signer, new_ids(), Arc::clone(&clock), &auth, max_logins));
    let avatars = Arc::new(Avatars::new(repository.clone(), files, new_ids(), Arc::clone(&clock), &settings));
    let accounts = Arc::new(Accounts {
        hashing: Hashing::new(&settings).await?,
        repository,
        sessions: Arc::clone(&sessions),
        ids,
        clock: Arc::clone(&clock),
    });
    clean_up(&tasks, &settings, &sessions, &avatars);
    let subgraph = Subgraph::new(NAME, graphql::schema(Arc::clone(&accounts), Arc::clone(&avatars)));
    let verifier = CallVerifier::new(&internal_key, reel_rpc::audience(NAME), clock);
    let rpc = SignedOnly::new(UserServiceServer::new(UserRpc { accounts, sessions, avatars }), verifier);
    Ok(UserDomain { subgraph, rpc })
}

/// The domain's part of the graph, as a Federation 2 subgraph.
pub fn sdl() -> String {
    reel_subgraph::sdl::export(&graphql::bare_schema().finish())
}

fn clean_up(tasks: &Tasks, settings: &UserSettings, sessions: &Arc<Sessions>, avatars: &Arc<Avatars>) {
    let (sessions, avatars) = (Arc::clone(sessions), Arc::clone(avatars));
    tasks.every(settings.sweep_period_s.duration(), move || {
        let (sessions, avatars) = (Arc::clone(&sessions), Arc::clone(&avatars));
        async move {
            for (what, outcome) in [("logins", sessions.sweep().await), ("uploads", avatars.sweep().await)] {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "the clean-up of {what} failed; it will be tried again");
                }
            }
        }
    });
}
