use std::str::FromStr;

use async_graphql::{Context, ID};
use reel_auth::Viewer;
use reel_error::{ClientError, ErrorCode};
use reel_subgraph::access;

use crate::service::Interactions;

/// The service behind the schema.
pub(super) fn service<'c>(context: &Context<'c>) -> &'c Interactions {
    context.data_unchecked()
}

/// Who is calling.
pub(super) fn viewer(context: &Context<'_>) -> Option<Viewer> {
    access::viewer(context)
}

/// Reads the id in this argument or input field.
pub(super) fn id<T: FromStr>(text: &ID, field: &'static str) -> Result<T, ClientError> {
    text.parse().map_err(|_| ClientError::new(ErrorCode::InvalidId).field(field))
}

/// Reads the id in this input field, if there is one.
pub(super) fn optional_id<T: FromStr>(text: Option<&ID>, field: &'static str) -> Result<Option<T>, ClientError> {
    text.map(|text| id(text, field)).transpose()
}

/// A count as GraphQL's Int, which ends at 2,147,483,647.
pub(super) fn count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
