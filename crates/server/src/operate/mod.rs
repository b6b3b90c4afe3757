//! What people order of the fleet: holds, stops, rollbacks, confirmations, and decisions about
//! clusters that someone else changed.
//!
//! ```text
//! Caller, Operation ─needs─▶ may they? ─Publisher─▶ a step with its author ─▶ Snapshot
//! ```
//!
//! In: a caller and what they order. Out: a step of the ledger, or why not. It is asked and done
//! in the loop's thread on one snapshot, so that nothing moves in between. Who may is decided by
//! Roles with the verb `operate` on the clusters and cells that are concerned ([`needs`]).

mod needs;

use std::sync::Arc;

use jiff::Timestamp;
use model::{Digest, Generation, Ledger, ObjectId, PlacedHold, Verb};
use release::access::Answer;
use release::{NewHold, Orders};

use crate::authorize::{may, may_anywhere};
use crate::changes::{Actor, signature};
use crate::controller::AUTHOR;
use crate::identity::Caller;
use crate::snapshot::{Snapshot, Sourced, Waits};
use crate::{ClusterAct, ClusterOrder, Desk, PublishError, Published};

/// What somebody orders.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// A hold, a stop, or with a step a rollback.
    Place(NewHold, Option<Generation>),
    /// The end of a hold, by the step that placed it.
    Lift(Generation),
    /// What waits may pass.
    Confirm(Digest),
    /// A decision about a cluster, maybe about exactly one tree.
    OnCluster {
        /// The cluster.
        cluster: String,
        /// What is decided.
        act: ClusterAct,
        /// The foreign tree that was seen.
        seen: Option<ObjectId>,
    },
}

/// A release with what a person orders.
#[derive(Debug, Default)]
pub(crate) struct Ordered {
    /// Who releases, as `Name <mail>`.
    pub(crate) author: String,
    /// Who orders it, as in `user:anna`; nobody where the loop does.
    pub(crate) by: Option<String>,
    /// The plan that is confirmed.
    pub(crate) confirm: Option<Digest>,
    /// What is held and no longer held.
    pub(crate) orders: Orders,
    /// The step that is gone back to.
    pub(crate) roll_back: Option<Generation>,
    /// Whether it is only looked at.
    pub(crate) is_dry_run: bool,
}

impl Ordered {
    /// A release that nobody ordered.
    pub(crate) fn by_nobody(author: &str) -> Self {
        Self { author: author.to_owned(), ..Self::default() }
    }
}

/// What became of an order.
#[derive(Debug)]
pub(crate) struct Operated {
    /// The step that it made, with the first line of its message.
    pub(crate) step: Option<(Generation, Option<String>)>,
    /// The hold that it placed.
    pub(crate) hold: Option<PlacedHold>,
    /// How many clusters have another tree.
    pub(crate) n_changed: usize,
    /// What waits after it.
    pub(crate) waits: Arc<Waits>,
}

