//! Counts equal rows whatever happens at the same time.

use futures::future::join_all;
use sqlx::MySqlPool;

use crate::support::{World, follow, unfollow};

/// Each task is one client with its own steps, all started together.
async fn together(world: &World, clients: Vec<Vec<(bool, i64, i64)>>) {
    let tasks = clients.into_iter().map(|steps| {
        let subgraph = world.subgraph.clone();
        tokio::spawn(async move {
            for (follows, follower, followee) in steps {
                if follows {
                    follow(&subgraph, follower, followee).await;
                } else {
                    unfollow(&subgraph, follower, followee).await;
                }
            }
        })
    });
    for outcome in join_all(tasks).await {
        outcome.unwrap();
    }
}

/// Fails unless every counter equals its rows, and exactly the rows of mutual follows name their friendship.
async fn assert_consistent(pool: &MySqlPool) {
    let wrong_counts: Vec<i64> = sqlx::query_scalar(
        "SELECT people.user_id FROM \
         (SELECT follower_id AS user_id FROM follow UNION SELECT followee_id FROM follow UNION SELECT user_id FROM follow_stats) AS people \
         LEFT JOIN follow_stats AS stats ON stats.user_id = people.user_id WHERE \
         COALESCE(stats.follower_count, 0) <> (SELECT COUNT(*) FROM follow WHERE followee_id = people.user_id) \
         OR COALESCE(stats.following_count, 0) <> (SELECT COUNT(*) FROM follow WHERE follower_id = people.user_id) \
         OR COALESCE(stats.friend_count, 0) <> (SELECT COUNT(*) FROM follow AS a JOIN follow AS b \
         ON b.follower_id = a.followee_id AND b.followee_id = a.follower_id WHERE a.follower_id = people.user_id)",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(wrong_counts, Vec::<i64>::new(), "these people's counts differ from their rows");
    let wrong_friendships: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM follow AS a LEFT JOIN follow AS b \
         ON b.follower_id = a.followee_id AND b.followee_id = a.follower_id \
         WHERE NOT (a.friendship_id <=> IF(b.id IS NULL, NULL, GREATEST(a.id, b.id))) \
         OR NOT (a.friends_since <=> IF(b.id IS NULL, NULL, IF(a.id > b.id, a.created_at, b.created_at)))",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(wrong_friendships, 0);
}

async fn rows(pool: &MySqlPool) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM follow").fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_people_follow_one_and_half_of_them_think_again() {
    let world = World::new().await;
    let steps = |person: i64| match person % 2 {
        0 => vec![(true, person, 1)],
        _ => vec![(true, person, 1), (false, person, 1)],
    };
    together(&world, (100..164).map(steps).collect()).await;
    assert_consistent(world.database.pool()).await;
    assert_eq!(world.person(None, 1, "followerCount").await["followerCount"], 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_equal_follows_of_one_person_are_one_row() {
    let world = World::new().await;
    together(&world, vec![vec![(true, 2, 1)]; 64]).await;
    assert_consistent(world.database.pool()).await;
    assert_eq!(rows(world.database.pool()).await, 1);
    together(&world, vec![vec![(false, 2, 1)]; 64]).await;
    assert_consistent(world.database.pool()).await;
    assert_eq!(rows(world.database.pool()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_who_follows_and_unfollows_at_once_ends_in_either_state_with_right_counts() {
    let world = World::new().await;
    let clients = (0..64).map(|client| vec![(client % 2 == 0, 2, 1), (client % 2 != 0, 2, 1)]).collect();
    together(&world, clients).await;
    assert_consistent(world.database.pool()).await;
    let follows = world.person(Some(2), 1, "viewerIsFollowing").await["viewerIsFollowing"].as_bool().unwrap();
    assert_eq!(rows(world.database.pool()).await, i64::from(follows));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_follow_each_other_at_the_same_moment_become_friends() {
    let world = World::new().await;
    let pairs = (0..32).flat_map(|pair| [(true, 100 + pair, 200 + pair), (true, 200 + pair, 100 + pair)]);
    together(&world, pairs.map(|step| vec![step]).collect()).await;
    assert_consistent(world.database.pool()).await;
    for pair in 0..32 {
        assert_eq!(world.person(None, 100 + pair, "friendCount").await["friendCount"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_people_who_all_change_their_minds_about_all_others_stays_consistent() {
    let world = World::new().await;
    // Eight people, each on eight devices, each device in another order.
    let steps = |client: i64| {
        let (person, device) = (client / 8, client % 8);
        let others = (1..8).map(move |step| (person + step * if device % 2 == 0 { 1 } else { 7 }) % 8);
        others.map(move |other| ((device + other) % 3 != 0, person + 1, other + 1)).collect()
    };
    together(&world, (0..64).map(steps).collect()).await;
    assert_consistent(world.database.pool()).await;
}
