//! Files of a source that could not be taken, by the template that they break.

use model::{Diagnostic, Source};

/// The faults of the source that stand in a folder, in a folder above it or at its place.
pub(crate) fn source_faults(source: &Source, folder: &str) -> Vec<Diagnostic> {
    let concerns = |fault: &&Diagnostic| {
        fault.is_error() && fault_path(source, fault).is_none_or(|path| overlap(path, folder))
    };
    source.faults.iter().filter(concerns).cloned().collect()
}

fn overlap(one: &str, other: &str) -> bool {
    let below = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below(one, other) || below(other, one)
}

/// The path that a fault is about: what was not taken has a place among the files, without
/// bytes. A fault without a place concerns every template.
fn fault_path<'f>(source: &'f Source, fault: &Diagnostic) -> Option<&'f str> {
    let label = fault.labels.first()?;
    source.files.get(label.span.file).map(|file| &*file.path)
}
