//! `reelgraph seed`.

use indicatif::ProgressBar;
use std::time::Duration;

use crate::cli::SeedOptions;
use crate::{Failure, Settings, demo};

/// Publishes the demo content on a running instance.
pub(crate) async fn run(settings: &Settings, options: &SeedOptions) -> Result<(), Failure> {
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    demo::publish(&options.url, &settings.video.ffmpeg, |step| spinner.set_message(step.to_owned())).await?;
    spinner.finish_and_clear();
    println!(
        "The demo content is on {}; log in as {} with the password {}.",
        options.url,
        demo::PEOPLE.join(", "),
        demo::PASSWORD
    );
    Ok(())
}
