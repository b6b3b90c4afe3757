//! The places that placeholders stand in.

use std::ops::Range;

use model::{Scalar, Span};
use schema::yaml::Style;

use crate::fleet::KeySpace;

/// A key that a template uses, and where it does so first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Whose key it is.
    pub space: KeySpace,
    /// The key.
    pub key: Box<str>,
    /// The first placeholder that names it.
    pub span: Span,
}

/// One placeholder.
#[derive(Clone, Debug)]
pub(crate) struct Hole {
    /// Its bytes in the file.
    pub(crate) range: Range<usize>,
    /// The position of its key among the keys of the template.
    pub(crate) key: usize,
    /// Its text, for messages.
    pub(crate) name: Box<str>,
}

/// What a text with placeholders is made of.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// This text.
    Text(Box<str>),
    /// The hole at this position.
    Hole(usize),
}

/// One text with placeholders or escapes: a scalar, a comment, or a file that is not YAML.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What surrounds the text.
    pub(crate) kind: PlaceKind,
    /// The bytes of the text in the file.
    pub(crate) range: Range<usize>,
    /// Its placeholders, in order.
    pub(crate) holes: Vec<Hole>,
    /// The dots that its escapes lose, in order.
    pub(crate) lost_dots: Vec<Range<usize>>,
    /// What YAML reads the text as, with holes; empty where it is no scalar.
    pub(crate) text: Vec<Part>,
    /// The lines of the file in which it has holes.
    pub(crate) lines: Vec<Line>,
    /// Whether values must not be quoted in messages: the text may belong to a Secret.
    pub(crate) secret: bool,
}

/// What surrounds a text with placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    /// A scalar.
    Scalar(ScalarPlace),
    /// A comment of YAML.
    Comment,
    /// A file that is not YAML.
    File,
}

/// How a scalar stands in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScalarPlace {
    /// How it is written.
    pub(crate) style: Style,
    /// Whether it stands between brackets.
    pub(crate) flow: bool,
    /// Whether it is a key.
    pub(crate) key: bool,
    /// Whether it is plain, and one placeholder and nothing else.
    pub(crate) sole: bool,
    /// Whether a tag makes it a string.
    pub(crate) tagged: bool,
    /// Whether the file must stay JSON.
    pub(crate) json: bool,
}

/// A line of a scalar, as the file has it, without the indentation of a block, the quotes, and
/// the white space that YAML drops where a scalar of several lines is broken.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it is made of.
    pub(crate) parts: Vec<Part>,
    /// Whether the scalar has lines before this one.
    pub(crate) continues: bool,
    /// Whether the scalar has lines after this one.
    pub(crate) is_continued: bool,
    /// Whether it starts at the first column of the file.
    pub(crate) at_margin: bool,
}

impl PlaceKind {
    /// The place in words: "this is ...".
    pub(crate) fn words(self) -> &'static str {
        let Self::Scalar(place) = self else {
            return if self == Self::Comment { "a comment" } else { "a file that is not YAML" };
        };
        match (place.style, place.key) {
            (Style::Plain, false) => "a plain value",
            (Style::Plain, true) => "a plain key",
            (Style::Single, false) => "a value in single quotes",
            (Style::Single, true) => "a key in single quotes",
            (Style::Double, false) => "a value in double quotes",
            (Style::Double, true) => "a key in double quotes",
            (Style::Literal, _) => "a literal block",
            (Style::Folded, _) => "a folded block",
        }
    }
}

impl Place {
    /// Whether it is a plain scalar that is one placeholder and nothing else.
    pub(crate) fn is_sole(&self) -> bool {
        matches!(self.kind, PlaceKind::Scalar(scalar) if scalar.sole)
    }

    /// What YAML reads the text as, with these values.
    pub(crate) fn filled(&self, values: &[&Scalar]) -> String {
        join(&self.text, |hole| &values[self.holes[hole].key].text)
    }

    /// What YAML reads the text as, with its placeholders unfilled.
    pub(crate) fn unfilled(&self) -> String {
        join(&self.text, |hole| &self.holes[hole].name)
    }
}

/// The text of some parts, given the text for each hole.
pub(crate) fn join<'a>(parts: &'a [Part], fill: impl Fn(usize) -> &'a str) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Hole(hole) => text.push_str(fill(*hole)),
        }
    }
    text
}
