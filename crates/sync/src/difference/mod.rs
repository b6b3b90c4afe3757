//! What must be done so that the cluster equals the tree.
//!
//! In: the tree, the applied set, what was seen on the cluster, and the rules of this cluster.
//! Out: applies in stages, deletions, what is held and why, and what is left alone. Pure: nothing
//! is done here, and what could not be read leads to nothing being done.

mod decide;
mod guard;
mod prune;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use stage::kind_of;

use model::{Generation, ObjectKey, Observed};

use crate::{AppliedSet, Desired, DesiredObject, Seen};

/// What is allowed on this cluster.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// How much may go or change in one pass.
    pub budget: Budget,
    /// Objects whose deletion, change or takeover the signed release names.
    pub allowances: BTreeSet<ObjectKey>,
    /// The namespace of the agent itself: nothing in it, nor it, is ever pruned.
    pub own_namespace: Option<String>,
}

/// How much may go or change in one pass without an allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Deletions.
    pub deletions: Limit,
    /// Changes of objects that are there, corrections of drift aside.
    pub changes: Limit,
}

/// A number of objects: the larger of a count and a share of what we hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The count.
    pub count: usize,
    /// The share in percent.
    pub percent: usize,
}

impl Limit {
    /// The number of objects, where `n` are held.
    #[must_use]
    pub fn of(self, n: usize) -> usize {
        self.count.max(n.saturating_mul(self.percent) / 100)
    }
}

impl Default for Budget {
    /// 20 deletions or 10 %; 200 changes or 50 %.
    fn default() -> Self {
        Self {
            deletions: Limit { count: 20, percent: 10 },
            changes: Limit { count: 200, percent: 50 },
        }
    }
}

/// Why nothing at all is done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The tree is older than one that was begun before.
    #[error("generation {offered} is older than {held}, which this cluster has begun")]
    Older {
        /// The generation of the tree.
        offered: Generation,
        /// The generation of the applied set.
        held: Generation,
    },
}

/// What must be done.
#[derive(Clone, Debug, Default)]
pub struct ApplyPlan {
    /// Applies, stage by stage.
    pub stages: Vec<Stage>,
    /// Objects to delete, in this order, after the stages.
    pub deletions: Vec<Deletion>,
    /// What waits.
    pub held: Vec<Held>,
    /// Applications that cannot go on as a whole.
    pub stopped: Vec<Stopped>,
    /// Objects that leave the applied set and stay on the cluster, or are gone from it.
    pub left: Vec<Left>,
    /// Objects that go from one application to another.
    pub moves: Vec<Move>,
}

/// Applies that may run side by side, before the next stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What stands in it.
    pub kind: StageKind,
    /// The applies.
    pub steps: Vec<ApplyStep>,
}

/// What stands in a stage; stages run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageKind {
    /// CustomResourceDefinitions, waited for until they are established.
    Definitions,
    /// Kubernetes Namespaces.
    Namespaces,
    /// Other objects that are in no namespace.
    ClusterScoped,
    /// Objects of applications whose dependencies stand in the layers before.
    Applications(usize),
    /// Webhook configurations: they would refuse what has not started yet.
    Webhooks,
}

/// One object to apply.
#[derive(Clone, Debug)]
pub struct ApplyStep {
    /// The object.
    pub desired: Arc<DesiredObject>,
    /// Why.
    pub action: Action,
}

/// Why an object is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is not there.
    Create,
    /// The tree has another text of it.
    Change,
    /// Someone took or removed these fields of it.
    Correct(Vec<String>),
    /// It is there, made by someone else, and may be taken over.
    Adopt,
    /// It is equal; nothing is sent.
    Keep,
}

/// One object to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The object.
    pub key: ObjectKey,
    /// How to reach it.
    pub api_version: String,
    /// The application that rendered it last.
    pub application: String,
    /// The object with this uid and no other.
    pub uid: String,
}

/// One object that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The object.
    pub key: ObjectKey,
    /// Its application.
    pub application: String,
    /// Why it waits.
    pub reason: HeldReason,
}

