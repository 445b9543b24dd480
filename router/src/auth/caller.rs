use http::{HeaderMap, HeaderValue};
use reel_auth::Viewer;
use reel_error::ErrorCode;
use reel_id::SessionId;

use crate::grants::Grants;

use super::credentials::{ACCESS_TOKEN, NEW_ACCESS_TOKEN, REFRESH_TOKEN};

/// Who a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// No token came along.
    Anonymous,
    /// The token is genuine and current, or has been renewed.
    Known(Viewer),
    /// The token is genuine, current and another issuer's. Its bearer may ask the graph, and has no account here.
    Foreign(Grants),
    /// A token came along that cannot be used, for this reason.
    Refused(ErrorCode),
}

impl Caller {
    /// The viewer, where anyone may call: a token that cannot be used makes the caller anonymous.
    pub(crate) fn lenient(&self) -> Option<Viewer> {
        match self {
            Self::Known(viewer) => Some(*viewer),
            Self::Anonymous | Self::Foreign(_) | Self::Refused(_) => None,
        }
    }

    /// The viewer and what the graph is open for, where a bad token is a failure but no token is not.
    pub(crate) fn admitted(&self) -> Result<(Option<Viewer>, Grants), ErrorCode> {
        match self {
            Self::Known(viewer) => Ok((Some(*viewer), Grants::login())),
            Self::Anonymous => Ok((None, Grants::anonymous())),
            Self::Foreign(grants) => Ok((None, grants.clone())),
            Self::Refused(code) => Err(*code),
        }
    }

    /// The viewer, where there has to be one.
    pub(crate) fn required(&self) -> Result<Viewer, ErrorCode> {
        match self {
            Self::Known(viewer) => Ok(*viewer),
            Self::Anonymous => Err(ErrorCode::Unauthenticated),
            Self::Foreign(_) => Err(ErrorCode::Forbidden),
            Self::Refused(code) => Err(*code),
        }
    }
}

/// A caller, and the tokens that the answer has to carry when a renewal was made on the way.
#[derive(Debug)]
pub(crate) struct Authentication {
    pub(crate) caller: Caller,
    pub(crate) renewed: Option<TokenPair>,
    /// A renewal that has been put off.
    pub(super) pending: Option<PendingRenewal>,
}

/// A renewal that has been found possible and not been made.
pub(super) struct PendingRenewal {
    pub(super) session: SessionId,
    pub(super) refresh: String,
}

impl Authentication {
    /// An authentication without a renewal.
    pub(crate) fn plain(caller: Caller) -> Self {
        Self { caller, renewed: None, pending: None }
    }

    /// Puts the renewed tokens into the headers of whatever answer is given.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        let Some(renewed) = &self.renewed else { return };
        renewed.announce(headers);
        if let Some(value) = secret_value(&renewed.access) {
            headers.insert(NEW_ACCESS_TOKEN, value);
        }
    }
}

/// The tokens of a login.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TokenPair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl TokenPair {
    /// Puts the tokens into the headers of an answer.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        for (name, token) in [(ACCESS_TOKEN, &self.access), (REFRESH_TOKEN, &self.refresh)] {
            if let Some(value) = secret_value(token) {
                headers.insert(name, value);
            }
        }
    }
}

impl std::fmt::Debug for PendingRenewal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PendingRenewal({})", self.session)
    }
}

impl std::fmt::Debug for TokenPair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenPair(…)")
    }
}

/// Our tokens are ASCII; marked sensitive, they are not printed and not put into HTTP/2's compression table.
fn secret_value(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(token).ok()?;
    value.set_sensitive(true);
    Some(value)
}
