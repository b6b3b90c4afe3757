//! Whether a value may stand in a place, and how it is written there.
//!
//! In: a [`Place`] and the values of the template's keys. Out: the text to insert for each of
//! its placeholders, or why that would change the structure of the file or the kind of what
//! stands there. Nothing is parsed: every rule looks at a value, or at the line that it makes.

use std::borrow::Cow;

use model::{Scalar, ScalarKind};
use schema::yaml::emit::{escape, fault_of_plain, is_printable, stands_plain, starts_marker};
use schema::yaml::{Style, kind_of, reads_as_string, starts_conflict};

use super::json::is_json;
use super::place::{Line, Part, Place, PlaceKind, ScalarPlace, join};

/// The longest key that may come of filling, as written: an implicit key of YAML may have 1024
/// characters.
const KEY_LIMIT: usize = 1000;

/// The result is a key that YAML readers do not find the end of.
pub(crate) const LONG_KEY: &str = "is too long for a key";

/// The result is a key with a meaning of its own.
pub(crate) const MERGE_KEY: &str = "is the key that merges another mapping";

/// Why a place cannot be filled.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The hole in which the value does not fit.
    pub(crate) hole: usize,
    /// What is wrong.
    pub(crate) reason: Reason,
}

/// What is wrong with a value in a place, or with what it makes of the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The value itself; the text goes on after "the value".
    Value(&'static str),
    /// What the place becomes, or the line of it that is wrong; the text goes on after "the
    /// result".
    Result(String, &'static str),
}

/// The text to insert for each hole.
pub(crate) fn write_values<'v>(
    place: &Place,
    values: &[&'v Scalar],
) -> Result<Vec<Cow<'v, str>>, Fault> {
    let mut written = Vec::with_capacity(place.holes.len());
    for (index, hole) in place.holes.iter().enumerate() {
        let value: &'v Scalar = values[hole.key];
        let text = write_value(place, value)
            .map_err(|reason| Fault { hole: index, reason: Reason::Value(reason) })?;
        written.push(text);
    }
    if let PlaceKind::Scalar(scalar) = place.kind {
        check_lines(place, scalar, &written)?;
        check_result(place, scalar, values, &written)?;
    }
    Ok(written)
}

fn write_value<'v>(place: &Place, value: &'v Scalar) -> Result<Cow<'v, str>, &'static str> {
    let PlaceKind::Scalar(scalar) = place.kind else {
        let clean = value.text.chars().all(|c| is_printable(c) && c != '\t');
        return if clean { Ok(Cow::Borrowed(&value.text)) } else { Err(UNPRINTABLE) };
    };
    match scalar.style {
        Style::Plain if scalar.sole => write_sole(scalar, value),
        Style::Plain => write_plain(scalar, &value.text),
        Style::Single if !value.text.chars().all(is_printable) => Err(UNPRINTABLE),
        Style::Single if value.text.contains('\'') => {
            Ok(Cow::Owned(value.text.replace('\'', "''")))
        }
        Style::Double => Ok(write_double(&value.text, place.range_has_lines())),
        Style::Literal | Style::Folded if !value.text.chars().all(is_printable) => Err(UNPRINTABLE),
        Style::Single | Style::Literal | Style::Folded => Ok(Cow::Borrowed(&value.text)),
    }
}

const UNPRINTABLE: &str = "has a line break or a control character in it";

/// A plain place that is one placeholder takes the value with its own kind.
fn write_sole(place: ScalarPlace, value: &Scalar) -> Result<Cow<'_, str>, &'static str> {
    let own_kind = value.kind != ScalarKind::String && kind_of(&value.text) == value.kind;
    if !own_kind || place.tagged {
        if place.json {
            return Err("is a string, which needs quotes in JSON");
        }
        return write_string(place, &value.text);
    }
    if place.key {
        return Err("is no string, and a key must be one");
    }
    if value.text.is_empty() {
        return Ok(Cow::Borrowed("null"));
    }
    if place.json && !is_json(&value.text) {
        return Err("is not written as JSON writes it");
    }
    match fault_of_plain(&value.text, place.flow) {
        Some(fault) => Err(fault),
        None => Ok(Cow::Borrowed(&value.text)),
    }
}

fn write_string(place: ScalarPlace, text: &str) -> Result<Cow<'_, str>, &'static str> {
    if let Some(fault) = fault_of_plain(text, place.flow) {
        return Err(fault);
    }
    if !place.tagged && !stands_plain(text) {
        return Err(misread(text));
    }
    write_plain(place, text)
}

/// How some reader takes a plain text for no string.
fn misread(text: &str) -> &'static str {
    match kind_of(text) {
        ScalarKind::Integer | ScalarKind::Float => "is a string that would be read as a number",
        ScalarKind::Boolean => "is a string that would be read as true or false",
        ScalarKind::Null => "is a string that would be read as null",
        ScalarKind::String if reads_as_string(text) => {
            "is a string that some readers take for a number"
        }
        ScalarKind::String => {
            "is a string that some readers take for a truth value, a number or a date"
        }
    }
}

