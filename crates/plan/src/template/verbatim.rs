//! The layout `flux`: a file as it is, with its placeholders filled.

use std::ops::Range;
use std::sync::Arc;

use model::{Base, Diagnostic, FileId, Files, ObjectId, Scalar, Sink};

use super::body::{Body, Step};
use super::file::{Understood, file_of, is_json_file, understand};
use super::place::{KeyUse, Place};
use super::spot::{Spot, SpotForm, Stretch};
use super::survey::{Survey, survey, survey_text};

/// A template file of the layout `flux`, ready to be filled.
#[derive(Clone, Debug)]
pub struct Verbatim {
    body: Body,
    warnings: Vec<Diagnostic>,
}

/// Parses a template file for the layout `flux`; `number` is the base's for the sink.
///
/// Files that are not text, files encrypted by SOPS, and files without placeholders are output
/// as they are.
///
/// # Errors
/// Why the file cannot be filled: it is named as YAML and is none, or a placeholder stands where
/// no value can.
///
/// # Panics
/// If the id is not of these files.
pub fn parse_verbatim(
    files: &Files,
    file: FileId,
    number: u32,
) -> Result<Verbatim, Vec<Diagnostic>> {
    let source = file_of(files, file);
    let (mut survey, warning) = match understand(source, file)? {
        Understood::Opaque(warning) => (Survey::default(), warning),
        Understood::Text(text) => (survey_text(text, file), None),
        Understood::Yaml { text, stream } => {
            (survey(text, &stream, file, is_json_file(&source.path), true)?, None)
        }
    };
    let mut warnings = std::mem::take(&mut survey.warnings);
    warnings.extend(warning);
    let base = Base { number, bytes: Arc::clone(&source.bytes) };
    let steps = steps_of(&survey.places, base.bytes.len());
    let Survey { keys, places, groups, .. } = survey;
    Ok(Verbatim { body: Body { file, base, keys, places, groups, steps }, warnings })
}

/// The steps that write a file of so many bytes as it is, but for its places.
fn steps_of(places: &[Place], n_bytes: usize) -> Vec<Step> {
    // A comment may stand behind the header of a block, before what changes in the block.
    let mut cuts: Vec<_> = places.iter().map(cut_of).enumerate().collect();
    cuts.sort_by_key(|(_, (_, range))| range.start);
    let (mut steps, mut at) = (Vec::new(), 0);
    for (place, (cut, range)) in cuts {
        steps.push(Step::Copy(at as u32..range.start as u32));
        steps.push(Step::Fill(Spot { place, form: SpotForm::AsIs, cut }));
        at = range.end;
    }
    steps.push(Step::Copy(at as u32..n_bytes as u32));
    steps
}

/// What a place changes, and the bytes from its first change to its last.
fn cut_of(place: &Place) -> (Vec<Stretch>, Range<usize>) {
    let holes = place.holes.iter().enumerate();
    let holes = holes.map(|(number, hole)| (&hole.range, Some(Stretch::Hole(number))));
    let mut changes: Vec<_> =
        holes.chain(place.lost_dots.iter().map(|range| (range, None))).collect();
    changes.sort_by_key(|(range, _)| range.start);
    let start = changes.first().map_or(place.range.start, |(range, _)| range.start);
    let (mut cut, mut at) = (Vec::new(), start);
    for (range, hole) in changes {
        let between = at..range.start;
        cut.extend((!between.is_empty()).then_some(Stretch::Base(at as u32..range.start as u32)));
        cut.extend(hole);
        at = range.end;
    }
    (cut, start..at)
}

impl Verbatim {
    /// The keys that the file uses, each once.
    #[must_use]
    pub fn keys(&self) -> &[KeyUse] {
        &self.body.keys
    }

    /// What was found that refuses nothing.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The file with one value for each of [`Self::keys`], in their order.
    ///
    /// # Errors
    /// Why values cannot stand in their places: one diagnostic for each place.
    ///
    /// # Panics
    /// If there are fewer values than keys.
    pub fn fill(&self, values: &[&Scalar], sink: &dyn Sink) -> Result<ObjectId, Vec<Diagnostic>> {
        self.body.check(values)?;
        Ok(self.body.write(values, sink))
    }

    /// What is written for the file.
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }
}
