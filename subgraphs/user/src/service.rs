//! The rules of the domain. Each service is one concern; permissions are decided here and nowhere else.

mod accounts;
mod avatars;
mod hashing;
mod picture;
mod sessions;

pub(crate) use accounts::Accounts;
pub(crate) use avatars::Avatars;
pub(crate) use hashing::Hashing;
pub(crate) use sessions::Sessions;

use chrono::{DateTime, SubsecRound as _, Utc};
use reel_id::Clock;

/// The time with the precision that the database keeps, so that what is answered equals what is stored.
fn now(clock: &dyn Clock) -> DateTime<Utc> {
    clock.now().trunc_subsecs(3)
}
