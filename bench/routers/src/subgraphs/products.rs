//! The products subgraph.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use crate::data::{ITEMS, Item};

pub(super) struct Query;

#[derive(SimpleObject)]
struct Product {
    upc: ID,
    name: &'static str,
    price: i32,
    weight: i32,
}

impl From<&Item> for Product {
    fn from(item: &Item) -> Self {
        Self { upc: item.upc.into(), name: item.name, price: item.price, weight: item.weight }
    }
}

#[Object]
impl Query {
    async fn top_products(&self, #[graphql(default = 5)] first: usize) -> Vec<Product> {
        ITEMS.iter().take(first).map(Product::from).collect()
    }

    #[graphql(entity)]
    async fn product_by_upc(&self, upc: ID) -> Option<Product> {
        ITEMS.iter().find(|item| item.upc == *upc).map(Product::from)
    }
}

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}
