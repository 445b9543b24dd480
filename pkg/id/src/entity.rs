use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Snowflake;

/// The text is not an id: ids are positive decimal numbers of at most 19 digits, without sign or leading zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a decimal number from 1 to 9223372036854775807")]
pub struct IdError;

fn parse(text: &str) -> Result<Snowflake, IdError> {
    let digits_only = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits_only { text.parse().map_err(|_| IdError) } else { Err(IdError) }
}

macro_rules! entity_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Snowflake);

        impl $name {
            /// The number as MySQL stores it.
            pub const fn raw(self) -> Snowflake {
                self.0
            }
        }

        impl From<Snowflake> for $name {
            fn from(raw: Snowflake) -> Self {
                Self(raw)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

entity_ids! {
    /// A person with an account.
    UserId;
    /// A published video.
    VideoId;
    /// A comment or a reply.
    CommentId;
    /// One login of a person; it spans all renewals of its tokens.
    SessionId;
    /// A file that was uploaded and waits to be claimed.
    UploadId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_positive_decimal_number() {
        assert_eq!("483675103821824000".parse(), Ok(VideoId::from(483_675_103_821_824_000)));
        for text in ["", "0", "-1", "+1", "01", "1.0", " 1", "1e3", "9223372036854775808", "٣", "abc"] {
            assert_eq!(text.parse::<VideoId>(), Err(IdError), "{text:?}");
        }
    }
}
