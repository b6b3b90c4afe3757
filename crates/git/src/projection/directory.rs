//! A folder for each cluster, on one branch of any forge.
//!
//! One commit on top of what the branch holds makes the folders equal to the ledger; everything
//! beside them is left as it is. The commit names the step it was made of and the path, so that the
//! next one knows which clusters have gone since, and where they stood. Another path moves every
//! folder: what the ledger gave leaves the old place in the commit that writes the new one, and
//! what somebody else wrote stays there.

use std::collections::{BTreeMap, HashMap};

use model::{ClusterUid, CommitId, Counter, FanOut, Generation, ObjectId, sha256};

use super::folders::{Folders, Path, replace};
use super::made::{Made, Scope, Tips};
use super::{Discarded, ProjectError, Projected, refuse_checked_out, trailers};
use crate::ledger::{ClusterHead, EMPTY_TREE, History};
use crate::objects::NewCommit;
use crate::reader::Reader;
use crate::refs::{RefMove, move_refs};
use crate::{LEDGER_REF, LedgerError, Objects};

/// Names the path that the folders of a commit are below, from the root `/`.
const PATH_TRAILER: &str = "Path";

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
    /// Whether the branch was never made of this ledger.
    pub(super) fn is_new(&self, history: &History<'_>) -> Result<bool, ProjectError> {
        match history.repository().reference(&self.branch)? {
            Some(tip) => Ok(last_projected(history, tip, HUMAN_COMMITS)?.is_none()),
            None => Ok(true),
        }
    }

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
        let parts = parts(path);
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
        Self::folder_below(&self.path, head, fan_out)
    }

    fn folder_below(path: &[String], head: &ClusterHead, fan_out: FanOut) -> Path {
        let mut path = path.to_vec();
        if fan_out == FanOut::Hex2 {
            path.push(format!("{:02x}", sha256(head.first_name.as_str().as_bytes()).0[0]));
        }
        path.push(head.name.to_string());
        path
    }
}

/// The parts of a path; the root of the branch has none.
fn parts(path: &str) -> Path {
    path.split('/').filter(|_| !path.is_empty()).map(str::to_owned).collect()
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
    /// The path that the branch was last made for, where it is another one.
    former: Option<Path>,
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
        let (last, former) = match tip {
            _ if !scope.is_whole => (scope.before.values().cloned().collect(), None),
            Some((commit, _)) => last_heads(history, scope, commit)?,
            None => (Vec::new(), None),
        };
        let (owners, former) = (HashMap::new(), former.filter(|path| *path != directory.path));
        let mut view = Self { history, reader, directory, tip, scope, last, owners, former };
        view.owners = view.places(&view.last);
        Ok(view)
    }

    /// Each of the two folders that a cluster could have, below the path and the former one; when
    /// only what changed is looked at, neither fan-out nor path did, and it is one.
    fn places(&self, heads: &[ClusterHead]) -> HashMap<Path, usize> {
        let fan_outs: &[FanOut] = match self.scope.is_whole {
            true => &[FanOut::None, FanOut::Hex2],
            false => &[self.directory.fan_out],
        };
        let paths = self.former.iter().chain([&self.directory.path]);
        let places = paths.flat_map(|path| {
            heads.iter().enumerate().flat_map(move |(index, head)| {
                let folder = |fan_out: &FanOut| Directory::folder_below(path, head, *fan_out);
                fan_outs.iter().map(move |fan_out| (folder(fan_out), index))
            })
        });
        places.collect()
    }

    /// Whether a folder is where the branch was last made for, and no longer is.
    fn is_former(&self, path: &[String]) -> bool {
        self.former.as_ref().is_some_and(|former| {
            path.starts_with(former) && !path.starts_with(&self.directory.path)
        })
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

/// The clusters of the step that the branch was last made of, and the path it was made for.
fn last_heads(
    history: &History<'_>,
    scope: &Scope,
    tip: CommitId,
) -> Result<(Vec<ClusterHead>, Option<Path>), ProjectError> {
    let Some(last) = last_projected(history, tip, HUMAN_COMMITS)? else {
        return Ok((Vec::new(), None));
    };
    let heads = match last.generation == history.generation() {
        true => scope.heads.clone(),
        false => history.heads(last.generation)?,
    };
    Ok((heads, last.path))
}

/// What the branch was last made of.
pub(super) struct Last {
    generation: Generation,
    /// Where to; commits of older programs do not say it.
    pub(super) path: Option<Path>,
}

/// What a branch was last made of, under at most so many commits of others.
pub(super) fn last_projected(
    history: &History<'_>,
    tip: CommitId,
    most: usize,
) -> Result<Option<Last>, ProjectError> {
    let reader = history.repository().reader();
    let mut next = Some(tip);
    for _ in 0..most {
        let Some(commit) = next else { return Ok(None) };
        let info = reader.commit(commit)?;
        if let Some(Ok(ledger)) = info.trailer("Ledger").map(str::parse)
            && let Some(generation) = history.generation_of(ledger)?
        {
            let path = info.trailer(PATH_TRAILER).map(|path| parts(path.trim_start_matches('/')));
            return Ok(Some(Last { generation, path }));
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
    counter: &Counter,
) -> Result<(Projected, Tips), ProjectError> {
    let repository = history.repository();
    refuse_checked_out(repository, |name| name == directory.branch)?;
    let view = View::open(history, directory, scope)?;
    let objects = Objects::new(repository);
    let mut folders = Folders::new(&objects, view.root());
    let mut projected = Projected::default();
    let mut changes = wanted(&view, &mut folders, discarded, counter, &mut projected)?;
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
    counter: &Counter,
    projected: &mut Projected,
) -> Result<Changes, ProjectError> {
    let held = &view.scope.held;
    let mut changes = Changes::new();
    for head in &view.scope.heads {
        counter.add(1);
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
        let had_it =
            view.is_former(path) || view.directory.folder(head, view.directory.fan_out) == *path;
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
    let (path, trailers) = (view.directory.path.join("/"), trailers(view.history, None)?);
    let message = format!("{}\n\n{trailers}\n{PATH_TRAILER}: /{path}", step.subject());
    let parents: Vec<CommitId> = view.tip.iter().map(|(commit, _)| *commit).collect();
    let (author, at) = (step.author.as_str(), step.time);
    Ok(objects.commit(&NewCommit {
        tree,
        parents: &parents,
        author,
        committer: author,
        at,
        message: &message,
    }))
}
