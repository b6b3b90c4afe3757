//! What a cluster tells of changes, until somebody has time for it.
//!
//! Notes say that an object changed and not how, so that any number of changes of one object are
//! one note, and a note that was missed is made good by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use model::ObjectKey;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::ServedKind;

/// The objects of a kind, in one namespace or in all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The kind.
    pub kind: ServedKind,
    /// The namespace; nothing for all, and for objects of the cluster.
    pub namespace: Option<String>,
}

/// A box for notes; a clone is the same box.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    came: Notify,
}

#[derive(Debug, Default)]
struct State {
    interest: BTreeMap<ObjectKey, String>,
    /// What is known of them now; empty if it is gone.
    changed: BTreeMap<ObjectKey, String>,
    gap: bool,
}

impl Notes {
    /// Says which objects notes are taken of, with the `resourceVersion` that is known of each
    /// (empty if it is not there). Notes of others, and of what is known, are thrown away.
    pub fn set_interest<'a>(&self, interest: impl Iterator<Item = (&'a ObjectKey, &'a str)>) {
        let mut state = self.state();
        let State { interest: known, changed, .. } = &mut *state;
        let interest: BTreeMap<&ObjectKey, &str> = interest.collect();
        known.retain(|key, _| interest.contains_key(key));
        for (key, version) in interest {
            match known.get_mut(key) {
                Some(known) if known == version => {}
                Some(known) => version.clone_into(known),
                None => _ = known.insert(key.clone(), version.to_owned()),
            }
        }
        changed.retain(|key, version| known.get(key).is_some_and(|known| known != version));
    }

    /// Notes that an object is at a `resourceVersion` now, or is gone (empty).
    pub fn changed(&self, key: &ObjectKey, resource_version: &str) {
        let mut state = self.state();
        let is_news = state.interest.get(key).is_some_and(|known| known != resource_version);
        if is_news && state.changed.insert(key.clone(), resource_version.to_owned()).is_none() {
            self.0.came.notify_one();
        }
    }

    /// Notes that changes may have been missed.
    pub fn gap(&self) {
        self.state().gap = true;
        self.0.came.notify_one();
    }

    /// Waits until there is a note. May be dropped and called again.
    pub async fn wait(&self) {
        loop {
            let came = self.0.came.notified();
            if self.has_some() {
                return;
            }
            came.await;
        }
    }

    /// Takes the notes: the changed objects, or nothing where changes may have been missed and
    /// everything must be looked at.
    #[must_use]
    pub fn take(&self) -> Option<BTreeSet<ObjectKey>> {
        let mut state = self.state();
        let changed = mem::take(&mut state.changed);
        (!mem::take(&mut state.gap)).then(|| changed.into_keys().collect())
    }

    fn has_some(&self) -> bool {
        let state = self.state();
        state.gap || !state.changed.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A set stays a set whatever panicked while it was held.
        self.0.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What keeps watching until it is dropped.
#[derive(Debug, Default)]
pub struct Watching {
    tasks: Vec<AbortHandle>,
    alive: Arc<()>,
}

impl Watching {
    /// Keeps these tasks.
    #[must_use]
    pub fn new(tasks: Vec<AbortHandle>) -> Self {
        Self { tasks, alive: Arc::default() }
    }

    /// What is dead once this was dropped.
    #[must_use]
    pub fn alive(&self) -> Weak<()> {
        Arc::downgrade(&self.alive)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}
