use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use reel_error::{Error, ErrorCode, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::UserSettings;
use crate::domain::Password;

/// Hashes and checks passwords with Argon2id (RFC 9106), on a few threads of their own with a bounded queue: a hash is
/// meant to be slow, and must not hold up anything else. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hashing {
    argon2: Argon2<'static>,
    /// Those that run and those that wait.
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    /// What the password of someone who does not exist is checked against, so that it takes as long.
    decoy: Arc<str>,
}

/// What checking a password showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// It is right, but was hashed with other costs than are set now: the new hash.
    Outdated(String),
}

impl Hashing {
    /// # Errors
    /// When the costs are out of Argon2's range.
    pub(crate) async fn new(settings: &UserSettings) -> anyhow::Result<Self> {
        let (memory, passes, lanes) = (settings.password_memory_kib, settings.password_passes, settings.password_lanes);
        let params = Params::new(memory, passes, lanes, None)
            .map_err(|error| anyhow!("{error}"))
            .context("user.password_memory_kib, user.password_passes and user.password_lanes do not go together")?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let threads = settings.password_threads.max(1) as usize;
        let mut hashing = Self {
            argon2,
            places: Arc::new(Semaphore::new(threads + settings.password_queue as usize)),
            threads: Arc::new(Semaphore::new(threads)),
            decoy: "".into(),
        };
        let decoy = hashing.run(|argon2| argon2.hash_password(b"the password of nobody")).await??;
        hashing.decoy = decoy.to_string().into();
        Ok(hashing)
    }

    /// The hash of a new password, in PHC form.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] when too many are waiting.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.clone();
        let hash = self.run(move |argon2| argon2.hash_password(password.expose())).await?;
        Ok(hash.map_err(broken)?.to_string())
    }

    /// Checks a password. Without a stored hash it takes as long and is wrong.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] when too many are waiting.
    pub(crate) async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict> {
        let password = password.clone();
        let exists = stored.is_some();
        let hash = stored.unwrap_or(&self.decoy).to_owned();
        let verdict = self.run(move |argon2| check(argon2, &password, &hash)).await?.map_err(broken)?;
        Ok(if exists { verdict } else { Verdict::Wrong })
    }

    /// Runs slow work on a thread of its own, when it is its turn. The place is held until the work is done, also when
    /// nobody waits for it any more: the thread cannot be stopped.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| ErrorCode::Overloaded)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(Error::internal)?;
        let argon2 = self.argon2.clone();
        let task = move || {
            let _held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, thread);
            work(&argon2)
        };
        tokio::task::spawn_blocking(task).await.map_err(Error::internal)
    }
}

fn check(argon2: &Argon2<'_>, password: &Password, stored: &str) -> password_hash::Result<Verdict> {
    let hash = PasswordHash::new(stored)?;
    match argon2.verify_password(password.expose(), &hash) {
        Err(password_hash::Error::PasswordInvalid) => return Ok(Verdict::Wrong),
        outcome => outcome?,
    }
    if is_current(argon2, &hash)? {
        return Ok(Verdict::Right);
    }
    Ok(Verdict::Outdated(argon2.hash_password(password.expose())?.to_string()))
}

fn is_current(argon2: &Argon2<'_>, hash: &PasswordHash) -> password_hash::Result<bool> {
    let (stored, wanted) = (Params::try_from(hash)?, argon2.params());
    let same_costs =
        (stored.m_cost(), stored.t_cost(), stored.p_cost()) == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost());
    Ok(same_costs && hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into()))
}

fn broken(error: password_hash::Error) -> Error {
    Error::internal(anyhow!("a password cannot be hashed or a stored hash is broken: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::read(text.into()).unwrap()
    }

    async fn hashing(passes: u32, threads: u32, queue: u32) -> Hashing {
        let settings = UserSettings {
            password_memory_kib: 64,
            password_passes: passes,
            password_threads: threads,
            password_queue: queue,
            ..UserSettings::default()
        };
        Hashing::new(&settings).await.unwrap()
    }

    #[tokio::test]
    async fn by_default_a_hash_costs_19_mib_and_2_passes() {
        let hash = Hashing::new(&UserSettings::default()).await.unwrap().hash(&password("secret")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }

    #[tokio::test]
    async fn a_password_is_right_wrong_or_right_and_hashed_anew() {
        let (old, new) = (hashing(1, 1, 1).await, hashing(2, 1, 1).await);
        let stored = old.hash(&password("secret")).await.unwrap();
        assert_eq!(old.verify(&password("secret"), Some(&stored)).await.unwrap(), Verdict::Right);
        assert_eq!(old.verify(&password("Secret"), Some(&stored)).await.unwrap(), Verdict::Wrong);
        assert_eq!(new.verify(&password("Secret"), Some(&stored)).await.unwrap(), Verdict::Wrong);
        let Verdict::Outdated(renewed) = new.verify(&password("secret"), Some(&stored)).await.unwrap() else {
            panic!("the hash has other costs than are set");
        };
        assert!(renewed.contains(",t=2,"), "{renewed}");
        assert_eq!(new.verify(&password("secret"), Some(&renewed)).await.unwrap(), Verdict::Right);
    }

    #[tokio::test]
    async fn the_password_of_nobody_is_wrong() {
        let hashing = hashing(1, 1, 1).await;
        assert_eq!(hashing.verify(&password("the password of nobody"), None).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn when_the_queue_is_full_more_are_refused_and_the_others_finish() {
        let hashing = hashing(1, 1, 2).await;
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let running = tokio::spawn({
            let hashing = hashing.clone();
            async move { hashing.run(move |_| wait.recv().is_ok()).await }
        });
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let hashing = hashing.clone();
                tokio::spawn(async move { hashing.hash(&password("secret")).await })
            })
            .collect();
        reel_testkit::eventually("all places are taken", async || hashing.places.available_permits() == 0).await;
        let refused = hashing.hash(&password("secret")).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Overloaded);
        let unknown = hashing.verify(&password("secret"), None).await.unwrap_err();
        assert_eq!(unknown.code(), ErrorCode::Overloaded, "someone who does not exist costs a hash as well");
        release.send(()).unwrap();
        assert!(running.await.unwrap().unwrap());
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert_eq!(hashing.places.available_permits(), 3);
    }
}
