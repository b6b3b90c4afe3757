//! A world around another one that counts, fails and stops on demand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use model::ObjectKey;
use sync::{
    Detail, Fault, Going, ListPage, Notes, Object, Place, Scope, ServedKind, Trial, Watching,
    World, WorldError,
};
use tokio::sync::Notify;

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    Discover,
    Read,
    List,
    Admit,
    Try,
    Apply,
    Delete,
}

/// Where whoever runs a pass is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    /// Before request number n reaches the cluster.
    Before(usize),
    /// After it did what request number n asked for, before the answer is read.
    After(usize),
}

#[derive(Default)]
struct State {
    n: usize,
    kill: Option<Kill>,
    faults: VecDeque<(Verb, Fault)>,
    always: Vec<(Verb, Fault)>,
    deleted: Vec<ObjectKey>,
    sent: Vec<(Verb, String)>,
}

/// A world around another one.
#[derive(Clone)]
pub(crate) struct Inject<W> {
    pub(crate) inner: W,
    state: Arc<Mutex<State>>,
    killed: Arc<Notify>,
}

impl<W: World> Inject<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, state: Arc::default(), killed: Arc::default() }
    }

    /// The next request of this kind fails, and only that.
    pub(crate) fn fail_once(&self, verb: Verb, fault: Fault) {
        self.state.lock().expect("no panic").faults.push_back((verb, fault));
    }

    /// Every request of this kind fails, until [`Self::heal`].
    pub(crate) fn fail_always(&self, verb: Verb, fault: Fault) {
        self.state.lock().expect("no panic").always.push((verb, fault));
    }

    pub(crate) fn heal(&self) {
        let mut state = self.state.lock().expect("no panic");
        state.always.clear();
        state.faults.clear();
    }

    /// Begins to count anew, and kills there.
    pub(crate) fn kill(&self, kill: Option<Kill>) {
        let mut state = self.state.lock().expect("no panic");
        (state.n, state.kill) = (0, kill);
    }

    /// Returns when the kill happened.
    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }

    /// Every object that was deleted until now.
    pub(crate) fn deleted(&self) -> Vec<ObjectKey> {
        self.state.lock().expect("no panic").deleted.clone()
    }

    /// What was sent, and forgets it.
    pub(crate) fn take_sent(&self) -> Vec<(Verb, String)> {
        std::mem::take(&mut self.state.lock().expect("no panic").sent)
    }

    async fn begin(&self, verb: Verb, what: String) -> Result<usize, WorldError> {
        let (n, kill, fault) = {
            let mut state = self.state.lock().expect("no panic");
            state.n += 1;
            state.sent.push((verb, what));
            let once = state.faults.iter().position(|(of, _)| *of == verb);
            let once = once.and_then(|at| state.faults.remove(at));
            let always = state.always.iter().find(|(of, _)| *of == verb).copied();
            (state.n, state.kill, once.or(always))
        };
        if kill == Some(Kill::Before(n)) {
            self.stop().await;
        }
        match fault {
            Some((_, fault)) => Err(WorldError::new(fault, "injected")),
            None => Ok(n),
        }
    }

    async fn end(&self, n: usize) {
        let kill = self.state.lock().expect("no panic").kill;
        if kill == Some(Kill::After(n)) {
            self.stop().await;
        }
    }

    /// Whoever waits here is dropped.
    async fn stop(&self) {
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }
}

impl<W: World> World for Inject<W> {
    async fn discover(&self, group: &str) -> Result<Vec<ServedKind>, WorldError> {
        let n = self.begin(Verb::Discover, group.to_owned()).await?;
        let answer = self.inner.discover(group).await;
        self.end(n).await;
        answer
    }

    async fn read(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        detail: Detail,
    ) -> Result<Object, WorldError> {
        let n = self.begin(Verb::Read, kind.key(place).to_string()).await?;
        let answer = self.inner.read(kind, place, detail).await;
        self.end(n).await;
        answer
    }

    async fn list(
        &self,
        scope: &Scope,
        detail: Detail,
        next: Option<&str>,
    ) -> Result<ListPage, WorldError> {
        let n = self.begin(Verb::List, scope.kind.kind.clone()).await?;
        let answer = self.inner.list(scope, detail, next).await;
        self.end(n).await;
        answer
    }

    async fn admit(&self, namespace: &str) -> Result<(), WorldError> {
        let n = self.begin(Verb::Admit, namespace.to_owned()).await?;
        let answer = self.inner.admit(namespace).await;
        self.end(n).await;
        answer
    }

    async fn create(&self, kind: &ServedKind, object: &Object) -> Result<Object, WorldError> {
        self.inner.create(kind, object).await
    }

    async fn apply(
        &self,
        kind: &ServedKind,
        object: &Object,
        trial: Trial,
    ) -> Result<Object, WorldError> {
        let verb = if trial == Trial::Act { Verb::Apply } else { Verb::Try };
        let n = self.begin(verb, object.key().to_string()).await?;
        let answer = self.inner.apply(kind, object, trial).await;
        self.end(n).await;
        answer
    }

    async fn delete(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        uid: &str,
    ) -> Result<Going, WorldError> {
        let n = self.begin(Verb::Delete, kind.key(place).to_string()).await?;
        let answer = self.inner.delete(kind, place, uid).await;
        if answer.is_ok() {
            self.state.lock().expect("no panic").deleted.push(kind.key(place));
        }
        self.end(n).await;
        answer
    }

    fn watch(&self, scope: Scope, notes: Notes) -> Watching {
        self.inner.watch(scope, notes)
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn pause(&self, time: Duration) {
        self.inner.pause(time).await;
    }
}
