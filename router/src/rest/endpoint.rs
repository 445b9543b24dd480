use async_graphql_value::{ConstValue, Name, Variables};

use super::documents::Document;
use super::input::Input;
use super::objects::TimeFormat;
use super::parameter::{Data, Parameter};
use crate::http::{Failure, Reply, UploadKind};

/// One documented endpoint.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) method: Method,
    /// Without the trailing slash, which is optional.
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) takes: Takes,
    /// From the parameters to what is asked of the graph.
    pub(super) operation: fn(&Input) -> Result<Operation, Failure>,
    /// From the graph's data to the documented answer.
    pub(super) reply: fn(ConstValue, &TimeFormat) -> Result<Reply, Failure>,
    /// What it is for; with the parameters and the data it makes the interface document.
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) data: Data,
}

/// The method of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anyone, and the tokens of the request are left alone: the endpoint hands out new ones itself.
    HandsOutTokens,
    /// Anyone; a token that cannot be used makes the caller anonymous, so that a phone whose login has run out can
    /// still show its first page.
    Open,
    /// Whoever has a token; anyone when the setting says so.
    PublicRead,
    /// Whoever has a token.
    Person,
}

/// Where the parameters are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// In the URL.
    Query,
    /// In the body.
    Form,
    /// In the body, or in the URL, because not every client can send a body with DELETE.
    FormOrQuery,
    /// In a body with the file `data`. The check looks at the parameters that come before the file.
    File { kind: UploadKind, check: fn(&Input) -> Result<(), Failure> },
    /// Nowhere; a body is not read.
    Nothing,
}

/// What is asked of the graph.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) document: Document,
    pub(super) variables: Variables,
}

impl Operation {
    /// Runs a document.
    pub(super) fn of(document: Document) -> Self {
        Self { document, variables: Variables::default() }
    }

    /// Adds a variable.
    pub(super) fn with(mut self, name: &str, value: impl Into<ConstValue>) -> Self {
        self.variables.insert(Name::new(name), value.into());
        self
    }
}

/// The documented answer has no data.
pub(super) fn no_data(_data: ConstValue, _times: &TimeFormat) -> Result<Reply, Failure> {
    Ok(Reply::none())
}