/// Why an order was not followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperateError {
    /// Nothing is in use that could be released.
    #[error("no valid source is in use")]
    NoSource,
    /// They may not operate anything.
    #[error("you may not operate anything")]
    Nobody,
    /// They may not operate this.
    #[error("you may not order this: {0}")]
    NotAllowed(Answer),
    /// The plan is not what waits.
    #[error("what was confirmed is not what waits")]
    NotWaiting,
    /// It cannot be done.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Desk {
    /// Does what a caller orders, if they may.
    ///
    /// # Errors
    /// [`OperateError`]; nothing was released then, unless what clusters read could not be written.
    pub(crate) fn operate(
        &mut self,
        caller: &Caller,
        operation: &Operation,
        is_dry_run: bool,
    ) -> Result<Operated, OperateError> {
        let snapshot = self.snapshot();
        let sourced = authorize(&snapshot, caller, operation)?;
        let mut next = Snapshot::clone(&snapshot);
        let done = match operation {
            Operation::OnCluster { cluster, act, seen } => {
                self.on_cluster(&sourced, caller, (cluster, *act, *seen), &mut next)
            }
            _ => self.release_ordered(&sourced, ordered(caller, operation, is_dry_run), &mut next),
        };
        if !is_dry_run {
            // Also after a failure: the step may stand, and only its projection be missing.
            self.released(&mut next);
            self.tell(next);
        }
        Ok(done?)
    }

    fn release_ordered(
        &mut self,
        sourced: &Sourced,
        ordered: Ordered,
        next: &mut Snapshot,
    ) -> Result<Operated, PublishError> {
        let places = ordered.orders.place.is_some();
        let Published { decided, after, .. } = self.publish(sourced.accepted(), &ordered)?;
        let waits = Arc::new(Waits::from(&decided));
        next.waits = Some(Arc::clone(&waits));
        let step = decided.step.as_ref();
        let step = step.map(|step| (step.ledger.generation, Some(step.subject.clone())));
        let placed = |ledger: &Arc<Ledger>| ledger.placed.last().cloned();
        Ok(Operated {
            hold: after.as_ref().filter(|_| places).and_then(placed),
            step,
            n_changed: decided.summary.clusters_changed,
            waits,
        })
    }

    /// Decides about a cluster, and releases to it what it missed.
    fn on_cluster(
        &mut self,
        sourced: &Sourced,
        caller: &Caller,
        (cluster, act, seen): (&str, ClusterAct, Option<ObjectId>),
        next: &mut Snapshot,
    ) -> Result<Operated, PublishError> {
        let actor = Actor::of(caller);
        let author = signature(&actor);
        let trailers = self.trailers(Some(&actor.subject));
        let order = ClusterOrder {
            cluster,
            act,
            seen,
            author: &author,
            trailers: &trailers,
            now: Timestamp::now(),
        };
        let delivery = &sourced.accepted().rendered.delivery;
        let (ledger, _) = self.publisher.decide_on_cluster(delivery, &order)?;
        // What is due goes on: the cluster to its newest release, unless it was adopted. What was
        // decided stands, whether or not that can be done now.
        let rest = self.publish(sourced.accepted(), &Ordered::by_nobody(AUTHOR));
        if let Err(error) = &rest {
            tracing::error!(%error, "a cluster that was decided on is not released to yet");
        }
        let waits = rest.ok().map(|rest| Arc::new(Waits::from(&rest.decided)));
        next.waits = waits.clone().or(next.waits.take());
        let step = Some((ledger.generation, None));
        Ok(Operated { step, hold: None, n_changed: 1, waits: waits.unwrap_or_default() })
    }
}

/// The source in use, if a caller may order this of it.
fn authorize(
    snapshot: &Snapshot,
    caller: &Caller,
    operation: &Operation,
) -> Result<Sourced, OperateError> {
    // Before anything is looked up: what is not theirs is not told by what is wrong with it.
    if !may_anywhere(snapshot, caller, &[Verb::Operate]) {
        return Err(OperateError::Nobody);
    }
    let sourced = snapshot.source.clone().ok_or(OperateError::NoSource)?;
    for need in needs::of(snapshot, &sourced.accepted().fleet, operation)? {
        let answer = may(snapshot, caller, Verb::Operate, need.kinds, &need.place);
        if !answer.is_allowed() {
            return Err(OperateError::NotAllowed(answer));
        }
    }
    Ok(sourced)
}

fn ordered(caller: &Caller, operation: &Operation, is_dry_run: bool) -> Ordered {
    let actor = Actor::of(caller);
    let mut ordered = Ordered { author: signature(&actor), is_dry_run, ..Ordered::default() };
    match operation {
        Operation::Place(hold, roll_back) => {
            ordered.orders.place = Some(hold.clone());
            ordered.roll_back = *roll_back;
        }
        Operation::Lift(since) => ordered.orders.lift.push(*since),
        Operation::Confirm(plan) => ordered.confirm = Some(*plan),
        Operation::OnCluster { .. } => {}
    }
    ordered.by = Some(actor.subject);
    ordered
}
