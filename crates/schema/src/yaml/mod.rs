//! YAML with places: a tree of nodes, each with its bytes in the file.
//!
//! The parser reads YAML 1.2 events; scalars keep their text and are only classified
//! ([`kind_of`]), never converted.

mod builder;
pub mod emit;
mod locate;
mod parse;
mod scalar;
mod syntax_error;

pub(crate) use locate::node_start;
pub use parse::{Documents, Limits, parse};
pub use scalar::{kind_of, reads_as_string};
pub use syntax_error::{SyntaxError, starts_conflict};

use std::ops::Range;
use std::sync::Arc;

/// A file, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The root of each document, in order; an empty document is left out.
    pub documents: Vec<Node>,
    /// Where comments stand, `#` included, the line break not.
    pub comments: Vec<Range<usize>>,
}

/// One node of a YAML document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The bytes of the node in the file, without its tag and anchor.
    ///
    /// A quoted scalar includes its quotes; a block scalar starts with its `|` or `>` and ends
    /// before its last line break; a block sequence starts with its first `-`; a collection in
    /// brackets includes them; another collection ends with its last child. A value that is
    /// not written at all is an empty range at the place where it would stand: after the `:` or
    /// the `-`.
    pub range: Range<usize>,
    /// What it is.
    pub content: Content,
    /// The tag as written, as in `!!str`, if there is one.
    pub tag: Option<Box<str>>,
    /// The number of the anchor defined on it, or 0.
    pub anchor: usize,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A scalar: its text after YAML's escapes and folding.
    Scalar {
        /// The text; empty for a value that is not written.
        text: Arc<str>,
        /// How it was written.
        style: Style,
    },
    /// A sequence.
    Sequence {
        /// Written as `[a, b]`.
        flow: bool,
        /// The items.
        items: Vec<Node>,
    },
    /// A mapping, its pairs in the order of the file; keys may be any node and may repeat.
    Mapping {
        /// Written as `{a: b}`, or as a pair in `[a: b]`.
        flow: bool,
        /// The pairs.
        pairs: Vec<(Node, Node)>,
    },
    /// An alias, and the number of the anchor that it refers to.
    Alias(usize),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A literal block, `|`.
    Literal,
    /// A folded block, `>`.
    Folded,
}

impl Node {
    /// The text of a scalar.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The pairs of a mapping.
    #[must_use]
    pub fn pairs(&self) -> Option<&[(Node, Node)]> {
        match &self.content {
            Content::Mapping { pairs, .. } => Some(pairs),
            _ => None,
        }
    }

    /// The items of a sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Node]> {
        match &self.content {
            Content::Sequence { items, .. } => Some(items),
            _ => None,
        }
    }

    /// The value of the first pair whose key is this text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.pairs()?.iter().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// Whether it is a plain scalar that reads as null, or nothing at all.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.scalar_kind() == Some(model::ScalarKind::Null)
    }

    /// What a scalar reads as: a string if it is quoted, a block, or tagged `!!str`.
    #[must_use]
    pub fn scalar_kind(&self) -> Option<model::ScalarKind> {
        match &self.content {
            Content::Scalar { text, style: Style::Plain } if !self.is_tagged_string() => {
                Some(kind_of(text))
            }
            Content::Scalar { .. } => Some(model::ScalarKind::String),
            _ => None,
        }
    }

    fn is_tagged_string(&self) -> bool {
        matches!(self.tag.as_deref(), Some("!!str" | "!<tag:yaml.org,2002:str>"))
    }
}
