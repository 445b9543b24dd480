//! Access tokens of issuers that are not ours: JWTs (RFC 7519) whose keys are published as a JWK set (RFC 7517).
//!
//! Such a token is checked where it arrives, without asking anyone, unless it names a key that is not known: then the keys
//! are fetched once more, and not again for a while. It is not renewed here, and it cannot be revoked before it expires.

mod claims;
mod keys;
mod ring;
mod source;

use std::sync::Arc;

use futures::future::join_all;
use reel_error::ErrorCode;
use reel_id::Clock;

use self::claims::{ClaimRules, Claims};
use self::keys::Signed;
use self::ring::{KeyRing, RingTask};
use self::source::Source;
use crate::config::{AccessSettings, IssuerSettings};
use crate::grants::Grants;
use crate::http::ReadinessCheck;

/// Longer tokens are refused unread, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;
/// How far clocks may differ, in seconds; more would keep expired tokens alive.
const LARGEST_LEEWAY: u64 = 30;

/// The issuers whose tokens are believed besides our own.
#[derive(Debug, Clone, Default)]
pub struct Issuers(Arc<[Issuer]>);

#[derive(Debug)]
struct Issuer {
    rules: ClaimRules,
    keys: KeyRing,
    clock: Arc<dyn Clock>,
}

/// Keeps the keys up to date until it is stopped.
#[derive(Debug, Default)]
#[must_use = "without it the keys are never fetched again"]
pub struct IssuerTasks(Vec<RingTask>);

/// The settings of an issuer cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IssuerError {
    /// Tokens would be believed for too long.
    #[error("router.auth.leeway_s: {0} is more than {LARGEST_LEEWAY}; set the clocks instead")]
    Leeway(u64),
    /// It is not clear who that is.
    #[error(
        "router.auth.issuers: an issuer needs the `iss` of its tokens, each its own; {0:?} is empty, listed twice or our own"
    )]
    Name(String),
    /// A token for anybody would be believed.
    #[error("router.auth.issuers, {0}: name at least one audience and one algorithm")]
    Unlimited(String),
    /// The keys cannot be found or read.
    #[error("router.auth.issuers, {issuer}: jwks: {reason}")]
    Keys {
        /// Whose.
        issuer: String,
        /// Why, and what to do.
        reason: String,
    },
}

impl Issuers {
    /// Reads the settings and fetches the keys. `own` is the `iss` of our own tokens, if there are any. An address that
    /// does not answer is no error: until it does, the tokens of that issuer are refused as `SERVICE_UNAVAILABLE`.
    ///
    /// # Errors
    /// When a setting cannot be used, or a file has no keys.
    pub async fn start(
        settings: &AccessSettings,
        own: Option<&str>,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Self, IssuerTasks), IssuerError> {
        if settings.leeway_s.0 > LARGEST_LEEWAY {
            return Err(IssuerError::Leeway(settings.leeway_s.0));
        }
        let opened = join_all(settings.issuers.iter().enumerate().map(async |(index, issuer)| {
            let is_known = settings.issuers[..index].iter().any(|other| other.issuer == issuer.issuer);
            if issuer.issuer.is_empty() || is_known || own == Some(issuer.issuer.as_str()) {
                return Err(IssuerError::Name(issuer.issuer.clone()));
            }
            Issuer::open(issuer, settings.leeway_s.0, clock).await
        }));
        let (issuers, tasks): (Vec<_>, Vec<_>) =
            opened.await.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok((Self(issuers.into()), IssuerTasks(tasks)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a token grants, or why it cannot be used. `None` when it is not of one of these issuers.
    pub(super) async fn verify(&self, token: &str) -> Option<Result<Grants, ErrorCode>> {
        if self.is_empty() || token.len() > LONGEST_TOKEN {
            return None;
        }
        let claims = Claims::unverified(token)?;
        let issuer = self.0.iter().find(|issuer| claims.is_of(&issuer.rules))?;
        Some(issuer.verify(token, &claims).await)
    }

    /// Whether the keys of all issuers are as new as they should be.
    pub(crate) fn readiness(&self) -> ReadinessCheck {
        let issuers = self.clone();
        let probe = move || {
            let problem = issuers.0.iter().find_map(|issuer| Some((issuer, issuer.keys.problem()?)));
            let outcome = problem.map(|(issuer, problem)| format!("the keys of {}: {problem}", issuer.rules.issuer));
            Box::pin(std::future::ready(outcome.map_or(Ok(()), Err))) as futures::future::BoxFuture<'static, _>
        };
        ReadinessCheck::new("issuers", Arc::new(probe)).advisory()
    }
}

impl Issuer {
    async fn open(
        settings: &IssuerSettings,
        leeway_s: u64,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Self, RingTask), IssuerError> {
        if settings.audiences.is_empty() || settings.algorithms.is_empty() {
            return Err(IssuerError::Unlimited(settings.issuer.clone()));
        }
        let wrong = |reason| IssuerError::Keys { issuer: settings.issuer.clone(), reason };
        let source = Source::of(&settings.jwks).map_err(wrong)?;
        let (keys, task) = KeyRing::start(settings, source).await.map_err(wrong)?;
        Ok((Self { rules: ClaimRules::of(settings, leeway_s), keys, clock: Arc::clone(clock) }, task))
    }

    /// The claims go first: a token that could not be used anyway makes nobody fetch keys.
    async fn verify(&self, token: &str, claims: &Claims) -> Result<Grants, ErrorCode> {
        let signed = Signed::read(token).ok_or(ErrorCode::TokenInvalid)?;
        claims.check(&self.rules, self.clock.now_ms())?;
        if self.keys.verify(&signed).await? { Ok(claims.grants(&self.rules)) } else { Err(ErrorCode::TokenInvalid) }
    }
}

impl IssuerTasks {
    /// Stops looking for new keys.
    pub async fn stop(self) {
        for task in self.0 {
            task.stop().await;
        }
    }
}
