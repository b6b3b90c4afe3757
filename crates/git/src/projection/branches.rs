//! One branch for each cluster, `clusters/<name>`, whose root is the cluster's tree.
//!
//! A branch's commit has as its only parent the commit of the last step that changed that
//! cluster, and the author and time of its own step, so the whole chain follows from the ledger:
//! made again in an empty repository it has the same ids. A branch that stands at the right
//! commit costs one comparison; one that is behind is continued from where it stands.

use std::collections::HashMap;

use model::{ClusterUid, CommitId, Generation, Ledger, ObjectId};
use rayon::prelude::*;

use super::{Discarded, ProjectError, Projected, is_given, refuse_checked_out, trailers};
use crate::ledger::{ClusterHead, History, held_clusters};
use crate::objects::NewCommit;
use crate::reader::{CommitInfo, Reader};
use crate::refs::{Move, move_refs};
use crate::{LedgerError, Objects};

/// What every cluster's branch starts with.
const PREFIX: &str = "refs/heads/clusters/";

/// A branch as it stands.
struct Tip {
    commit: CommitId,
    info: CommitInfo,
}

impl Tip {
    /// The cluster and the step that a commit made here names.
    fn named(&self) -> Option<(ClusterUid, Generation)> {
        let uid = self.info.trailer("Cluster")?.parse().ok()?;
        Some((uid, Generation(self.info.trailer("Generation")?.parse().ok()?)))
    }
}

/// Every branch below the prefix by the name of its cluster.
fn tips(history: &History<'_>) -> Result<HashMap<String, Tip>, ProjectError> {
    let repository = history.repository();
    let tips = repository.references(PREFIX)?.into_par_iter().map_init(
        || repository.reader(),
        |reader, (name, commit)| {
            let info = reader.commit(commit)?;
            Ok((name[PREFIX.len()..].to_owned(), Tip { commit, info }))
        },
    );
    tips.collect()
}

/// Whether a branch holds what the ledger gave: to this cluster, or to the one that its commit
/// names, which had that branch before.
fn is_ours(
    history: &History<'_>,
    reader: &Reader<'_>,
    uid: ClusterUid,
    tip: &Tip,
) -> Result<bool, LedgerError> {
    Ok(is_named(history, reader, tip)? || is_given(history, reader, uid, tip.info.tree)?)
}

/// Whether the commit names a cluster and a step, and that step gave that cluster this tree.
fn is_named(history: &History<'_>, reader: &Reader<'_>, tip: &Tip) -> Result<bool, LedgerError> {
    let Some((uid, generation)) = tip.named() else { return Ok(false) };
    if generation.0 == 0 || generation > history.generation() {
        return Ok(false);
    }
    let head = history.head_at(reader, generation, uid)?;
    Ok(head.is_some_and(|head| head.tree == tip.info.tree))
}

/// The clusters whose branch is foreign.
pub(super) fn foreign(
    history: &History<'_>,
    ledger: &Ledger,
) -> Result<Vec<(ClusterUid, ObjectId)>, ProjectError> {
    let tips = tips(history)?;
    let reader = history.repository().reader();
    let mut foreign = Vec::new();
    for cluster in &ledger.clusters {
        let Some(tip) = tips.get(cluster.name.as_str()) else { continue };
        let is_equal = tip.info.tree == cluster.tree;
        if !is_equal && !is_ours(history, &reader, cluster.uid, tip)? {
            foreign.push((cluster.uid, tip.info.tree));
        }
    }
    Ok(foreign)
}

/// What is to be done about one cluster.
enum Task {
    Nothing,
    Foreign(ObjectId),
    Move(Move),
}

/// Makes every branch equal to the ledger.
pub(super) fn project(
    history: &History<'_>,
    discarded: &Discarded,
) -> Result<Projected, ProjectError> {
    let repository = history.repository();
    let objects = Objects::new(repository);
    let (tips, heads) = (tips(history)?, history.heads(history.generation())?);
    let held = held_clusters(repository, history.tip())?;
    let tasks: Vec<Task> = heads
        .par_iter()
        .filter(|head| !held.contains(&head.uid))
        .map_init(
            || repository.reader(),
            |reader, head| {
                let branch = Branch { history, reader, objects: &objects };
                branch.task(head, tips.get(head.name.as_str()), discarded)
            },
        )
        .collect::<Result<_, ProjectError>>()?;
    let (mut projected, mut moves) = (Projected::default(), Vec::new());
    for (head, task) in heads.iter().filter(|head| !held.contains(&head.uid)).zip(tasks) {
        match task {
            Task::Nothing => {}
            Task::Foreign(tree) => projected.foreign.push((head.uid, tree)),
            Task::Move(step) => {
                projected.written.push(branch_of(&step));
                moves.push(step);
            }
        }
    }
    take_away(history, &heads, &tips, &mut projected, &mut moves)?;
    refuse_checked_out(repository, |name| moves.iter().any(|step| step.name == name))?;
    let _keep = objects.write()?;
    move_refs(repository, &moves)?;
    projected.written.sort_unstable();
    Ok(projected)
}

fn branch_of(step: &Move) -> String {
    step.name.trim_start_matches("refs/heads/").to_owned()
}

/// Removes the branches of names that no cluster has any more, if they hold what was given.
fn take_away(
    history: &History<'_>,
    heads: &[ClusterHead],
    tips: &HashMap<String, Tip>,
    projected: &mut Projected,
    moves: &mut Vec<Move>,
) -> Result<(), ProjectError> {
    let names: std::collections::HashSet<&str> =
        heads.iter().map(|head| head.name.as_str()).collect();
    let mut gone: Vec<_> = tips.iter().filter(|(name, _)| !names.contains(name.as_str())).collect();
    gone.sort_unstable_by_key(|(name, _)| *name);
    let reader = history.repository().reader();
    for (name, tip) in gone {
        let step = Move { name: format!("{PREFIX}{name}"), from: Some(tip.commit), to: None };
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
}

impl Branch<'_, '_> {
    fn task(
        &self,
        head: &ClusterHead,
        tip: Option<&Tip>,
        discarded: &Discarded,
    ) -> Result<Task, ProjectError> {
        if let Some(tip) = tip {
            if self.is_made(head, tip)? {
                return Ok(Task::Nothing);
            }
            let tree = tip.info.tree;
            let may_move = tree == head.tree
                || discarded.contains(&(head.uid, tree))
                || is_ours(self.history, self.reader, head.uid, tip)?;
            if !may_move {
                return Ok(Task::Foreign(tree));
            }
        }
        let commit = self.chain(head, tip)?;
        let from = tip.map(|tip| tip.commit);
        if from == Some(commit) {
            return Ok(Task::Nothing);
        }
        Ok(Task::Move(Move { name: format!("{PREFIX}{}", head.name), from, to: Some(commit) }))
    }

    /// Whether a commit is exactly the one that is made of this state of the cluster, on top of
    /// the parent that it has.
    fn is_made(&self, head: &ClusterHead, tip: &Tip) -> Result<bool, LedgerError> {
        if tip.info.tree != head.tree || tip.named() != Some((head.uid, head.changed)) {
            return Ok(false);
        }
        let is_line = tip.info.parents.len() <= 1;
        let id = self.commit(head, &tip.info.parents, |commit| commit.id())?;
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
                && self.is_made(&state, tip)?
            {
                parent = Some(tip.commit);
                break;
            }
            next = self.history.before(self.reader, &state)?;
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
        Ok(make(&NewCommit { tree, parents, author, at, message: &message }))
    }
}
