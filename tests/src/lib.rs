//! What the end-to-end tests stand on: the whole product as real processes over the tests' own databases, in either of
//! its two forms ([`Form`]), and clients that speak to it as phone apps and browsers do ([`Client`]).
#![expect(clippy::expect_used, reason = "this crate is for tests: what fails here must fail the test at once")]

mod answer;
mod client;
mod contract;
mod media;
mod process;
mod product;
mod stage;
mod tokens;

pub use answer::{Answer, GraphqlAnswer};
pub use client::{Client, Encoding, Field};
pub use contract::Shape;
pub use media::{CLIP, File, PICTURE};
pub use process::Process;
pub use product::{Form, Product};
pub use stage::{PASSWORD, Person, Stage};
pub use tokens::TokenForge;
