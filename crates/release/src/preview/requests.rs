//! Sums of requests over clusters: for a group of equal differences, and for the fleet.
//!
//! In: how requests change with each distinct pair of files, and on which clusters. Out: the sums.
//! What a file requests is told by [`Contents`], once for each distinct content.

use std::collections::{BTreeMap, HashMap};

use model::{ObjectId, RequestChange, RequestSums};
use rayon::prelude::*;

use super::lines::requests;
use super::walk::Walked;
use super::{Clusters, Contents, FleetRequests, GroupRequests, UnreadRequests};
use crate::difference::Transition;
use crate::held::Part;

/// The sums of the clusters of one difference.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// The sums on one of them, while they are the same on all.
    each: Option<RequestSums>,
    together: RequestSums,
    n: u64,
}

impl Tally {
    /// Counts a cluster.
    pub(super) fn add(&mut self, sums: &RequestSums) {
        self.join(Self { each: Some(*sums), together: *sums, n: 1 });
    }

    /// Counts the clusters of another difference too.
    pub(super) fn join(&mut self, other: Self) {
        self.each =
            if self.n == 0 { other.each } else { self.each.filter(|_| self.each == other.each) };
        self.together += other.together;
        self.n += other.n;
    }

    /// What is told of a group.
    pub(super) fn of_group(&self) -> Option<GroupRequests> {
        match self.each {
            Some(each) => (!each.is_empty()).then_some(GroupRequests::Each(each)),
            None => (!self.together.is_empty()).then_some(GroupRequests::Together(self.together)),
        }
    }
}

/// What applications that come to clusters or leave them request, by the contents of their files.
pub(super) struct Placed {
    added: HashMap<ObjectId, RequestChange>,
    removed: HashMap<ObjectId, RequestChange>,
}

impl Placed {
    /// Looks at each distinct file of trees that come and go.
    pub(super) fn read(contents: &dyn Contents, walked: &HashMap<Transition, Walked>) -> Self {
        let added = walked.values().flat_map(|walked| walked.added.iter().map(|(id, _)| *id));
        let removed = walked.values().flat_map(|walked| walked.removed.iter().copied());
        Self {
            added: each(added, |id| requests(contents, None, contents.blob(id).as_deref())),
            removed: each(removed, |id| requests(contents, contents.blob(id).as_deref(), None)),
        }
    }

    /// What changes with the files of one tree.
    pub(super) fn of<'a>(&'a self, walked: &'a Walked) -> impl Iterator<Item = &'a RequestChange> {
        let added = walked.added.iter().filter_map(|(id, _)| self.added.get(id));
        added.chain(walked.removed.iter().filter_map(|id| self.removed.get(id)))
    }
}

/// One answer for each distinct content, if there is something to tell.
fn each(
    ids: impl Iterator<Item = ObjectId>,
    answer: impl Fn(ObjectId) -> RequestChange + Sync,
) -> HashMap<ObjectId, RequestChange> {
    let distinct: BTreeMap<ObjectId, ()> = ids.map(|id| (id, ())).collect();
    let answers = distinct.into_par_iter().map(|(id, ())| (id, answer(id)));
    answers.filter(|(_, change)| !change.is_empty()).collect()
}

/// The sums of the whole fleet, while they are counted.
#[derive(Default)]
pub(super) struct Total {
    sums: RequestSums,
    daemons: bool,
    unread: BTreeMap<(Part, String), Vec<u32>>,
}

impl Total {
    /// Counts what changes on one cluster, a position in the newer render.
    pub(super) fn add(&mut self, change: &RequestChange, part: &Part, cluster: u32) {
        self.sums += change.sums;
        self.daemons |= change.daemons;
        for message in &change.unread {
            let key = (part.clone(), message.clone());
            self.unread.entry(key).or_default().push(cluster);
        }
    }

    /// The sums, with the names of clusters.
    pub(super) fn named(self, name: &dyn Fn(&[u32]) -> Clusters) -> FleetRequests {
        let unread = self.unread.into_iter().map(|((part, message), mut clusters)| {
            clusters.sort_unstable();
            clusters.dedup();
            UnreadRequests { part, message, clusters: name(&clusters) }
        });
        let unread = unread.collect();
        match self.sums.is_empty() {
            true => FleetRequests { unread, ..FleetRequests::default() },
            false => FleetRequests { sums: self.sums, daemons: self.daemons, unread },
        }
    }
}
