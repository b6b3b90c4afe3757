//! The ledger: what the fleet is told to run, and why.
//!
//! A [`Ledger`] is the value of the branch `res-edge/ledger` at one commit. The room `git` reads
//! and writes its files; the room `release` decides the next one.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    ApplicationId, ApplicationName, Cells, ClusterName, ClusterUid, CommitId, Digest, FleetUid,
    Generation, Layout, ObjectId, Parts,
};

/// The state of the fleet after one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The identity of the fleet.
    pub fleet: FleetUid,
    /// The engine that rendered it.
    pub engine: u32,
    /// The step.
    pub generation: Generation,
    /// The digest of the source of this step.
    pub source: Digest,
    /// The commit of that source, where it was one.
    pub source_commit: Option<CommitId>,
    /// What is written for a cluster.
    pub layout: Layout,
    /// The applications that run somewhere, in the order of names.
    pub applications: Vec<ApplicationName>,
    /// The clusters in the order of their uids. What a step leaves alone is shared between the
    /// ledgers before and after it.
    pub clusters: Vec<Arc<LedgerCluster>>,
    /// What waits for a person, in the order of clusters.
    pub holds: Vec<Hold>,
    /// What persons hold back, in the order of their steps.
    pub placed: Vec<PlacedHold>,
    /// Confirmations that let this step pass.
    pub approvals: Vec<Approval>,
    /// Deletions of the last 24 hours that no person confirmed, oldest first.
    pub deletions: Vec<Deletions>,
}

/// One cluster of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerCluster {
    /// The identity through renames.
    pub uid: ClusterUid,
    /// The present name.
    pub name: ClusterName,
    /// The name it first had: its folder under `fanOut: hex2` never moves.
    pub first_name: ClusterName,
    /// The step in which it first appeared.
    pub since: Generation,
    /// The step that gave it its present tree. For a step that is not written yet: the one before.
    pub changed: Generation,
    /// The id of its tree. For a step that is not written yet: the tree before it.
    pub tree: ObjectId,
    /// The tree in parts, without the applications, which are in `cells`.
    pub parts: Parts,
    /// Its applications.
    pub cells: Cells,
}

/// The source that a generation released. The ledger keeps one for each of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The step.
    pub generation: Generation,
    /// The digest of its source.
    pub source: Digest,
    /// The commit, where it was one.
    pub commit: Option<CommitId>,
}

/// Why a cluster is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldKind {
    /// Its folder was changed by someone else; `adopt` or `discard` decides.
    Foreign,
    /// A foreign tree was adopted; it stays until `resume` or `discard`.
    Adopted,
}

/// A cluster that gets no release until a person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The cluster.
    pub cluster: ClusterUid,
    /// Why.
    pub kind: HoldKind,
    /// The tree that was found.
    pub tree: ObjectId,
    /// Since which step.
    pub since: Generation,
}

/// What a person holds back until it is resumed, or until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedHold {
    /// The step that placed it, which is also its name: `hold-12`.
    pub since: Generation,
    /// What it holds.
    pub kind: PlacedKind,
    /// The expression that selects the clusters; every cluster without one.
    pub clusters: Option<String>,
    /// The applications, in the order of names; everything of the clusters if there are none.
    pub applications: Vec<ApplicationName>,
    /// Why, for whoever finds it.
    pub reason: String,
    /// Who placed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// What a placed hold holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlacedKind {
    /// What it selects.
    Hold,
    /// What was rolled back and must not be released again at once.
    Rollback,
    /// Every release, everywhere.
    Stop,
}

impl PlacedHold {
    /// Its name, `hold-<step>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("hold-{}", self.since)
    }

    /// Whether it holds at a time.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A confirmation of exactly one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The plan.
    pub plan: Digest,
    /// Who confirmed.
    pub by: String,
    /// The step that it let pass.
    pub generation: Generation,
}

/// Bindings that vanished in one step without a person's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletions {
    /// The step.
    pub generation: Generation,
    /// Its time.
    pub at: Timestamp,
    /// How many bindings.
    pub n_bindings: u32,
}

/// One `Key: value` line at the end of a step's commit message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// The key, as in `Plan-Digest`.
    pub key: &'static str,
    /// The value, one line.
    pub value: String,
}

/// The next state of the ledger, ready to be appended by compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The ledger after the step. The trees of changed clusters are composed from their parts
    /// when the step is written.
    pub ledger: Ledger,
    /// The clusters whose tree the step changes, in the order of uids.
    pub changed: Vec<ClusterUid>,
    /// The first line of the commit message.
    pub subject: String,
    /// The trailers.
    pub trailers: Vec<Trailer>,
    /// The time of the step, which is the time of every commit made from it.
    pub at: Timestamp,
}

impl Ledger {
    /// The cluster of that name.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<&LedgerCluster> {
        self.clusters.iter().find(|cluster| cluster.name.as_str() == name).map(|found| &**found)
    }

    /// The cluster of that uid.
    #[must_use]
    pub fn cluster_by_uid(&self, uid: ClusterUid) -> Option<&LedgerCluster> {
        self.position(uid).map(|position| &*self.clusters[position])
    }

    /// The position of the cluster of that uid.
    #[must_use]
    pub fn position(&self, uid: ClusterUid) -> Option<usize> {
        self.clusters.binary_search_by_key(&uid, |cluster| cluster.uid).ok()
    }

    /// The name of an application of this ledger.
    ///
    /// # Panics
    /// If the id is of another table.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> &ApplicationName {
        &self.applications[id.0 as usize]
    }

    /// The whole tree of a cluster in parts.
    #[must_use]
    pub fn whole_parts(&self, cluster: &LedgerCluster) -> Parts {
        let applications = cluster
            .cells
            .iter()
            .map(|cell| (self.application(cell.application).clone(), cell.fragment));
        Parts { applications: applications.collect(), ..cluster.parts.clone() }
    }

    /// How many bindings are released.
    #[must_use]
    pub fn n_bindings(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.cells.len()).sum()
    }
}
