//! `fleet.yaml`: the step as a whole.

use std::fmt::Write as _;

use model::{CommitId, Deletions, Digest, FleetUid, Generation, Layout, Ledger};

use super::fields::{Fault, Fields, read_mapping};
use super::text::quoted;
use super::{LedgerError, Snapshot, layout_word};

/// The file.
pub(super) const FILE: &str = "fleet.yaml";

/// The version of the format that is written here.
const FORMAT: u32 = 2;

/// What `fleet.yaml` holds.
pub(crate) struct Settings {
    pub(crate) fleet: FleetUid,
    pub(crate) engine: u32,
    pub(crate) layout: Layout,
    pub(crate) generation: Generation,
    pub(crate) source: Digest,
    pub(crate) source_commit: Option<CommitId>,
    pub(crate) deletions: Vec<Deletions>,
}

/// Reads `fleet.yaml`.
pub(crate) fn read(snapshot: &Snapshot<'_>) -> Result<Settings, LedgerError> {
    let id = snapshot.entry(FILE).ok_or_else(|| snapshot.damaged(FILE, "it is missing"))?;
    let text = snapshot.text(&snapshot.repository.reader(), FILE, id)?;
    read_mapping(&text, settings).map_err(|fault| snapshot.damaged(FILE, fault))
}

fn settings(fields: &mut Fields<'_>) -> Result<Settings, Fault> {
    let format = fields.number("format")?;
    if format != FORMAT {
        return Err(format!("its format is {format}; this version reads format {FORMAT}"));
    }
    let source =
        |source: &mut Fields<'_>| Ok((source.parse("digest")?, source.optional("commit")?));
    let (source, source_commit) = fields.mapping("source", source)?;
    Ok(Settings {
        fleet: fields.parse("uid")?,
        engine: fields.number("engine")?,
        layout: layout(fields.text("layout")?)?,
        generation: Generation(fields.number("generation")?),
        source,
        source_commit,
        deletions: fields.mappings("deletions", deletions)?,
    })
}

fn layout(word: &str) -> Result<Layout, Fault> {
    let layouts = [Layout::Manifests, Layout::Flux];
    let found = layouts.into_iter().find(|layout| layout_word(*layout) == word);
    found.ok_or_else(|| format!("the layout `{word}` is unknown"))
}

fn deletions(fields: &mut Fields<'_>) -> Result<Deletions, Fault> {
    Ok(Deletions {
        generation: Generation(fields.number("generation")?),
        at: fields.parse("at")?,
        n_bindings: fields.number("bindings")?,
    })
}

/// The text of `fleet.yaml`.
pub(super) fn write(ledger: &Ledger) -> String {
    let mut text = format!(
        "format: {FORMAT}\nuid: {}\nengine: {}\nlayout: {}\ngeneration: {}\nsource:\n  digest: {}\n",
        quoted(&ledger.fleet.to_string()),
        ledger.engine,
        layout_word(ledger.layout),
        ledger.generation,
        quoted(&ledger.source.to_string()),
    );
    if let Some(commit) = ledger.source_commit {
        let _ = writeln!(text, "  commit: {}", quoted(&commit.to_string()));
    }
    if !ledger.deletions.is_empty() {
        text.push_str("deletions:\n");
    }
    for Deletions { generation, at, n_bindings } in &ledger.deletions {
        let at = quoted(&at.to_string());
        let _ = writeln!(text, "- generation: {generation}\n  at: {at}\n  bindings: {n_bindings}");
    }
    text
}
