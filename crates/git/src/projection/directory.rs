//! A folder for each cluster, on one branch of any forge.
//!
//! One commit on top of what the branch holds makes the folders equal to the ledger; everything
//! beside them is left as it is. The commit names the step it was made of, so that the next one
//! knows which clusters have gone since, and where they stood.

use std::collections::{BTreeMap, HashMap};

use model::{ClusterUid, CommitId, FanOut, Generation, ObjectId, sha256};

use super::folders::{Folders, Path, replace};
use super::made::{Made, Scope, Tips};
use super::{Discarded, ProjectError, Projected, refuse_checked_out, trailers};
use crate::ledger::{ClusterHead, EMPTY_TREE, History};
use crate::objects::NewCommit;
use crate::reader::Reader;
use crate::refs::{RefMove, move_refs};
use crate::{LEDGER_REF, LedgerError, Objects, Repository};

/// How far back the last projection is looked for under the commits of others.
const HUMAN_COMMITS: usize = 10_000;

/// Where folders are delivered to.
pub(super) struct Directory {
    /// The full ref.
    branch: String,
    path: Path,
    fan_out: FanOut,
}

impl Directory {
    /// Checks the branch and the path.
    pub(super) fn new(branch: &str, path: &str, fan_out: FanOut) -> Result<Self, ProjectError> {
        let refuse = |place: &str, reason: &str| ProjectError::Place {
            place: place.to_owned(),
            reason: reason.to_owned(),
        };
        let full = format!("refs/heads/{branch}");
        if !is_ref_name(branch) {
            return Err(refuse(branch, "it is no name of a branch"));
        }
        if full == LEDGER_REF {
            return Err(refuse(branch, "it is the branch of the ledger itself"));
        }
        let parts: Path = path.split('/').filter(|_| !path.is_empty()).map(str::to_owned).collect();
        let is_plain = |part: &String| {
            !matches!(part.as_str(), "" | "." | "..")
                && !part.eq_ignore_ascii_case(".git")
                && !part.chars().any(|c| c.is_control() || c == '\\')
        };
        if !parts.iter().all(is_plain) {
            return Err(refuse(path, "it is no path of a folder"));
        }
        Ok(Self { branch: full, path: parts, fan_out })
    }

    /// Where a cluster's folder stands; its digits are those of its first name, so that it does
    /// not move when the cluster is renamed.
    fn folder(&self, head: &ClusterHead, fan_out: FanOut) -> Path {
        let mut path = self.path.clone();
        if fan_out == FanOut::Hex2 {
            path.push(format!("{:02x}", sha256(head.first_name.as_str().as_bytes()).0[0]));
        }
        path.push(head.name.to_string());
        path
    }
}

/// Whether `refs/heads/<name>` is well formed: <https://git-scm.com/docs/git-check-ref-format>.
fn is_ref_name(name: &str) -> bool {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && !part.ends_with('.')
            && !part.ends_with(".lock")
    };
    name.split('/').all(part) && !name.contains("..") && !name.contains("@{") && !name.contains(bad)
}

/// The branch as it stands, and what the ledger says should.
struct View<'a> {
    history: &'a History<'a>,
    reader: Reader<'a>,
    directory: &'a Directory,
    /// The commit of the branch, and its tree.
    tip: Option<(CommitId, ObjectId)>,
    scope: &'a Scope,
    /// The clusters of the step that the branch was last made of, as far as they are looked at.
    last: Vec<ClusterHead>,
    /// Those by where their folders could stand.
    owners: HashMap<Path, usize>,
}

impl<'a> View<'a> {
    fn open(
        history: &'a History<'a>,
        directory: &'a Directory,
        scope: &'a Scope,
    ) -> Result<Self, ProjectError> {
        let repository = history.repository();
        let reader = repository.reader();
        let tip = repository.reference(&directory.branch)?;
        let tip = tip.map(|commit| Ok::<_, ProjectError>((commit, reader.commit(commit)?.tree)));
        let tip = tip.transpose()?;
        let last = match tip {
            _ if !scope.is_whole => scope.before.values().cloned().collect(),
            Some((commit, _)) => last_heads(history, scope, commit)?,
            None => Vec::new(),
        };
        let owners = HashMap::new();
        let mut view = Self { history, reader, directory, tip, scope, last, owners };
        view.owners = view.places(&view.last);
        Ok(view)
    }

