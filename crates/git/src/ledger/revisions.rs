//! `revisions/`: which source each step released.
//!
//! One file for each step, a hundred in a folder, and never taken away: a step adds one file, and
//! nothing has to know which steps some cell still runs.

use model::{CommitId, Digest, Generation, Ledger, Revision};

use super::fields::{Fault, Fields, read_mapping};
use super::text::quoted;
use super::{LedgerError, Snapshot};
use crate::reader::{Reader, TreeEntryKind};

/// The folder.
pub(super) const FOLDER: &str = "revisions";

/// How many files a folder holds.
const WIDTH: u32 = 100;

/// The folder and the file of a step.
pub(super) fn place(generation: Generation) -> [String; 2] {
    [(generation.0 / WIDTH).to_string(), format!("{generation}.yaml")]
}

/// The source that a step released.
pub(super) fn read(
    snapshot: &Snapshot<'_>,
    reader: &Reader<'_>,
    generation: Generation,
) -> Result<Revision, LedgerError> {
    let [folder, file] = place(generation);
    let path = format!("{FOLDER}/{folder}/{file}");
    let missing = || snapshot.damaged(&path, "it is missing");
    let folders = snapshot.folder(FOLDER, TreeEntryKind::Tree)?;
    let (_, folder) = folders.into_iter().find(|(name, _)| *name == folder).ok_or_else(missing)?;
    let files = snapshot.entries(reader, FOLDER, folder, TreeEntryKind::File)?;
    let (_, file) = files.into_iter().find(|(name, _)| *name == file).ok_or_else(missing)?;
    let text = snapshot.text(reader, &path, file)?;
    read_mapping(&text, |fields| revision(generation, fields))
        .map_err(|fault| snapshot.damaged(&path, fault))
}

fn revision(generation: Generation, fields: &mut Fields<'_>) -> Result<Revision, Fault> {
    let source: Digest = fields.parse("source")?;
    let commit: Option<CommitId> = fields.optional("commit")?;
    Ok(Revision { generation, source, commit })
}

/// The text of the file of a ledger's own step.
pub(super) fn write(ledger: &Ledger) -> String {
    let mut text = format!("source: {}\n", quoted(&ledger.source.to_string()));
    if let Some(commit) = ledger.source_commit {
        text.push_str(&format!("commit: {}\n", quoted(&commit.to_string())));
    }
    text
}
