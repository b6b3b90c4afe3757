//! The layout `flux`: a file as it is, with its placeholders filled.

use std::ops::Range;
use std::sync::Arc;

use model::{Base, Diagnostic, FileId, Files, ObjectId, Piece, Scalar, Sink};

use super::check::write_values;
use super::file::{Understood, file_of, is_json_file, understand};
use super::keys::KeyGroup;
use super::place::{KeyUse, Place};
use super::report::report;
use super::survey::{Survey, survey, survey_text};

/// A template file of the layout `flux`, ready to be filled.
#[derive(Clone, Debug)]
pub struct Verbatim {
    file: FileId,
    base: Base,
    keys: Vec<KeyUse>,
    places: Vec<Place>,
    groups: Vec<KeyGroup>,
    edits: Vec<Edit>,
    warnings: Vec<Diagnostic>,
}

/// A stretch of the file that is not output as it is.
#[derive(Clone, Debug)]
struct Edit {
    range: Range<usize>,
    /// Place and hole to fill; nothing for a dot that is left out.
    hole: Option<(usize, usize)>,
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
    let (survey, warning) = match understand(source, file)? {
        Understood::Opaque(warning) => (Survey::default(), warning),
        Understood::Text(text) => (survey_text(text, file), None),
        Understood::Yaml { text, stream } => {
            (survey(text, &stream, file, is_json_file(&source.path), true)?, None)
        }
    };
    let mut warnings = survey.warnings;
    warnings.extend(warning);
    Ok(Verbatim {
        file,
        base: Base { number, bytes: Arc::clone(&source.bytes) },
        keys: survey.keys,
        edits: edits_of(&survey.places),
        places: survey.places,
        groups: survey.groups,
        warnings,
    })
}

fn edits_of(places: &[Place]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (index, place) in places.iter().enumerate() {
        for (number, hole) in place.holes.iter().enumerate() {
            edits.push(Edit { range: hole.range.clone(), hole: Some((index, number)) });
        }
        let dots = place.lost_dots.iter().cloned();
        edits.extend(dots.map(|range| Edit { range, hole: None }));
    }
    edits.sort_by_key(|edit| edit.range.start);
    edits
}

impl Verbatim {
    /// The keys that the file uses, each once.
    #[must_use]
    pub fn keys(&self) -> &[KeyUse] {
        &self.keys
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
        if self.edits.is_empty() {
            return Ok(sink.blob(&self.base.bytes));
        }
        let mut errors = Vec::new();
        let mut written = Vec::with_capacity(self.places.len());
        for place in &self.places {
            match write_values(place, values) {
                Ok(texts) => written.push(texts),
                Err(fault) => errors.push(report(place, &fault, values, self.file)),
            }
        }
        if errors.is_empty() {
            let groups = self.groups.iter();
            errors.extend(groups.filter_map(|group| group.check(&self.places, values, self.file)));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let insert = |(place, hole): (usize, usize)| -> &[u8] { written[place][hole].as_bytes() };
        Ok(sink.variant(&self.base, &self.pieces(insert)))
    }

    fn pieces<'a>(&self, insert: impl Fn((usize, usize)) -> &'a [u8]) -> Vec<Piece<'a>> {
        let mut pieces = Vec::with_capacity(2 * self.edits.len() + 1);
        let mut at = 0;
        let copy = |pieces: &mut Vec<Piece<'a>>, range: Range<usize>| {
            if !range.is_empty() {
                pieces.push(Piece::Copy(range.start as u32..range.end as u32));
            }
        };
        for edit in &self.edits {
            copy(&mut pieces, at..edit.range.start);
            at = edit.range.end;
            let text = edit.hole.map(&insert).unwrap_or_default();
            if !text.is_empty() {
                pieces.push(Piece::Insert(text));
            }
        }
        copy(&mut pieces, at..self.base.bytes.len());
        pieces
    }
}
