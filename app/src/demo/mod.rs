//! The demo content: a few people, real videos made with ffmpeg, likes, comments and follows, all published through
//! the documented API like any client would.
//!
//! Publishing is idempotent: what is there already is left alone, so that a start that was interrupted goes on where
//! it stopped.

mod client;
mod clip;
mod content;

use std::path::Path;

use anyhow::{Context as _, Result};

use client::{Client, Person};
pub use content::{PASSWORD, PEOPLE};

/// Publishes what is missing of the demo content on the instance at `url`, with videos that `ffmpeg` draws. `progress` is
/// told of each step.
///
/// # Errors
/// When the instance refuses a step or cannot be reached, or ffmpeg fails.
pub async fn publish(url: &str, ffmpeg: &Path, progress: impl Fn(&str)) -> Result<()> {
    let client = Client::new(url)?;
    let mut people = Vec::new();
    for name in PEOPLE {
        progress(&format!("{name} joins"));
        people.push(client.sign_in(name, PASSWORD).await?);
    }
    let person = |name: &str| -> Result<&Person> {
        people.iter().find(|person| person.name == name).with_context(|| format!("{name} is not one of the people"))
    };
    for (follower, followee) in content::FOLLOWS {
        client.follow(person(follower)?, &person(followee)?.id).await?;
    }
    for video in content::VIDEOS {
        progress(&format!("{} publishes “{}”", video.author, video.title));
        let id = publish_video(&client, ffmpeg, person(video.author)?, video).await?;
        react(&client, &person, video, &id).await?;
    }
    Ok(())
}

async fn publish_video(client: &Client, ffmpeg: &Path, author: &Person, video: &content::Video) -> Result<String> {
    if let Some(id) = client.find_video(author, video.title).await? {
        return Ok(id);
    }
    let clip = clip::make(ffmpeg, video.picture).await?;
    client.publish(author, video.title, video.description, clip).await?;
    client
        .find_video(author, video.title)
        .await?
        .with_context(|| format!("“{}” was published but is not listed", video.title))
}

async fn react<'a>(
    client: &Client,
    person: &impl Fn(&str) -> Result<&'a Person>,
    video: &content::Video,
    id: &str,
) -> Result<()> {
    for name in video.liked_by {
        client.like(person(name)?, id).await?;
    }
    let has_reactions = client.video(person(video.author)?, id).await?["comment_count"] != 0;
    if has_reactions {
        return Ok(());
    }
    for (name, text) in video.comments {
        client.comment(person(name)?, id, text).await?;
    }
    for _ in 0..video.visits {
        client.video(person(video.author)?, id).await?;
    }
    Ok(())
}
