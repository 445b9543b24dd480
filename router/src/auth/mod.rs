//! Who is calling. One stage for REST and GraphQL alike; [`Authenticator`] sends each token to whoever its `iss` claim says
//! has issued it:
//!
//! - our own user domain (`own`): a token becomes a viewer, an expired one is renewed with the refresh token that came along,
//!   and a login that has ended is refused without asking a store;
//! - another issuer of the settings (`issuers`): a token becomes [`Grants`](crate::Grants) and nothing more. It is nobody's
//!   login here, so subgraphs of ours learn of no viewer, and what needs one is forbidden;
//! - in front of somebody else's graph and without issuers no token is looked at, and everyone is anonymous.

mod authenticator;
mod caller;
mod credentials;
mod issuers;
mod own;
mod revocation;

pub use authenticator::Authenticator;
use caller::PendingRenewal;
pub(crate) use caller::{Authentication, Caller, TokenPair};
pub(crate) use credentials::{ACCESS_TOKEN, Credentials, REFRESH_TOKEN};
pub use issuers::{IssuerError, IssuerTasks, Issuers};
pub use revocation::{EndedSessions, RevocationTask, RevocationWatch};
