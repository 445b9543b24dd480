//! Printing: the supergraph for routers, the API schema for clients.

mod api;
mod features;
mod printer;
mod supergraph;

pub(crate) use api::api;
pub(crate) use supergraph::supergraph;
