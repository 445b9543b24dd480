//! `@context` and `@fromContext`: arguments that the router fills in with values from further up.

mod at_random;
mod failures;
mod guards;
mod requests;
mod shop;
mod values;
