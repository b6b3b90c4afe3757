//! A repository of this machine that stands for one elsewhere.
//!
//! In: a repository that nobody else writes to, a remote, and the refs that it has in common with
//! it. Out: the refs as the remote has them, and what was made here moved there by lease, in one
//! transaction. What the remote holds is the truth: what was made here and did not get there is
//! taken back, and where a process ended in the middle, the next one does that when it opens the
//! mirror.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{CommitId, Counter, ObjectId, Observed};

use super::push::MOST;
use super::{RefUpdate, Remote, RemoteError, RemoteRefs, RemoteUrl, fetch, list, push};
use crate::refs::{RefMove, move_refs};
use crate::{LEDGER_REF, Repository, RepositoryError, descends};

/// Where it is written down what the remote was seen at last.
const SEEN: &str = "refs/remotes/origin/";

const HEADS: &str = "refs/heads/";

/// A ref that a mirror has in common with its remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The full name at the remote; one that ends with `/` stands for all below it.
    there: String,
    /// The full name here; the same, where it stands for many.
    here: String,
    /// Whether one that goes back or away is an error.
    goes_forward: bool,
}

impl Tracked {
    /// A branch, by the same name on both sides.
    #[must_use]
    pub fn branch(name: &str) -> Self {
        Self::branch_as(name, name)
    }

    /// A branch that has another name here.
    #[must_use]
    pub fn branch_as(there: &str, here: &str) -> Self {
        let (there, here) = (format!("{HEADS}{there}"), format!("{HEADS}{here}"));
        Self { there, here, goes_forward: false }
    }

    /// The ledger.
    #[must_use]
    pub fn ledger() -> Self {
        let name = LEDGER_REF.to_owned();
        Self { there: name.clone(), here: name, goes_forward: false }
    }

    /// The same, where what was seen of it may not be taken back or away by anybody.
    #[must_use]
    pub fn going_forward(self) -> Self {
        Self { goes_forward: true, ..self }
    }

    /// The branch of each cluster.
    #[must_use]
    pub fn cluster_branches() -> Self {
        let below = crate::projection::PREFIX.to_owned();
        Self { there: below.clone(), here: below, goes_forward: false }
    }

    fn is_many(&self) -> bool {
        self.there.ends_with('/')
    }

    /// The name here of a ref of the remote, if this is about it.
    fn here_of(&self, there: &str) -> Option<String> {
        match self.is_many() {
            true => there.starts_with(&self.there).then(|| there.to_owned()),
            false => (there == self.there).then(|| self.here.clone()),
        }
    }
}

/// A repository of this machine, and the one elsewhere that it stands for.
#[derive(Debug)]
pub struct Mirror {
    repository: Repository,
    remote: Remote,
    /// The refs of the remote as they were seen last, by their names there.
    seen: RemoteRefs,
    counter: Arc<Counter>,
}

impl Mirror {
    /// Takes a repository that only this mirror writes to, and takes back what was made in it
    /// and may not have got to the remote.
    ///
    /// # Errors
    /// Its refs cannot be read or moved.
    pub fn open(repository: Repository, remote: Remote) -> Result<Self, RemoteError> {
        let mirror = Self { repository, remote, seen: RemoteRefs::new(), counter: Arc::default() };
        let mut moves = Vec::new();
        for (name, seen) in mirror.repository.references(SEEN)? {
            let here = name.replacen(SEEN, HEADS, 1);
            let from = mirror.repository.reference(&here)?;
            if from != Some(seen) {
                moves.push(RefMove { name: here, from, to: Some(seen) });
            }
        }
        move_refs(&mirror.repository, &moves)?;
        Ok(mirror)
    }

    /// From now on counts the refs that are pushed here, where they are many.
    pub fn count(&mut self, counter: &Arc<Counter>) {
        self.counter = Arc::clone(counter);
    }

