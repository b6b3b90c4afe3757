//! Places that take every harmless value as it is.
//!
//! In: a place, and how it is written. Out: whether values of letters, digits and a few signs
//! can only give the text of the base with the values in its holes, so that no check has to be
//! run for them one by one. A place of which this cannot be told by its fixed text is not settled,
//! and is looked at with each value.
//!
//! Why one look is enough: a placeholder is itself harmless. What the rules of [`super::check`]
//! and of the canonical form ask of a text is asked of characters that a harmless text does not
//! have (white space, line breaks, quotes, `:`, `#`, brackets), of the start of a line, or of
//! short words that readers take for something else. Where the start is fixed and no short word
//! can come of it, the placeholder stands for all harmless values.

use model::Scalar;
use schema::yaml::Style;

use super::check::write_values;
use super::place::{Line, Part, Place, PlaceKind, ScalarPlace};
use super::spot::{Spot, SpotForm};

/// Every plain text with a meaning of its own that starts with a letter has at most so many
/// characters, as `false` has (<https://yaml.org/type/bool.html>).
const LONGEST_WORD: usize = 5;

/// Whether a text is of letters, digits, `.`, `-`, `_` and `/`, and not empty, as placeholders
/// themselves are.
pub(crate) fn is_harmless(text: &str) -> bool {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/');
    !text.is_empty() && text.bytes().all(harmless)
}

/// Whether any harmless values stand in the place as they are, the rest as the base has it.
pub(crate) fn is_settled(place: &Place, spot: &Spot) -> bool {
    let PlaceKind::Scalar(scalar) = place.kind else { return true };
    if scalar.key || scalar.sole || place.lines.iter().any(|line| !is_start_settled(line, scalar)) {
        return false;
    }
    let form = spot.form != SpotForm::AsIs || (scalar.style == Style::Plain && !scalar.tagged);
    (!form || is_form_settled(place)) && takes_placeholders(place)
}

/// Whether the start of a line cannot become syntax. A mark between documents is one at the first
/// column only; in a plain text, what starts with one of `-?:.` may be.
fn is_start_settled(line: &Line, scalar: ScalarPlace) -> bool {
    let first = match line.parts.first() {
        Some(Part::Text(text)) => text.chars().next(),
        _ => None,
    };
    let is_fixed = first.is_some_and(|c| line.continues || !matches!(c, '-' | '?' | ':' | '.'));
    !line.at_margin && (scalar.style != Style::Plain || is_fixed)
}

/// Whether the text is written in the same form, plain, quoted or as a block, with all values: it
/// has several lines and is never plain, or it starts with a letter and is longer than any word.
fn is_form_settled(place: &Place) -> bool {
    let texts = place.text.iter().filter_map(|part| match part {
        Part::Text(text) => Some(&**text),
        Part::Hole(_) => None,
    });
    let is_long = texts.clone().map(str::len).sum::<usize>() + place.holes.len() > LONGEST_WORD;
    let first = place.text.first();
    let starts_with_letter = matches!(first, Some(Part::Text(text)) if text.starts_with(|c: char| c.is_ascii_alphabetic()));
    texts.clone().any(|text| text.contains('\n')) || (starts_with_letter && is_long)
}

fn takes_placeholders(place: &Place) -> bool {
    let n_keys = place.holes.iter().map(|hole| hole.key + 1).max().unwrap_or(0);
    let mut names = vec![Scalar::string(""); n_keys];
    for hole in &place.holes {
        names[hole.key] = Scalar::string(&hole.name);
    }
    let values: Vec<&Scalar> = names.iter().collect();
    write_values(place, &values)
        .is_ok_and(|texts| texts.iter().zip(&place.holes).all(|(text, hole)| **text == *hole.name))
}
