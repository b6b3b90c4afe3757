//! What differs between two commits.

use std::collections::BTreeMap;

use model::{CommitId, ObjectId};

use crate::reader::{TreeEntry, TreeEntryKind, bytes_of};
use crate::{CommitInfo, Reader, Repository, RepositoryError};

/// Commits, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitList {
    /// The commits.
    pub commits: Vec<(CommitId, CommitInfo)>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its path from the root; what is no UTF-8 is replaced.
    pub path: String,
    /// What it was; nothing if it was not there.
    pub old: Option<FileVersion>,
    /// What it is; nothing if it is gone.
    pub new: Option<FileVersion>,
}

/// A file at some commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileVersion {
    /// Its content.
    pub id: ObjectId,
    /// What it is: anything but a folder.
    pub kind: TreeEntryKind,
}

/// The newest commit that both have in their history; nothing if there is none. Of several, as
/// after histories were merged crosswise, it is one.
///
/// # Errors
/// If a commit cannot be read.
pub fn merge_base(
    repository: &Repository,
    one: CommitId,
    other: CommitId,
) -> Result<Option<CommitId>, RepositoryError> {
    Ok(merge_bases(repository, one, other)?.first().copied())
}

/// Every commit that both have in their history and that no other such commit has.
///
/// # Errors
/// If a commit cannot be read.
pub(super) fn merge_bases(
    repository: &Repository,
    one: CommitId,
    other: CommitId,
) -> Result<Vec<CommitId>, RepositoryError> {
    let reader = repository.reader();
    let [first, second] = [one, other].map(|commit| gix::ObjectId::from(commit.0));
    let bases = reader.objects().merge_bases_many(first, &[second]);
    let bases = bases.map_err(|error| reader.error("commit", &one.0, &error))?;
    Ok(bases.iter().map(|base| CommitId(bytes_of(base))).collect())
}

/// The commits that `head` has in its history and `base` has not, up to a number.
///
/// # Errors
/// If a commit cannot be read.
pub fn commits_between(
    repository: &Repository,
    base: CommitId,
    head: CommitId,
    limit: usize,
) -> Result<CommitList, RepositoryError> {
    use gix::revision::walk::Sorting;
    use gix::traverse::commit::simple::CommitTimeOrder;
    let reader = repository.reader();
    let error = |error: gix::Error| reader.error("commit", &head.0, &error);
    let walk = reader
        .objects()
        .rev_walk([gix::ObjectId::from(head.0)])
        .with_hidden([gix::ObjectId::from(base.0)])
        .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst));
    let mut commits = Vec::new();
    for found in walk.all().map_err(error)? {
        let found = found.map_err(|fault| reader.error("commit", &head.0, &fault))?;
        if commits.len() == limit {
            return Ok(CommitList { commits, is_cut: true });
        }
        let id = CommitId(bytes_of(&found.id));
        commits.push((id, reader.commit(id)?));
    }
    Ok(CommitList { commits, is_cut: false })
}

/// The files that differ between two commits, in the order of paths. Equal folders are not looked
/// into.
///
/// # Errors
/// If a commit or a folder cannot be read.
pub fn changed_files(
    repository: &Repository,
    old: CommitId,
    new: CommitId,
) -> Result<Vec<FileChange>, RepositoryError> {
    let reader = repository.reader();
    let roots = [old, new].map(|commit| reader.commit(commit).map(|info| Some(info.tree)));
    let [old, new] = roots;
    let mut folders = vec![(String::new(), old?, new?)];
    let mut changes = Vec::new();
    while let Some((parent, old, new)) = folders.pop() {
        let (old, new) = (entries(&reader, old)?, entries(&reader, new)?);
        let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            let sides = [old.get(name), new.get(name)];
            if sides[0] == sides[1] {
                continue;
            }
            let path = format!("{parent}{}", String::from_utf8_lossy(name));
            let [old_tree, new_tree] =
                sides.map(|side| side.filter(|entry| is_tree(entry)).map(|entry| entry.id));
            if old_tree.is_some() || new_tree.is_some() {
                folders.push((format!("{path}/"), old_tree, new_tree));
            }
            let [old, new] = sides.map(|side| side.filter(|entry| !is_tree(entry)).map(version));
            if old.is_some() || new.is_some() {
                changes.push(FileChange { path, old, new });
            }
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

fn entries(
    reader: &Reader<'_>,
    tree: Option<ObjectId>,
) -> Result<BTreeMap<Box<[u8]>, TreeEntry>, RepositoryError> {
    let entries = tree.map(|tree| reader.tree(tree)).transpose()?.unwrap_or_default();
    Ok(entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect())
}

fn is_tree(entry: &TreeEntry) -> bool {
    entry.kind == TreeEntryKind::Tree
}

fn version(entry: &TreeEntry) -> FileVersion {
    FileVersion { id: entry.id, kind: entry.kind }
}
