//! The user domain through its front doors: GraphQL operations and gRPC calls, on a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod avatars;
mod contract;
mod hostile;
mod logins;
mod profiles;
mod renewal;
mod revocation;
mod world;