    /// The repository of this machine.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The address of the one elsewhere.
    #[must_use]
    pub fn url(&self) -> &RemoteUrl {
        self.remote.url()
    }

    /// Makes the refs here equal to those of the remote, and says whether one of them moved. A ref
    /// that the remote does not have goes here too; one that could not be asked for stays.
    ///
    /// # Errors
    /// The remote cannot be asked, or the refs here cannot be moved;
    /// [`RemoteError::WentBack`] if what is here and not there would be lost. Then none has moved.
    pub fn fetch(&mut self, tracked: &[Tracked]) -> Result<bool, RemoteError> {
        let prefixes: Vec<&str> = tracked.iter().map(|one| one.there.as_str()).collect();
        let mut there = list(&self.repository, &self.remote, &prefixes)?;
        there.retain(|name, _| tracked.iter().any(|one| one.here_of(name).is_some()));
        let ids: BTreeSet<ObjectId> = there.values().copied().collect();
        fetch(&self.repository, &self.remote, &ids.into_iter().collect::<Vec<_>>())?;
        for one in tracked.iter().filter(|one| !one.is_many()) {
            self.refuse_loss(one, there.get(&one.there))?;
        }
        let moves = self.moves(tracked, &there)?;
        move_refs(&self.repository, &moves)?;
        self.seen = there;
        Ok(moves.iter().any(|step| !step.name.starts_with(SEEN)))
    }

    /// Refuses what would lose a branch that was here before this was a mirror, and what takes
    /// back what only goes forward.
    fn refuse_loss(&self, one: &Tracked, there: Option<&ObjectId>) -> Result<(), RemoteError> {
        let known = match self.repository.reference(&seen_ref(&one.here))? {
            Some(seen) => Some(seen).filter(|_| one.goes_forward),
            None => self.repository.reference(&one.here)?,
        };
        let Some(known) = known else { return Ok(()) };
        let follows = there.is_some_and(|id| {
            id.0 == known.0
                || descends(&self.repository, CommitId(id.0), known) == Observed::Known(true)
        });
        match follows {
            true => Ok(()),
            false => {
                let (url, name) = (self.url().clone(), one.there.clone());
                Err(RemoteError::WentBack { url, name, known })
            }
        }
    }

    /// What makes the refs here equal to these of the remote.
    fn moves(
        &self,
        tracked: &[Tracked],
        there: &RemoteRefs,
    ) -> Result<Vec<RefMove>, RepositoryError> {
        let mut steps: BTreeMap<String, RefMove> = BTreeMap::new();
        let mut present = |name: String, from: Option<CommitId>| {
            steps.insert(name.clone(), RefMove { name, from, to: None });
        };
        for one in tracked {
            if one.is_many() {
                let here = self.repository.references(&one.here)?;
                here.into_iter().for_each(|(name, commit)| present(name, Some(commit)));
            } else {
                for name in [one.here.clone(), seen_ref(&one.here)] {
                    let from = self.repository.reference(&name)?;
                    present(name, from);
                }
            }
        }
        let mut wanted = |name: String, to: Option<CommitId>| {
            let step = steps.entry(name).or_insert_with_key(|name| RefMove {
                name: name.clone(),
                from: None,
                to: None,
            });
            step.to = to;
        };
        for (name, id) in there {
            let commit = Some(CommitId(id.0));
            for one in tracked {
                let Some(here) = one.here_of(name) else { continue };
                if !one.is_many() {
                    wanted(seen_ref(&here), commit);
                }
                wanted(here, commit);
            }
        }
        Ok(steps.into_values().filter(|step| step.from != step.to).collect())
    }

