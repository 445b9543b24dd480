//! Who is calling. One stage for REST and GraphQL alike: an access token becomes a viewer, an expired one is renewed
//! with the refresh token that came along, and a login that has ended is refused without asking a store.

mod authenticator;
mod caller;
mod credentials;
mod revocation;

pub use authenticator::Authenticator;
use caller::PendingRenewal;
pub(crate) use caller::{Authentication, Caller, TokenPair};
pub(crate) use credentials::Credentials;
pub use revocation::{EndedSessions, RevocationTask, RevocationWatch};
