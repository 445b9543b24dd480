//! The documents of the endpoints: files under review, planned once at start.

use std::sync::Arc;

use crate::http::StartError;
use crate::meters::OperationMeter;
use crate::{Engine, PreparedOperation};

/// Names each document after its file in `schema/operations/rest`.
macro_rules! documents {
    ($($name:ident $file:literal;)*) => {
        /// A document of `schema/operations/rest`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Document {
            $(#[doc = $file] $name,)*
        }

        /// Name and text of each, in the order of the variants.
        const TEXTS: &[(&str, &str)] = &[
            $(($file, include_str!(concat!("../../../schema/operations/rest/", $file, ".graphql"))),)*
        ];
    };
}

documents! {
    Register "register";
    LogIn "log_in";
    RenewSession "renew_session";
    LogOut "log_out";
    UserInfo "user_info";
    UpdateAvatar "update_avatar";
    PublishVideo "publish_video";
    VideoList "video_list";
    PopularVideos "popular_videos";
    SearchVideos "search_videos";
    Feed "feed";
    VisitVideo "visit_video";
    LikeVideo "like_video";
    UnlikeVideo "unlike_video";
    LikeComment "like_comment";
    UnlikeComment "unlike_comment";
    LikedVideos "liked_videos";
    PublishComment "publish_comment";
    VideoComments "video_comments";
    CommentReplies "comment_replies";
    DeleteComment "delete_comment";
    FollowUser "follow_user";
    UnfollowUser "unfollow_user";
    Following "following";
    Followers "followers";
    Friends "friends";
}

/// All documents, ready to run.
#[derive(Debug)]
pub(crate) struct Documents(Vec<RestDocument>);

/// A document that is ready to run.
#[derive(Debug)]
pub(crate) struct RestDocument {
    pub(crate) operation: PreparedOperation,
    pub(crate) name: Option<String>,
    /// What measures it, if anything is measured.
    pub(crate) meter: Option<Arc<OperationMeter>>,
}

impl Documents {
    /// Plans every document.
    ///
    /// # Errors
    /// The document that does not fit the graph.
    pub(crate) async fn prepare(engine: &Engine) -> Result<Self, StartError> {
        let mut prepared = Vec::with_capacity(TEXTS.len());
        for (name, text) in TEXTS {
            let operation = engine.prepare(text).await.map_err(|errors| StartError::Document {
                name,
                reason: errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; "),
            })?;
            let name = operation_name(text);
            prepared.push(RestDocument { operation, meter: OperationMeter::of(name.as_deref()), name });
        }
        Ok(Self(prepared))
    }

    /// The prepared form of a document.
    pub(crate) fn get(&self, document: Document) -> &RestDocument {
        &self.0[document as usize]
    }
}

/// The name of a document's only operation.
fn operation_name(text: &str) -> Option<String> {
    let document = async_graphql_parser::parse_query(text).ok()?;
    document.operations.iter().find_map(|(name, _)| name.map(ToString::to_string))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_document_that_parses() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/operations/rest");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".graphql", ""))
            .collect();
        let known: BTreeSet<String> = TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(files, known);
        for (name, text) in TEXTS {
            assert!(operation_name(text).is_some(), "{name}");
        }
    }
}