/// Why an object waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldReason {
    /// Too many deletions in one pass.
    DeletionBudget {
        /// How many there are.
        n: usize,
        /// How many may be.
        limit: usize,
    },
    /// Too many changes in one pass.
    ChangeBudget {
        /// How many there are.
        n: usize,
        /// How many may be.
        limit: usize,
    },
    /// The tree would empty the cluster.
    Emptied,
    /// A protected kind, or one marked to be confirmed, would be deleted.
    Protected,
    /// Someone else made it, and nobody agreed that we take it.
    Foreign(String),
    /// It could not be looked at.
    Unread(String),
    /// It is being deleted, and is made again once it is gone.
    Terminating,
    /// Someone else changed these fields, and the object says to report only.
    DriftReported(Vec<String>),
}

/// An application that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The application.
    pub application: String,
    /// Why.
    pub cause: String,
}

/// An object that leaves the applied set without being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The object.
    pub key: ObjectKey,
    /// Why.
    pub reason: LeftReason,
}

/// Why an object leaves the applied set without being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftReason {
    /// It is gone already.
    Gone,
    /// Another object has its name now, and we did not make that one.
    Replaced,
    /// It is marked never to be pruned, or is the cluster's or the agent's own.
    Kept,
    /// Another object owns it and will collect it.
    Owned,
}

/// An object that goes from one application to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The object.
    pub key: ObjectKey,
    /// The application that had it.
    pub from: String,
    /// The application that has it now.
    pub to: String,
}

/// Decides what must be done so that the cluster equals the tree.
///
/// # Errors
/// The tree is older than one that was begun before.
pub fn difference(
    desired: &Desired,
    applied: &Observed<AppliedSet>,
    live: &impl Seen,
    rules: &Rules,
) -> Result<ApplyPlan, Refusal> {
    let mut plan = ApplyPlan::default();
    if let Observed::Known(set) = applied {
        refuse_older(desired, set)?;
        plan.moves = moves(desired, set);
    }
    let (layers, circular) = stage::layers(desired);
    plan.stopped = stage::stopped(desired, &circular);
    let steps = decide::steps(desired, applied.known(), live, rules, &circular, &mut plan.held);
    let steps = guard::changes(steps, applied.known(), rules, &mut plan.held);
    plan.stages = stage::stages(steps, &layers);
    // A lost applied set prunes nothing: what is not known to be ours stays.
    if let Observed::Known(set) = applied {
        prune::plan(desired, set, live, rules, &mut plan);
    }
    Ok(plan)
}

fn refuse_older(desired: &Desired, set: &AppliedSet) -> Result<(), Refusal> {
    match desired.generation < set.generation {
        true => Err(Refusal::Older { offered: desired.generation, held: set.generation }),
        false => Ok(()),
    }
}

fn moves(desired: &Desired, set: &AppliedSet) -> Vec<Move> {
    let both =
        desired.objects.iter().filter_map(|(key, to)| Some((key, set.objects.get(key)?, to)));
    both.filter(|(_, from, to)| from.application != to.application)
        .map(|(key, from, to)| Move {
            key: key.clone(),
            from: from.application.clone(),
            to: to.application.clone(),
        })
        .collect()
}

impl ApplyPlan {
    /// The applies of all stages that send something.
    pub fn sent(&self) -> impl Iterator<Item = &ApplyStep> {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps);
        steps.filter(|step| step.action != Action::Keep)
    }

    /// Whether nothing differs, waits or is stopped.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.sent().next().is_none()
            && self.deletions.is_empty()
            && self.held.is_empty()
            && self.stopped.is_empty()
            && self.left.is_empty()
    }

    /// Objects that wait, by application.
    #[must_use]
    pub fn held_by_application(&self) -> BTreeMap<&str, Vec<&Held>> {
        let mut by: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
        self.held.iter().for_each(|held| by.entry(&held.application).or_default().push(held));
        by
    }
}
