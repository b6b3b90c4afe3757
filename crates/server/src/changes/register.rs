//! The changes of a repository, in Git: nothing of them is lost with the database.
//!
//! `refs/changes/<n>/head` is the proposed commit. `refs/changes/<n>/meta` is a chain of commits,
//! one for each thing that happened: `change.json` in it is the state after that, `event.json` what
//! happened. Whoever moves that ref from where they saw it was first; so writers of one server or
//! of several are put in order by Git, and a number is given by making its refs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git::{
    CommitRecord, EditError, Expected, FileEdit, Keep, MoveError, RefMove, Repository,
    RepositoryError, begin_files, commit_message, edit_files, move_refs,
};
use model::CommitId;

use super::state::{Act, Actor, Change, Refusal, apply};
use crate::events::Events;

/// What stands before the number in names of refs.
const CHANGES: &str = "refs/changes/";

/// The files of a commit of the chain.
const STATE: &str = "change.json";
const EVENT: &str = "event.json";

/// How often something is tried anew when somebody else was faster.
const ATTEMPTS: usize = 5;

/// How many events are read at most.
const MOST_EVENTS: usize = 1_000;

/// Why changes could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    /// There is none of that number.
    #[error("there is no change {0}")]
    Missing(u32),
    /// The source is elsewhere, and so are its changes.
    #[error("the source is at {0}, and this is a copy of it")]
    Elsewhere(Arc<str>),
    /// It cannot be done to it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What stands there is not what this program writes.
    #[error("change {0} cannot be understood: {1}")]
    Damaged(u32, String),
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The commit cannot be made.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The refs cannot be moved.
    #[error(transparent)]
    Refs(#[from] MoveError),
}

/// A change as it was read, with the commit that it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The state.
    pub(crate) change: Arc<Change>,
    meta: CommitId,
}

/// What was made of a change, and not moved to yet.
pub(crate) struct Prepared {
    /// The state.
    pub(crate) change: Arc<Change>,
    /// The ref of the chain.
    pub(crate) meta: RefMove,
    /// To be held until the refs have moved.
    pub(crate) keep: Keep,
}

/// The same, of all that happened to a change that is new.
pub(crate) struct PreparedAll {
    /// The state after it.
    pub(crate) change: Arc<Change>,
    /// The ref of the chain.
    pub(crate) meta: RefMove,
    /// To be held until the refs have moved.
    _keeps: Vec<Keep>,
}

/// Reads and writes the changes of a repository.
pub(crate) struct Register {
    repository: Repository,
    /// Where the source is, if not here.
    elsewhere: Option<Arc<str>>,
    known: Mutex<HashMap<CommitId, Arc<Change>>>,
    writing: Mutex<()>,
    events: Arc<Events>,
}

/// The ref of a change's proposed commit.
pub(crate) fn head_ref(number: u32) -> String {
    format!("{CHANGES}{number}/head")
}

fn meta_ref(number: u32) -> String {
    format!("{CHANGES}{number}/meta")
}

fn number_of(name: &str) -> Option<u32> {
    name.strip_prefix(CHANGES)?.strip_suffix("/meta")?.parse().ok()
}

impl Register {
    /// The changes of a repository; of a copy there are none. What happens to them is told as an
    /// event.
    pub(crate) fn new(
        repository: &Repository,
        elsewhere: Option<Arc<str>>,
        events: &Arc<Events>,
    ) -> Self {
        let (repository, events) = (repository.clone(), Arc::clone(events));
        Self { repository, elsewhere, known: Mutex::default(), writing: Mutex::default(), events }
    }

    /// Tells of what was prepared, once its refs have moved.
    pub(crate) fn has_moved(&self, change: &Change, act: &Act) {
        self.events.tell_change(change, act);
    }

