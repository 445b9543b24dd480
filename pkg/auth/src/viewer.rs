use reel_id::{SessionId, UserId};

/// The person on whose behalf a request runs, already authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Viewer {
    /// Who it is.
    pub user_id: UserId,
    /// The login that the request belongs to.
    pub session_id: SessionId,
}
