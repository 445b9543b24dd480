//! Counts equal rows, and nothing is orphaned, whatever happens at the same time.

use futures::future::join_all;
use serde_json::json;

use crate::support::{Client, World};

const TASKS: i64 = 64;

/// Runs this many clients at once, each in a task of its own, and answers what they answer.
async fn together<T, F>(world: &World, client: impl Fn(i64, Client) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks = (0..TASKS).map(|number| tokio::spawn(client(number, world.client.clone())));
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_people_like_one_video_and_half_of_them_think_again() {
    let world = World::new().await;
    together(&world, |person, client| async move {
        client.like_video(100 + person, 10, true).await;
        if person % 2 == 0 {
            client.like_video(100 + person, 10, false).await;
        }
    })
    .await;
    world.assert_consistent().await;
    assert_eq!(world.client.video(None, 10, "likeCount").await, json!({"likeCount": 32}));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_equal_likes_are_one_row_and_sixty_four_equal_unlikes_none() {
    let world = World::new().await;
    for (like, rows) in [(true, 1), (false, 0)] {
        together(&world, |_, client| async move { client.like_video(1, 10, like).await }).await;
        world.assert_consistent().await;
        assert_eq!(world.rows("video_like").await, rows);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_who_likes_and_unlikes_everything_at_once_ends_with_right_counts() {
    let world = World::new().await;
    let comment = world.client.comment(1, 10).await;
    let refused = together(&world, move |task, client| async move {
        let mut refused = Vec::new();
        for step in 0..4 {
            let like = (task + step) % 2 == 0;
            client.like_video(1, 10 + step % 2, like).await;
            refused.extend(client.like_comment(1, comment, like).await);
        }
        refused
    })
    .await;
    assert_eq!(refused.concat(), Vec::<String>::new());
    world.assert_consistent().await;
    let likes = world.client.video(Some(1), 10, "likeCount viewerHasLiked").await;
    assert_eq!(likes["likeCount"] == 1, likes["viewerHasLiked"] == true);
}

#[tokio::test(flavor = "multi_thread")]
async fn different_people_who_like_and_unlike_a_few_things_at_once_leave_right_counts() {
    let world = World::new().await;
    let comments = [world.client.comment(1, 10).await, world.client.comment(1, 11).await];
    together(&world, move |task, client| async move {
        for step in 0..6 {
            let like = (task / 2 + step) % 3 != 0;
            client.like_video(1 + task % 8, 10 + step % 2, like).await;
            client.like_comment(1 + task % 8, comments[(step % 2) as usize], like).await;
        }
    })
    .await;
    world.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_to_a_comment_that_is_deleted_meanwhile_are_deleted_or_refused() {
    let world = World::new().await;
    let parent = world.client.comment(1, 10).await;
    let answers = together(&world, move |task, client| async move {
        match task {
            31 => client.delete(1, parent).await,
            _ => client.reply(2, parent).await.err(),
        }
    })
    .await;
    for (task, refusal) in answers.iter().enumerate() {
        assert!(refusal.as_deref().is_none_or(|code| task != 31 && code == "COMMENT_NOT_FOUND"), "{task}: {refusal:?}");
    }
    assert_eq!(world.rows("comment").await, 0, "whoever got a reply in got it deleted");
    world.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_equal_deletions_one_succeeds() {
    let world = World::new().await;
    let parent = world.client.comment(1, 10).await;
    let reply = world.client.reply(1, parent).await.unwrap();
    world.client.reply(2, reply).await.unwrap();
    let answers = together(&world, move |_, client| async move { client.delete(1, reply).await }).await;
    assert_eq!(answers.iter().filter(|refusal| refusal.is_none()).count(), 1);
    assert!(answers.iter().flatten().all(|code| code == "COMMENT_NOT_FOUND"), "{answers:?}");
    world.assert_consistent().await;
    assert_eq!(world.rows("comment").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_grows_is_liked_and_loses_branches_at_once_stays_whole() {
    let world = World::new().await;
    let root = world.client.comment(1, 10).await;
    let mut branches = Vec::new();
    for _ in 0..4 {
        let branch = world.client.reply(1, root).await.unwrap();
        branches.push(world.client.reply(1, branch).await.unwrap());
        branches.push(branch);
    }
    together(&world, |task, client| {
        let branches = branches.clone();
        async move {
            for step in 0..4 {
                let branch = branches[((task * 5 + step) % 8) as usize];
                match (task + step) % 8 {
                    0 if step > 1 => drop(client.delete(1, branch).await),
                    1 | 2 => drop(client.like_comment(task % 8 + 1, branch, true).await),
                    3 => drop(client.like_comment(task % 8 + 1, branch, false).await),
                    4 => drop(client.comment(2, 10).await),
                    _ => {
                        if let Ok(reply) = client.reply(2, branch).await {
                            drop(client.like_comment(3, reply, true).await);
                            drop(client.reply(3, reply).await);
                        }
                    }
                }
            }
        }
    })
    .await;
    world.assert_consistent().await;
    assert_eq!(world.client.delete(1, root).await, None);
    world.assert_consistent().await;
}
