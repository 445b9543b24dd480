use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};
use reel_subgraph::{PageInfo, Rows, paging};

use super::user::User;
use crate::domain::{Entry, List};

/// Writes a connection and its edge. The three differ in names and descriptions only.
macro_rules! connection {
    ($connection:ident of $edge:ident in $list:expr, $title:literal, $edge_title:literal, $node:literal,
     $since:ident: $since_text:literal) => {
        #[doc = $title]
        pub(crate) struct $connection {
            pub(super) user: User,
            pub(super) rows: Rows<Entry>,
        }

        #[doc = $title]
        #[Object]
        impl $connection {
            /// The page's rows.
            async fn edges(&self) -> Vec<$edge> {
                self.rows.items.iter().cloned().map($edge).collect()
            }

            /// Where the page lies in the list.
            async fn page_info(&self) -> PageInfo {
                self.rows.page_info(cursor)
            }

            /// How many there are on all pages together.
            async fn total_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
                Some(self.user.count(context, $list).await)
            }
        }

        #[doc = $edge_title]
        pub(crate) struct $edge(Entry);

        #[doc = $edge_title]
        #[Object]
        impl $edge {
            /// Pass it as `after` to go on behind this row.
            async fn cursor(&self) -> String {
                cursor(&self.0)
            }

            #[doc = $since_text]
            async fn $since(&self) -> DateTime<Utc> {
                self.0.since
            }

            #[doc = $node]
            async fn node(&self) -> Option<User> {
                Some(User(self.0.other_id))
            }
        }
    };
}

connection!(FollowerConnection of FollowerEdge in List::Followers,
    "People who follow a person.", "Somebody who follows a person.", "Who follows.",
    followed_at: "Since when.");
connection!(FollowingConnection of FollowingEdge in List::Following,
    "People whom a person follows.", "Somebody whom a person follows.", "Who is followed.",
    followed_at: "Since when.");
connection!(FriendConnection of FriendEdge in List::Friends,
    "People who follow a person and are followed back.", "Somebody who follows a person and is followed back.", "The friend.",
    friends_since: "Since when both follow each other.");

fn cursor(entry: &Entry) -> String {
    paging::key_cursor(entry.position)
}
