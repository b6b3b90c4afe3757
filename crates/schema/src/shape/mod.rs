//! What each kind of document looks like, as tables.
//!
//! The reader's checks, the JSON Schemas and the reference page are all made from these tables,
//! so they cannot disagree. Nothing here reads a document.

mod fleet;
mod kinds;
mod role;
pub mod syntax;

pub use kinds::{API_VERSION, NOT_YET_KINDS, shape_of};

use syntax::Syntax;

/// A mapping with known fields.
#[derive(Debug)]
pub struct Shape {
    /// What it is called in the reference and the JSON Schema.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// The fields in the order in which people write them.
    pub fields: &'static [Field],
    /// Whether exactly one of the fields must stand.
    pub one_of: bool,
}

/// One field of a mapping.
#[derive(Debug)]
pub struct Field {
    /// The name.
    pub name: &'static str,
    /// What it takes.
    pub form: Form,
    /// Whether it must stand.
    pub presence: Presence,
    /// What it means, in a sentence or two.
    pub doc: &'static str,
    /// An example as YAML; empty where the field's own fields show it.
    pub example: &'static str,
}

/// Whether a field must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must.
    Required,
    /// It may; without it, nothing is meant.
    Optional,
    /// It may; without it, this is meant.
    Default(&'static str),
    /// It is planned and refused.
    NotYet,
}

/// What a field, an item or a value takes.
#[derive(Debug)]
pub enum Form {
    /// A string.
    Text(&'static Syntax),
    /// Any scalar but null, by its text: `1.10` stays `1.10`.
    Loose(&'static Syntax),
    /// Any scalar but null, with its text and its kind.
    Scalar,
    /// A whole number from 0; only the listed ones if there are any.
    Integer(&'static [u32]),
    /// `true` or `false`.
    Flag,
    /// A mapping with known fields.
    Object(&'static Shape),
    /// A list.
    List(&'static Form),
    /// One word, or else another form.
    WordOr(&'static str, &'static Form),
    /// A mapping with keys of the user's choice.
    Pairs {
        /// What keys look like.
        key: &'static Syntax,
        /// What each value is.
        value: &'static Form,
    },
}

impl Shape {
    /// The field of that name, with its position.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<(usize, &'static Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }
}

impl Form {
    /// The form in words, for messages and the reference.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Text(_) => "a string".to_owned(),
            Self::Loose(_) | Self::Scalar => "a text, a number or a boolean".to_owned(),
            Self::Integer(_) => "a whole number".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Object(_) => "a mapping".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::WordOr(word, other) => format!("the word `{word}` or {}", other.word()),
            Self::Pairs { .. } => "a mapping of keys to values".to_owned(),
        }
    }
}
