//! Who is calling: the keys, the access tokens that people carry, and the signed calls between our own processes.
//!
//! Only the user domain holds a [`TokenSigner`]; everyone else checks with the public keys ([`TokenVerifier`]).
//! A subgraph never reads an access token: it believes the viewer of a signed call ([`call`]) and nothing else.

mod access_token;
pub mod call;
mod keys;
mod settings;
mod viewer;

pub use access_token::{SignedToken, TokenSigner, TokenState, TokenVerifier, VerifiedToken};
pub use keys::{InternalKey, KeyError, PublicKey, SigningKey};
pub use settings::AuthSettings;
pub use viewer::Viewer;
