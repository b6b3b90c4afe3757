//! Merging two commits.
//!
//! Renames are not followed, and that is why `git merge-tree` does not do it, which cannot leave
//! that out before Git 2.50. Documents of clusters are much alike, so that one that is removed
//! beside another that is new looks like a rename, and the edit of the one would be made in the
//! other without a word. A file that was moved here and edited there is a conflict instead, which
//! a person sees. Attributes of the repository are not heeded: no driver merges files.
//!
//! Files that both sides edited are merged by lines. That they merge says nothing about what they
//! mean: whoever asked validates the merged source.

use std::collections::{BTreeMap, BTreeSet};

use model::{CommitId, ObjectId, Sink as _};

use super::compare::merge_bases;
use super::lines::merge_lines;
use super::{CommitRecord, Committed, commit};
use crate::ledger::EMPTY_TREE;
use crate::reader::{TreeEntry, TreeEntryKind};
use crate::{Objects, PackError, Repository, RepositoryError};

/// How deep both sides may have edited: what is deeper conflicts.
const DEPTH: usize = 200;

/// What becomes of the history of what is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeHow {
    /// The new commit has both as its parents.
    Commit,
    /// The new commit has only the base as its parent: the edits are made on it anew.
    Squash,
}

/// What became of a merge.
#[derive(Debug)]
pub enum Merge {
    /// A new commit.
    Made(Committed),
    /// Nothing was made, since both sides edited these files. They are in the order of paths.
    Conflicts(Vec<Conflict>),
    /// Nothing was made, since the base holds everything already.
    AlreadyMerged,
}

/// A file that both sides edited, and not alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its path.
    pub path: String,
    /// What it held where the two sides parted; nothing if it was not there.
    pub before: Option<ObjectId>,
    /// What it holds in the base; nothing if it was removed there.
    pub ours: Option<ObjectId>,
    /// What it holds in the head; nothing if it was removed there.
    pub theirs: Option<ObjectId>,
}

/// Why commits could not be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// They have no history in common.
    #[error("{head} and {base} have no history in common")]
    Unrelated {
        /// What it was to be merged into.
        base: CommitId,
        /// What was to be merged.
        head: CommitId,
    },
    /// The commits cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The new objects cannot be written.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Merges `head` into `base`. Several merge bases, as of histories that were merged crosswise, are
/// merged with each other first; where they conflict, what they come from counts.
///
/// # Errors
/// If the two have no history in common, or cannot be read, or the new commit cannot be written.
/// A merge that is not made leaves nothing.
pub fn merge(
    repository: &Repository,
    base: CommitId,
    head: CommitId,
    how: MergeHow,
    record: &CommitRecord,
) -> Result<Merge, MergeError> {
    let objects = Objects::new(repository);
    let common = merge_bases(repository, base, head)?;
    if common.is_empty() {
        return Err(MergeError::Unrelated { base, head });
    }
    if common.contains(&head) {
        return Ok(Merge::AlreadyMerged);
    }
    let before = common_tree(&objects, &common, 0)?;
    let [ours, theirs] = [base, head].map(|commit| repository.commit(commit).map(|info| info.tree));
    let (ours, theirs) = (ours?, theirs?);
    let mut merging = Merging { objects: &objects, conflicts: BTreeMap::new() };
    let tree = merging.folder([before, Some(ours), Some(theirs)], "", 0)?;
    if !merging.conflicts.is_empty() {
        return Ok(Merge::Conflicts(merging.conflicts.into_values().collect()));
    }
    let tree = tree.unwrap_or(EMPTY_TREE);
    if tree == ours {
        return Ok(Merge::AlreadyMerged);
    }
    let parents = match how {
        MergeHow::Commit => vec![base, head],
        MergeHow::Squash => vec![base],
    };
    Ok(Merge::Made(commit(&objects, tree, &parents, record)?))
}

/// The tree that both sides come from: that of their only merge base, or of all of them, merged.
fn common_tree(
    objects: &Objects,
    commits: &[CommitId],
    depth: usize,
) -> Result<Option<ObjectId>, RepositoryError> {
    let repository = objects.repository();
    let [first, rest @ ..] = commits else { return Ok(None) };
    let mut tree = Some(repository.commit(*first)?.tree);
    // Histories that are merged crosswise again and again count from some point on as not.
    for next in rest.iter().take_while(|_| depth < 8) {
        let common = merge_bases(repository, *first, *next)?;
        let before = common_tree(objects, &common, depth + 1)?;
        let theirs = Some(repository.commit(*next)?.tree);
        let mut merging = Merging { objects, conflicts: BTreeMap::new() };
        tree = merging.folder([before, tree, theirs], "", 0)?;
    }
    Ok(tree)
}

