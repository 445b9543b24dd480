use chrono::{DateTime, Utc};
use reel_id::{Snowflake, UserId};
use reel_subgraph::Page;

/// One of the lists that every person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum List {
    /// Who follows the person.
    Followers,
    /// Whom the person follows.
    Following,
    /// Both at once.
    Friends,
}

/// A page of a list of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ListKey {
    pub(crate) list: List,
    pub(crate) user_id: UserId,
    pub(crate) page: Page,
}

/// A row of a list: the person at the other end.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What the list is sorted by.
    pub(crate) position: Snowflake,
    pub(crate) other_id: UserId,
    /// Since when they follow, or are friends.
    pub(crate) since: DateTime<Utc>,
}

/// How long a person's lists are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stats {
    pub(crate) followers: i64,
    pub(crate) following: i64,
    pub(crate) friends: i64,
}

impl Stats {
    /// The length of one list.
    pub(crate) fn of(self, list: List) -> i64 {
        match list {
            List::Followers => self.followers,
            List::Following => self.following,
            List::Friends => self.friends,
        }
    }
}

/// A question: does `follower` follow `followee`?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub(crate) follower: UserId,
    pub(crate) followee: UserId,
}

impl Pair {
    /// The same question the other way round.
    pub(crate) fn reversed(self) -> Self {
        Self { follower: self.followee, followee: self.follower }
    }
}

/// When a follow was made, and its id, which orders it among all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) id: Snowflake,
    pub(crate) at: DateTime<Utc>,
}

impl Moment {
    /// The later of two: the one from which two people are friends.
    pub(crate) fn later(self, other: Self) -> Self {
        if self.id > other.id { self } else { other }
    }
}
