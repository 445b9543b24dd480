//! Paths in a response.

use std::fmt;

use async_graphql_value::Name;

/// One step of a path in a response.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// A response key.
    Key(Name),
    /// A position in a list.
    Index(usize),
}

impl fmt::Display for PathSegment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => formatter.write_str(key),
            Self::Index(index) => index.fmt(formatter),
        }
    }
}

/// The path while walking down: each level points at its parent on the stack, so a path costs nothing until an error
/// needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PathLink<'a> {
    pub(crate) parent: Option<&'a PathLink<'a>>,
    pub(crate) step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    Key(&'a Name),
    Index(usize),
}

/// Writes out a linked path, outermost step first.
pub(crate) fn resolve(link: Option<&PathLink<'_>>) -> Vec<PathSegment> {
    let mut path = Vec::new();
    let mut current = link;
    while let Some(link) = current {
        path.push(match link.step {
            Step::Key(key) => PathSegment::Key(key.clone()),
            Step::Index(index) => PathSegment::Index(index),
        });
        current = link.parent;
    }
    path.reverse();
    path
}
