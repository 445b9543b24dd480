use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use reel_subgraph::{UserError, access, payload};

use super::service;
use super::video::Video;
use crate::domain::Draft;

/// What to publish.
#[derive(Debug, InputObject)]
pub(crate) struct PublishVideoInput {
    /// The uploaded file. It can be published once, by who uploaded it, within an hour.
    upload_id: ID,
    /// Its title: 1 to 128 characters that are not all blank.
    title: String,
    /// Its description, up to 2000 characters.
    #[graphql(default)]
    description: String,
}

/// What publishing answers.
#[derive(Debug, SimpleObject)]
pub(crate) struct PublishVideoPayload {
    /// The published video.
    video: Option<Video>,
    /// What can be corrected; empty when the video is published.
    user_errors: Vec<UserError>,
}

/// Which video is visited.
#[derive(Debug, InputObject)]
pub(crate) struct VisitVideoInput {
    /// The video's id.
    video_id: ID,
}

/// What visiting answers.
#[derive(Debug, SimpleObject)]
pub(crate) struct VisitVideoPayload {
    /// The video with this visit counted.
    video: Option<Video>,
    /// What can be corrected; empty when the visit is counted.
    user_errors: Vec<UserError>,
}

/// What can be changed.
pub(crate) struct Mutation;

/// What can be changed.
#[Object]
impl Mutation {
    /// Publishes an uploaded file as a video of the viewer's.
    #[graphql(directive = reel_subgraph::authenticated::apply())]
    async fn publish_video(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to publish.")] input: PublishVideoInput,
    ) -> Option<Result<PublishVideoPayload>> {
        Some(publish(context, input).await)
    }

    /// Counts one visit of a video.
    async fn visit_video(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which video.")] input: VisitVideoInput,
    ) -> Option<Result<VisitVideoPayload>> {
        Some(visit(context, &input).await)
    }
}

async fn publish(context: &Context<'_>, input: PublishVideoInput) -> Result<PublishVideoPayload> {
    let draft = Draft { upload_id: input.upload_id.0, title: input.title, description: input.description };
    let (video, user_errors) = payload(service(context)?.publish(access::viewer(context), draft).await)?;
    Ok(PublishVideoPayload { video: video.map(Video), user_errors })
}

async fn visit(context: &Context<'_>, input: &VisitVideoInput) -> Result<VisitVideoPayload> {
    let (video, user_errors) = payload(service(context)?.visit(&input.video_id).await)?;
    Ok(VisitVideoPayload { video: video.map(Video), user_errors })
}
