//! Who is calling.

use async_graphql::Context;
use reel_auth::Viewer;
use reel_error::{ErrorCode, Result};

/// The viewer that the router (or another domain) signed for, if any. Resolvers hand it to the service unseen.
pub fn viewer(context: &Context<'_>) -> Option<Viewer> {
    context.data_opt::<Viewer>().copied()
}

/// The viewer, for what nobody may do anonymously.
///
/// # Errors
/// [`ErrorCode::Unauthenticated`] when there is none.
pub fn signed_in(viewer: Option<Viewer>) -> Result<Viewer> {
    viewer.ok_or_else(|| ErrorCode::Unauthenticated.into())
}
