//! Deleting a comment with all below it, however much that is, in steps that are short each.
//!
//! The first step deletes the comment itself and remembers it in `deleted_comment`. Each further step deletes some
//! replies to remembered comments and remembers them instead, and where there are none left, the likes. So the tree goes
//! from its top down: nobody can reply to what is gone, and nothing new appears below it. Every step is a transaction that
//! also counts what it deletes, and whatever stops between two steps, the next one knows from the table where to go on.
//!
//! A few steps are done before the answer, which is enough for nearly all; the background task does the others.

use reel_auth::Viewer;
use reel_error::{ErrorCode, Result};
use reel_id::{CommentId, VideoId};
use reel_store::retry_transaction;
use reel_subgraph::signed_in;
use sqlx::{MySqlConnection, MySqlPool};

use super::Interactions;
use super::comments::{check_video, no_comment};
use crate::domain::{Comment, DeletedTree, VideoStats};
use crate::repository::{comment, comment_like, deleted_comment, video_stats};

/// The most comments that one step looks below, and the most that it deletes.
const COMMENTS: usize = 500;
/// The most likes that one step deletes.
const LIKES: usize = 2_000;
/// How many steps are done before a deletion is answered.
const STEPS_AT_ONCE: u32 = 16;
/// How many steps the background task does in one go, so that stopping the process need not wait for long.
const STEPS_PER_SWEEP: u32 = 100;

/// Which comment somebody wants to delete.
#[derive(Debug)]
pub(crate) struct Deletion {
    /// The comment.
    pub(crate) comment: CommentId,
    /// The video that it must be about, if that matters.
    pub(crate) video: Option<VideoId>,
}

impl Interactions {
    /// Deletes a comment with all replies below it and their likes. Only its author may. Answers the deleted comment.
    /// Of very many replies some go only after the answer.
    pub(crate) async fn delete_comment(&self, viewer: Option<Viewer>, wish: Deletion) -> Result<Comment> {
        let user_id = signed_in(viewer)?.user_id;
        let comment = comment::find(&self.pool, wish.comment).await?.ok_or_else(no_comment)?;
        if comment.author_id != user_id {
            return Err(ErrorCode::Forbidden.into());
        }
        check_video(&comment, wish.video)?;
        retry_transaction(&self.pool, async |mut tx| delete(&mut tx, &comment).await).await?;
        if let Err(error) = clear(&self.pool, &DeletedTree::of(&comment), &mut { STEPS_AT_ONCE }).await {
            tracing::warn!(%error, "what is below a deleted comment could not be deleted; it will be tried again");
        }
        Ok(comment)
    }
}

/// Deletes what is left of deleted trees, the oldest first, as far as one go reaches. A tree that cannot be deleted does
/// not stand in the way of the others.
pub(crate) async fn sweep(pool: &MySqlPool) -> reel_store::Result<()> {
    let mut steps = STEPS_PER_SWEEP;
    let mut after = CommentId::from(0);
    while steps > 0 {
        let Some(tree) = deleted_comment::find_tree(pool, after).await? else { return Ok(()) };
        if let Err(error) = clear(pool, &tree, &mut steps).await {
            let root = tree.root_id.raw();
            tracing::warn!(comment.id = root, %error, "what is below a deleted comment is left to the next clean-up");
        }
        after = tree.root_id;
    }
    Ok(())
}

/// Deletes a comment, counts it and remembers it, locking its parent first. A comment or parent that is gone was deleted
/// by somebody else meanwhile.
async fn delete(connection: &mut MySqlConnection, comment: &Comment) -> Result<()> {
    if let Some(parent) = comment.parent_id
        && !comment::add_replies(connection, parent, -1).await?
    {
        return Err(no_comment().into());
    }
    let root = comment::lock(connection, comment.id).await?.ok_or_else(no_comment)?;
    comment::delete(connection, &[root.id]).await?;
    deleted_comment::insert(connection, &DeletedTree::of(&root), &[root.id]).await?;
    video_stats::add(connection, root.video_id, VideoStats::deleted(&root)).await?;
    Ok(())
}

/// Does up to `steps` steps, until nothing of the tree is left, and counts down what it did.
async fn clear(pool: &MySqlPool, tree: &DeletedTree, steps: &mut u32) -> reel_store::Result<()> {
    while *steps > 0 {
        *steps -= 1;
        if retry_transaction(pool, async |mut tx| step(&mut tx, tree).await).await? == Left::Nothing {
            break;
        }
    }
    Ok(())
}

/// What there is of a tree after a step.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    Something,
    Nothing,
}

/// Deletes some of what is left of a tree.
async fn step(connection: &mut MySqlConnection, tree: &DeletedTree) -> reel_store::Result<Left> {
    let gone = deleted_comment::lock(connection, tree.root_id, COMMENTS).await?;
    if gone.is_empty() {
        return Ok(Left::Nothing);
    }
    let replies = comment::lock_replies(connection, &gone, COMMENTS).await?;
    if !replies.is_empty() {
        comment::delete(connection, &replies).await?;
        deleted_comment::insert(connection, tree, &replies).await?;
        video_stats::add(connection, tree.video_id, VideoStats::replies_deleted(replies.len())).await?;
        return Ok(Left::Something);
    }
    if comment_like::delete_of(connection, &gone, LIKES).await? == LIKES {
        return Ok(Left::Something);
    }
    deleted_comment::delete(connection, tree.root_id, &gone).await?;
    Ok(if gone.len() < COMMENTS { Left::Nothing } else { Left::Something })
}
