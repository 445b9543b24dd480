//! One table of error codes and one error type for every part of Reelgraph.
//!
//! - [`ErrorCode`] is the table: a name for GraphQL (`extensions.code`), a number for REST (`base.code`), an HTTP
//!   status, and a text that a person may read in Chinese and English.
//! - [`Error`] is what services return. It says who has to act: the caller ([`Error::Client`]) or us
//!   ([`Error::Internal`], logged once where it leaves the process and shown as a generic message).

mod code;
mod error;

pub use code::{ErrorCode, Language};
pub use error::{ClientError, Error, Result};
