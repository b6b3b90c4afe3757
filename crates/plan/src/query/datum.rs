//! What a field holds, and how two of them compare.

use std::cmp::Ordering;

use model::{Scalar, ScalarKind};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Datum<'a> {
    /// Nothing: the document does not have the field.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// A value as its author wrote it.
    Scalar(&'a Scalar),
}

impl<'a> Datum<'a> {
    /// A count.
    #[must_use]
    pub fn count(n: usize) -> Self {
        Self::Number(n as f64)
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Scalar(scalar) => scalar.kind == ScalarKind::Null,
            _ => false,
        }
    }

    /// The text, if it is written as one.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        match *self {
            Self::Text(text) => Some(text),
            Self::Scalar(scalar) if scalar.kind != ScalarKind::Null => Some(&scalar.text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(boolean) => Some(*boolean),
            Self::Scalar(scalar) if scalar.kind == ScalarKind::Boolean => {
                Some(scalar.text.eq_ignore_ascii_case("true"))
            }
            _ => None,
        }
    }

    /// The number, if it is one or, being a text such as a label, reads as one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => self.text().and_then(number),
        }
    }

    /// Whether it was written as a number.
    fn is_number(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Scalar(scalar) => {
                matches!(scalar.kind, ScalarKind::Integer | ScalarKind::Float)
            }
            _ => false,
        }
    }

    /// How two compare, if they can be compared. Where one was written as a number and the other
    /// reads as one they are numbers; where both are truth values, `false` comes first; else they
    /// are texts, by their code points. Nothing compares with nothing only.
    #[must_use]
    pub fn compare(&self, other: &Datum<'_>) -> Option<Ordering> {
        match (self.is_null(), other.is_null()) {
            (true, true) => return Some(Ordering::Equal),
            (false, false) => {}
            _ => return None,
        }
        if self.is_number() || other.is_number() {
            return self.number()?.partial_cmp(&other.number()?);
        }
        if let (Some(own), Some(other)) = (self.boolean(), other.boolean()) {
            return Some(own.cmp(&other));
        }
        Some(self.text()?.cmp(other.text()?))
    }

    /// Where it stands in a list.
    pub(super) fn rank(&self) -> Rank<'a> {
        match (self.boolean(), self.text()) {
            _ if self.is_null() => Rank::Nothing,
            (Some(boolean), _) => Rank::Boolean(boolean),
            _ if self.is_number() => Rank::Number(self.number().unwrap_or(f64::NAN)),
            (None, text) => Rank::Text(text.unwrap_or_default()),
        }
    }
}

/// Where a datum stands in a list: nothing first, then truth values, numbers, texts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rank<'a> {
    Nothing,
    Boolean(bool),
    Number(f64),
    Text(&'a str),
}

impl Rank<'_> {
    /// Which of two comes first.
    pub(super) fn order(&self, other: &Rank<'_>) -> Ordering {
        match (self, other) {
            (Self::Boolean(own), Rank::Boolean(other)) => own.cmp(other),
            (Self::Number(own), Rank::Number(other)) => own.total_cmp(other),
            (Self::Text(own), Rank::Text(other)) => own.cmp(other),
            _ => self.place().cmp(&other.place()),
        }
    }

    fn place(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Boolean(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
        }
    }
}

/// A decimal number as a text. Words such as `inf`, which the standard library reads too, are
/// none.
fn number(text: &str) -> Option<f64> {
    let digits = |c: u8| c.is_ascii_digit() || matches!(c, b'+' | b'-' | b'.' | b'e' | b'E');
    text.bytes().all(digits).then(|| text.parse().ok()).flatten()
}
