use reel_error::{Error, ErrorCode};
use tonic::{Code, Status};

/// What a failed call means to the service that made it: the other side's trouble, never the client's.
pub fn call_error(status: Status) -> Error {
    let code = match status.code() {
        Code::DeadlineExceeded => ErrorCode::Timeout,
        Code::ResourceExhausted => ErrorCode::Overloaded,
        Code::Unavailable | Code::Cancelled | Code::Unknown => ErrorCode::ServiceUnavailable,
        _ => ErrorCode::Internal,
    };
    Error::Internal { code, source: anyhow::Error::new(status).context("a gRPC call failed") }
}

/// The status that a failed service call becomes. Failures of ours are logged here and masked.
pub fn refuse(error: &Error) -> Status {
    match error {
        Error::Client(error) => Status::failed_precondition(error.code.name()),
        Error::Internal { code, source } => {
            tracing::error!(error.code = code.name(), error = format!("{source:#}"), "a gRPC call failed");
            match code {
                ErrorCode::Timeout => Status::deadline_exceeded(code.name()),
                ErrorCode::Overloaded => Status::resource_exhausted(code.name()),
                ErrorCode::ServiceUnavailable => Status::unavailable(code.name()),
                _ => Status::internal(code.name()),
            }
        }
    }
}

/// The code behind a `refused` outcome of a contract. An unknown name comes from a newer process and reads as a plain
/// refusal of the argument.
pub fn refused_code(name: &str) -> ErrorCode {
    ErrorCode::from_name(name).unwrap_or(ErrorCode::InvalidArgument)
}
