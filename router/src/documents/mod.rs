//! Documents that requests name by their hash: those of the manifest, which are trusted, and those that routers share.

mod hash;
mod shared;
mod trusted;

pub(crate) use hash::{DocumentHash, NotAHash};
pub use shared::SharedDocuments;
pub(crate) use trusted::{TrustedDocument, TrustedDocuments, TrustedOperation};
