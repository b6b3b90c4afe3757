//! The tree that is written.

use std::sync::Arc;

use model::{Scalar, ScalarKind};

use super::{fault_of_plain, key, needs_explicit_key, string};
use crate::yaml::kind_of;

/// A node: a scalar, a sequence or a mapping.
///
/// The leaves are [`Leaf`]s unless someone needs scalars that can do more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<L = Leaf> {
    /// A scalar.
    Leaf(L),
    /// A sequence.
    Sequence(Vec<Value<L>>),
    /// A mapping.
    Mapping(Mapping<L>),
}

/// The pairs of a mapping, in the order they are written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping<L = Leaf> {
    pairs: Vec<(L, Value<L>)>,
}

/// A scalar of known text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    text: Arc<str>,
    form: Form,
}

/// What a scalar must be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A string, whatever its text looks like.
    String,
    /// Whatever a reader makes of the plain text: a number, `true`, `null`, and words such as
    /// `yes` on which readers do not agree.
    AsWritten,
}

impl Leaf {
    /// A string.
    #[must_use]
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), form: Form::String }
    }

    /// A scalar that stands plain, as its author wrote it; nothing at all becomes `null`, and a
    /// text that cannot stand plain is a string.
    #[must_use]
    pub fn as_written(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        if text.is_empty() {
            return Self { text: "null".into(), form: Form::AsWritten };
        }
        let safe = fault_of_plain(&text, false).is_none();
        Self { text, form: if safe { Form::AsWritten } else { Form::String } }
    }

    /// The text after YAML's escapes.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it must be read as.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The scalar as a value, the lines of a literal block at this indentation.
    #[must_use]
    pub fn write(&self, indent: usize) -> String {
        match self.form {
            Form::String => string(&self.text, indent),
            Form::AsWritten => self.text.to_string(),
        }
    }

    /// The scalar as a key with its colon; the mapping is at this indentation.
    #[must_use]
    pub fn write_key(&self, indent: usize) -> String {
        let written = match self.form {
            Form::String => key(&self.text),
            Form::AsWritten => self.text.to_string(),
        };
        if needs_explicit_key(&written) {
            format!("? {written}\n{:indent$}:", "")
        } else {
            written + ":"
        }
    }
}

impl<L> Mapping<L> {
    /// A mapping without pairs.
    #[must_use]
    pub fn new() -> Self {
        Self { pairs: Vec::new() }
    }

    /// The same with one more pair at the end.
    #[must_use]
    pub fn with(mut self, key: impl Into<L>, value: impl Into<Value<L>>) -> Self {
        self.push(key, value);
        self
    }

    /// The same with one more pair at the end, if there is a value.
    #[must_use]
    pub fn with_some(self, key: impl Into<L>, value: Option<impl Into<Value<L>>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds a pair at the end.
    pub fn push(&mut self, key: impl Into<L>, value: impl Into<Value<L>>) {
        self.pairs.push((key.into(), value.into()));
    }

    /// The pairs in order.
    #[must_use]
    pub fn pairs(&self) -> &[(L, Value<L>)] {
        &self.pairs
    }

    /// The pairs in order, to be changed.
    pub fn pairs_mut(&mut self) -> &mut [(L, Value<L>)] {
        &mut self.pairs
    }

    /// Whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

impl Mapping {
    /// The same with its pairs in the order of their keys' bytes, here only.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.pairs.sort_by(|a, b| a.0.text.cmp(&b.0.text));
        self
    }
}

impl Value {
    /// The same with all mappings in the order of their keys' bytes, at every level.
    #[must_use]
    pub fn sorted(self) -> Self {
        match self {
            Self::Leaf(_) => self,
            Self::Sequence(items) => Self::Sequence(items.into_iter().map(Self::sorted).collect()),
            Self::Mapping(mapping) => {
                let pairs = mapping.pairs.into_iter().map(|(key, value)| (key, value.sorted()));
                Self::Mapping(Mapping { pairs: pairs.collect() }.sorted())
            }
        }
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self::Leaf(Leaf::as_written(""))
    }
}

impl<L> Default for Mapping<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> FromIterator<(L, Value<L>)> for Mapping<L> {
    fn from_iter<I: IntoIterator<Item = (L, Value<L>)>>(pairs: I) -> Self {
        Self { pairs: pairs.into_iter().collect() }
    }
}

impl<L> FromIterator<Value<L>> for Value<L> {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::Sequence(items.into_iter().collect())
    }
}

impl From<&str> for Leaf {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Leaf {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl From<&Scalar> for Leaf {
    /// A scalar whose kind is not its text's is a string.
    fn from(scalar: &Scalar) -> Self {
        if scalar.kind == ScalarKind::String || kind_of(&scalar.text) != scalar.kind {
            Self::string(scalar.text.clone())
        } else {
            Self::as_written(scalar.text.clone())
        }
    }
}

impl<L> From<Mapping<L>> for Value<L> {
    fn from(mapping: Mapping<L>) -> Self {
        Self::Mapping(mapping)
    }
}

impl<L> From<Vec<Value<L>>> for Value<L> {
    fn from(items: Vec<Self>) -> Self {
        Self::Sequence(items)
    }
}

macro_rules! leaf_from {
    ($($value:ident: $from:ty => $leaf:expr),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::Leaf($leaf)
            }
        }
    )+};
}

leaf_from! {
    leaf: Leaf => leaf,
    text: &str => Leaf::string(text),
    text: String => Leaf::string(text),
    text: &String => Leaf::string(text.as_str()),
    scalar: &Scalar => Leaf::from(scalar),
    number: u32 => Leaf::as_written(number.to_string()),
    number: u64 => Leaf::as_written(number.to_string()),
    number: usize => Leaf::as_written(number.to_string()),
    number: i64 => Leaf::as_written(number.to_string()),
    yes: bool => Leaf::as_written(if yes { "true" } else { "false" }),
}