    /// Each of the two folders that a cluster could have; when only what changed is looked at,
    /// the fan-out did not, and it is one.
    fn places(&self, heads: &[ClusterHead]) -> HashMap<Path, usize> {
        let fan_outs: &[FanOut] = match self.scope.is_whole {
            true => &[FanOut::None, FanOut::Hex2],
            false => &[self.directory.fan_out],
        };
        let places = heads.iter().enumerate().flat_map(|(index, head)| {
            fan_outs.iter().map(move |fan_out| (self.directory.folder(head, *fan_out), index))
        });
        places.collect()
    }

    fn root(&self) -> Option<ObjectId> {
        self.tip.map(|(_, tree)| tree)
    }

    /// Whether the ledger gave this tree to the cluster, or to the one that had the folder when
    /// the branch was last made.
    fn is_ours(
        &self,
        head: &ClusterHead,
        path: &Path,
        tree: ObjectId,
    ) -> Result<bool, LedgerError> {
        if self.history.gave(&self.reader, head, tree)? {
            return Ok(true);
        }
        match self.owners.get(path) {
            Some(index) => self.history.gave(&self.reader, &self.last[*index], tree),
            None => Ok(false),
        }
    }
}

/// The clusters of the step that the branch was last made of.
fn last_heads(
    history: &History<'_>,
    scope: &Scope,
    tip: CommitId,
) -> Result<Vec<ClusterHead>, ProjectError> {
    match last_projected(history, history.repository(), tip)? {
        Some(generation) if generation == history.generation() => Ok(scope.heads.clone()),
        Some(generation) => Ok(history.heads(generation)?),
        None => Ok(Vec::new()),
    }
}

/// The step that the branch was last made of, under any commits of others.
fn last_projected(
    history: &History<'_>,
    repository: &Repository,
    tip: CommitId,
) -> Result<Option<Generation>, ProjectError> {
    let reader = repository.reader();
    let mut next = Some(tip);
    for _ in 0..HUMAN_COMMITS {
        let Some(commit) = next else { return Ok(None) };
        let info = reader.commit(commit)?;
        if let Some(Ok(ledger)) = info.trailer("Ledger").map(str::parse)
            && let Some(generation) = history.generation_of(ledger)?
        {
            return Ok(Some(generation));
        }
        next = info.parents.first().copied();
    }
    Ok(None)
}

/// The clusters among the concerned whose folder is foreign.
pub(super) fn foreign(
    history: &History<'_>,
    directory: &Directory,
    made: Option<&Made>,
    concerned: impl Fn(ClusterUid) -> bool,
) -> Result<Vec<(ClusterUid, ObjectId)>, ProjectError> {
    let tip = history.repository().reference(&directory.branch)?;
    let scope = Scope::of_folders(history, made, tip)?;
    let view = View::open(history, directory, &scope)?;
    let objects = Objects::new(history.repository());
    let mut folders = Folders::new(&objects, view.root());
    let mut foreign = Vec::new();
    for head in scope.heads.iter().filter(|head| concerned(head.uid)) {
        let path = directory.folder(head, directory.fan_out);
        let found = folders.find(&path)?.filter(|tree| *tree != head.tree);
        if let Some(tree) = found
            && !view.is_ours(head, &path, tree)?
        {
            foreign.push((head.uid, tree));
        }
    }
    Ok(foreign)
}

/// Makes the folders of the clusters in the scope equal to the ledger, in one commit.
pub(super) fn project(
    history: &History<'_>,
    directory: &Directory,
    scope: &Scope,
    discarded: &Discarded,
) -> Result<(Projected, Tips), ProjectError> {
    let repository = history.repository();
    refuse_checked_out(repository, |name| name == directory.branch)?;
    let view = View::open(history, directory, scope)?;
    let objects = Objects::new(repository);
    let mut folders = Folders::new(&objects, view.root());
    let mut projected = Projected::default();
    let mut changes = wanted(&view, &mut folders, discarded, &mut projected)?;
    unwanted(&view, &mut folders, &mut changes, &mut projected)?;
    let changes: Vec<(Path, Option<ObjectId>)> =
        changes.into_iter().filter_map(|(path, change)| Some((path, change?.tree()))).collect();
    let from = view.tip.map(|(commit, _)| commit);
    if changes.is_empty() {
        return Ok((projected, Tips::Directory(from)));
    }
    let tree = replace(&objects, view.root(), &changes)?.unwrap_or(EMPTY_TREE);
    let commit = commit(&view, &objects, tree)?;
    let _keep = objects.write()?;
    move_refs(repository, &[RefMove { name: directory.branch.clone(), from, to: Some(commit) }])?;
    for (path, tree) in changes {
        let places = if tree.is_some() { &mut projected.written } else { &mut projected.removed };
        places.push(path.join("/"));
    }
    projected.commit = Some(commit);
    Ok((projected, Tips::Directory(Some(commit))))
}

