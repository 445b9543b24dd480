//! What crosses every boundary: entity ids, list cursors, and the clock that times both.
//!
//! Ids are snowflakes ([`Snowflake`]): a `BIGINT` in MySQL, a newtype per entity in Rust, a decimal string outside.

mod clock;
mod cursor;
mod entity;
mod snowflake;

pub use clock::{Clock, SystemClock};
pub use cursor::{Cursor, CursorError, MAX_OFFSET};
pub use entity::{CommentId, IdError, SessionId, UploadId, UserId, VideoId};
pub use snowflake::{IdGenerator, NodeIdError, Snowflake, first_id_at, time_of};
