//! The right answer to the query, made from the data by itself: no router has a say in it.

use serde_json::{Map, Value, json};

use crate::data::{ITEMS, OPINIONS, Opinion, PEOPLE, shipping};

/// What is under a person, a product or a review.
#[derive(Clone, Copy)]
enum Below {
    Nothing,
    /// The reviews, with what each is about and what is below that.
    Products(&'static Below),
    /// The reviews, with who wrote each and what is below that.
    Authors(&'static Below),
}

const OF_USERS: Below = Below::Products(&Below::Authors(&Below::Products(&Below::Nothing)));
const OF_PRODUCTS: Below = Below::Authors(&Below::Products(&Below::Authors(&Below::Nothing)));

/// The body of the answer.
pub(crate) fn answer() -> Value {
    let users: Vec<Value> = (0..PEOPLE.len()).map(|place| person(place, OF_USERS)).collect();
    let products: Vec<Value> = (0..ITEMS.len()).map(|place| item(place, OF_PRODUCTS)).collect();
    json!({ "data": { "users": users, "topProducts": products } })
}

fn person(place: usize, below: Below) -> Value {
    let person = &PEOPLE[place];
    let mut fields = Map::new();
    fields.insert("id".into(), person.id.into());
    fields.insert("username".into(), person.username.into());
    fields.insert("name".into(), person.name.into());
    fields.insert("birthday".into(), person.birthday.into());
    with_reviews(fields, |opinion| opinion.author == place, below)
}

fn item(place: usize, below: Below) -> Value {
    let item = &ITEMS[place];
    let mut fields = Map::new();
    fields.insert("upc".into(), item.upc.into());
    fields.insert("name".into(), item.name.into());
    fields.insert("price".into(), item.price.into());
    fields.insert("weight".into(), item.weight.into());
    fields.insert("inStock".into(), item.in_stock.into());
    fields.insert("shippingEstimate".into(), shipping(item.price, item.weight).into());
    with_reviews(fields, |opinion| opinion.product == place, below)
}

fn with_reviews(mut fields: Map<String, Value>, is_of: impl Fn(&Opinion) -> bool, below: Below) -> Value {
    let review = |opinion: &Opinion| match below {
        Below::Products(below) => {
            json!({ "id": opinion.id, "body": opinion.body, "product": item(opinion.product, *below) })
        }
        Below::Authors(below) => {
            json!({ "id": opinion.id, "body": opinion.body, "author": person(opinion.author, *below) })
        }
        Below::Nothing => Value::Null,
    };
    if !matches!(below, Below::Nothing) {
        let reviews: Vec<Value> = OPINIONS.iter().filter(|opinion| is_of(opinion)).map(review).collect();
        fields.insert("reviews".into(), reviews.into());
    }
    Value::Object(fields)
}
