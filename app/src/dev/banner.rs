//! What `reelgraph dev` tells the person in front of the terminal.

use std::net::SocketAddr;
use std::time::Duration;

use crate::demo;
use crate::settings::reachable;

/// The addresses, once they answer, as they are reached from this machine.
pub(super) fn ready(listened: SocketAddr, files_url: &str, after: Duration) {
    let address = reachable(listened);
    println!(
        "\nReelgraph is ready after {:.1} s.\n\n  \
         GraphQL  http://{address}/graphql   (open it in a browser for GraphiQL)\n  \
         REST     http://{address}/video/feed/\n  \
         Health   http://{address}/readyz\n{}\n\
         Stop it with Ctrl-C.\n",
        after.as_secs_f32(),
        if reel_telemetry::metrics_are_on() { format!("  Metrics  http://{address}/metrics\n") } else { String::new() },
    );
    if listened.ip().is_unspecified() && files_url == format!("http://{address}/files") {
        println!(
            "It listens on every address of this machine, but the links to videos and pictures lead to {files_url}.\n\
             For other machines set their beginning: REELGRAPH__FILES__PUBLIC_URL=http://<this machine>:{}/files\n",
            address.port()
        );
    }
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