/// What stands in one place before, and on either side.
type Sides<T> = [Option<T>; 3];

struct Merging<'a> {
    objects: &'a Objects,
    conflicts: BTreeMap<String, Conflict>,
}

impl Merging<'_> {
    /// The merged folder; nothing if it is empty. In the place of a conflict is what was there
    /// before.
    fn folder(
        &mut self,
        sides: Sides<ObjectId>,
        parent: &str,
        depth: usize,
    ) -> Result<Option<ObjectId>, RepositoryError> {
        let mut entries = Vec::with_capacity(3);
        for tree in sides {
            let read = tree.map(|tree| self.objects.read_tree(tree)).transpose()?;
            let named = |entry: TreeEntry| (entry.name.clone(), entry);
            entries
                .push(read.unwrap_or_default().into_iter().map(named).collect::<BTreeMap<_, _>>());
        }
        let names: BTreeSet<Box<[u8]>> =
            entries.iter().flat_map(|side| side.keys().cloned()).collect();
        let mut merged = Vec::new();
        for name in names {
            let sides = [0, 1, 2].map(|side| entries[side].remove(&name));
            merged.extend(self.entry(sides, parent, depth)?);
        }
        Ok((!merged.is_empty()).then(|| self.objects.put_tree(merged)))
    }

    fn entry(
        &mut self,
        sides: Sides<TreeEntry>,
        parent: &str,
        depth: usize,
    ) -> Result<Option<TreeEntry>, RepositoryError> {
        let [before, ours, theirs] = &sides;
        if ours == theirs || before == theirs {
            return Ok(sides.into_iter().nth(1).flatten());
        }
        if before == ours {
            return Ok(sides.into_iter().nth(2).flatten());
        }
        let Some(name) = ours.as_ref().or(theirs.as_ref()).map(|entry| entry.name.clone()) else {
            return Ok(None);
        };
        let path = format!("{parent}{}", String::from_utf8_lossy(&name));
        let is_folder = |side: &Option<TreeEntry>| side.as_ref().is_none_or(is_tree);
        if depth < DEPTH && is_folder(ours) && is_folder(theirs) {
            let trees = sides.map(|side| side.filter(is_tree).map(|entry| entry.id));
            let tree = self.folder(trees, &format!("{path}/"), depth + 1)?;
            return Ok(tree.map(|id| TreeEntry { name, kind: TreeEntryKind::Tree, id }));
        }
        if let [Some(before), Some(ours), Some(theirs)] = &sides
            && let Some(merged) = self.file(before, ours, theirs)?
        {
            return Ok(Some(merged));
        }
        let id = |side: &Option<TreeEntry>| {
            side.as_ref().filter(|entry| !is_tree(entry)).map(|entry| entry.id)
        };
        let conflict =
            Conflict { path: path.clone(), before: id(before), ours: id(ours), theirs: id(theirs) };
        self.conflicts.insert(path, conflict);
        Ok(sides.into_iter().next().flatten())
    }

    /// A file that both sides edited; nothing if they conflict.
    fn file(
        &self,
        before: &TreeEntry,
        ours: &TreeEntry,
        theirs: &TreeEntry,
    ) -> Result<Option<TreeEntry>, RepositoryError> {
        let is_file = |entry: &&TreeEntry| {
            matches!(entry.kind, TreeEntryKind::File | TreeEntryKind::Executable)
        };
        if ![before, ours, theirs].iter().all(is_file) {
            return Ok(None);
        }
        // Of two kinds, one side that differs from before is right.
        let kind = if ours.kind == before.kind { theirs.kind } else { ours.kind };
        let id = match (before.id, ours.id, theirs.id) {
            (before, ours, theirs) if before == ours => theirs,
            (before, ours, theirs) if before == theirs || ours == theirs => ours,
            (before, ours, theirs) => {
                let read = |id| self.objects.read_blob(id);
                match merge_lines(&read(before)?, &read(ours)?, &read(theirs)?) {
                    Some(bytes) => self.objects.blob(&bytes),
                    None => return Ok(None),
                }
            }
        };
        Ok(Some(TreeEntry { name: ours.name.clone(), kind, id }))
    }
}

fn is_tree(entry: &TreeEntry) -> bool {
    entry.kind == TreeEntryKind::Tree
}
