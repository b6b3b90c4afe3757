//! Which edits of the source gave a cell its tree.
//!
//! In: the commit of the source that a step released and the one before, and the cell's trees
//! after and before it. Out: the edits on which the difference depends, with file and line. Both
//! sources are read, and neither is rendered.

use std::collections::BTreeMap;

use git::{Repository, RepositoryError, TreeEntry, TreeEntryKind};
use model::{ApplicationName, CommitId, Edit, ObjectId, Source};
use plan::{Changes, Fleet, Side};

/// How many differing files are asked about.
const MOST_FILES: usize = 200;

/// What is asked about.
pub(crate) struct Question<'a> {
    /// The repository of the source.
    pub(crate) source: &'a Repository,
    /// The repository of the ledger.
    pub(crate) ledger: &'a Repository,
    /// The source that the step released, and the one before.
    pub(crate) commits: (CommitId, CommitId),
    /// The trees of the cell after the step and before it.
    pub(crate) trees: (ObjectId, Option<ObjectId>),
    /// The application.
    pub(crate) application: &'a ApplicationName,
    /// The cluster's name at that step.
    pub(crate) cluster: &'a str,
}

/// A source and its fleet.
struct Read {
    source: Source,
    fleet: Fleet,
}

/// The edits; or why they cannot be told.
pub(crate) fn edits(question: &Question<'_>) -> Result<Vec<Edit>, String> {
    let (after, before) = question.commits;
    let (head, base) = (read(question.source, after)?, read(question.source, before)?);
    let changes = Changes::new(
        Side { fleet: &base.fleet, source: &base.source },
        Side { fleet: &head.fleet, source: &head.source },
    );
    let cluster = head.fleet.cluster_id(question.cluster);
    let cluster = cluster.ok_or("the cluster is not in that source by that name")?;
    let clusters = [cluster.0];
    let (new, old) = question.trees;
    let Some(old) = old else {
        return Ok(changes.of_binding(question.application, &clusters).edits);
    };
    let mut paths = Vec::new();
    differing(question.ledger, Some(old), Some(new), "", &mut paths)
        .map_err(|error| error.to_string())?;
    let mut found: BTreeMap<(String, Option<String>), Edit> = BTreeMap::new();
    for path in &paths {
        for edit in changes.of_file(question.application, path, &clusters).edits {
            let place = edit.place.as_ref().map(ToString::to_string);
            found.entry((edit.subject.clone(), place)).or_insert(edit);
        }
    }
    Ok(found.into_values().collect())
}

fn read(repository: &Repository, commit: CommitId) -> Result<Read, String> {
    let source = git::load(repository.path(), Some(&commit.to_string()));
    let source = source.map_err(|error| format!("the source cannot be read: {error}"))?;
    let (documents, found) = schema::read_source(&source);
    let refused = || format!("the source {commit} is not accepted by this version");
    if found.iter().any(model::Diagnostic::is_error) {
        return Err(refused());
    }
    let (fleet, _) = plan::assemble(&source, documents).map_err(|_| refused())?;
    Ok(Read { source, fleet })
}

/// The paths of files that are not the same in two trees.
fn differing(
    repository: &Repository,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    folder: &str,
    paths: &mut Vec<String>,
) -> Result<(), RepositoryError> {
    let tree = |id: Option<ObjectId>| -> Result<Vec<TreeEntry>, RepositoryError> {
        id.map_or_else(|| Ok(Vec::new()), |id| repository.tree(id))
    };
    let (old, new) = (tree(old)?, tree(new)?);
    let mut names: Vec<&[u8]> = old.iter().chain(&new).map(|entry| &*entry.name).collect();
    names.sort_unstable();
    names.dedup();
    let entry = |entries: &'_ [TreeEntry], name: &[u8]| {
        entries.iter().find(|entry| *entry.name == *name).map(|entry| (entry.kind, entry.id))
    };
    for name in names {
        let (before, after) = (entry(&old, name), entry(&new, name));
        if before == after || paths.len() >= MOST_FILES {
            continue;
        }
        let path = format!("{folder}{}", String::from_utf8_lossy(name));
        let folder_of = |side: Option<(TreeEntryKind, ObjectId)>| {
            side.filter(|(kind, _)| *kind == TreeEntryKind::Tree).map(|(_, id)| id)
        };
        match (folder_of(before), folder_of(after)) {
            (None, None) => paths.push(path),
            (before, after) => differing(repository, before, after, &format!("{path}/"), paths)?,
        }
    }
    Ok(())
}
