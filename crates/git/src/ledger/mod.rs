//! The ledger: one branch that says what every cluster is told to run, and why.
//!
//! In: a repository. Out: the [`Ledger`] at a commit of `res-edge/ledger`, or the commit that
//! appends the next step to it. What the next step is, is decided by the room `release`; what
//! clusters read of it is made by [`crate::project`].
//!
//! # The format
//!
//! One commit is one step of the whole fleet. Its first parent is the step before, its author,
//! committer and dates are those of the step (in UTC), and its message ends with the trailers of
//! the step, such as `Source`, `Generation`, `Plan-Digest` and `Approved-by`. Its tree holds:
//!
//! ```text
//! fleet.yaml
//! clusters/<2 hex>/<uid>/cluster.yaml
//! clusters/<2 hex>/<uid>/tree/
//! revisions/<hundreds>/<generation>.yaml
//! holds/<cluster uid>.yaml
//! holds/hold-<generation>.yaml
//! approvals/<plan digest>.yaml
//! ```
//!
//! `rollouts/` is kept free for later. Folders without a file do not stand in it.
//!
//! **`fleet.yaml`** is about the step as a whole. `format` is 2. `uid` is the identity of the
//! fleet, `engine` the engine that rendered it, `layout` is `manifests` or `flux`. `generation`
//! is the number of the step; the first is 1. `source` names what was rendered: its `digest`, and
//! its `commit` where it was one. `deletions` lists the steps of the last 24 hours in which
//! bindings vanished that no person had confirmed, oldest first.
//!
//! ```yaml
//! format: 2
//! uid: "0123456789abcdef0123456789abcdef"
//! engine: 1
//! layout: manifests
//! generation: 12
//! source:
//!   digest: "<64 hex>"
//!   commit: "<40 hex>"
//! deletions:
//! - generation: 11
//!   at: "2026-03-01T06:00:00Z"
//!   bindings: 3
//! ```
//!
//! **`clusters/<2 hex>/<uid>/`** is one cluster; the two digits are the first of its uid. `tree/`
//! is the cluster's tree itself, so that comparing two steps compares two ids. `name` is the
//! present name, `firstName` the one it appeared with, `since` the step in which it appeared and
//! `changed` the step that gave it its present tree. A cluster with nothing to run has
//! `tree: none` there and no `tree/`. Where a foreign tree was adopted, `tree/` is that, and
//! `released/` is the tree of the last release, which `resume` and `discard` go back to.
//! `cells` says which step released each application of the cluster, as runs `<count>x<step>` over
//! the applications in the order of their names; `!<step>` after it says since which step they are
//! stale. Their trees are `tree/<name>` (or `released/<name>`), and in the layout `flux` also the
//! listeners `flux-system/listeners/kustomization-<name>.yaml` there.
//!
//! ```yaml
//! name: central-la-nola-2301
//! firstName: central-la-nola-2301
//! since: 4
//! changed: 11
//! cells: 12x1 1x2!4
//! ```
//!
//! **`revisions/<hundreds>/<generation>.yaml`** is the source that a step released, `source` and
//! `commit` as in `fleet.yaml`. There is one for each step, and none is ever taken away; the
//! folder is the generation without its last two digits, or 0.
//!
//! A step writes the folders of the clusters that it changes, the shards that hold them, one
//! revision and `fleet.yaml`: its cost is that of what it changes, and not of the fleet.
//!
//! **`holds/<cluster uid>.yaml`** is a cluster that gets no release until a person decides.
//! `kind` is `foreign` (its folder or branch was changed by someone else) or `adopted` (that
//! foreign tree was made the cluster's own), `tree` the tree that was found, `since` the step.
//! An adopted tree may hold anything; its parts and cells are those of `released/`.
//!
//! **`holds/hold-<generation>.yaml`** is what a person holds back since that step. `kind` is
//! `hold`, `rollback` (what was rolled back) or `stop` (every release). `clusters` is the
//! expression that selects the clusters, every one without it; `applications` their names with
//! spaces between, everything without it. `reason`, `by` whom, `at` what time, and `until` when.
//!
//! **`approvals/<plan digest>.yaml`** is a confirmation: `by` whom, and the `generation` of the
//! step that it let pass.
//!
//! # Reading is strict
//!
//! A file or field that is not listed here, a missing one, or a count that does not add up is an
//! error that names the file: a ledger that cannot be read whole is never an empty one.

