//! The steps of a ledger, by number and by time, and what was released at one of them.
//!
//! In: the ledger's branch. Out: what each step says of itself, which clusters it changed, and
//! what one cluster was told to run after it, from the ledger alone. The commits of steps are
//! kept, so that a reader who asks again pays for what is new.

use jiff::Timestamp;
use model::{
    ApplicationName, ClusterName, ClusterUid, CommitId, Digest, Generation, Hold, LedgerCell,
    LedgerCluster,
};

use crate::ledger::History;
use crate::record::{RecordedChange, changes_of_cluster, uid_at};
use crate::{LEDGER_REF, LedgerError, Repository};

/// The commits of a ledger's steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// The first step first.
    commits: Vec<CommitId>,
}

/// What a step says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// The step.
    pub generation: Generation,
    /// Its commit in the ledger.
    pub commit: CommitId,
    /// Its time.
    pub time: Timestamp,
    /// Who made it, as `Name <mail>`.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// The source that it released.
    pub source: Digest,
    /// The commit of that source, where it was one.
    pub source_commit: Option<CommitId>,
    /// Who confirmed it, if it needed that.
    pub approved_by: Option<String>,
}

/// What a step did to one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterStep {
    /// The identity.
    pub uid: ClusterUid,
    /// The name after the step, or before it where the cluster left.
    pub name: ClusterName,
    /// What changed, in order.
    pub changes: Vec<RecordedChange>,
}

/// A cluster as a step left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCluster {
    /// The cluster.
    pub cluster: LedgerCluster,
    /// The names that its cells count.
    pub applications: Vec<ApplicationName>,
    /// What held it.
    pub hold: Option<Hold>,
}

impl PastCluster {
    /// The cell of an application.
    #[must_use]
    pub fn cell(&self, application: &ApplicationName) -> Option<LedgerCell> {
        let named = |cell: &LedgerCell| {
            self.applications.get(cell.application.0 as usize) == Some(application)
        };
        self.cluster.cells.iter().find(named)
    }
}

impl Steps {
    /// Takes what was appended since it was read last, and answers whether anything was.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn update(&mut self, repository: &Repository) -> Result<bool, LedgerError> {
        let tip = repository.reference(LEDGER_REF)?;
        if tip == self.commits.last().copied() {
            return Ok(false);
        }
        let reader = repository.reader();
        let known = self.commits.last().copied();
        let (mut newer, mut next) = (Vec::new(), tip);
        while let Some(commit) = next.filter(|commit| Some(*commit) != known) {
            newer.push(commit);
            next = reader.commit(commit)?.parents.first().copied();
        }
        if next.is_none() {
            // The walk came to the first step: what was known is no part of this ledger.
            self.commits.clear();
        }
        self.commits.extend(newer.iter().rev());
        Ok(true)
    }

    /// The last step; 0 where there is none.
    #[must_use]
    pub fn last(&self) -> Generation {
        Generation(u32::try_from(self.commits.len()).unwrap_or(u32::MAX))
    }

    /// What a step says of itself; nothing if there is no such step.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn record(
        &self,
        repository: &Repository,
        generation: Generation,
    ) -> Result<Option<StepRecord>, LedgerError> {
        let Some(commit) = self.commit(generation) else { return Ok(None) };
        let history = self.history(repository)?;
        let info = history.info(commit)?;
        let revision = history.revision(generation)?;
        Ok(Some(StepRecord {
            generation,
            commit,
            time: info.time,
            author: info.author.clone(),
            subject: info.subject().to_owned(),
            source: revision.source,
            source_commit: revision.commit,
            approved_by: info.trailer("Approved-by").map(str::to_owned),
        }))
    }

    /// The last step that was made at a time or before it; nothing if there was none yet.
    ///
    /// # Errors
    /// A step cannot be read.
    pub fn at(
        &self,
        repository: &Repository,
        time: Timestamp,
    ) -> Result<Option<Generation>, LedgerError> {
        let reader = repository.reader();
        let (mut from, mut to) = (0, self.commits.len());
        while from < to {
            let middle = from.midpoint(to);
            match reader.commit(self.commits[middle])?.time <= time {
                true => from = middle + 1,
                false => to = middle,
            }
        }
        Ok((from > 0).then(|| Generation(u32::try_from(from).unwrap_or(u32::MAX))))
    }

    /// Which clusters a step changed, `skip` of them left out and then at most `limit`, in the
    /// order of uids; and how many there are in all.
    ///
    /// # Errors
    /// The step cannot be read.
    pub fn clusters(
        &self,
        repository: &Repository,
        generation: Generation,
        skip: usize,
        limit: usize,
    ) -> Result<(usize, Vec<ClusterStep>), LedgerError> {
        let history = self.history(repository)?;
        let before = Generation(generation.0.saturating_sub(1));
        let changed = history.changes(before, generation)?;
        let page = changed.iter().skip(skip).take(limit);
        let uids = page.filter_map(|change| change.after.or(change.before)).map(|one| one.uid);
        let read = uids.map(|uid| {
            let found = changes_of_cluster(&history, generation, uid)?;
            Ok(found.map(|(name, changes)| ClusterStep { uid, name, changes }))
        });
        let found: Vec<Option<ClusterStep>> = read.collect::<Result<_, LedgerError>>()?;
        Ok((changed.len(), found.into_iter().flatten().collect()))
    }

    /// The cluster that had a name after a step, as that step left it; nothing if there was none.
    ///
    /// # Errors
    /// The step cannot be read.
    pub fn cluster(
        &self,
        repository: &Repository,
        generation: Generation,
        name: &ClusterName,
    ) -> Result<Option<PastCluster>, LedgerError> {
        if self.commit(generation).is_none() {
            return Ok(None);
        }
        match uid_at(&self.history(repository)?, generation, name)? {
            Some(uid) => self.cluster_of(repository, generation, uid),
            None => Ok(None),
        }
    }

    /// A cluster by its identity, as a step left it; nothing if it was not there.
    ///
    /// # Errors
    /// The step cannot be read.
    pub fn cluster_of(
        &self,
        repository: &Repository,
        generation: Generation,
        uid: ClusterUid,
    ) -> Result<Option<PastCluster>, LedgerError> {
        if self.commit(generation).is_none() {
            return Ok(None);
        }
        let history = self.history(repository)?;
        let Some((applications, cluster)) = history.cluster(generation, uid)? else {
            return Ok(None);
        };
        let hold = history.hold(generation, uid)?;
        Ok(Some(PastCluster { cluster, applications, hold }))
    }

    fn commit(&self, generation: Generation) -> Option<CommitId> {
        let index = (generation.0 as usize).checked_sub(1)?;
        self.commits.get(index).copied()
    }

    fn history<'a>(&self, repository: &'a Repository) -> Result<History<'a>, LedgerError> {
        History::known(repository, self.commits.clone())
    }
}
