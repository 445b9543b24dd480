//! From service errors to what GraphQL clients see.

use async_graphql::ErrorExtensions as _;
use reel_error::{ClientError, Error, ErrorCode};

use crate::UserError;

/// Turns the error of a service call into a GraphQL error, with the code in `extensions.code`.
///
/// A failure of ours is logged here, once, and shown with a generic text.
pub fn graphql_error(error: &Error) -> async_graphql::Error {
    if let Error::Internal { code, source } = error {
        tracing::error!(error.code = code.name(), error = format!("{source:#}"), "a resolver failed");
    }
    let code = error.code();
    async_graphql::Error::new(error.public_message()).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// Results of services, in resolvers.
pub trait GraphqlResult<T> {
    /// The same result with the error that clients see.
    ///
    /// # Errors
    /// The error of the service call, with its code, masked when it is ours.
    fn graphql(self) -> async_graphql::Result<T>;
}

impl<T> GraphqlResult<T> for Result<T, Error> {
    fn graphql(self) -> async_graphql::Result<T> {
        self.map_err(|error| graphql_error(&error))
    }
}

impl<T> GraphqlResult<T> for Result<T, ClientError> {
    fn graphql(self) -> async_graphql::Result<T> {
        self.map_err(|error| graphql_error(&error.into()))
    }
}

/// A loader shares one error among all its keys; the cause is logged with every field that it voids.
impl<T> GraphqlResult<T> for Result<T, std::sync::Arc<Error>> {
    fn graphql(self) -> async_graphql::Result<T> {
        self.map_err(|shared| graphql_error(&shared))
    }
}

/// Splits a command's result into the parts of a mutation's payload: the changed object, and what a person can correct.
///
/// # Errors
/// What nobody can correct in the input (not logged in, not theirs, a failure of ours) is a top-level error.
pub fn payload<T>(result: Result<T, Error>) -> async_graphql::Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Error::Client(error)) if is_correctable(error.code) => Ok((None, vec![UserError::from(error)])),
        Err(error) => Err(graphql_error(&error)),
    }
}

fn is_correctable(code: ErrorCode) -> bool {
    !matches!(
        code,
        ErrorCode::Unauthenticated
            | ErrorCode::TokenInvalid
            | ErrorCode::TokenExpired
            | ErrorCode::SessionEnded
            | ErrorCode::Forbidden
            | ErrorCode::Overloaded
            | ErrorCode::RateLimited
            | ErrorCode::NotAvailable
    )
}
