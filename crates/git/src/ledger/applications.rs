//! `applications/`: which step released what each cluster runs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{ApplicationId, ApplicationName, Generation, Ledger, LedgerCell, Revision};

use super::fields::{Fault, Fields, number, read_mapping};
use super::text::quoted;
use super::{LedgerError, Snapshot};
use crate::reader::TreeEntryKind;

/// The folder.
pub(super) const FOLDER: &str = "applications";

/// How long a line of runs may grow.
const WIDTH: usize = 100;

/// What one file holds.
pub(super) struct ReadApplication {
    pub(super) name: ApplicationName,
    revisions: Vec<Revision>,
    /// For each cluster, in the order of uids.
    pub(super) cells: Vec<Option<ReleasedCell>>,
}

/// A cell without its tree, which stands in the cluster's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReleasedCell {
    pub(crate) released: Generation,
    pub(crate) stale: Option<Generation>,
}

/// Reads every application, in the order of names.
pub(super) fn read(
    snapshot: &Snapshot<'_>,
    n_clusters: usize,
) -> Result<Vec<ReadApplication>, LedgerError> {
    let mut applications = Vec::new();
    for (name, text) in snapshot.documents(FOLDER)? {
        let read = read_mapping(&text, |fields| application(&name, fields, n_clusters));
        let damaged = |fault| snapshot.damaged(&format!("{FOLDER}/{name}.yaml"), fault);
        applications.push(read.map_err(damaged)?);
    }
    applications.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(applications)
}

/// Reads the cells of one application, in the order of clusters; nothing if the step has no such
/// application.
pub(super) fn read_cells(
    snapshot: &Snapshot<'_>,
    name: &ApplicationName,
    n_clusters: usize,
) -> Result<Option<Vec<Option<ReleasedCell>>>, LedgerError> {
    let file = format!("{name}.yaml");
    let files = snapshot.folder(FOLDER, TreeEntryKind::File)?;
    let Some((_, id)) = files.into_iter().find(|(found, _)| *found == file) else {
        return Ok(None);
    };
    let path = format!("{FOLDER}/{file}");
    let text = snapshot.text(&snapshot.repository.reader(), &path, id)?;
    let read = read_mapping(&text, |fields| application(name.as_str(), fields, n_clusters));
    Ok(Some(read.map_err(|fault| snapshot.damaged(&path, fault))?.cells))
}

fn application(
    name: &str,
    fields: &mut Fields<'_>,
    n_clusters: usize,
) -> Result<ReadApplication, Fault> {
    let name = ApplicationName::parse(name).map_err(|error| error.to_string())?;
    let revisions = fields.mappings("revisions", revision)?;
    let cells = runs(fields.text("cells")?, n_clusters)?;
    let known = |released| revisions.iter().any(|revision| revision.generation == released);
    let mut checked = None;
    for ReleasedCell { released, .. } in cells.iter().flatten() {
        if checked != Some(*released) && !known(*released) {
            return Err(format!("the revision of generation {released} is missing"));
        }
        checked = Some(*released);
    }
    Ok(ReadApplication { name, revisions, cells })
}

fn revision(fields: &mut Fields<'_>) -> Result<Revision, Fault> {
    let generation = Generation(fields.number("generation")?);
    let (source, commit) = (fields.parse("source")?, fields.optional("commit")?);
    Ok(Revision { generation, source, commit })
}

/// Reads runs `<count>x<cell>`, which must be as many cells as there are clusters.
fn runs(text: &str, n_clusters: usize) -> Result<Vec<Option<ReleasedCell>>, Fault> {
    let mut cells = Vec::with_capacity(n_clusters);
    for run in text.split_whitespace() {
        let fault = || format!("`{run}` is no run of cells");
        let (count, cell) = run.split_once('x').ok_or_else(fault)?;
        let count = number(count).filter(|count| *count > 0).ok_or_else(fault)? as usize;
        let cell = cell_of(cell).ok_or_else(fault)?;
        if count > n_clusters - cells.len() {
            return Err(format!("it has more cells than the {n_clusters} clusters"));
        }
        cells.resize(cells.len() + count, cell);
    }
    match cells.len() {
        n_cells if n_cells == n_clusters => Ok(cells),
        n_cells => Err(format!("it has {n_cells} cells, and there are {n_clusters} clusters")),
    }
}

