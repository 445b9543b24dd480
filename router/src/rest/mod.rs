//! The documented REST endpoints, as thin shims over the graph.
//!
//! An endpoint is one row of a table: which parameters it takes and who may call it, a function from its parameters to
//! a document of `schema/operations/rest` with variables, and a function from the data to the documented objects.
//! Everything else ([`serve`]) is the same for all of them.

mod auth;
mod comment;
mod documents;
mod endpoint;
mod file;
mod form;
mod input;
mod like;
mod objects;
mod openapi;
mod outcome;
mod parameter;
mod relation;
mod serve;
mod unavailable;
mod user;
mod video;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodFilter, on};

use self::endpoint::Endpoint;
use self::objects::TimeFormat;
use self::serve::Rest;
use crate::http::{Shared, StartError};

pub(crate) use documents::Documents;
pub use openapi::openapi;

const GROUPS: [&[Endpoint]; 7] = [
    user::ENDPOINTS,
    video::ENDPOINTS,
    like::ENDPOINTS,
    comment::ENDPOINTS,
    relation::ENDPOINTS,
    auth::ENDPOINTS,
    unavailable::ENDPOINTS,
];

/// Every endpoint under its path, with and without a trailing slash.
pub(crate) fn routes(shared: Arc<Shared>) -> Result<Router, StartError> {
    let minutes = shared.settings.rest.time_offset_minutes;
    let times = TimeFormat::new(minutes).ok_or(StartError::TimeOffset { minutes })?;
    let rest = Arc::new(Rest { shared, times });
    Ok(endpoints().fold(Router::new(), |routes, endpoint| {
        let rest = Arc::clone(&rest);
        let handler = on(method(endpoint), move |request| async move { serve::serve(endpoint, &rest, request).await });
        routes.route(endpoint.path, handler.clone()).route(&format!("{}/", endpoint.path), handler)
    }))
}

fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    GROUPS.iter().flat_map(|group| group.iter())
}

fn method(endpoint: &Endpoint) -> MethodFilter {
    match endpoint.method {
        endpoint::Method::Get => MethodFilter::GET,
        endpoint::Method::Post => MethodFilter::POST,
        endpoint::Method::Put => MethodFilter::PUT,
        endpoint::Method::Delete => MethodFilter::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_holds_every_documented_endpoint_once() {
        let paths: BTreeSet<&str> = endpoints().map(|endpoint| endpoint.path).collect();
        assert_eq!(paths.len(), endpoints().count());
        for path in [
            "/user/register",
            "/user/login",
            "/user/info",
            "/user/avatar/upload",
            "/video/publish",
            "/video/list",
            "/video/popular",
            "/video/search",
            "/like/action",
            "/like/list",
            "/comment/publish",
            "/comment/list",
            "/comment/delete",
            "/relation/action",
            "/following/list",
            "/follower/list",
            "/friends/list",
            "/video/feed",
            "/video/visit",
            "/auth/refresh",
            "/auth/logout",
            "/auth/mfa/qrcode",
            "/auth/mfa/bind",
            "/user/image/search",
            "/ws",
        ] {
            assert!(paths.contains(path), "{path}");
        }
    }
}
