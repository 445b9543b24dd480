use sqlx::{Encode, MySql, QueryBuilder, Type};

/// Appends `(?, ?, …)` with these values, to follow an `IN`. Without values it appends `(NULL)`, which nothing equals.
///
/// The list is filled up to the next power of two by repeating its last value. This changes no result, and it keeps
/// the number of different statements, each prepared once per connection, small.
///
/// ```
/// # use sqlx::{MySql, QueryBuilder};
/// let mut query = QueryBuilder::<MySql>::new("SELECT id FROM video WHERE id IN ");
/// reel_store::push_in_list(&mut query, &[1_i64, 2, 3]);
/// assert_eq!(query.sql().as_str(), "SELECT id FROM video WHERE id IN (?, ?, ?, ?)");
/// ```
pub fn push_in_list<'a, T>(query: &mut QueryBuilder<MySql>, values: impl IntoIterator<Item = &'a T>)
where
    T: Clone + for<'q> Encode<'q, MySql> + Type<MySql> + 'a,
{
    let mut list = query.push("(").separated(", ");
    let mut last = None;
    let mut count = 0_usize;
    for value in values {
        list.push_bind(value.clone());
        last = Some(value);
        count += 1;
    }
    match last {
        None => {
            list.push_unseparated("NULL");
        }
        Some(last) => {
            for _ in count..count.next_power_of_two() {
                list.push_bind(last.clone());
            }
        }
    }
    list.push_unseparated(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(length: usize) -> String {
        let mut query = QueryBuilder::new("");
        push_in_list(&mut query, &vec![7_i64; length]);
        query.into_string()
    }

    #[test]
    fn lists_are_filled_up_to_powers_of_two() {
        assert_eq!(list(0), "(NULL)");
        assert_eq!(list(1), "(?)");
        assert_eq!(list(2), "(?, ?)");
        assert_eq!(list(3), "(?, ?, ?, ?)");
        assert_eq!(list(33).matches('?').count(), 64);
    }
}
