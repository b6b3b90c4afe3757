//! Saying why a place cannot be filled.

use model::{Diagnostic, FileId, Scalar, Span};
use schema::yaml::Style;
use schema::yaml::emit;

use super::check::{Fault, Reason};
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
    let quoted =
        |text: &str| if place.secret { String::new() } else { format!(" {}", quote(text)) };
    let message = match &fault.reason {
        Reason::Value(reason) => {
            format!(
                "`{name}` is {words}, where the value{} cannot stand: it {reason}",
                quoted(value)
            )
        }
        Reason::Result(result, reason) => {
            format!(
                "`{name}` is in {words}, where the value{} cannot stand: the result{} {reason}",
                quoted(value),
                quoted(result)
            )
        }
    };
    Diagnostic::error(&VALUE_DOES_NOT_FIT, span, message).hint(hint(place))
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

fn hint(place: &Place) -> String {
    let unfilled = place.unfilled();
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
