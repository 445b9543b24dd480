//! Every SQL statement of the domain, in the part that MySQL 8.4+, MariaDB 10.11 and TiDB share.
//!
//! Locks are taken in one order everywhere: a comment before its replies, comments before their likes, and the row of
//! `video_stats` last; what is left of a deleted comment before the replies to it. What still deadlocks (duplicate keys) is run again.

pub(crate) mod comment;
pub(crate) mod comment_like;
pub(crate) mod deleted_comment;
mod lists;
mod pairs;
pub(crate) mod video_like;
pub(crate) mod video_stats;