mod append;
mod changes;
mod clusters;
mod decompose;
mod fields;
mod history;
mod interner;
mod marks;
mod releases;
mod revisions;
mod settings;
mod text;
mod touched;
mod write;

pub use append::{AppendError, append};
pub(crate) use changes::FolderChange;
pub(crate) use clusters::{ClusterHead, EMPTY_TREE};
pub(crate) use history::History;

use std::collections::HashSet;

use model::{ClusterUid, CommitId, Generation, HoldKind, Ledger, ObjectId};

use crate::reader::{Reader, TreeEntry, TreeEntryKind};
use crate::{Repository, RepositoryError};

/// The branch, as a full ref.
pub const LEDGER_REF: &str = "refs/heads/res-edge/ledger";

/// Why the ledger could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The repository could not be read.
    #[error("cannot read the ledger: {0}")]
    Repository(#[from] RepositoryError),
    /// A file of the ledger is not what it must be.
    #[error("the ledger is damaged: `{file}` at {commit}: {reason}")]
    Damaged {
        /// The commit.
        commit: CommitId,
        /// The path in its tree.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

/// Reads the ledger at the tip of its branch; nothing if the branch does not exist.
///
/// # Errors
/// If the branch, or anything of the ledger, cannot be read. It is never taken for empty.
pub fn read_ledger(repository: &Repository) -> Result<Option<(CommitId, Ledger)>, LedgerError> {
    let Some(commit) = repository.reference(LEDGER_REF)? else { return Ok(None) };
    Ok(Some((commit, read_ledger_at(repository, commit)?)))
}

/// Reads the ledger as it was at one commit of its branch.
///
/// # Errors
/// If anything of it cannot be read.
pub fn read_ledger_at(repository: &Repository, commit: CommitId) -> Result<Ledger, LedgerError> {
    let snapshot = Snapshot::open(repository, commit)?;
    let settings = settings::read(&snapshot)?;
    let holds = marks::read_holds(&snapshot)?;
    let (applications, clusters) = clusters::read(&snapshot, settings.layout, &holds)?;
    marks::check_holds(&snapshot, &holds, &clusters)?;
    Ok(Ledger {
        fleet: settings.fleet,
        engine: settings.engine,
        generation: settings.generation,
        source: settings.source,
        source_commit: settings.source_commit,
        layout: settings.layout,
        applications,
        clusters,
        holds,
        placed: marks::read_placed(&snapshot)?,
        approvals: marks::read_approvals(&snapshot)?,
        deletions: settings.deletions,
    })
}

/// Reads the ledger as one step left it; nothing if there is no such step.
///
/// # Errors
/// If anything of it cannot be read.
pub fn read_ledger_of(
    repository: &Repository,
    generation: Generation,
) -> Result<Option<Ledger>, LedgerError> {
    let Some(history) = History::open(repository)? else { return Ok(None) };
    if generation.0 == 0 || generation > history.generation() {
        return Ok(None);
    }
    read_ledger_at(repository, history.commit(generation)?).map(Some)
}

/// The tree of the ledger at one commit.
pub(crate) struct Snapshot<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) commit: CommitId,
    root: Vec<TreeEntry>,
}

/// What may stand in the root of the tree.
const ROOT: [(&str, TreeEntryKind); 5] = [
    ("approvals", TreeEntryKind::Tree),
    ("clusters", TreeEntryKind::Tree),
    ("fleet.yaml", TreeEntryKind::File),
    ("holds", TreeEntryKind::Tree),
    ("revisions", TreeEntryKind::Tree),
];

