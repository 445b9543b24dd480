//! The users subgraph.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use crate::data::{PEOPLE, Person};

pub(super) struct Query;

#[derive(SimpleObject)]
struct User {
    id: ID,
    username: &'static str,
    name: &'static str,
    birthday: &'static str,
}

impl From<&Person> for User {
    fn from(person: &Person) -> Self {
        Self { id: person.id.into(), username: person.username, name: person.name, birthday: person.birthday }
    }
}

#[Object]
impl Query {
    async fn users(&self) -> Vec<User> {
        PEOPLE.iter().map(User::from).collect()
    }

    #[graphql(entity)]
    async fn user_by_id(&self, id: ID) -> Option<User> {
        PEOPLE.iter().find(|person| person.id == *id).map(User::from)
    }
}

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}