/// What surrounds a plain value is checked with its line; alone, it must only be printable.
/// Between brackets, older readers end a plain text at any `?`.
fn write_plain(place: ScalarPlace, text: &str) -> Result<Cow<'_, str>, &'static str> {
    if place.json {
        return Err("is part of a text, which needs quotes in JSON");
    }
    if text.chars().any(|c| c == '\t' || !is_printable(c)) {
        return Err("has a line break, a tab or a control character in it");
    }
    if place.flow && text.contains('?') {
        return Err("has a `?` in it, which is syntax between brackets");
    }
    Ok(Cow::Borrowed(text))
}

/// Every text can stand between double quotes; where the scalar has several lines, YAML drops
/// white space at their ends unless it is escaped.
fn write_double(text: &str, has_lines: bool) -> Cow<'_, str> {
    let safe = |c: char| is_printable(c) && !matches!(c, '\\' | '"' | '\t');
    let edges = has_lines && (text.starts_with(' ') || text.ends_with(' '));
    if text.chars().all(safe) && !edges {
        return Cow::Borrowed(text);
    }
    let (start, inner) = match text.strip_prefix(' ').filter(|_| has_lines) {
        Some(rest) => ("\\u0020", rest),
        None => ("", text),
    };
    let (inner, end) = match inner.strip_suffix(' ').filter(|_| has_lines) {
        Some(rest) => (rest, "\\u0020"),
        None => (inner, ""),
    };
    let mut written = start.to_owned();
    escape(inner, &mut written);
    written.push_str(end);
    Cow::Owned(written)
}

fn check_lines(place: &Place, scalar: ScalarPlace, written: &[Cow<'_, str>]) -> Result<(), Fault> {
    for line in &place.lines {
        let result = join(&line.parts, |hole| &written[hole]);
        if let Some(fault) = fault_of_line(line, scalar, &result) {
            let hole = line.parts.iter().find_map(|part| match part {
                Part::Hole(hole) => Some(*hole),
                Part::Text(_) => None,
            });
            return Err(Fault { hole: hole.unwrap_or(0), reason: Reason::Result(result, fault) });
        }
    }
    Ok(())
}

fn fault_of_line(line: &Line, place: ScalarPlace, result: &str) -> Option<&'static str> {
    if line.at_margin && starts_marker(result) {
        return Some("starts with the mark between documents, at the first column");
    }
    if line.at_margin && starts_conflict(result) {
        return Some("starts with the mark of an unfinished merge, at the first column");
    }
    match place.style {
        Style::Plain => fault_of_plain_line(line, place, result),
        Style::Single | Style::Double => fault_of_quoted_line(line, result),
        Style::Literal => fault_of_block_line(line, result),
        Style::Folded if result.ends_with(char::is_whitespace) => {
            Some("ends a line with white space, which folds differently")
        }
        Style::Folded if line.starts_with_hole() && result.starts_with(char::is_whitespace) => {
            Some("starts a line with white space, which folds differently")
        }
        Style::Folded => fault_of_block_line(line, result),
    }
}

/// In a line that goes on, text of the template at the start cannot be an indicator.
fn fault_of_plain_line(line: &Line, place: ScalarPlace, result: &str) -> Option<&'static str> {
    if line.continues && !line.starts_with_hole() {
        fault_of_plain(&format!("x{result}"), place.flow)
    } else {
        fault_of_plain(result, place.flow)
    }
}

fn fault_of_quoted_line(line: &Line, result: &str) -> Option<&'static str> {
    let start = line.continues && result.starts_with([' ', '\t']);
    let end = line.is_continued && result.ends_with([' ', '\t']);
    let is_lost = result.is_empty() && (line.continues || line.is_continued);
    (start || end || is_lost).then_some(
        "starts or ends a line of a text of several lines with nothing or with white space, \
         which YAML drops there",
    )
}

fn fault_of_block_line(line: &Line, result: &str) -> Option<&'static str> {
    if result.trim().is_empty() {
        return Some("leaves a line of the block blank");
    }
    if !line.continues && result.starts_with(char::is_whitespace) {
        return Some("starts the block with white space, which would change its indentation");
    }
    if line.at_margin && result.starts_with(['#', '%', '\t']) {
        return Some("starts with a character that is syntax, at the first column");
    }
    None
}

fn check_result(
    place: &Place,
    scalar: ScalarPlace,
    values: &[&Scalar],
    written: &[Cow<'_, str>],
) -> Result<(), Fault> {
    if place.holes.is_empty() {
        return Ok(());
    }
    let fault =
        |reason| Err(Fault { hole: 0, reason: Reason::Result(place.filled(values), reason) });
    if scalar.style == Style::Plain && !scalar.sole && !scalar.tagged {
        let result = place.filled(values);
        let one_line = !result.contains('\n');
        if one_line && !stands_plain(&result) {
            return fault(if fault_of_plain(&result, false).is_some() {
                "is no plain text any more"
            } else {
                misread(&result)
            });
        }
    }
    if scalar.key {
        let holes: usize = place.holes.iter().map(|hole| hole.range.len()).sum();
        let length: usize = written.iter().map(|text| text.len()).sum();
        if place.range.len() - holes + length > KEY_LIMIT {
            return fault(LONG_KEY);
        }
        if place.filled(values) == "<<" {
            return fault(MERGE_KEY);
        }
    }
    Ok(())
}

impl Line {
    fn starts_with_hole(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Hole(_)))
    }
}

impl Place {
    fn range_has_lines(&self) -> bool {
        self.lines.iter().any(|line| line.continues || line.is_continued)
    }
}
