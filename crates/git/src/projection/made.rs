//! What was projected last, and which clusters the next projection looks at.

use std::collections::{HashMap, HashSet};

use model::{ClusterUid, CommitId, Delivery};
use rayon::prelude::*;

use super::{Discarded, ProjectError, Projected};
use crate::ledger::{ClusterHead, History, held_clusters};

/// Where the last projection left the refs.
#[derive(Clone, Debug)]
pub(super) enum Tips {
    /// The branch of each cluster; of a step that looked at some, only theirs.
    Branches(HashMap<ClusterUid, CommitId>),
    /// The one branch of all folders.
    Directory(Option<CommitId>),
}

/// The last projection.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) delivery: Delivery,
    /// The step of the ledger that it was made of.
    ledger: CommitId,
    tips: Tips,
    /// Clusters that were held by that step, and those that turned out to be foreign.
    pub(super) undone: HashSet<ClusterUid>,
}

impl Made {
    /// The state after a projection.
    pub(super) fn after(
        former: Option<Self>,
        history: &History<'_>,
        delivery: &Delivery,
        scope: &Scope,
        tips: Tips,
        projected: &Projected,
    ) -> Self {
        let tips = match (former.map(|former| former.tips), tips) {
            (Some(Tips::Branches(mut all)), Tips::Branches(some)) if !scope.is_whole => {
                for uid in scope.before.keys().chain(scope.heads.iter().map(|head| &head.uid)) {
                    all.remove(uid);
                }
                all.extend(some);
                Tips::Branches(all)
            }
            (_, tips) => tips,
        };
        let foreign = projected.foreign.iter().map(|(uid, _)| *uid);
        let undone = scope.held.iter().copied().chain(foreign).collect();
        Self { delivery: delivery.clone(), ledger: history.tip(), tips, undone }
    }

    /// Where the branch of a cluster was left.
    pub(super) fn branch_of(&self, uid: ClusterUid) -> Option<CommitId> {
        match &self.tips {
            Tips::Branches(tips) => tips.get(&uid).copied(),
            Tips::Directory(_) => None,
        }
    }

    /// Whether the branch of all folders is where it was left.
    fn is_directory_at(&self, tip: Option<CommitId>) -> bool {
        matches!(self.tips, Tips::Directory(left) if left == tip)
    }
}

/// The clusters that a projection looks at.
pub(super) struct Scope {
    /// Whether these are all.
    pub(super) is_whole: bool,
    /// Whether the last projection was of the step before.
    is_next: bool,
    /// What they are now, in the order of uids.
    pub(super) heads: Vec<ClusterHead>,
    /// What those of them were that differ from the last projection's step, and those that left.
    pub(super) before: HashMap<ClusterUid, ClusterHead>,
    /// Where the branches of clusters were left.
    left: HashMap<ClusterUid, CommitId>,
    /// Those that a foreign tree holds.
    pub(super) held: HashSet<ClusterUid>,
}

impl Scope {
    /// The clusters that differ since the last projection and those that it could not write, if
    /// there was one with the same delivery and its refs are where it left them; else all.
    pub(super) fn since(
        history: &History<'_>,
        made: Option<&Made>,
        delivery: &Delivery,
        discarded: &Discarded,
    ) -> Result<Self, ProjectError> {
        let held = held_clusters(history.repository(), history.tip())?;
        let made = made.filter(|made| made.delivery == *delivery);
        match made {
            Some(made) if made.is_current(history)? => {
                Self::of_changes(history, made, held, discarded)
            }
            _ => Self::whole(history, held),
        }
    }

    fn whole(history: &History<'_>, held: HashSet<ClusterUid>) -> Result<Self, ProjectError> {
        let heads = history.heads(history.generation())?;
        let (before, left) = (HashMap::new(), HashMap::new());
        Ok(Self { is_whole: true, is_next: false, heads, before, left, held })
    }

    fn of_changes(
        history: &History<'_>,
        made: &Made,
        held: HashSet<ClusterUid>,
        discarded: &Discarded,
    ) -> Result<Self, ProjectError> {
        let changed = history.changed_since(made.ledger)?;
        let mut more: HashSet<ClusterUid> = made.undone.iter().copied().collect();
        more.extend(discarded.iter().map(|(uid, _)| *uid));
        let (mut heads, mut before) = (Vec::with_capacity(changed.len()), HashMap::new());
        for (old, new) in changed {
            if let Some(new) = &new {
                more.remove(&new.uid);
            }
            before.extend(old.map(|old| (old.uid, old)));
            heads.extend(new);
        }
        let others = more.into_par_iter().map_init(
            || history.repository().reader(),
            |reader, uid| history.head_at(reader, history.generation(), uid),
        );
        let others: Vec<Option<ClusterHead>> = others.collect::<Result<_, _>>()?;
        heads.extend(others.into_iter().flatten());
        heads.sort_unstable_by_key(|head| head.uid);
        let uids = before.keys().chain(heads.iter().map(|head| &head.uid));
        let left = uids.filter_map(|uid| Some((*uid, made.branch_of(*uid)?))).collect();
        let is_next = made.is_parent(history)?;
        Ok(Self { is_whole: false, is_next, heads, before, left, held })
    }

    /// The clusters whose folders may hold something else than the last projection left: those
    /// that it did not write, if the branch is where it left it; else all.
    pub(super) fn of_folders(
        history: &History<'_>,
        made: Option<&Made>,
        tip: Option<CommitId>,
    ) -> Result<Self, ProjectError> {
        let held = HashSet::new();
        let Some(made) = made.filter(|made| made.is_directory_at(tip)) else {
            return Self::whole(history, held);
        };
        let reader = history.repository().reader();
        let head = |uid| history.head_at(&reader, history.generation(), uid).transpose();
        let heads =
            made.undone.iter().filter_map(|uid| head(*uid)).collect::<Result<Vec<_>, _>>()?;
        let (before, left) = (HashMap::new(), HashMap::new());
        Ok(Self { is_whole: false, is_next: false, heads, before, left, held })
    }

    /// What a cluster was before it came to a state, where the last projection knows.
    pub(super) fn state_before(
        &self,
        history: &History<'_>,
        state: &ClusterHead,
    ) -> Option<&ClusterHead> {
        let is_newest = self.is_next && state.changed == history.generation();
        self.before.get(&state.uid).filter(|_| is_newest)
    }

    /// Whether a cluster's branch is at the commit where the last projection left it.
    pub(super) fn was_left(&self, uid: ClusterUid, commit: CommitId) -> bool {
        self.left.get(&uid) == Some(&commit)
    }
}

impl Made {
    /// Whether the ledger went on from there, and the branch of folders did not.
    fn is_current(&self, history: &History<'_>) -> Result<bool, ProjectError> {
        if let Delivery::Directory { branch, .. } = &self.delivery {
            let tip = history.repository().reference(&format!("refs/heads/{branch}"))?;
            if !self.is_directory_at(tip) {
                return Ok(false);
            }
        }
        Ok(self.is_parent(history)? || history.generation_of(self.ledger)?.is_some())
    }

    fn is_parent(&self, history: &History<'_>) -> Result<bool, ProjectError> {
        Ok(history.info(history.tip())?.parents.first() == Some(&self.ledger))
    }
}
