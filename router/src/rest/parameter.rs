//! What the interface document says of an endpoint: its parameters, and what it answers.

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// A decimal number as a string.
    Id,
    /// A page's number or size.
    Whole {
        minimum: u32,
        maximum: Option<u32>,
    },
    /// A time in Unix milliseconds.
    Milliseconds,
    /// One of a few words.
    Choice(&'static [&'static str]),
    File,
}

/// What `data` of the answer holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Data {
    None,
    User,
    Video,
    Videos,
    CountedVideos,
    Comments,
    People,
    Tokens,
}

pub(super) const PAGE_NUM: Parameter = required("page_num", Kind::Whole { minimum: 0, maximum: None });
pub(super) const PAGE_SIZE: Parameter = required("page_size", Kind::Whole { minimum: 1, maximum: Some(100) });

pub(super) const fn text(name: &'static str) -> Parameter {
    required(name, Kind::Text)
}

pub(super) const fn id(name: &'static str) -> Parameter {
    required(name, Kind::Id)
}

pub(super) const fn milliseconds(name: &'static str) -> Parameter {
    required(name, Kind::Milliseconds)
}

pub(super) const fn choice(name: &'static str, words: &'static [&'static str]) -> Parameter {
    required(name, Kind::Choice(words))
}

pub(super) const fn file(name: &'static str) -> Parameter {
    required(name, Kind::File)
}

const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: true }
}

impl Parameter {
    pub(super) const fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}
