use async_graphql_parser::Pos;
use reel_error::{ErrorCode, Language};

use crate::path::PathSegment;

/// An error of a GraphQL response. Its text derives only from what the client sent.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphqlError {
    /// For a person.
    pub message: String,
    /// `extensions.code`.
    pub code: ErrorCode,
    /// Which field of the response it is about; empty when it is about the request.
    pub path: Vec<PathSegment>,
    /// Where in the document.
    pub locations: Vec<Pos>,
    /// `extensions.field`: the input that it is about.
    pub field: Option<String>,
}

impl GraphqlError {
    /// An error about the whole request.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), code, path: Vec::new(), locations: Vec::new(), field: None }
    }

    /// An error with the generic text of its code.
    pub fn generic(code: ErrorCode) -> Self {
        Self::new(code, code.message(Language::English))
    }

    /// Says which field of the response it is about.
    #[must_use]
    pub fn at(mut self, path: Vec<PathSegment>) -> Self {
        self.path = path;
        self
    }

    /// Says where in the document it is.
    #[must_use]
    pub fn located(mut self, position: Pos) -> Self {
        self.locations.push(position);
        self
    }

    /// Writes the error as JSON.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"message\":");
        crate::executor::json::write_string(&self.message, out);
        if !self.locations.is_empty() {
            let locations: Vec<String> = self
                .locations
                .iter()
                .map(|position| format!("{{\"line\":{},\"column\":{}}}", position.line, position.column))
                .collect();
            out.extend_from_slice(format!(",\"locations\":[{}]", locations.join(",")).as_bytes());
        }
        if !self.path.is_empty() {
            out.extend_from_slice(b",\"path\":");
            self.write_path(out);
        }
        out.extend_from_slice(b",\"extensions\":{\"code\":");
        crate::executor::json::write_string(self.code.name(), out);
        if let Some(field) = &self.field {
            out.extend_from_slice(b",\"field\":");
            crate::executor::json::write_string(field, out);
        }
        out.extend_from_slice(b"}}");
    }

    fn write_path(&self, out: &mut Vec<u8>) {
        for (index, segment) in self.path.iter().enumerate() {
            out.push(if index == 0 { b'[' } else { b',' });
            match segment {
                PathSegment::Key(key) => crate::executor::json::write_string(key, out),
                PathSegment::Index(index) => out.extend_from_slice(index.to_string().as_bytes()),
            }
        }
        out.push(b']');
    }
}
