//! What a person decides about one cluster whose folder or branch someone else changed.
//!
//! It is a step of its own: nothing of the source is released by it, besides what stands in the
//! cluster's own release.

use std::sync::Arc;

use git::remote::RemoteError;
use git::{AppendError, Objects, Projected};
use jiff::Timestamp;
use model::{ClusterUid, Delivery, HoldKind, Ledger, LedgerCluster, ObjectId, Step, Trailer};
use release::HoldError;

use super::{ATTEMPTS, Publisher};
use crate::PublishError;

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterAct {
    /// What was found there becomes the cluster's tree, under a hold.
    Adopt,
    /// The ledger's tree is written over what was found or adopted.
    Discard,
    /// An adoption ends.
    Resume,
}

/// A decision about one cluster.
pub struct ClusterOrder<'a> {
    /// The name of the cluster.
    pub cluster: &'a str,
    /// What is decided.
    pub act: ClusterAct,
    /// The foreign tree that was seen, if the decision is about exactly that.
    pub seen: Option<ObjectId>,
    /// Who decides, as `Name <mail>`.
    pub author: &'a str,
    /// What the step's message says besides.
    pub trailers: &'a [Trailer],
    /// The time of the step.
    pub now: Timestamp,
}

impl Publisher {
    /// Appends what a person decides about a cluster, and makes what clusters read equal to the
    /// ledger.
    ///
    /// # Errors
    /// There is nothing to decide there, or a repository fails.
    pub fn decide_on_cluster(
        &mut self,
        delivery: &Delivery,
        order: &ClusterOrder<'_>,
    ) -> Result<(Arc<Ledger>, Projected), PublishError> {
        for _ in 0..ATTEMPTS {
            self.fetch(delivery)?;
            let (commit, ledger) = self.read_ledger()?.ok_or(PublishError::NothingReleased)?;
            let cluster = released_cluster(&ledger, order.cluster)?;
            let found = self.found_on(delivery, &ledger, cluster.uid)?;
            let mut step = decide(&ledger, cluster, found, order)?;
            step.trailers.extend(order.trailers.iter().cloned());
            // Nothing that was rendered and not released goes out with it.
            let objects = Objects::new(&self.repository);
            match git::append(&objects, Some((commit, &ledger)), step, order.author) {
                Ok((commit, after)) => self.ledger = Some((commit, Arc::new(after))),
                Err(AppendError::Moved) => continue,
                Err(error) => return Err(PublishError::Append(error)),
            }
            let over = found.filter(|_| order.act == ClusterAct::Discard);
            let over: Vec<(ClusterUid, ObjectId)> =
                over.into_iter().map(|tree| (cluster.uid, tree)).collect();
            let projected = match self.deliver(delivery, &over) {
                Err(PublishError::Remote(RemoteError::Moved { .. })) => continue,
                projected => projected?,
            };
            let (_, after) = self.read_ledger()?.ok_or(PublishError::NothingReleased)?;
            return Ok((after, projected));
        }
        Err(PublishError::Moved { attempts: ATTEMPTS })
    }

    /// The foreign tree that stands where a cluster reads.
    fn found_on(
        &self,
        delivery: &Delivery,
        ledger: &Ledger,
        uid: ClusterUid,
    ) -> Result<Option<ObjectId>, PublishError> {
        let is_it = |one| one == uid;
        let found = self.projection.foreign(&self.repository, ledger, delivery, is_it);
        let found = found.map_err(PublishError::Look)?;
        Ok(found.into_iter().find(|(one, _)| *one == uid).map(|(_, tree)| tree))
    }
}

/// The step that a decision is.
fn decide(
    ledger: &Ledger,
    cluster: &LedgerCluster,
    found: Option<ObjectId>,
    order: &ClusterOrder<'_>,
) -> Result<Step, PublishError> {
    let (uid, by, now) = (cluster.uid, order.author, order.now);
    let recorded = ledger.holds.iter().find(|hold| hold.cluster == uid);
    let foreign = recorded.filter(|hold| hold.kind == HoldKind::Foreign).map(|hold| hold.tree);
    let is_other = |seen: ObjectId| found.or(foreign).is_some_and(|tree| tree != seen);
    if order.act != ClusterAct::Resume && order.seen.is_some_and(is_other) {
        return Err(PublishError::OtherTree(cluster.name.clone()));
    }
    let step = match order.act {
        ClusterAct::Adopt => match found.or(foreign) {
            Some(tree) => release::adopt(ledger, uid, tree, by, now),
            None => Err(HoldError::NothingToAdopt(cluster.name.clone())),
        },
        ClusterAct::Discard => release::discard(ledger, uid, found, by, now),
        ClusterAct::Resume => release::resume(ledger, uid, by, now),
    };
    Ok(step?)
}

/// The cluster of a ledger by its name.
fn released_cluster<'a>(ledger: &'a Ledger, name: &str) -> Result<&'a LedgerCluster, PublishError> {
    ledger.cluster(name).ok_or_else(|| {
        let known = ledger.clusters.iter().map(|one| one.name.as_str());
        let near = schema::nearest(name, known).map(str::to_owned);
        PublishError::NoSuchCluster { name: name.to_owned(), near }
    })
}
