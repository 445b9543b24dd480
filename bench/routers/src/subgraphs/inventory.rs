//! The inventory subgraph: it asks for price and weight to tell what shipping costs.

use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use crate::data::{ITEMS, shipping};

pub(super) struct Query;

#[derive(SimpleObject)]
#[graphql(complex)]
struct Product {
    upc: ID,
    #[graphql(external)]
    price: i32,
    #[graphql(external)]
    weight: i32,
    in_stock: bool,
    /// What was told of price and weight.
    #[graphql(skip)]
    known: Option<(i32, i32)>,
}

#[ComplexObject]
impl Product {
    #[graphql(requires = "price weight")]
    async fn shipping_estimate(&self) -> Option<i32> {
        self.known.map(|(price, weight)| shipping(price, weight))
    }
}

#[Object]
impl Query {
    #[graphql(entity)]
    async fn product_by_upc(
        &self,
        #[graphql(key)] upc: ID,
        price: Option<i32>,
        weight: Option<i32>,
    ) -> Option<Product> {
        let item = ITEMS.iter().find(|item| item.upc == *upc)?;
        let known = price.zip(weight);
        let (price, weight) = known.unwrap_or_default();
        Some(Product { upc, price, weight, in_stock: item.in_stock, known })
    }
}

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}
