//! The inventory subgraph: it asks for price and weight to tell what shipping costs.

use async_graphql::{ComplexObject, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};

use crate::federation::data::{ITEMS, shipping};

pub(super) struct Query;

#[derive(SimpleObject)]
#[graphql(complex)]
struct Product {
    upc: ID,
    #[graphql(external)]
    price: Option<i32>,
    #[graphql(external)]
    weight: Option<i32>,
    in_stock: bool,
}

#[ComplexObject]
impl Product {
    #[graphql(requires = "price weight")]
    async fn shipping_estimate(&self) -> Option<i32> {
        Some(shipping(self.price?, self.weight?))
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
        Some(Product { upc, price, weight, in_stock: item.in_stock })
    }
}

pub(super) fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish()
}
