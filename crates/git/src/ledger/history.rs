//! The ledger through time.
//!
//! In: the tip of the branch. Out: the commit of each step, what it said about one cluster, and
//! whether it ever gave a cluster a tree. One cluster is followed from change to change, so the
//! cost is that of its own history and not of the fleet's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::{
    ApplicationName, ClusterUid, CommitId, Generation, Hold, LedgerCluster, ObjectId, Revision,
};

use super::clusters::{self, ClusterFolder, ClusterHead};
use super::settings;
use super::{FolderChange, LEDGER_REF, LedgerError, Snapshot, changes, marks, revisions};
use crate::reader::{CommitInfo, Reader};
use crate::{Repository, RepositoryError};

/// What a cluster was at one step and is at another; nothing where it was not there.
type HeadChange = (Option<ClusterHead>, Option<ClusterHead>);

/// The steps of a ledger.
pub(crate) struct History<'a> {
    repository: &'a Repository,
    tip: CommitId,
    generation: Generation,
    /// The commits by generation, the first step first; found when an earlier one is asked for.
    commits: OnceLock<Vec<CommitId>>,
    infos: Mutex<HashMap<CommitId, Arc<CommitInfo>>>,
}

impl<'a> History<'a> {
    /// The history of the ledger at its branch, if there is one.
    pub(crate) fn open(repository: &'a Repository) -> Result<Option<Self>, LedgerError> {
        let Some(tip) = repository.reference(LEDGER_REF)? else { return Ok(None) };
        let generation = settings::read(&Snapshot::open(repository, tip)?)?.generation;
        let (commits, infos) = (OnceLock::new(), Mutex::default());
        Ok(Some(Self { repository, tip, generation, commits, infos }))
    }

    /// The history of a ledger whose commits are known, the first step first.
    pub(crate) fn known(
        repository: &'a Repository,
        steps: Vec<CommitId>,
    ) -> Result<Self, LedgerError> {
        let Some(tip) = steps.last().copied() else {
            let (commit, file) = (CommitId([0; 20]), LEDGER_REF.to_owned());
            return Err(LedgerError::Damaged { commit, file, reason: "it has no step".to_owned() });
        };
        let generation = Generation(u32::try_from(steps.len()).unwrap_or(u32::MAX));
        let (commits, infos) = (OnceLock::from(steps), Mutex::default());
        Ok(Self { repository, tip, generation, commits, infos })
    }

