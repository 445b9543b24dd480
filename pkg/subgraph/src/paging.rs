//! Forward paging over lists that are sorted by a snowflake, newest first (Relay's Cursor Connections).

use async_graphql::SimpleObject;
use reel_error::{ClientError, ErrorCode};
use reel_id::{Cursor, Snowflake};

/// How many rows a page has when nobody says.
pub const DEFAULT_SIZE: u32 = 10;
/// The most rows of one page. The router's limit for documents that anyone may send is lower.
pub const MAX_SIZE: u32 = 100;

/// Which part of a list is asked for. It is part of a loader's key, so that equal pages of many parents are one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Page {
    size: u32,
    start: Start,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    /// After the row with this id: for lists from the newest, the rows with smaller ids.
    After(Snowflake),
    /// After this many rows.
    Offset(u32),
}

impl Page {
    /// Reads a connection's arguments.
    ///
    /// # Errors
    /// When `first` is not between 1 and [`MAX_SIZE`], or `after` is not a cursor of ours.
    pub fn from_arguments(first: Option<i32>, after: Option<&str>) -> Result<Self, ClientError> {
        let size = match first {
            None => DEFAULT_SIZE,
            Some(first) => u32::try_from(first).ok().filter(|size| (1..=MAX_SIZE).contains(size)).ok_or_else(|| {
                let text = format!("`first` is {first}; it must be between 1 and {MAX_SIZE}.");
                ClientError::new(ErrorCode::InvalidPage).field("first").detail(text)
            })?,
        };
        let start = match after.map(Cursor::decode).transpose() {
            Ok(None) => Start::Offset(0),
            Ok(Some(Cursor::Key(id))) => Start::After(id),
            Ok(Some(Cursor::Offset(rows))) => Start::Offset(rows),
            Err(error) => {
                return Err(ClientError::new(ErrorCode::InvalidPage).field("after").detail(error.to_string()));
            }
        };
        Ok(Self { size, start })
    }

    /// How many rows the page has at the most.
    pub fn size(self) -> u32 {
        self.size
    }

    /// Where it begins.
    pub fn start(self) -> Start {
        self.start
    }

    /// What to give to SQL's `LIMIT`: one row more than the page, which tells whether there is a next page.
    pub fn limit(self) -> u32 {
        self.size + 1
    }

    /// What to give to SQL's `OFFSET`.
    pub fn offset(self) -> u32 {
        match self.start {
            Start::After(_) => 0,
            Start::Offset(rows) => rows,
        }
    }

    /// For lists from the newest: rows of the page have ids below this one.
    pub fn before_id(self) -> Snowflake {
        match self.start {
            Start::After(id) => id,
            Start::Offset(_) => Snowflake::MAX,
        }
    }

    /// Cuts [`limit`](Self::limit) fetched rows down to the page.
    pub fn cut<T>(self, mut fetched: Vec<T>) -> Rows<T> {
        let has_next = fetched.len() > self.size as usize;
        fetched.truncate(self.size as usize);
        Rows { items: fetched, has_next, has_previous: self.start != Start::Offset(0) }
    }
}

/// The rows of one page.
#[derive(Debug, Clone)]
pub struct Rows<T> {
    /// The rows, in the order of the list.
    pub items: Vec<T>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows may come before.
    pub has_previous: bool,
}

impl<T> Rows<T> {
    /// The same page of something made from each row.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Rows<U> {
        Rows {
            items: self.items.into_iter().map(make).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }

    /// The `pageInfo` of the page, given each row's cursor.
    pub fn page_info(&self, cursor: impl Fn(&T) -> String) -> PageInfo {
        PageInfo {
            has_next_page: self.has_next,
            has_previous_page: self.has_previous,
            start_cursor: self.items.first().map(&cursor),
            end_cursor: self.items.last().map(&cursor),
        }
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { items: Vec::new(), has_next: false, has_previous: false }
    }
}

/// The cursor of a row of a list that is sorted by this id.
pub fn key_cursor(id: impl Into<Snowflake>) -> String {
    Cursor::Key(id.into()).encode()
}

/// Where a page lies in its list (Relay's Cursor Connections).
#[derive(Debug, Clone, SimpleObject)]
#[graphql(shareable)]
pub struct PageInfo {
    /// Whether rows follow this page.
    pub has_next_page: bool,
    /// Whether rows come before this page.
    pub has_previous_page: bool,
    /// The cursor of the page's first row; null when the page is empty.
    pub start_cursor: Option<String>,
    /// The cursor of the page's last row, to pass as `after` for the next page; null when the page is empty.
    pub end_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_bounded_on_both_sides() {
        assert_eq!(Page::from_arguments(None, None).unwrap().limit(), 11);
        assert!(Page::from_arguments(Some(1), None).is_ok());
        assert!(Page::from_arguments(Some(100), None).is_ok());
        for first in [0, -1, 101, i32::MIN] {
            let error = Page::from_arguments(Some(first), None).unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (ErrorCode::InvalidPage, Some("first")));
        }
        assert_eq!(Page::from_arguments(None, Some("x")).unwrap_err().field.as_deref(), Some("after"));
    }

    #[test]
    fn the_row_beyond_the_page_only_tells_that_there_is_more() {
        let page = Page::from_arguments(Some(2), Some(&Cursor::Key(9).encode())).unwrap();
        let rows = page.cut(vec![8_i64, 7, 6]);
        assert_eq!((rows.items.as_slice(), rows.has_next, rows.has_previous), (&[8, 7][..], true, true));
        assert_eq!(page.before_id(), 9);
        let first = Page::from_arguments(Some(2), None).unwrap().cut(vec![8_i64]);
        assert!(!first.has_next && !first.has_previous);
    }
}
