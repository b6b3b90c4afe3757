//! One branch for each cluster, `clusters/<name>`, whose root is the cluster's tree.
//!
//! A branch's commit has as its only parent the commit of the last step that changed that
//! cluster, and the author and time of its own step, so the whole chain follows from the ledger:
//! made again in an empty repository it has the same ids. A branch that stands at the right
//! commit costs one comparison; one that is behind is continued from where it stands.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use model::{ClusterUid, CommitId, Counter, Generation, Ledger, ObjectId};
use rayon::prelude::*;

use super::made::{Made, Scope, Tips};
use super::{Discarded, ProjectError, Projected, is_given, refuse_checked_out, trailers};
use crate::ledger::{ClusterHead, History};
use crate::objects::NewCommit;
use crate::reader::{CommitInfo, Reader};
use crate::refs::{RefMove, move_refs};
use crate::{LedgerError, Objects};

/// What every cluster's branch starts with.
pub(crate) const PREFIX: &str = "refs/heads/clusters/";

/// Up to so many branches are read one by one, and more all at once.
const FEW: usize = 64;

/// A branch as it stands; its commit is read when it is asked for.
struct Tip {
    commit: CommitId,
    info: OnceLock<CommitInfo>,
}

impl Tip {
    fn new(commit: CommitId) -> Self {
        Self { commit, info: OnceLock::new() }
    }

    fn info(&self, reader: &Reader<'_>) -> Result<&CommitInfo, LedgerError> {
        match self.info.get() {
            Some(info) => Ok(info),
            None => {
                let read = reader.commit(self.commit)?;
                Ok(self.info.get_or_init(|| read))
            }
        }
    }

    /// The cluster and the step that a commit made here names.
    fn named(&self, reader: &Reader<'_>) -> Result<Option<(ClusterUid, Generation)>, LedgerError> {
        let info = self.info(reader)?;
        let named = || {
            let uid = info.trailer("Cluster")?.parse().ok()?;
            Some((uid, Generation(info.trailer("Generation")?.parse().ok()?)))
        };
        Ok(named())
    }
}

/// Branches by the names of their clusters.
type Branches = HashMap<String, Tip>;

