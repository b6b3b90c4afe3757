//! What a person decides about a cluster whose folder someone else changed.
//!
//! `adopt` makes the foreign tree the cluster's tree, and the cluster gets no release until
//! `resume` or `discard`. `discard` lets the ledger's own tree win again.

use std::sync::Arc;

use jiff::Timestamp;
use model::{
    ClusterName, ClusterUid, Generation, Hold, HoldKind, Ledger, LedgerCluster, ObjectId, Step,
};

use crate::step::trailers;

/// Why there is nothing to adopt, discard or resume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// No cluster has that uid.
    #[error("the ledger has no cluster `{0}`")]
    NoCluster(ClusterUid),
    /// What stands there is what was released.
    #[error("`{0}` holds what was released: there is nothing to adopt")]
    NothingToAdopt(ClusterName),
    /// Nothing foreign was found or adopted.
    #[error("nothing foreign is on `{0}`: there is nothing to discard")]
    NothingToDiscard(ClusterName),
    /// No tree was adopted.
    #[error("no tree was adopted for `{0}`: there is nothing to resume")]
    NothingToResume(ClusterName),
}

/// The step that records a foreign tree as the cluster's tree, under a hold.
///
/// The cluster is not among [`Step::changed`]: its tree is not made of the parts that the value
/// still holds, which are those of its last release. Who writes the step reads the parts that the
/// adopted tree has.
///
/// # Errors
/// If there is no such cluster, or the tree is what the ledger says.
pub fn adopt(
    ledger: &Ledger,
    uid: ClusterUid,
    tree: ObjectId,
    by: &str,
    now: Timestamp,
) -> Result<Step, HoldError> {
    let before = find(ledger, uid)?;
    if before.tree == tree {
        return Err(HoldError::NothingToAdopt(before.name.clone()));
    }
    let mut next = following(ledger, uid);
    let hold = Hold { cluster: uid, kind: HoldKind::Adopted, tree, since: next.generation };
    next.holds.push(hold);
    next.holds.sort_by_key(|hold| hold.cluster);
    set_tree(&mut next, uid, tree);
    let act = Act { verb: "adopt", before, tree, by, now };
    Ok(act.step(next, Vec::new()))
}

/// The step that takes the hold away, so that the ledger's own tree is written over what was
/// found. An adopted tree gives way to the parts of it that are releases, and to the next step.
///
/// `found` is the foreign tree, where one was found that the ledger does not record yet.
///
/// # Errors
/// If there is no such cluster, or nothing foreign was found or adopted.
pub fn discard(
    ledger: &Ledger,
    uid: ClusterUid,
    found: Option<ObjectId>,
    by: &str,
    now: Timestamp,
) -> Result<Step, HoldError> {
    let before = find(ledger, uid)?;
    let recorded = ledger.holds.iter().find(|hold| hold.cluster == uid).map(|hold| hold.tree);
    let Some(tree) = found.or(recorded) else {
        return Err(HoldError::NothingToDiscard(before.name.clone()));
    };
    let changed = adopted(ledger, uid).map(|_| uid).into_iter().collect();
    let act = Act { verb: "discard", before, tree, by, now };
    Ok(act.step(following(ledger, uid), changed))
}

/// The step that ends an adoption, so that the cluster goes on with the next release.
///
/// # Errors
/// If there is no such cluster, or no tree was adopted for it.
pub fn resume(
    ledger: &Ledger,
    uid: ClusterUid,
    by: &str,
    now: Timestamp,
) -> Result<Step, HoldError> {
    let before = find(ledger, uid)?;
    let Some(hold) = adopted(ledger, uid) else {
        return Err(HoldError::NothingToResume(before.name.clone()));
    };
    let act = Act { verb: "resume", before, tree: hold.tree, by, now };
    Ok(act.step(following(ledger, uid), vec![uid]))
}

fn find(ledger: &Ledger, uid: ClusterUid) -> Result<&LedgerCluster, HoldError> {
    ledger.cluster_by_uid(uid).ok_or(HoldError::NoCluster(uid))
}

fn adopted(ledger: &Ledger, uid: ClusterUid) -> Option<&Hold> {
    ledger.holds.iter().find(|hold| hold.cluster == uid && hold.kind == HoldKind::Adopted)
}

/// The ledger one generation on, without holds of this cluster.
fn following(ledger: &Ledger, uid: ClusterUid) -> Ledger {
    let mut next = ledger.clone();
    next.generation = Generation::next(ledger.generation);
    next.holds.retain(|hold| hold.cluster != uid);
    next.approvals.clear();
    next
}

fn set_tree(ledger: &mut Ledger, uid: ClusterUid, tree: ObjectId) {
    if let Some(position) = ledger.position(uid) {
        Arc::make_mut(&mut ledger.clusters[position]).tree = tree;
    }
}

/// One decision of a person about one cluster.
struct Act<'a> {
    verb: &'static str,
    before: &'a LedgerCluster,
    tree: ObjectId,
    by: &'a str,
    now: Timestamp,
}

impl Act<'_> {
    fn step(&self, ledger: Ledger, changed: Vec<ClusterUid>) -> Step {
        let entry = [&self.before.uid.0[..], self.verb.as_bytes(), &self.tree.0].concat();
        let trailers = trailers(&ledger, vec![entry], Some(self.by));
        let subject = format!("{} {}: {}", self.verb, ledger.generation, self.before.name);
        Step { ledger, changed, subject, trailers, at: self.now }
    }
}
