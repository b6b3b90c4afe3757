//! What is filled: a base, and the steps that write it with values.
//!
//! Both layouts fill the same way. They differ in how a scalar is written: as it stands in the
//! file, or in the canonical form.

use std::ops::Range;

use model::{Base, Diagnostic, FileId, ObjectId, Scalar, Sink};

use super::check::write_values;
use super::keys::KeyGroup;
use super::place::{KeyUse, Place};
use super::report::report;
use super::specialise::{Known, Specialised, Tuple};
use super::spot::Spot;

/// A file or an object of a template, ready to be filled.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    /// The file it is from.
    pub(crate) file: FileId,
    /// Its text with the placeholders unfilled.
    pub(crate) base: Base,
    /// The keys that it uses, each once.
    pub(crate) keys: Vec<KeyUse>,
    /// The places that its placeholders stand in.
    pub(crate) places: Vec<Place>,
    /// The mappings whose keys must stay different.
    pub(crate) groups: Vec<KeyGroup>,
    /// How it is written.
    pub(crate) steps: Vec<Step>,
}

/// One step of writing.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Copy these bytes of the base.
    Copy(Range<u32>),
    /// Write the text of a place.
    Fill(Spot),
    /// Write the pairs of a mapping in the order of their keys.
    Sort {
        /// What stands between two pairs.
        joiner: Box<str>,
        /// The pairs with their keys.
        pairs: Vec<(SortKey, Vec<Step>)>,
    },
}

/// What a pair is sorted by.
#[derive(Clone, Debug)]
pub(crate) enum SortKey {
    /// This text.
    Fixed(Box<str>),
    /// What YAML reads the place at this position as.
    Open(usize),
}

impl Body {
    /// A text without placeholders.
    pub(crate) fn fixed(file: FileId, base: Base) -> Self {
        let (keys, places, groups) = (Vec::new(), Vec::new(), Vec::new());
        let steps = vec![Step::Copy(0..base.bytes.len() as u32)];
        Self { file, base, keys, places, groups, steps }
    }

    /// Why values cannot stand in their places: one diagnostic for each place.
    pub(crate) fn check(&self, values: &[&Scalar]) -> Result<(), Vec<Diagnostic>> {
        let faults = self.places.iter().filter_map(|place| {
            write_values(place, values).err().map(|fault| report(place, &fault, values, self.file))
        });
        let mut errors: Vec<Diagnostic> = faults.collect();
        if errors.is_empty() {
            let groups = self.groups.iter();
            errors.extend(groups.filter_map(|group| group.check(&self.places, values, self.file)));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Writes the text with values that were checked.
    pub(crate) fn write(&self, values: &[&Scalar], sink: &dyn Sink) -> ObjectId {
        if self.places.is_empty() {
            return sink.blob(&self.base.bytes);
        }
        let known: Vec<Known<'_>> = values.iter().map(|value| Known::Value(value)).collect();
        let mut pieces = Vec::new();
        let specialised = Specialised::new(self, &known).expect("the values were checked");
        specialised.pieces(&Tuple(values), &mut pieces);
        sink.variant(&self.base, &pieces)
    }
}
