//! Which headers may never pass, whatever the settings say.

use http::HeaderName;

/// Those that are about one connection (RFC 9110 section 7.6.1), and credentials for a proxy.
const OF_ONE_CONNECTION: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Those that describe a request to a subgraph.
const SENT_BY_US: [&str; 10] = [
    "accept",
    "accept-encoding",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "traceparent",
    "x-request-id",
];

/// Those that describe an answer to a client, and the tokens that only we hand out.
const ANSWERED_BY_US: [&str; 18] = [
    "accept-ranges",
    "access-token",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "new-access-token",
    "referrer-policy",
    "refresh-token",
    "server",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
];

/// What begins so is believed because only our own processes say it.
const OURS: &str = "x-reel-";
/// What pages of other origins may do is for `router.http.cors_origins` to say.
const OF_ORIGINS: &str = "access-control-";

/// Whether a header of clients' requests may be sent on under some name.
///
/// # Errors
/// Why not.
pub(crate) fn may_be_propagated(name: &HeaderName) -> Result<(), String> {
    refuse(OF_ONE_CONNECTION.contains(&name.as_str()), name, "is about one connection and is never sent on")
}

/// Whether a request to a subgraph may carry a header of this name that we do not write.
///
/// # Errors
/// Why not.
pub(crate) fn may_be_sent(name: &HeaderName) -> Result<(), String> {
    may_be_propagated(name)?;
    let ours = SENT_BY_US.contains(&name.as_str()) || name.as_str().starts_with(OURS);
    refuse(ours, name, "is written by the router itself in requests to subgraphs")
}

/// Whether a header of this name may reach clients from subgraphs.
///
/// # Errors
/// Why not.
pub(crate) fn may_reach_clients(name: &HeaderName) -> Result<(), String> {
    may_be_propagated(name)?;
    let text = name.as_str();
    let ours = ANSWERED_BY_US.contains(&text) || text.starts_with(OURS) || text.starts_with(OF_ORIGINS);
    refuse(ours, name, "is written by the router itself in answers to clients")
}

fn refuse(refused: bool, name: &HeaderName, reason: &str) -> Result<(), String> {
    if refused { Err(format!("the header {name} {reason}")) } else { Ok(()) }
}
