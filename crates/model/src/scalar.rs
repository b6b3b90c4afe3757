//! A value as its author wrote it.

use std::sync::Arc;

/// What a plain YAML scalar is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScalarKind {
    /// Quoted, or plain and nothing else.
    String,
    /// An integer.
    Integer,
    /// A number that is no integer.
    Float,
    /// `true` or `false`.
    Boolean,
    /// `null`, `~` or nothing at all.
    Null,
}

impl ScalarKind {
    /// The kind as a word for messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }
}

/// Source text and the kind it was written in; never printed again from a parsed number, so
/// `0230` stays `0230` and `1.10` stays `1.10`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scalar {
    /// The text after YAML's own escapes, before any reading of it as a number.
    pub text: Arc<str>,
    /// What it is.
    pub kind: ScalarKind,
}

impl Scalar {
    /// A string.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self { text: text.into(), kind: ScalarKind::String }
    }
}