/// Whether no branch of a cluster was ever made of this ledger.
pub(super) fn are_new(history: &History<'_>) -> Result<bool, ProjectError> {
    let reader = history.repository().reader();
    for (_, commit) in history.repository().references(PREFIX)? {
        if is_named(history, &reader, &Tip::new(commit))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The branches of these names, or all below the prefix.
fn tips(history: &History<'_>, names: Option<&HashSet<&str>>) -> Result<Branches, ProjectError> {
    let repository = history.repository();
    let mut tips = Branches::new();
    match names {
        Some(names) if names.len() <= FEW => {
            for name in names {
                let found = repository.reference(&format!("{PREFIX}{name}"))?;
                tips.extend(found.map(|commit| ((*name).to_owned(), Tip::new(commit))));
            }
        }
        _ => {
            let all = repository.references(PREFIX)?.into_iter();
            let all = all.map(|(name, commit)| (name[PREFIX.len()..].to_owned(), commit));
            let wanted = all.filter(|(name, _)| names.is_none_or(|n| n.contains(name.as_str())));
            tips.extend(wanted.map(|(name, commit)| (name, Tip::new(commit))));
        }
    }
    Ok(tips)
}

/// Whether a branch holds what the ledger gave: to this cluster, or to the one that its commit
/// names, which had that branch before.
fn is_ours(
    history: &History<'_>,
    reader: &Reader<'_>,
    uid: ClusterUid,
    tip: &Tip,
) -> Result<bool, LedgerError> {
    Ok(is_named(history, reader, tip)? || is_given(history, reader, uid, tip.info(reader)?.tree)?)
}

/// Whether the commit names a cluster and a step, and that step gave that cluster this tree.
fn is_named(history: &History<'_>, reader: &Reader<'_>, tip: &Tip) -> Result<bool, LedgerError> {
    let Some((uid, generation)) = tip.named(reader)? else { return Ok(false) };
    if generation.0 == 0 || generation > history.generation() {
        return Ok(false);
    }
    let head = history.head_at(reader, generation, uid)?;
    let tree = tip.info(reader)?.tree;
    Ok(head.is_some_and(|head| head.tree == tree))
}

/// The clusters among the concerned whose branch is foreign.
pub(super) fn foreign(
    history: &History<'_>,
    ledger: &Ledger,
    made: Option<&Made>,
    concerned: impl Fn(ClusterUid) -> bool,
) -> Result<Vec<(ClusterUid, ObjectId)>, ProjectError> {
    let clusters: Vec<_> =
        ledger.clusters.iter().filter(|cluster| concerned(cluster.uid)).collect();
    let names = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let tips = tips(history, Some(&names))?;
    let found: Vec<Option<(ClusterUid, ObjectId)>> = clusters
        .par_iter()
        .map_init(
            || history.repository().reader(),
            |reader, cluster| {
                let Some(tip) = tips.get(cluster.name.as_str()) else { return Ok(None) };
                if made.is_some_and(|made| made.branch_of(cluster.uid) == Some(tip.commit)) {
                    return Ok(None);
                }
                let tree = tip.info(reader)?.tree;
                let is_ours = tree == cluster.tree || is_ours(history, reader, cluster.uid, tip)?;
                Ok((!is_ours).then_some((cluster.uid, tree)))
            },
        )
        .collect::<Result<_, ProjectError>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// What is to be done about one cluster.
enum Task {
    /// It is at this commit.
    Nothing(CommitId),
    Foreign(ObjectId),
    Move(RefMove),
}

/// Makes the branch of every cluster in the scope equal to the ledger.
pub(super) fn project(
    history: &History<'_>,
    scope: &Scope,
    discarded: &Discarded,
    counter: &Counter,
) -> Result<(Projected, Tips), ProjectError> {
    let repository = history.repository();
    let objects = Objects::new(repository);
    // A commit is only made where no branch stands at it.
    objects.assume_new();
    let names: HashSet<&str> =
        scope.heads.iter().chain(scope.before.values()).map(|head| head.name.as_str()).collect();
    let tips = tips(history, (!scope.is_whole).then_some(&names))?;
    let heads: Vec<&ClusterHead> =
        scope.heads.iter().filter(|head| !scope.held.contains(&head.uid)).collect();
    let tasks: Vec<Task> = heads
        .par_iter()
        .map_init(
            || repository.reader(),
            |reader, head| {
                let branch = Branch { history, reader, objects: &objects, scope };
                counter.add(1);
                branch.task(head, tips.get(head.name.as_str()), discarded)
            },
        )
        .collect::<Result<_, ProjectError>>()?;
    let (mut projected, mut moves) = (Projected::default(), Vec::new());
    let mut left = HashMap::new();
    for (head, task) in heads.iter().zip(tasks) {
        match task {
            Task::Nothing(commit) => drop(left.insert(head.uid, commit)),
            Task::Foreign(tree) => projected.foreign.push((head.uid, tree)),
            Task::Move(step) => {
                left.extend(step.to.map(|commit| (head.uid, commit)));
                projected.written.push(branch_of(&step));
                moves.push(step);
            }
        }
    }
    take_away(history, &scope.heads, &tips, &mut projected, &mut moves)?;
    refuse_checked_out(repository, |name| moves.iter().any(|step| step.name == name))?;
    let _keep = objects.write()?;
    move_refs(repository, &moves)?;
    projected.written.sort_unstable();
    Ok((projected, Tips::Branches(left)))
}

fn branch_of(step: &RefMove) -> String {
    step.name.trim_start_matches("refs/heads/").to_owned()
}

/// Removes the branches of names that no cluster has any more, if they hold what was given.
fn take_away(
    history: &History<'_>,
    heads: &[ClusterHead],
    tips: &Branches,
    projected: &mut Projected,
    moves: &mut Vec<RefMove>,
) -> Result<(), ProjectError> {
    let names: HashSet<&str> = heads.iter().map(|head| head.name.as_str()).collect();
    let mut gone: Vec<_> = tips.iter().filter(|(name, _)| !names.contains(name.as_str())).collect();
    gone.sort_unstable_by_key(|(name, _)| *name);
    let reader = history.repository().reader();
    for (name, tip) in gone {
        let step = RefMove { name: format!("{PREFIX}{name}"), from: Some(tip.commit), to: None };
        if is_named(history, &reader, tip)? {
            projected.removed.push(branch_of(&step));
            moves.push(step);
        } else {
            projected.left.push(branch_of(&step));
        }
    }
    Ok(())
}

/// Makes the commits of branches.
struct Branch<'a, 'r> {
    history: &'a History<'a>,
    reader: &'a Reader<'r>,
    objects: &'a Objects,
    scope: &'a Scope,
}

impl Branch<'_, '_> {
    fn task(
        &self,
        head: &ClusterHead,
        tip: Option<&Tip>,
        discarded: &Discarded,
    ) -> Result<Task, ProjectError> {
        if let Some(tip) = tip {
            let was_left = self.scope.was_left(head.uid, tip.commit);
            if !was_left && self.is_made(head, tip)? {
                return Ok(Task::Nothing(tip.commit));
            }
            if !was_left && !self.may_move(head, tip, discarded)? {
                return Ok(Task::Foreign(tip.info(self.reader)?.tree));
            }
        }
        let commit = self.chain(head, tip)?;
        let from = tip.map(|tip| tip.commit);
        if from == Some(commit) {
            return Ok(Task::Nothing(commit));
        }
        Ok(Task::Move(RefMove { name: format!("{PREFIX}{}", head.name), from, to: Some(commit) }))
    }

    /// Whether a branch holds what may be written over.
    fn may_move(
        &self,
        head: &ClusterHead,
        tip: &Tip,
        discarded: &Discarded,
    ) -> Result<bool, LedgerError> {
        let tree = tip.info(self.reader)?.tree;
        let is_known = tree == head.tree || discarded.contains(&(head.uid, tree));
        Ok(is_known || is_ours(self.history, self.reader, head.uid, tip)?)
    }

    /// Whether a commit is the one of this state of the cluster: the last projection left the
    /// branch there when the cluster was in this state, or it is what would be made.
    fn is_at(&self, state: &ClusterHead, tip: &Tip) -> Result<bool, LedgerError> {
        let before = self.scope.before.get(&state.uid);
        let was_left = self.scope.was_left(state.uid, tip.commit)
            && before.is_none_or(|before| before.changed == state.changed);
        Ok(was_left || self.is_made(state, tip)?)
    }

    /// Whether a commit is exactly the one that is made of this state of the cluster, on top of
    /// the parent that it has.
    fn is_made(&self, head: &ClusterHead, tip: &Tip) -> Result<bool, LedgerError> {
        let info = tip.info(self.reader)?;
        if info.tree != head.tree || tip.named(self.reader)? != Some((head.uid, head.changed)) {
            return Ok(false);
        }
        let is_line = info.parents.len() <= 1;
        let id = self.commit(head, &info.parents, |commit| commit.id())?;
        Ok(is_line && id == tip.commit)
    }

    /// The commit of the cluster's present state, with those before it as far as they are not
    /// made yet.
    fn chain(&self, head: &ClusterHead, tip: Option<&Tip>) -> Result<CommitId, LedgerError> {
        let mut states = Vec::new();
        let mut next = Some(head.clone());
        let mut parent = None;
        while let Some(state) = next {
            if let Some(tip) = tip.filter(|_| parent.is_none())
                && self.is_at(&state, tip)?
            {
                parent = Some(tip.commit);
                break;
            }
            next = match self.scope.state_before(self.history, &state) {
                Some(before) => Some(before.clone()),
                None => self.history.before(self.reader, &state)?,
            };
            states.push(state);
        }
        for state in states.iter().rev() {
            let parents: Vec<CommitId> = parent.into_iter().collect();
            parent = Some(self.commit(state, &parents, |commit| self.objects.commit(commit))?);
        }
        Ok(parent.expect("the present state is either made already or made here"))
    }

    fn commit<T>(
        &self,
        state: &ClusterHead,
        parents: &[CommitId],
        make: impl FnOnce(&NewCommit<'_>) -> T,
    ) -> Result<T, LedgerError> {
        let step = self.history.info(self.history.commit(state.changed)?)?;
        let message = format!("{}\n\n{}", step.subject(), trailers(self.history, Some(state))?);
        let (author, at) = (step.author.as_str(), step.time);
        let tree = state.tree;
        Ok(make(&NewCommit { tree, parents, author, committer: author, at, message: &message }))
    }
}
