//! A filter whose names are fields, and whether it accepts a row.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::fields::{Field, Fields};
use super::parse::{Comparison, parse};
use super::resolve::resolve;
use super::{Datum, QueryError};
use crate::documents::Row;

/// A filter whose names are fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(pub(super) Condition);

/// What is true or false of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Always(bool),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Compare(Comparison, Operand, Operand),
    In(Operand, Vec<Operand>),
    Text(TextTest, Operand, Operand),
    /// A field that holds `true` or `false`.
    Is(Operand),
}

/// A test of one text by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    Field(Field),
    Lower(Box<Operand>),
    Upper(Box<Operand>),
    Length(Box<Operand>),
}

/// A value of a row, which may have been made for the comparison.
enum Found<'a> {
    Datum(Datum<'a>),
    Made(String),
}

impl Found<'_> {
    fn datum(&self) -> Datum<'_> {
        match self {
            Self::Datum(datum) => *datum,
            Self::Made(text) => Datum::Text(text),
        }
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(text: &str, fields: &Fields<'_>) -> Result<Self, QueryError> {
        Ok(Self(resolve(&parse(text)?, fields)?))
    }

    /// Whether a row is meant.
    #[must_use]
    pub fn accepts(&self, row: &Row<'_>) -> bool {
        self.0.holds(row)
    }
}

impl Condition {
    fn holds(&self, row: &Row<'_>) -> bool {
        match self {
            Self::Always(always) => *always,
            Self::Not(inner) => !inner.holds(row),
            Self::And(operands) => operands.iter().all(|operand| operand.holds(row)),
            Self::Or(operands) => operands.iter().any(|operand| operand.holds(row)),
            Self::Compare(comparison, left, right) => {
                let (left, right) = (left.of(row), right.of(row));
                comparison.holds(left.datum().compare(&right.datum()))
            }
            Self::In(operand, list) => {
                let value = operand.of(row);
                let is = |item: &Operand| {
                    value.datum().compare(&item.of(row).datum()) == Some(Ordering::Equal)
                };
                list.iter().any(is)
            }
            Self::Text(test, text, part) => {
                let (text, part) = (text.of(row), part.of(row));
                match (shown(text.datum()), shown(part.datum())) {
                    (Some(text), Some(part)) => test.holds(&text, &part),
                    _ => false,
                }
            }
            Self::Is(operand) => operand.of(row).datum().boolean() == Some(true),
        }
    }
}

impl Comparison {
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        }
    }
}

impl TextTest {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Contains => text.contains(part),
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
        }
    }
}

impl Operand {
    fn of<'a>(&'a self, row: &Row<'a>) -> Found<'a> {
        let made =
            |operand: &Operand, make: fn(&str) -> String| match shown(operand.of(row).datum()) {
                Some(text) => Found::Made(make(&text)),
                None => Found::Datum(Datum::Null),
            };
        match self {
            Self::Null => Found::Datum(Datum::Null),
            Self::Boolean(boolean) => Found::Datum(Datum::Boolean(*boolean)),
            Self::Number(number) => Found::Datum(Datum::Number(*number)),
            Self::Text(text) => Found::Datum(Datum::Text(text)),
            Self::Field(field) => Found::Datum(row.datum(field)),
            Self::Lower(operand) => made(operand, |text| text.to_lowercase()),
            Self::Upper(operand) => made(operand, |text| text.to_uppercase()),
            Self::Length(operand) => Found::Datum(match shown(operand.of(row).datum()) {
                Some(text) => Datum::count(text.chars().count()),
                None => Datum::Null,
            }),
        }
    }
}

/// A value as a text; nothing where there is no value.
fn shown(datum: Datum<'_>) -> Option<Cow<'_, str>> {
    match datum {
        Datum::Boolean(boolean) => Some(Cow::Owned(boolean.to_string())),
        Datum::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => datum.text().map(Cow::Borrowed),
    }
}
