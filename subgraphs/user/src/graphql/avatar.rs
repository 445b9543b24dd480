use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use reel_error::{ClientError, Error, ErrorCode};
use reel_id::UploadId;
use reel_subgraph::{UserError, access, payload};

use super::user::User;
use crate::domain;
use crate::service::Avatars;

#[derive(Default)]
pub(super) struct AvatarMutation;

/// A new picture.
#[derive(InputObject)]
struct UpdateAvatarInput {
    /// The id that uploading the image (`POST /uploads`) answered.
    upload_id: ID,
}

/// What changing the picture answers.
#[derive(SimpleObject)]
struct UpdateAvatarPayload {
    /// The person with the new picture; null when something has to be corrected.
    user: Option<User>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

#[Object]
impl AvatarMutation {
    /// Makes an uploaded image the viewer's picture. The one before it is removed.
    #[graphql(directive = reel_subgraph::authenticated::apply())]
    async fn update_avatar(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new picture.")] input: UpdateAvatarInput,
    ) -> Option<async_graphql::Result<UpdateAvatarPayload>> {
        let outcome = update(context, &input).await;
        Some(payload(outcome).map(|(user, user_errors)| UpdateAvatarPayload { user: user.map(User), user_errors }))
    }
}

async fn update(context: &Context<'_>, input: &UpdateAvatarInput) -> Result<domain::User, Error> {
    let upload: UploadId =
        input.upload_id.parse().map_err(|_| ClientError::new(ErrorCode::InvalidId).field("uploadId"))?;
    context.data_unchecked::<Arc<Avatars>>().claim(access::viewer(context), upload).await
}
