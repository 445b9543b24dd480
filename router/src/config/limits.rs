//! What one request of a client may cost (`router.limits.*`).

use reel_config::Seconds;
use reel_document::DocumentBounds;
use serde::Deserialize;

use crate::executor::ExecutionLimits;
use crate::pipeline::Limits;

/// What one request may cost (`router.limits.*`). Each limit has an error code of its own; `docs/router.md` lists them.
/// Documents of ours, and those of the manifest, are exempt from all that are about documents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// The largest request body, files excepted, in bytes.
    pub body_bytes: usize,
    /// How long a request may take, files excepted, in seconds.
    pub deadline_s: Seconds,
    /// Characters of a document.
    pub characters: usize,
    /// Lexical tokens of a document.
    pub tokens: usize,
    /// Brackets and selection sets inside each other; it bounds what the parser recurses into.
    pub nesting: usize,
    /// Fields inside each other.
    pub depth: usize,
    /// Aliased fields.
    pub aliases: usize,
    /// Fields at the top of an operation.
    pub root_fields: usize,
    /// Root fields of which an operation may have only one: those that guess secrets.
    pub single_fields: Vec<String>,
    /// Directives.
    pub directives: usize,
    /// Fields, spreads and inline fragments once fragments are expanded.
    pub selections: usize,
    /// The largest page.
    pub page_size: i64,
    /// The arguments that are page sizes.
    pub page_arguments: Vec<String>,
    /// Objects that an operation may ask for: what is in the list of a page counts as often as the page is large.
    pub nodes: u64,
    /// The answers of subgraphs for one request, together, in bytes.
    pub fetched_bytes: usize,
    /// The values in them, objects and lists included.
    pub fetched_values: usize,
    /// The data of an answer, in bytes.
    pub answer_bytes: usize,
}

impl LimitSettings {
    /// The bounds of one document.
    pub(crate) fn of_document(&self, is_trusted: bool) -> DocumentBounds {
        if is_trusted {
            return DocumentBounds::subgraph();
        }
        DocumentBounds {
            characters: self.characters,
            tokens: self.tokens,
            nesting: self.nesting,
            depth: self.depth,
            aliases: self.aliases,
            root_fields: self.root_fields,
            directives: self.directives,
            selections: self.selections,
        }
    }

    /// The part that is about documents.
    pub fn of_documents(&self) -> Limits {
        Limits {
            document: self.of_document(false),
            page_size: self.page_size,
            page_arguments: self.page_arguments.clone(),
            nodes: self.nodes,
            single_fields: self.single_fields.clone(),
        }
    }

    /// The part that is about executing.
    pub fn of_executions(&self) -> ExecutionLimits {
        let &Self { fetched_bytes, fetched_values, answer_bytes, .. } = self;
        ExecutionLimits { fetched_bytes, fetched_values, answer_bytes, ..ExecutionLimits::default() }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        let Limits { document, page_size, page_arguments, nodes, single_fields } = Limits::default();
        let ExecutionLimits { fetched_bytes, fetched_values, answer_bytes, .. } = ExecutionLimits::default();
        Self {
            body_bytes: 256 * 1024,
            deadline_s: Seconds(10),
            characters: document.characters,
            tokens: document.tokens,
            nesting: document.nesting,
            depth: document.depth,
            aliases: document.aliases,
            root_fields: document.root_fields,
            single_fields,
            directives: document.directives,
            selections: document.selections,
            page_size,
            page_arguments,
            nodes,
            fetched_bytes,
            fetched_values,
            answer_bytes,
        }
    }
}
