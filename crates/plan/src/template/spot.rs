//! A place as it stands in a base, and how it is written with values.
//!
//! In: where the text of a place stands, and values. Out: whether it is the text of the base with
//! the values in the holes, which is the usual case and costs nothing to write down, or another
//! text.

use std::ops::Range;

use model::{Scalar, ScalarKind};
use schema::yaml::emit::Leaf;
use schema::yaml::kind_of;

use super::check::{Fault, write_values};
use super::place::{Part, Place, PlaceKind};

/// A place as it stands in a base.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// The position of the place.
    pub(crate) place: usize,
    /// How its text is written.
    pub(crate) form: SpotForm,
    /// The text as the base has it.
    pub(crate) cut: Vec<Stretch>,
}

/// How the text of a place is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpotForm {
    /// As it stands in the file.
    AsIs,
    /// In the canonical form.
    Canonical {
        /// Whether it is a key.
        key: bool,
        /// The indentation it is written at.
        indent: usize,
    },
}

/// A part of a text in a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// These bytes of the base.
    Base(Range<u32>),
    /// The hole at this position of the place.
    Hole(usize),
}

/// How a spot is written with some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// As the base has it, with the texts of the values in its holes.
    AsBase,
    /// As this text.
    Anew(Vec<u8>),
}

impl Spot {
    /// How the spot is written; only the values of its place are looked at.
    pub(crate) fn write(
        &self,
        place: &Place,
        base: &[u8],
        values: &[&Scalar],
    ) -> Result<Written, Fault> {
        let texts = write_values(place, values)?;
        let written = match self.form {
            SpotForm::AsIs => self.join(base, |hole| texts[hole].as_bytes()),
            SpotForm::Canonical { key, indent } => {
                write_leaf(&leaf_of(place, values), key, indent).into_bytes()
            }
        };
        let value = |hole: usize| values[place.holes[hole].key].text.as_bytes();
        Ok(if self.is_joined(base, value, &written) {
            Written::AsBase
        } else {
            Written::Anew(written)
        })
    }

    /// The text with these in its holes.
    fn join<'t>(&self, base: &'t [u8], hole: impl Fn(usize) -> &'t [u8]) -> Vec<u8> {
        let mut text = Vec::new();
        for stretch in &self.cut {
            text.extend_from_slice(match stretch {
                Stretch::Base(range) => &base[range.start as usize..range.end as usize],
                Stretch::Hole(number) => hole(*number),
            });
        }
        text
    }

    /// Whether a text is what [`Self::join`] makes.
    fn is_joined<'t>(&self, base: &'t [u8], hole: impl Fn(usize) -> &'t [u8], text: &[u8]) -> bool {
        let mut rest = text;
        for stretch in &self.cut {
            let part = match stretch {
                Stretch::Base(range) => &base[range.start as usize..range.end as usize],
                Stretch::Hole(number) => hole(*number),
            };
            let Some(after) = rest.strip_prefix(part) else { return false };
            rest = after;
        }
        rest.is_empty()
    }
}

/// A scalar in the canonical form.
pub(crate) fn write_leaf(leaf: &Leaf, key: bool, indent: usize) -> String {
    if key { leaf.write_key(indent) } else { leaf.write(indent) }
}

/// The scalar of a place: with its own kind where it is all of a plain place, else a string.
pub(crate) fn leaf_of(place: &Place, values: &[&Scalar]) -> Leaf {
    if let PlaceKind::Scalar(scalar) = place.kind
        && scalar.sole
        && !scalar.tagged
    {
        let value = values[place.holes[0].key];
        let is_own_kind = value.kind != ScalarKind::String && kind_of(&value.text) == value.kind;
        if is_own_kind {
            return Leaf::as_written(value.text.clone());
        }
    }
    Leaf::string(place.filled(values))
}

/// The text of a place in the canonical form, unfilled, which stands in a base from `start` on,
/// cut at its holes; nothing if it cannot be told where they are.
pub(crate) fn cut_at_holes(
    place: &Place,
    written: &str,
    start: usize,
    indent: usize,
) -> Vec<Stretch> {
    let text = place.unfilled();
    let (mut cut, mut read, mut at) = (Vec::new(), 0, 0);
    let base = |range: Range<usize>| {
        Stretch::Base((start + range.start) as u32..(start + range.end) as u32)
    };
    for part in &place.text {
        match part {
            Part::Text(literal) => read += literal.len(),
            Part::Hole(hole) => {
                let name = &place.holes[*hole].name;
                let from = offset_in(written, &text[..read], indent);
                if written.get(from..from + name.len()) != Some(name) {
                    return Vec::new();
                }
                cut.extend((at < from).then(|| base(at..from)));
                cut.push(Stretch::Hole(*hole));
                (read, at) = (read + name.len(), from + name.len());
            }
        }
    }
    cut.extend((at < written.len()).then(|| base(at..written.len())));
    cut
}

/// Where in a written scalar that follows which `before` is of its text.
fn offset_in(written: &str, before: &str, indent: usize) -> usize {
    let explicit = if written.starts_with("? ") { 2 } else { 0 };
    match written.as_bytes().get(explicit) {
        Some(b'"') => {
            let mut escaped = String::new();
            schema::yaml::emit::escape(before, &mut escaped);
            explicit + 1 + escaped.len()
        }
        Some(b'|') => {
            let header = written.find('\n').unwrap_or(0);
            let ended = before.split('\n').rev().skip(1);
            // The line of the hole is not empty, so it is indented too.
            let n_indented = ended.filter(|line| !line.is_empty()).count() + 1;
            header + 1 + before.len() + indent * n_indented
        }
        _ => explicit + before.len(),
    }
}
