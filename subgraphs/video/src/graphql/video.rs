use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};
use reel_subgraph::GraphqlResult as _;

use super::user::User;
use super::{int, service};
use crate::domain;

/// A published video, as the graph shows it.
#[derive(Debug, Clone)]
pub(crate) struct Video(pub(crate) domain::Video);

/// A published video.
#[Object]
impl Video {
    /// The video's id, a decimal number. Later videos have larger ids.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Who published it.
    async fn author(&self) -> Option<User> {
        Some(User(self.0.author_id))
    }

    /// Its title, 1 to 128 characters.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its description, up to 2000 characters, possibly none.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The address of the video file: MP4, MOV or WebM.
    async fn play_url(&self, context: &Context<'_>) -> Result<String> {
        service(context)?.address(&self.0.video_key).graphql()
    }

    /// The address of its cover, a JPEG of at most 720 pixels in width.
    async fn cover_url(&self, context: &Context<'_>) -> Result<String> {
        service(context)?.address(&self.0.cover_key).graphql()
    }

    /// How often it was visited.
    async fn visit_count(&self) -> i32 {
        int(self.0.visit_count)
    }

    /// When it was published.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its title, description or files last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
