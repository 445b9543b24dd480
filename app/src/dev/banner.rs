//! What `reelgraph dev` tells the person in front of the terminal.

use std::net::SocketAddr;
use std::time::Duration;

use crate::demo;

/// The addresses, once they answer.
pub(super) fn ready(address: SocketAddr, after: Duration) {
    println!(
        "\nReelgraph is ready after {:.1} s.\n\n  \
         GraphQL  http://{address}/graphql   (open it in a browser for GraphiQL)\n  \
         REST     http://{address}/video/feed/\n  \
         Health   http://{address}/readyz\n  \
         Metrics  http://{address}/metrics\n\n\
         Stop it with Ctrl-C.\n",
        after.as_secs_f32()
    );
}

/// One step of publishing the demo content.
pub(super) fn demo_step(step: &str) {
    println!("demo: {step}");
}

/// The demo content is complete.
pub(super) fn demo_ready() {
    println!("demo: ready; log in as {} with the password `{}`.", demo::PEOPLE.join(", "), demo::PASSWORD);
}

/// The end begins.
pub(super) fn stopping() {
    println!("\nReelgraph is stopping.");
}
