//! Reads answers into the store: JSON text in one pass, without a value for each leaf, or values of a subgraph of this process.

mod text;
mod values;

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no JSON, from this byte on.
    Malformed(usize),
    /// It holds too many values.
    TooMany,
}

type Outcome<T> = Result<T, Unreadable>;

/// Takes so many values of those that are left.
fn spend(left: &mut usize, values: usize) -> Outcome<()> {
    match left.checked_sub(values) {
        Some(rest) => {
            *left = rest;
            Ok(())
        }
        None => {
            *left = 0;
            Err(Unreadable::TooMany)
        }
    }
}
