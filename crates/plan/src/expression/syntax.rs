//! An expression as it was written: well formed, its names not yet looked up.

use model::Span;

use super::Pattern;

/// Where something stands in the text of an expression, in bytes.
///
/// Extents never make two pieces of syntax different: expressions are compared by structure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl PartialEq for Extent {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Extent {}

impl Extent {
    /// The bytes from `start` to before `end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The same place in the file, for an expression of `n_bytes` that stands at `at`.
    ///
    /// A scalar in quotes is two bytes longer than its text. Where YAML's escapes or folding
    /// changed the text more than that, the place is the whole scalar.
    #[must_use]
    pub fn span(self, at: Span, n_bytes: usize) -> Span {
        let length = at.end.saturating_sub(at.start) as usize;
        match length.checked_sub(n_bytes) {
            Some(0) => at.part(self.start, self.end),
            Some(2) => at.part(self.start + 1, self.end + 1),
            _ => at,
        }
    }
}

/// An expression.
///
/// Structure is kept as written, except for parentheses that change nothing: a chain of one
/// operator is one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// What it is.
    pub kind: SyntaxKind,
    /// Where it stands.
    pub extent: Extent,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxKind {
    /// `all`.
    All,
    /// `none`.
    None,
    /// A term, as in `/g/stores`.
    Term(Term),
    /// `not x`.
    Not(Box<Syntax>),
    /// `x and y …`, two or more.
    And(Vec<Syntax>),
    /// `x or y …`, two or more.
    Or(Vec<Syntax>),
}

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// `/g/<path>`; the path starts with `/`.
    Group(Part<Box<str>>),
    /// `/c/<name>`.
    Cluster(Part<Pattern>),
    /// `/n/<name>`.
    Namespace(Part<Box<str>>),
    /// `/m/<key>/<value>`.
    Metadata {
        /// The key.
        key: Part<Box<str>>,
        /// The value.
        value: Part<Pattern>,
    },
}

/// A part of a term and where it stands, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T> {
    /// The part without its quotes.
    pub value: T,
    /// Where it stands.
    pub extent: Extent,
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong.
    pub message: String,
    /// Where in the text.
    pub extent: Extent,
    /// What to do next.
    pub hint: Option<String>,
}

impl ParseError {
    pub(crate) fn new(message: impl Into<String>, extent: Extent) -> Self {
        Self { message: message.into(), extent, hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Syntax {
    /// The same form at no place.
    #[must_use]
    pub fn new(kind: SyntaxKind) -> Self {
        Self { kind, extent: Extent::default() }
    }

    /// Whether it is the literal `none`, by which an author says that nothing is meant.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.kind == SyntaxKind::None
    }
}
