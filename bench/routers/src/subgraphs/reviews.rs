//! The reviews subgraph: what people say, from the side of the person, of the product and by itself.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use crate::data::{ITEMS, OPINIONS, Opinion, PEOPLE};

pub(super) struct Query;

#[derive(SimpleObject)]
struct Review {
    id: ID,
    body: &'static str,
    author: User,
    product: Product,
}

struct User(usize);

struct Product(usize);

impl From<&Opinion> for Review {
    fn from(opinion: &Opinion) -> Self {
        let (author, product) = (User(opinion.author), Product(opinion.product));
        Self { id: opinion.id.into(), body: opinion.body, author, product }
    }
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        PEOPLE[self.0].id.into()
    }

    async fn reviews(&self) -> Vec<Review> {
        OPINIONS.iter().filter(|opinion| opinion.author == self.0).map(Review::from).collect()
    }
}

#[Object]
impl Product {
    async fn upc(&self) -> ID {
        ITEMS[self.0].upc.into()
    }

    async fn reviews(&self) -> Vec<Review> {
        OPINIONS.iter().filter(|opinion| opinion.product == self.0).map(Review::from).collect()
    }
}

#[Object]
impl Query {
    #[graphql(entity)]
    async fn review_by_id(&self, id: ID) -> Option<Review> {
        OPINIONS.iter().find(|opinion| opinion.id == *id).map(Review::from)
    }

    #[graphql(entity)]
    async fn user_by_id(&self, id: ID) -> Option<User> {
        PEOPLE.iter().position(|person| person.id == *id).map(User)
    }

    #[graphql(entity)]
    async fn product_by_upc(&self, upc: ID) -> Option<Product> {
        ITEMS.iter().position(|item| item.upc == *upc).map(Product)
    }
}

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}
