//! Files: videos, covers and avatars, in a local directory or in S3, and their way out over HTTP.
//!
//! - [`FileKey`] is the only name a file can have. We make it from an id of ours and a known format; nothing a client
//!   sent becomes part of a path.
//! - [`FileStore`] takes files in as a stream of bounded memory use ([`FileStore::put_stream`], [`FileWriter`]). An
//!   upload that is not finished leaves nothing.
//! - [`serve`] is the router of `GET /files/…`: content types by key, ranges, validators, and headers that keep a
//!   browser from taking a file for a page.
//!
//! A key's content never changes, so everything may be cached for ever.

mod error;
mod key;
mod range;
mod serve;
mod settings;
mod store;
mod writer;

pub use error::FileError;
pub use key::{FileKey, FileKind, KeyError};
pub use serve::serve;
pub use settings::{FilesSettings, S3Settings};
pub use store::FileStore;
pub use writer::FileWriter;