    /// Tells of the last thing that happened to a change whose ref has moved; nothing for refs of
    /// something else.
    pub(crate) fn has_moved_ref(&self, name: &str) {
        let Some(number) = number_of(name) else { return };
        let told = self.find(number).and_then(|entry| {
            let act = self.file(number, entry.meta, EVENT)?;
            self.has_moved(&entry.change, &act);
            Ok(())
        });
        if let Err(error) = told {
            tracing::error!(%error, number, "who watches is not told of a change");
        }
    }

    /// Keeps other writers of this server waiting, so that they need not try again.
    pub(crate) fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every change, the newest first.
    ///
    /// # Errors
    /// One cannot be read.
    pub(crate) fn all(&self) -> Result<Vec<Entry>, RegisterError> {
        let refs = self.repository.references(CHANGES)?;
        let numbered = refs.iter().filter_map(|(name, meta)| Some((number_of(name)?, *meta)));
        let mut entries: Vec<Entry> =
            numbered.map(|(number, meta)| self.read(number, meta)).collect::<Result<_, _>>()?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.change.number));
        Ok(entries)
    }

    /// One change.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(crate) fn find(&self, number: u32) -> Result<Entry, RegisterError> {
        let meta = self.repository.reference(&meta_ref(number))?;
        self.read(number, meta.ok_or(RegisterError::Missing(number))?)
    }

    /// What happened to a change, the newest first, with the commits that say so.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn events(&self, number: u32) -> Result<Vec<(CommitId, Act)>, RegisterError> {
        let mut next = Some(self.find(number)?.meta);
        let mut events = Vec::new();
        while let Some(commit) = next.filter(|_| events.len() < MOST_EVENTS) {
            events.push((commit, self.file(number, commit, EVENT)?));
            next = self.repository.commit(commit)?.parents.first().copied();
        }
        Ok(events)
    }

    /// The number that the next change gets, if nobody is faster.
    ///
    /// # Errors
    /// The refs cannot be read.
    pub(crate) fn next_number(&self) -> Result<u32, RegisterError> {
        let refs = self.repository.references(CHANGES)?;
        let numbers = refs.iter().filter_map(|(name, _)| {
            name.strip_prefix(CHANGES)?.split('/').next()?.parse::<u32>().ok()
        });
        Ok(numbers.max().unwrap_or(0) + 1)
    }

    /// Makes the commit that says what happened.
    ///
    /// # Errors
    /// It cannot happen to the change, or the commit cannot be made.
    pub(crate) fn prepare(
        &self,
        before: Option<&Entry>,
        number: u32,
        act: &Act,
    ) -> Result<Prepared, RegisterError> {
        if let Some(url) = &self.elsewhere {
            return Err(RegisterError::Elsewhere(Arc::clone(url)));
        }
        let change = apply(before.map(|entry| &*entry.change), number, act)?;
        let files = [(STATE, json(&change)), (EVENT, json(act))];
        let edit = |(path, content): (&str, Vec<u8>)| FileEdit {
            path: path.to_owned(),
            content: Some(content),
            expected: Expected::Any,
        };
        let (files, record) = (files.map(edit), record(&change, act));
        let committed = match before {
            Some(entry) => edit_files(&self.repository, entry.meta, &files, &record)?,
            None => Some(begin_files(&self.repository, &files, &record)?),
        };
        let Some(committed) = committed else {
            // The same person did the same in the same moment.
            return Err(RegisterError::Refused(Refusal::NothingNew(number)));
        };
        let change = Arc::new(change);
        self.remember(committed.commit, &change);
        let from = before.map(|entry| entry.meta);
        let meta = RefMove { name: meta_ref(number), from, to: Some(committed.commit) };
        Ok(Prepared { change, meta, keep: committed.keep })
    }

    /// Makes the commits that say what happened to a change that is new, one after another.
    ///
    /// # Errors
    /// As those of [`Register::prepare`]; and where nothing happens.
    pub(crate) fn prepare_all(
        &self,
        number: u32,
        acts: &[Act],
    ) -> Result<PreparedAll, RegisterError> {
        let (mut before, mut keeps): (Option<Entry>, Vec<Keep>) = (None, Vec::new());
        for act in acts {
            let Prepared { change, meta, keep } = self.prepare(before.as_ref(), number, act)?;
            keeps.push(keep);
            before = meta.to.map(|meta| Entry { change, meta });
        }
        let last = before.ok_or(RegisterError::Refused(Refusal::Beginning))?;
        let meta = RefMove { name: meta_ref(number), from: None, to: Some(last.meta) };
        Ok(PreparedAll { change: last.change, meta, _keeps: keeps })
    }

    /// Has something happen to a change, which moves nothing but its own ref.
    ///
    /// # Errors
    /// It cannot happen, or cannot be written.
    pub(crate) fn act(&self, number: u32, act: &Act) -> Result<Arc<Change>, RegisterError> {
        let _writing = self.writing();
        for _ in 1..ATTEMPTS {
            let entry = self.find(number)?;
            let prepared = self.prepare(Some(&entry), number, act)?;
            match move_refs(&self.repository, std::slice::from_ref(&prepared.meta)) {
                Ok(()) => {
                    self.has_moved(&prepared.change, act);
                    return Ok(prepared.change);
                }
                Err(MoveError::Moved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(MoveError::Moved { name: meta_ref(number) }.into())
    }

    /// Opens a change of a commit that the repository holds.
    ///
    /// # Errors
    /// It cannot be opened, or cannot be written.
    pub(crate) fn open(&self, act: &Act, head: CommitId) -> Result<Arc<Change>, RegisterError> {
        let _writing = self.writing();
        for _ in 1..ATTEMPTS {
            let number = self.next_number()?;
            let prepared = self.prepare(None, number, act)?;
            let head = RefMove { name: head_ref(number), from: None, to: Some(head) };
            match move_refs(&self.repository, &[head, prepared.meta]) {
                Ok(()) => {
                    self.has_moved(&prepared.change, act);
                    return Ok(prepared.change);
                }
                Err(MoveError::Moved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(MoveError::Moved { name: CHANGES.to_owned() }.into())
    }

    fn read(&self, number: u32, meta: CommitId) -> Result<Entry, RegisterError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&meta).cloned();
        let change = match known {
            Some(change) => change,
            None => Arc::new(self.file::<Change>(number, meta, STATE)?),
        };
        if change.number != number {
            let reason = format!("it says that it is change {}", change.number);
            return Err(RegisterError::Damaged(number, reason));
        }
        self.remember(meta, &change);
        Ok(Entry { change, meta })
    }

    fn remember(&self, meta: CommitId, change: &Arc<Change>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // One state of each change; those that were followed by others are few.
        if known.len() > 100_000 {
            known.clear();
        }
        known.insert(meta, Arc::clone(change));
    }

    fn file<T: serde::de::DeserializeOwned>(
        &self,
        number: u32,
        commit: CommitId,
        name: &str,
    ) -> Result<T, RegisterError> {
        let damaged = |reason: String| RegisterError::Damaged(number, reason);
        let entries = self.repository.tree(self.repository.commit(commit)?.tree)?;
        let entry = entries.iter().find(|entry| *entry.name == *name.as_bytes());
        let entry = entry.ok_or_else(|| damaged(format!("{commit} has no `{name}`")))?;
        let bytes = self.repository.blob(entry.id)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| damaged(format!("`{name}` of {commit}: {error}")))
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Who acted is the author of the commit.
fn record(change: &Change, act: &Act) -> CommitRecord {
    let subject = format!("{} change {}: {}", act.event.word(), change.number, change.title);
    let who = signature(&act.by);
    CommitRecord {
        author: who.clone(),
        committer: who,
        message: commit_message(&subject, "", &[("Event", act.event.word())]),
        at: act.at,
    }
}

/// Somebody as the author of a commit.
pub(crate) fn signature(actor: &Actor) -> String {
    let name = actor.subject.split_once(':').map_or(actor.subject.as_str(), |(_, name)| name);
    format!("{name} <{}>", actor.subject)
}
