use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Snowflake;

/// The deepest row that an offset cursor may name. Deeper lists are walked with the keyset cursors of their edges.
pub const MAX_OFFSET: u32 = 10_000;

/// Where a page of a list begins. Outside it is opaque text (URL-safe Base64 without padding).
///
/// Lists hand out keyset cursors, which stay correct while rows are added. The offset form exists for clients that
/// page by number (the REST endpoints) and for lists whose order changes all the time (popular videos).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// After the row with this id. Every list is sorted by a snowflake, its row's own or that of the relation.
    Key(Snowflake),
    /// After this many rows from the start of the list, [`MAX_OFFSET`] at most.
    Offset(u32),
}

/// The text is not a cursor that this service made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not our text.
    #[error("not a cursor: pass an `endCursor` of an earlier page, unchanged")]
    Malformed,
    /// An offset beyond [`MAX_OFFSET`].
    #[error("pages reach to row {MAX_OFFSET} only: narrow the list instead")]
    TooDeep,
}

impl Cursor {
    /// The opaque text for clients.
    pub fn encode(self) -> String {
        let plain = match self {
            Self::Key(id) => format!("k:{id}"),
            Self::Offset(rows) => format!("o:{rows}"),
        };
        URL_SAFE_NO_PAD.encode(plain)
    }

    /// Reads the opaque text.
    ///
    /// # Errors
    /// When the text is not one of ours, or names a row beyond [`MAX_OFFSET`].
    pub fn decode(text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Malformed)?;
        let plain = std::str::from_utf8(&bytes).map_err(|_| CursorError::Malformed)?;
        Self::parse(plain).ok_or(CursorError::Malformed)?.within_bounds()
    }

    fn parse(plain: &str) -> Option<Self> {
        match plain.split_once(':')? {
            ("k", id) => Some(Self::Key(id.parse().ok()?)),
            ("o", rows) => Some(Self::Offset(rows.parse().ok()?)),
            _ => None,
        }
    }

    fn within_bounds(self) -> Result<Self, CursorError> {
        match self {
            Self::Offset(rows) if rows > MAX_OFFSET => Err(CursorError::TooDeep),
            cursor => Ok(cursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_survive_the_round_trip() {
        for cursor in [Cursor::Key(i64::MAX), Cursor::Offset(0), Cursor::Offset(MAX_OFFSET)] {
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
    }

    #[test]
    fn foreign_text_and_deep_offsets_are_refused() {
        for text in ["", "!!", "bzo", "azoxOjI", "eDox"] {
            assert_eq!(Cursor::decode(text), Err(CursorError::Malformed), "{text}");
        }
        assert_eq!(Cursor::decode(&Cursor::Offset(MAX_OFFSET + 1).encode()), Err(CursorError::TooDeep));
    }
}