    pub(crate) fn repository(&self) -> &'a Repository {
        self.repository
    }

    pub(crate) fn tip(&self) -> CommitId {
        self.tip
    }

    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// The commit of a step.
    pub(crate) fn commit(&self, generation: Generation) -> Result<CommitId, LedgerError> {
        if generation == self.generation {
            return Ok(self.tip);
        }
        if generation.next() == self.generation
            && let Some(parent) = self.info(self.tip)?.parents.first()
        {
            return Ok(*parent);
        }
        let commits = match self.commits.get() {
            Some(commits) => commits,
            None => {
                let walked = self.walk()?;
                self.commits.get_or_init(|| walked)
            }
        };
        let index = (generation.0 as usize).checked_sub(1);
        let commit = index.and_then(|index| commits.get(index)).copied();
        commit.ok_or_else(|| self.damaged(format!("it has no generation {generation}")))
    }

    /// What the commit of a step says, kept for the next time.
    pub(crate) fn info(&self, commit: CommitId) -> Result<Arc<CommitInfo>, LedgerError> {
        let lock = || self.infos.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(info) = lock().get(&commit) {
            return Ok(info.clone());
        }
        let info = Arc::new(self.repository.commit(commit)?);
        lock().insert(commit, info.clone());
        Ok(info)
    }

    /// Each first parent, down to the first step; as many as there were generations.
    fn walk(&self) -> Result<Vec<CommitId>, LedgerError> {
        let reader = self.repository.reader();
        let mut commits = vec![self.tip];
        let mut next = reader.commit(self.tip)?.parents.first().copied();
        while let Some(commit) = next {
            commits.push(commit);
            next = reader.commit(commit)?.parents.first().copied();
        }
        if commits.len() != self.generation.0 as usize {
            let (n_commits, generation) = (commits.len(), self.generation);
            return Err(self.damaged(format!("generation {generation} has {n_commits} commits")));
        }
        commits.reverse();
        Ok(commits)
    }

    /// The source that a step released.
    pub(crate) fn revision(&self, generation: Generation) -> Result<Revision, LedgerError> {
        let snapshot = Snapshot::open(self.repository, self.tip)?;
        revisions::read(&snapshot, &self.repository.reader(), generation)
    }

    /// A cluster as it was at a step, with the table of its applications; nothing if it was not
    /// there.
    pub(crate) fn cluster(
        &self,
        generation: Generation,
        uid: ClusterUid,
    ) -> Result<Option<(Vec<ApplicationName>, LedgerCluster)>, LedgerError> {
        let [Some(id), _] = self.ids_at(generation, uid)? else { return Ok(None) };
        let snapshot = Snapshot::open(self.repository, self.commit(generation)?)?;
        let (layout, holds) = (settings::read(&snapshot)?.layout, marks::read_holds(&snapshot)?);
        clusters::read_one(&snapshot, ClusterFolder { uid, id }, layout, &holds).map(Some)
    }

    /// What holds a cluster at a step.
    pub(crate) fn hold(
        &self,
        generation: Generation,
        uid: ClusterUid,
    ) -> Result<Option<Hold>, LedgerError> {
        let snapshot = Snapshot::open(self.repository, self.commit(generation)?)?;
        Ok(marks::read_holds(&snapshot)?.into_iter().find(|hold| hold.cluster == uid))
    }

    /// What a folder of a step says of its cluster, and which step released an application to it,
    /// if it runs it.
    pub(crate) fn release(
        &self,
        reader: &Reader<'_>,
        generation: Generation,
        folder: ClusterFolder,
        application: &ApplicationName,
    ) -> Result<(ClusterHead, Option<Generation>), LedgerError> {
        let commit = self.commit(generation)?;
        let snapshot = Snapshot { repository: self.repository, commit, root: Vec::new() };
        clusters::read_release(&snapshot, reader, folder, application)
    }

    /// What a step said about a cluster; nothing if it was not there.
    pub(crate) fn head_at(
        &self,
        reader: &Reader<'_>,
        generation: Generation,
        uid: ClusterUid,
    ) -> Result<Option<ClusterHead>, LedgerError> {
        let path = [clusters::FOLDER, &uid.shard(), &uid.to_string()];
        let Some(id) = self.find(reader, generation, &path)? else { return Ok(None) };
        self.head(reader, generation, ClusterFolder { uid, id }).map(Some)
    }

    /// The ids of all that a step says about a cluster itself: its folder, and its hold.
    pub(crate) fn ids_at(
        &self,
        generation: Generation,
        uid: ClusterUid,
    ) -> Result<[Option<ObjectId>; 2], LedgerError> {
        let reader = self.repository.reader();
        let (folder, hold) = (uid.to_string(), format!("{uid}.yaml"));
        Ok([
            self.find(&reader, generation, &[clusters::FOLDER, &uid.shard(), &folder])?,
            self.find(&reader, generation, &[marks::HOLDS, &hold])?,
        ])
    }

    /// The object at a path of a step's tree, if there is one.
    fn find(
        &self,
        reader: &Reader<'_>,
        generation: Generation,
        path: &[&str],
    ) -> Result<Option<ObjectId>, LedgerError> {
        let mut id = self.info(self.commit(generation)?)?.tree;
        for part in path {
            let entries = reader.tree(id)?;
            match entries.iter().find(|entry| *entry.name == *part.as_bytes()) {
                Some(entry) => id = entry.id,
                None => return Ok(None),
            }
        }
        Ok(Some(id))
    }

    /// Every cluster of a step.
    pub(crate) fn heads(&self, generation: Generation) -> Result<Vec<ClusterHead>, LedgerError> {
        use rayon::prelude::*;
        let snapshot = Snapshot::open(self.repository, self.commit(generation)?)?;
        let folders = clusters::list(&snapshot)?;
        let reader = || self.repository.reader();
        let read = |reader: &mut Reader<'_>, folder| clusters::read_head(&snapshot, reader, folder);
        folders.into_par_iter().map_init(reader, read).collect()
    }

    /// The clusters that differ between two steps, in the order of uids, at the cost of what
    /// differs; all of them if `before` is 0.
    pub(crate) fn changes(
        &self,
        before: Generation,
        after: Generation,
    ) -> Result<Vec<FolderChange>, LedgerError> {
        let open = |generation| Snapshot::open(self.repository, self.commit(generation)?);
        let before = (before.0 > 0).then(|| open(before)).transpose()?;
        changes::between(before.as_ref(), &open(after)?)
    }

    /// What a folder of a step says of its cluster.
    pub(crate) fn head(
        &self,
        reader: &Reader<'_>,
        generation: Generation,
        folder: ClusterFolder,
    ) -> Result<ClusterHead, LedgerError> {
        let commit = self.commit(generation)?;
        let snapshot = Snapshot { repository: self.repository, commit, root: Vec::new() };
        clusters::read_head(&snapshot, reader, folder)
    }

    /// What each cluster was at an earlier step and is now, where its folder is not the same; in
    /// the order of uids.
    pub(crate) fn changed_since(&self, earlier: CommitId) -> Result<Vec<HeadChange>, LedgerError> {
        use rayon::prelude::*;
        let before = Snapshot::open(self.repository, earlier)?;
        let after = Snapshot::open(self.repository, self.tip)?;
        let changes = changes::between(Some(&before), &after)?.into_par_iter().map_init(
            || self.repository.reader(),
            |reader, change| {
                let read = |snapshot, folder: Option<ClusterFolder>| {
                    folder.map(|one| clusters::read_head(snapshot, reader, one)).transpose()
                };
                Ok((read(&before, change.before)?, read(&after, change.after)?))
            },
        );
        changes.collect()
    }

    /// What the cluster was before the step that gave it this tree; nothing if that was its
    /// first.
    pub(crate) fn before(
        &self,
        reader: &Reader<'_>,
        head: &ClusterHead,
    ) -> Result<Option<ClusterHead>, LedgerError> {
        if head.changed.0 <= 1 {
            return Ok(None);
        }
        let before = self.head_at(reader, Generation(head.changed.0 - 1), head.uid)?;
        match before {
            Some(before) if before.changed >= head.changed => {
                let (uid, changed) = (head.uid, head.changed);
                Err(self.damaged(format!("cluster {uid} changed at {changed} and later before")))
            }
            before => Ok(before),
        }
    }

    /// Whether the ledger gave the cluster this tree, now or at an earlier step.
    pub(crate) fn gave(
        &self,
        reader: &Reader<'_>,
        head: &ClusterHead,
        tree: ObjectId,
    ) -> Result<bool, LedgerError> {
        let mut head = Some(head.clone());
        while let Some(found) = head {
            if found.tree == tree {
                return Ok(true);
            }
            head = self.before(reader, &found)?;
        }
        Ok(false)
    }

    fn damaged(&self, reason: String) -> LedgerError {
        LedgerError::Damaged { commit: self.tip, file: LEDGER_REF.to_owned(), reason }
    }
}

impl History<'_> {
    /// Whether a commit is a step of this ledger, and which.
    pub(crate) fn generation_of(
        &self,
        commit: CommitId,
    ) -> Result<Option<Generation>, LedgerError> {
        if commit == self.tip {
            return Ok(Some(self.generation));
        }
        let said = Snapshot::open(self.repository, commit).and_then(|found| settings::read(&found));
        let named = match said {
            Ok(settings) => Some(settings.generation),
            // Any other commit of the repository, or one that is not there.
            Err(LedgerError::Damaged { .. })
            | Err(LedgerError::Repository(RepositoryError::Object { .. })) => None,
            Err(error) => return Err(error),
        };
        match named.filter(|named| named.0 > 0 && *named < self.generation) {
            Some(named) => Ok((self.commit(named)? == commit).then_some(named)),
            None => Ok(None),
        }
    }
}