/// The outer option is whether the text is a cell, the inner one whether it is absent.
fn cell_of(text: &str) -> Option<Option<ReleasedCell>> {
    if text == "-" {
        return Some(None);
    }
    let (released, stale) = match text.split_once('!') {
        Some((released, stale)) => (released, Some(Generation(number(stale)?))),
        None => (text, None),
    };
    Some(Some(ReleasedCell { released: Generation(number(released)?), stale }))
}

/// The revisions of all applications, which must agree, in the order of generations.
pub(super) fn revisions(
    snapshot: &Snapshot<'_>,
    applications: &[ReadApplication],
) -> Result<Vec<Revision>, LedgerError> {
    let mut found = BTreeMap::new();
    for application in applications {
        for revision in &application.revisions {
            let first = *found.entry(revision.generation).or_insert(*revision);
            if first != *revision {
                let file = format!("{FOLDER}/{}.yaml", application.name);
                let generation = revision.generation;
                let reason = format!("generation {generation} has another source elsewhere");
                return Err(snapshot.damaged(&file, reason));
            }
        }
    }
    Ok(found.into_values().collect())
}

/// The name and text of every application's file, or the generation that has no revision.
pub(super) fn write(ledger: &Ledger) -> Result<Vec<(String, String)>, Generation> {
    let mut columns = columns(ledger);
    let mut files = Vec::with_capacity(ledger.applications.len());
    for (name, column) in ledger.applications.iter().zip(&mut columns) {
        let mut text = String::new();
        let used = column.used();
        if !used.is_empty() {
            text.push_str("revisions:\n");
        }
        for generation in used {
            let revision = ledger.revisions.iter().find(|found| found.generation == generation);
            write_revision(&mut text, revision.ok_or(generation)?);
        }
        write_runs(&mut text, &column.cells);
        files.push((format!("{name}.yaml"), text));
    }
    Ok(files)
}

/// The cells of one application in the order of clusters.
struct Column {
    cells: Vec<Option<ReleasedCell>>,
}

impl Column {
    fn used(&self) -> Vec<Generation> {
        let mut used: Vec<Generation> =
            self.cells.iter().flatten().map(|cell| cell.released).collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

fn columns(ledger: &Ledger) -> Vec<Column> {
    let n_clusters = ledger.clusters.len();
    let empty = || Column { cells: vec![None; n_clusters] };
    let mut columns: Vec<Column> = ledger.applications.iter().map(|_| empty()).collect();
    for (index, cluster) in ledger.clusters.iter().enumerate() {
        for cell in &cluster.cells {
            let released = ReleasedCell { released: cell.released, stale: cell.stale };
            columns[cell.application.0 as usize].cells[index] = Some(released);
        }
    }
    columns
}

fn write_revision(text: &mut String, revision: &Revision) {
    let source = quoted(&revision.source.to_string());
    let _ = writeln!(text, "- generation: {}\n  source: {source}", revision.generation);
    if let Some(commit) = revision.commit {
        let _ = writeln!(text, "  commit: {}", quoted(&commit.to_string()));
    }
}

fn write_runs(text: &mut String, cells: &[Option<ReleasedCell>]) {
    if cells.is_empty() {
        text.push_str("cells: \"\"\n");
        return;
    }
    text.push_str("cells: |-");
    let mut column = WIDTH;
    for run in cells.chunk_by(|a, b| a == b) {
        let word = match run[0] {
            None => format!("{}x-", run.len()),
            Some(ReleasedCell { released, stale: None }) => format!("{}x{released}", run.len()),
            Some(ReleasedCell { released, stale: Some(stale) }) => {
                format!("{}x{released}!{stale}", run.len())
            }
        };
        let fits = column + 1 + word.len() <= WIDTH;
        column = if fits { column + 1 } else { 2 } + word.len();
        text.push_str(if fits { " " } else { "\n  " });
        text.push_str(&word);
    }
    text.push('\n');
}

/// The cells of a cluster for the fragments that were found in its tree; `fragments` answers
/// the application's part, or nothing where the tree has none.
pub(super) fn cells_of(
    applications: &[ReadApplication],
    cluster: usize,
    mut fragment: impl FnMut(ApplicationId) -> Option<model::Fragment>,
) -> (Vec<LedgerCell>, Vec<ApplicationId>) {
    let (mut cells, mut without_tree) = (Vec::new(), Vec::new());
    for (index, application) in applications.iter().enumerate() {
        let Some(ReleasedCell { released, stale }) = application.cells[cluster] else { continue };
        let application = ApplicationId(index as u32);
        match fragment(application) {
            Some(fragment) => cells.push(LedgerCell { application, fragment, released, stale }),
            None => without_tree.push(application),
        }
    }
    (cells, without_tree)
}
