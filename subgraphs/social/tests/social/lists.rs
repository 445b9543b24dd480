use std::collections::BTreeSet;

use reel_id::Cursor;
use serde_json::Value;

use crate::support::World;

/// The ids of a whole list, page after page, with the cursors that the pages give.
async fn walk(world: &World, person: i64, list: &str, first: u32) -> Vec<i64> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let selection = format!(
            "{list}(first: {first}{after}) {{ edges {{ node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}"
        );
        let page = world.person(None, person, &selection).await;
        found.extend(ids(&page[list]));
        let info = &page[list]["pageInfo"];
        if info["hasNextPage"] == false {
            return found;
        }
        after = format!(", after: {}", info["endCursor"]);
    }
}

fn ids(connection: &Value) -> Vec<i64> {
    let edges = connection["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"]["id"].as_str().unwrap().parse().unwrap()).collect()
}

/// Person 1 with 25 followers, whom they follow all, 5 back in another order.
async fn crowd(world: &World) -> Vec<i64> {
    let people: Vec<i64> = (101..=125).collect();
    for person in &people {
        world.follow(*person, 1).await;
    }
    for person in people.iter().rev() {
        world.follow(1, *person).await;
    }
    people
}

#[tokio::test]
async fn every_list_is_newest_first_and_walks_without_gaps_or_duplicates() {
    let world = World::new().await;
    let people = crowd(&world).await;
    let newest_first: Vec<i64> = people.iter().rev().copied().collect();
    for first in [1, 7, 25, 26] {
        assert_eq!(walk(&world, 1, "followers", first).await, newest_first);
        assert_eq!(walk(&world, 1, "following", first).await, people);
        assert_eq!(walk(&world, 1, "friends", first).await, people);
    }
}

#[tokio::test]
async fn pages_by_number_show_the_same_list() {
    let world = World::new().await;
    crowd(&world).await;
    for list in ["followers", "following", "friends"] {
        let mut found = Vec::new();
        for offset in (0..30).step_by(10) {
            let after = Cursor::Offset(offset).encode();
            let selection = format!("{list}(first: 10, after: \"{after}\") {{ totalCount edges {{ node {{ id }} }} }}");
            let page = world.person(None, 1, &selection).await;
            assert_eq!(page[list]["totalCount"], 25);
            found.extend(ids(&page[list]));
        }
        assert_eq!(found, walk(&world, 1, list, 25).await);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 25);
    }
}

#[tokio::test]
async fn a_row_that_comes_or_goes_does_not_shift_the_pages_behind_a_cursor() {
    let world = World::new().await;
    crowd(&world).await;
    let page = world.person(None, 1, "followers(first: 10) { pageInfo { endCursor } }").await;
    world.follow(200, 1).await;
    world.unfollow(120, 1).await;
    let after = &page["followers"]["pageInfo"]["endCursor"];
    let selection = format!("followers(first: 3, after: {after}) {{ edges {{ node {{ id }} }} }}");
    let next = world.person(None, 1, &selection).await;
    assert_eq!(ids(&next["followers"]), [115, 114, 113]);
}

#[tokio::test]
async fn the_number_of_statements_does_not_grow_with_the_page() {
    let world = World::new().await;
    crowd(&world).await;
    let document = |first: u32| {
        format!(
            "followers(first: {first}) {{ totalCount edges {{ followedAt node {{ id followerCount friendCount \
             viewerIsFollowing isFollowingViewer followers(first: 2) {{ edges {{ node {{ followingCount }} }} }} \
             following(first: 2) {{ totalCount }} friends(first: 2) {{ edges {{ friendsSince }} }} }} }} }}"
        )
    };
    let mut costs = Vec::new();
    for first in [1, 25] {
        let before = world.database.mysql().reads().await;
        let page = world.person(Some(1), 1, &document(first)).await;
        assert_eq!(page["followers"]["edges"].as_array().unwrap().len(), first as usize);
        costs.push(world.database.mysql().reads().await - before);
    }
    assert_eq!(costs[0], costs[1]);
    // Followers; then their pages, counts and flags; then the counts of those behind.
    assert!(costs[0] <= 6, "{costs:?}");
}

#[tokio::test]
async fn a_count_that_is_not_selected_costs_no_statement() {
    let world = World::new().await;
    world.follow(2, 1).await;
    let before = world.database.mysql().reads().await;
    world.person(None, 1, "followers { edges { node { id } } }").await;
    assert_eq!(world.database.mysql().reads().await - before, 1);
}
