//! Saying why a place cannot be filled.

use model::{Diagnostic, FileId, Scalar, Span};
use schema::yaml::Style;
use schema::yaml::emit;

use super::check::{Fault, LONG_KEY, MERGE_KEY, Reason};
use super::codes::VALUE_DOES_NOT_FIT;
use super::place::{Place, PlaceKind};

/// How much of a value is quoted.
const QUOTED: usize = 60;

/// The diagnostic of a fault; it quotes no value that may belong to a Secret.
pub(crate) fn report(place: &Place, fault: &Fault, values: &[&Scalar], file: FileId) -> Diagnostic {
    let hole = &place.holes[fault.hole];
    let value = &values[hole.key].text;
    let span = Span::new(file, hole.range.start, hole.range.end);
    let (name, words) = (&hole.name, place.kind.words());
    let quoted = |text: &str| {
        if place.secret || text.is_empty() { String::new() } else { format!(" {}", quote(text)) }
    };
    let what = match &fault.reason {
        Reason::Value(reason) => format!("it {reason}"),
        Reason::Result(result, reason) => format!("the result{} {reason}", quoted(result)),
    };
    let is_in = if place.is_sole() { "is" } else { "is in" };
    let message =
        format!("`{name}` {is_in} {words}, where the value{} cannot stand: {what}", quoted(value));
    Diagnostic::error(&VALUE_DOES_NOT_FIT, span, message).hint(hint(place, &fault.reason))
}

fn quote(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let mut escaped = String::new();
    emit::escape(&short, &mut escaped);
    format!("`{}`", escaped.replace("\\\"", "\"").replace("\\\\", "\\"))
}

fn hint(place: &Place, reason: &Reason) -> String {
    let unfilled = place.unfilled();
    if matches!(reason, Reason::Result(_, MERGE_KEY | LONG_KEY)) {
        return "give the key another value".to_owned();
    }
    match place.kind {
        PlaceKind::Comment => "take the placeholder out of the comment".to_owned(),
        PlaceKind::File => {
            "give the value in one line, or put the text into a YAML file, in double quotes"
                .to_owned()
        }
        PlaceKind::Scalar(scalar) if scalar.style == Style::Plain && unfilled.len() <= QUOTED => {
            format!("put the place in quotes: `{}`", emit::quote(&unfilled))
        }
        PlaceKind::Scalar(scalar) if scalar.style == Style::Double => {
            "write the text in one line".to_owned()
        }
        PlaceKind::Scalar(_) => {
            "write the text in double quotes and in one line, where every value fits".to_owned()
        }
    }
}