    /// Moves the refs of the remote to where they are here, from where they were seen by the last
    /// [`Mirror::fetch`] of the same refs: all or none, where the remote can do that and they are
    /// at most 1,000. Else the first of them go before the others.
    ///
    /// # Errors
    /// [`RemoteError::Moved`] if one of them is elsewhere. After any error, what did not get to
    /// the remote has been taken back here too; the next fetch says what did.
    pub fn push(&mut self, tracked: &[Tracked]) -> Result<(), RemoteError> {
        let pushed = self.try_push(tracked);
        if pushed.is_err() {
            // Should this not be possible now, the next fetch does it.
            let _ = self.take_back(tracked);
        }
        pushed
    }

    fn try_push(&mut self, tracked: &[Tracked]) -> Result<(), RemoteError> {
        let updates = self.updates(tracked)?;
        if updates.iter().all(|update| update.expected == update.new) {
            return Ok(());
        }
        if updates.len() <= MOST {
            match push(&self.repository, &self.remote, &updates) {
                Err(RemoteError::NotAtomic { .. }) => {}
                pushed => return pushed.and_then(|()| self.moved(tracked, &updates)),
            }
        }
        // The first of them are what the others are made of: whoever finds them without those
        // makes those again.
        let (first, others) = updates.split_at(1);
        self.counter.begin(updates.len());
        push(&self.repository, &self.remote, first)?;
        self.moved(tracked, first)?;
        self.counter.add(first.len());
        for some in others.chunks(MOST) {
            match push(&self.repository, &self.remote, some) {
                Err(RemoteError::NotAtomic { .. }) => {
                    for one in some {
                        push(&self.repository, &self.remote, std::slice::from_ref(one))?;
                    }
                }
                pushed => pushed?,
            }
            self.moved(tracked, some)?;
            self.counter.add(some.len());
        }
        Ok(())
    }

    /// Every tracked ref that is somewhere, and of many only those that differ.
    fn updates(&self, tracked: &[Tracked]) -> Result<Vec<RefUpdate>, RepositoryError> {
        let mut updates = Vec::new();
        let update = |there: &str, here: Option<CommitId>| RefUpdate {
            name: there.to_owned(),
            expected: self.seen.get(there).copied(),
            new: here.map(|commit| ObjectId(commit.0)),
        };
        for one in tracked {
            if one.is_many() {
                let here = self.repository.references(&one.here)?;
                let mut here: BTreeMap<String, CommitId> = here.into_iter().collect();
                let seen = self.seen.keys().filter(|name| name.starts_with(&one.there));
                let names: BTreeSet<String> = seen.cloned().chain(here.keys().cloned()).collect();
                let all = names.iter().map(|name| update(name, here.remove(name)));
                updates.extend(all.filter(|one| one.expected != one.new));
            } else {
                let update = update(&one.there, self.repository.reference(&one.here)?);
                updates.extend(Some(update).filter(|one| one.expected.or(one.new).is_some()));
            }
        }
        Ok(updates)
    }

    /// Remembers where refs of the remote are now.
    fn moved(&mut self, tracked: &[Tracked], updates: &[RefUpdate]) -> Result<(), RemoteError> {
        let mut moves = Vec::new();
        for update in updates {
            match update.new {
                Some(id) => self.seen.insert(update.name.clone(), id),
                None => self.seen.remove(&update.name),
            };
            let one = tracked.iter().find(|one| !one.is_many() && one.there == update.name);
            if let Some(one) = one {
                let name = seen_ref(&one.here);
                let from = self.repository.reference(&name)?;
                let to = update.new.map(|id| CommitId(id.0));
                moves.extend((from != to).then_some(RefMove { name, from, to }));
            }
        }
        Ok(move_refs(&self.repository, &moves)?)
    }

    /// Puts the refs here where the remote was seen.
    fn take_back(&self, tracked: &[Tracked]) -> Result<(), RemoteError> {
        let moves = self.moves(tracked, &self.seen)?;
        Ok(move_refs(&self.repository, &moves)?)
    }
}

/// Where it is written down what a branch of the remote was seen at last.
fn seen_ref(here: &str) -> String {
    here.replacen(HEADS, SEEN, 1)
}