impl<'a> Snapshot<'a> {
    pub(crate) fn open(repository: &'a Repository, commit: CommitId) -> Result<Self, LedgerError> {
        let tree = repository.commit(commit)?.tree;
        let snapshot = Self { repository, commit, root: repository.tree(tree)? };
        for entry in &snapshot.root {
            if !ROOT
                .iter()
                .any(|(name, kind)| *name.as_bytes() == *entry.name && *kind == entry.kind)
            {
                // A ledger of another format holds other files: that is what to say then.
                settings::read(&snapshot)?;
                let name = String::from_utf8_lossy(&entry.name).into_owned();
                return Err(snapshot.damaged(&name, "it does not belong here"));
            }
        }
        Ok(snapshot)
    }

    pub(crate) fn damaged(&self, file: &str, reason: impl Into<String>) -> LedgerError {
        LedgerError::Damaged { commit: self.commit, file: file.to_owned(), reason: reason.into() }
    }

    /// The id of an entry of the root, if it is there.
    pub(crate) fn entry(&self, name: &str) -> Option<ObjectId> {
        self.root.iter().find(|entry| *entry.name == *name.as_bytes()).map(|entry| entry.id)
    }

    /// The entries of a folder of the root, each with its name; none if the folder is not there.
    fn folder(
        &self,
        name: &str,
        kind: TreeEntryKind,
    ) -> Result<Vec<(String, ObjectId)>, LedgerError> {
        let Some(id) = self.entry(name) else { return Ok(Vec::new()) };
        self.entries(&self.repository.reader(), name, id, kind)
    }

    /// The entries of a tree, all of which must be of one kind.
    pub(crate) fn entries(
        &self,
        reader: &Reader<'_>,
        path: &str,
        id: ObjectId,
        kind: TreeEntryKind,
    ) -> Result<Vec<(String, ObjectId)>, LedgerError> {
        let named = |entry: TreeEntry| match entry.name_text() {
            Some(name) if entry.kind == kind => Ok((name.to_owned(), entry.id)),
            _ => {
                let name = String::from_utf8_lossy(&entry.name);
                Err(self.damaged(&format!("{path}/{name}"), "it does not belong here"))
            }
        };
        reader.tree(id)?.into_iter().map(named).collect()
    }

    /// The text of a file.
    fn text(&self, reader: &Reader<'_>, path: &str, id: ObjectId) -> Result<String, LedgerError> {
        String::from_utf8(reader.blob(id)?).map_err(|_| self.damaged(path, "it is not UTF-8"))
    }

    /// The files `<name>.yaml` of a folder, each with its name and text.
    fn documents(&self, folder: &str) -> Result<Vec<(String, String)>, LedgerError> {
        let reader = self.repository.reader();
        let files = self.folder(folder, TreeEntryKind::File)?;
        let document = |(file, id): (String, ObjectId)| {
            let path = format!("{folder}/{file}");
            let name = file.strip_suffix(".yaml");
            let name = name.ok_or_else(|| self.damaged(&path, "it does not belong here"))?;
            Ok((name.to_owned(), self.text(&reader, &path, id)?))
        };
        files.into_iter().map(document).collect()
    }
}

/// The clusters that a foreign tree holds at a step.
pub(crate) fn held_clusters(
    repository: &Repository,
    commit: CommitId,
) -> Result<HashSet<ClusterUid>, LedgerError> {
    let holds = marks::read_holds(&Snapshot::open(repository, commit)?)?;
    let foreign = holds.into_iter().filter(|hold| hold.kind == HoldKind::Foreign);
    Ok(foreign.map(|hold| hold.cluster).collect())
}

/// How the layout is written.
fn layout_word(layout: model::Layout) -> &'static str {
    match layout {
        model::Layout::Manifests => "manifests",
        model::Layout::Flux => "flux",
    }
}
