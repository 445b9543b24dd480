//! What the domains and the router ask of each other: the gRPC contracts of `schema/proto`, and the [`Channel`] that
//! carries them, within one process or between two.
//!
//! Every call is signed ([`reel_auth::call`]) and has a deadline. A client is built on a channel, a server is wrapped
//! in [`SignedOnly`]; in one process the channel leads straight to the server, without a socket, through the same code.

mod channel;
mod failure;
mod server;
pub mod upload;

pub use channel::{Channel, ConnectError};
pub use failure::{call_error, refuse, refused_code};
pub use server::{SignedOnly, viewer};

/// Modules named after the packages of `schema/proto`.
mod contracts {
    #![allow(
        missing_docs,
        unreachable_pub,
        unused_qualifications,
        clippy::all,
        clippy::pedantic,
        clippy::allow_attributes_without_reason,
        reason = "generated"
    )]
    include!(concat!(env!("OUT_DIR"), "/contracts.rs"));
}

/// The user domain's contract (`schema/proto/user.proto`).
pub use contracts::reelgraph::user::v1 as user;
/// The video domain's contract (`schema/proto/video.proto`).
pub use contracts::reelgraph::video::v1 as video;

/// The audience of signed gRPC calls to a domain, for example `user/rpc`.
pub fn audience(domain: &str) -> String {
    format!("{domain}/rpc")
}
