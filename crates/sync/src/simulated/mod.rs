//! A cluster in memory, behind the same trait as a real one.
//!
//! It keeps objects with managed fields, merges what is applied, lets workloads become ready after
//! a while, establishes definitions, empties namespaces, and waits for finalizers. Faults are
//! switched on and off while it runs. It is small, so that thousands fit into one process: objects
//! are kept as text, and time is looked at only when somebody asks for something.
//!
//! It does not schedule, default or validate as Kubernetes does: it is right where the engine and
//! its tests look.

mod faults;
mod fields;
mod kinds;
mod merge;
mod ready;
mod store;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::ObjectKey;
use serde_json::Value;

pub use faults::{Faults, Settings};

use crate::{
    Detail, FIELD_MANAGER, Fault, Going, ListPage, Notes, Object, Place, Scope, ServedKind, Trial,
    Watching, World, WorldError,
};
use store::{Page, Store, Writer};

/// What time it is for a simulated cluster.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The time of the machine.
    #[default]
    Wall,
    /// A time that stands still until it is moved or paused for; a clone is the same clock.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at a time.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.as_millisecond())))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Wall => Timestamp::now(),
            Self::Manual(milliseconds) => {
                let milliseconds = milliseconds.load(Ordering::Relaxed);
                Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// Moves a clock that stands still; one of the machine goes by itself.
    pub fn advance(&self, time: Duration) {
        if let Self::Manual(milliseconds) = self {
            let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
            milliseconds.fetch_add(time, Ordering::Relaxed);
        }
    }

    async fn pause(&self, time: Duration) {
        match self {
            Self::Wall => tokio::time::sleep(time).await,
            Self::Manual(_) => {
                self.advance(time);
                tokio::task::yield_now().await;
            }
        }
    }
}

/// A cluster in memory; a clone is the same cluster.
#[derive(Clone, Debug)]
pub struct Cluster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    store: Mutex<Store>,
}

impl Cluster {
    /// A cluster with the namespaces that Kubernetes makes.
    #[must_use]
    pub fn new(settings: Settings, clock: Clock) -> Self {
        let store = Mutex::new(Store::new(settings, clock.now()));
        Self(Arc::new(Inner { clock, store }))
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Changes its faults.
    pub fn set_faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.store().faults);
    }

    /// An object as it is now.
    #[must_use]
    pub fn object(&self, key: &ObjectKey) -> Option<Object> {
        self.settled().object(key)
    }

    /// The identity of every object.
    #[must_use]
    pub fn keys(&self) -> Vec<ObjectKey> {
        self.settled().keys()
    }

    /// Another writer changes an object, makes it, or with `None` removes it at once.
    ///
    /// # Errors
    /// What is left is no object, or its namespace is not there.
    pub fn edit(
        &self,
        key: &ObjectKey,
        manager: &str,
        change: impl FnOnce(Option<Value>) -> Option<Value>,
    ) -> Result<(), WorldError> {
        let mut store = self.settled();
        store.edit(key, manager, change)
    }

    /// Everything that was asked of it as a line, oldest first, and forgets it.
    #[must_use]
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.store().log)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // Objects are replaced whole, so a panic elsewhere leaves none half written.
        self.0.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The store after everything that was due by now happened.
    fn settled(&self) -> MutexGuard<'_, Store> {
        let mut store = self.store();
        store.settle(self.0.clock.now());
        store
    }

    /// Waits as long as the cluster takes, and fails where it does not answer.
    async fn request(&self) -> Result<MutexGuard<'_, Store>, WorldError> {
        let delay = self.store().faults.delay;
        if !delay.is_zero() {
            self.0.clock.pause(delay).await;
        }
        let store = self.settled();
        match store.faults.offline {
            true => Err(WorldError::new(Fault::Unavailable, "the cluster does not answer")),
            false => Ok(store),
        }
    }
}

impl World for Cluster {
    async fn discover(&self, group: &str) -> Result<Vec<ServedKind>, WorldError> {
        Ok(self.request().await?.kinds(group))
    }

    async fn read(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        detail: Detail,
    ) -> Result<Object, WorldError> {
        let object = self.request().await?.read(kind, place)?;
        Ok(shown(&object, detail))
    }

    async fn list(
        &self,
        scope: &Scope,
        detail: Detail,
        next: Option<&str>,
    ) -> Result<ListPage, WorldError> {
        let Page { objects, next } = self.request().await?.list(scope, next)?;
        let objects = objects.iter().map(|object| shown(object, detail)).collect();
        Ok(ListPage { objects, next })
    }

    /// Everybody may do everything on it, unless a fault says otherwise.
    async fn admit(&self, _namespace: &str) -> Result<(), WorldError> {
        Ok(())
    }

    async fn create(&self, kind: &ServedKind, object: &Object) -> Result<Object, WorldError> {
        let writer = Writer { manager: FIELD_MANAGER, trial: Trial::Act };
        self.request().await?.create(kind, object, writer)
    }

    async fn apply(
        &self,
        kind: &ServedKind,
        object: &Object,
        trial: Trial,
    ) -> Result<Object, WorldError> {
        let writer = Writer { manager: FIELD_MANAGER, trial };
        self.request().await?.apply(kind, object, writer)
    }

    async fn delete(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        uid: &str,
    ) -> Result<Going, WorldError> {
        self.request().await?.delete(kind, place, uid)
    }

    fn watch(&self, scope: Scope, notes: Notes) -> Watching {
        let watching = Watching::default();
        self.store().watch(scope, notes, watching.alive());
        watching
    }

    fn now(&self) -> Timestamp {
        let skew: SignedDuration = self.store().faults.skew;
        let now = self.0.clock.now();
        now.checked_add(skew).unwrap_or(now)
    }

    async fn pause(&self, time: Duration) {
        self.0.clock.pause(time).await;
    }
}

/// As much of an object as was asked for.
fn shown(object: &Object, detail: Detail) -> Object {
    if detail == Detail::Whole {
        return object.clone();
    }
    let mut value = object.to_value();
    if let Some(map) = value.as_object_mut() {
        let kept: BTreeSet<&str> = ["apiVersion", "kind", "metadata"].into();
        map.retain(|name, _| kept.contains(name.as_str()));
    }
    Object::new(value).unwrap_or_else(|_| object.clone())
}