/// What shall stand in a folder that is not what it should be.
#[derive(Clone, Copy)]
enum Change {
    Write(ObjectId),
    Remove,
}

impl Change {
    fn tree(self) -> Option<ObjectId> {
        match self {
            Self::Write(tree) => Some(tree),
            Self::Remove => None,
        }
    }
}

/// The folders that clusters have, and for each that is not as it should be, the change.
type Changes = BTreeMap<Path, Option<Change>>;

fn wanted(
    view: &View<'_>,
    folders: &mut Folders<'_>,
    discarded: &Discarded,
    projected: &mut Projected,
) -> Result<Changes, ProjectError> {
    let held = &view.scope.held;
    let mut changes = Changes::new();
    for head in &view.scope.heads {
        let path = view.directory.folder(head, view.directory.fan_out);
        let found = folders.find(&path)?;
        let is_equal = found.unwrap_or(EMPTY_TREE) == head.tree;
        let mut change = None;
        if !is_equal && !held.contains(&head.uid) {
            let may_write = match found {
                Some(tree) => {
                    discarded.contains(&(head.uid, tree)) || view.is_ours(head, &path, tree)?
                }
                None => true,
            };
            match found.filter(|_| !may_write) {
                Some(tree) => projected.foreign.push((head.uid, tree)),
                None if head.tree == EMPTY_TREE => change = Some(Change::Remove),
                None => change = Some(Change::Write(head.tree)),
            }
        }
        changes.insert(path, change);
    }
    Ok(changes)
}

/// Adds the removal of folders that no cluster has any more: those of clusters that left or were
/// renamed since the branch was last made, and those of the other fan-out.
fn unwanted(
    view: &View<'_>,
    folders: &mut Folders<'_>,
    changes: &mut Changes,
    projected: &mut Projected,
) -> Result<(), ProjectError> {
    let present = view.places(&view.scope.heads);
    let mut gone: Vec<(&Path, &ClusterHead, bool)> = Vec::new();
    gone.extend(view.owners.iter().map(|(path, index)| (path, &view.last[*index], true)));
    gone.extend(present.iter().map(|(path, index)| (path, &view.scope.heads[*index], false)));
    gone.retain(|(path, ..)| !changes.contains_key(*path));
    gone.sort_unstable_by_key(|(path, _, was_delivered)| (*path, !*was_delivered));
    for (path, head, was_delivered) in gone {
        let tree = match folders.find(path) {
            Ok(Some(tree)) if !is_below_a_cluster(changes, path) => tree,
            // A file, or something below one, is no cluster's folder.
            Ok(_) | Err(ProjectError::Place { .. }) => continue,
            Err(error) => return Err(error),
        };
        let had_it = view.directory.folder(head, view.directory.fan_out) == *path;
        if view.history.gave(&view.reader, head, tree)? {
            changes.insert(path.clone(), Some(Change::Remove));
        } else if was_delivered && had_it && !changes.contains_key(path) {
            projected.left.push(path.join("/"));
        }
    }
    projected.left.sort_unstable();
    Ok(())
}

/// Whether a path is inside the folder of a cluster, as `ab/web` is where a cluster is called
/// `ab`.
fn is_below_a_cluster(changes: &Changes, path: &[String]) -> bool {
    (1..path.len()).any(|end| changes.contains_key(&path[..end]))
}

fn commit(view: &View<'_>, objects: &Objects, tree: ObjectId) -> Result<CommitId, ProjectError> {
    let step = view.history.info(view.history.tip())?;
    let message = format!("{}\n\n{}", step.subject(), trailers(view.history, None)?);
    let parents: Vec<CommitId> = view.tip.iter().map(|(commit, _)| *commit).collect();
    let (author, at) = (step.author.as_str(), step.time);
    Ok(objects.commit(&NewCommit { tree, parents: &parents, author, at, message: &message }))
}
