/// How large a document may be. Counts are of the document as it expands: what a fragment holds counts at each spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentBounds {
    /// Characters of the text.
    pub characters: usize,
    /// Lexical tokens of the text.
    pub tokens: usize,
    /// Open brackets of any kind, and selection sets inside each other once fragments are expanded.
    pub nesting: usize,
    /// Fields inside each other. What is under `__schema` and `__type` has bounds of its own.
    pub depth: usize,
    /// Aliased fields.
    pub aliases: usize,
    /// Fields at the top of one operation.
    pub root_fields: usize,
    /// Directives.
    pub directives: usize,
    /// Fields, spreads and inline fragments.
    pub selections: usize,
}

impl DocumentBounds {
    /// For documents that our own router sends to a subgraph, which are larger than what clients may send.
    pub fn subgraph() -> Self {
        Self {
            characters: 200_000,
            tokens: 50_000,
            nesting: 60,
            depth: 50,
            aliases: 2_000,
            root_fields: 500,
            directives: 2_000,
            selections: 20_000,
        }
    }
}

impl Default for DocumentBounds {
    /// For documents that anyone may send.
    fn default() -> Self {
        Self {
            characters: 15_000,
            tokens: 1_000,
            nesting: 50,
            depth: 10,
            aliases: 15,
            root_fields: 10,
            directives: 50,
            selections: 2_000,
        }
    }
}
