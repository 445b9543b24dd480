//! What the subgraphs know: the same in every run, and small enough that looking it up costs nothing.

/// A person of the users subgraph.
pub(crate) struct Person {
    pub(crate) id: &'static str,
    pub(crate) username: &'static str,
    pub(crate) name: &'static str,
    pub(crate) birthday: &'static str,
}

/// A product; its price and weight belong to products, what is in stock to inventory.
pub(crate) struct Item {
    pub(crate) upc: &'static str,
    pub(crate) name: &'static str,
    pub(crate) price: i32,
    pub(crate) weight: i32,
    pub(crate) in_stock: bool,
}

/// A review, with the indexes of who wrote it and what it is about.
pub(crate) struct Opinion {
    pub(crate) id: &'static str,
    pub(crate) body: &'static str,
    pub(crate) author: usize,
    pub(crate) product: usize,
}

const fn person(id: &'static str, username: &'static str, name: &'static str, birthday: &'static str) -> Person {
    Person { id, username, name, birthday }
}

const fn item(upc: &'static str, name: &'static str, price: i32, weight: i32, in_stock: bool) -> Item {
    Item { upc, name, price, weight, in_stock }
}

const fn opinion(id: &'static str, body: &'static str, author: usize, product: usize) -> Opinion {
    Opinion { id, body, author, product }
}

/// Everyone.
pub(crate) const PEOPLE: [Person; 6] = [
    person("1", "ferryman", "Ada Ferry", "1984-02-29"),
    person("2", "lantern", "Bo Lanternby", "1991-07-14"),
    person("3", "quarry", "Cleo Quarrington", "1979-11-03"),
    person("4", "sparrow", "Dag Sparrowson", "2000-01-31"),
    person("5", "thimble", "Eve Thimblewood", "1988-09-22"),
    person("6", "wicker", "Finn Wickerly", "1995-05-05"),
];

/// Everything that is sold.
pub(crate) const ITEMS: [Item; 9] = [
    item("11", "Writing desk", 34_900, 41, true),
    item("12", "Reading chair", 21_900, 17, true),
    item("13", "Paper lamp", 4_900, 2, false),
    item("14", "Bookshelf", 15_900, 33, true),
    item("15", "Wool carpet", 27_900, 12, false),
    item("16", "Wall clock", 6_900, 1, true),
    item("17", "Umbrella stand", 3_900, 4, true),
    item("18", "Linen curtain", 5_900, 3, false),
    item("19", "Oak bench", 18_900, 24, true),
];

/// What people say.
pub(crate) const OPINIONS: [Opinion; 21] = [
    opinion("101", "Stands as firm as a rock.", 0, 0),
    opinion("102", "I fall asleep in it every day.", 0, 1),
    opinion("103", "Too dim to read by, but pretty.", 1, 2),
    opinion("104", "One shelf was missing a peg.", 1, 3),
    opinion("105", "The cat likes it more than I do.", 2, 4),
    opinion("106", "Loses a minute a week.", 2, 5),
    opinion("107", "Holds six umbrellas, not eight.", 3, 6),
    opinion("108", "The colour is not that of the picture.", 3, 7),
    opinion("109", "My grandchildren will sit on it.", 4, 8),
    opinion("110", "Drawers slide like butter.", 4, 0),
    opinion("111", "Worth every coin.", 5, 1),
    opinion("112", "A gift that was well received.", 5, 2),
    opinion("113", "Came with a card from the maker.", 2, 4),
    opinion("114", "Better than the one I had before.", 1, 8),
    opinion("115", "Arrived a day early.", 0, 3),
    opinion("116", "The wood smells of autumn.", 5, 7),
    opinion("117", "My neighbour bought one, too.", 4, 2),
    opinion("118", "Would buy it once more.", 3, 6),
    opinion("119", "The screws were in a second parcel.", 3, 2),
    opinion("120", "Fits through every door.", 2, 6),
    opinion("121", "Needs two people to carry.", 1, 1),
];

/// What sending an item costs: nothing for what is dear, otherwise by weight.
pub(crate) fn shipping(price: i32, weight: i32) -> i32 {
    if price > 20_000 { 0 } else { weight * 25 }
}
