//! A scalar as YAML that every reader reads the same.

use model::{Scalar, ScalarKind};

use crate::yaml::emit::{fault_of_plain, quote, stands_plain};

/// Writes a scalar on one line, so that it reads as itself in a block and inside brackets: plain
/// where that is certain, else in double quotes. What is no string keeps its text.
#[must_use]
pub fn encode(scalar: &Scalar) -> String {
    let text = &*scalar.text;
    match scalar.kind {
        ScalarKind::Null if text.is_empty() => "null".to_owned(),
        ScalarKind::String if fault_of_plain(text, true).is_some() || !stands_plain(text) => {
            quote(text)
        }
        _ => text.to_owned(),
    }
}
