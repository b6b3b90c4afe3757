//! The loop: one thread that owns the publisher and does one thing at a time.
//!
//! In: wakes (a push, a webhook), the clock, and acts that others hand in. Out: steps of the
//! ledger, and a [`Snapshot`] for everyone. Level-based: what was missed while it was busy, or
//! while the server was down, is found at the next look.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use expand::{ExpandError, Expander};
use git::{Loader, Repository};
use jiff::Timestamp;
use model::{CommitId, ExpansionRequest, Files, Observed, Source};
use plan::{Accepted, Compiled};
use release::Orders;
use tokio::sync::{oneshot, watch};

use crate::catalogue::Catalogue;
use crate::data::Data;
use crate::http::diagnostic_texts;
use crate::snapshot::{Refused, Released, Snapshot, Sourced};
use crate::telemetry::{Metrics, Outcome};
use crate::{PublishError, Published, Publisher, Request};

/// As whom the loop releases what was merged.
const AUTHOR: &str = "res-edge <res-edge@localhost>";

/// The branch that is released.
pub(crate) const SOURCE_REF: &str = "refs/heads/main";

/// The loop has ended, since the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub struct ControllerGone;

/// Something to do in the loop's thread.
type Act = Box<dyn FnOnce(&mut Desk) + Send>;

enum Order {
    Look,
    Act(Act),
    Stop,
}

/// A handle on the loop; cheap to clone.
#[derive(Clone)]
pub struct Controller {
    orders: Sender<Order>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    changed: watch::Receiver<u64>,
}

/// What the loop owns. Acts get it whole, one after another.
pub struct Desk {
    /// Releases.
    pub publisher: Publisher,
    /// Reads the source.
    pub loader: Loader,
    /// The repository of the source.
    pub source: Repository,
    expander: Expander,
    looked_at: Option<CommitId>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    changed: watch::Sender<u64>,
    metrics: Arc<Metrics>,
}

impl Controller {
    /// Starts the loop. It looks at once, and then whenever it is woken or `poll` has passed.
    ///
    /// # Errors
    /// The source cannot be opened.
    pub(crate) fn start(
        data: &Data,
        expander: Expander,
        poll: Duration,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, JoinHandle<()>), git::LoadError> {
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let (changed, watched) = watch::channel(0);
        let mut desk = Desk {
            publisher: Publisher::new(&data.clusters),
            loader: Loader::open(data.source.path())?,
            source: data.source.clone(),
            expander,
            looked_at: None,
            snapshot: Arc::clone(&snapshot),
            changed,
            metrics,
        };
        let (orders, inbox) = channel();
        let thread = std::thread::spawn(move || run(&mut desk, &inbox, poll));
        Ok((Self { orders, snapshot, changed: watched }, thread))
    }

    /// What is known at the moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Told whenever there is a newer snapshot.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    /// Has the loop look at the source soon.
    pub fn wake(&self) {
        // When the loop has ended there is nothing left to look at.
        let _ = self.orders.send(Order::Look);
    }

    /// Ends the loop after what it is doing.
    pub fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
    }

    /// Does something in the loop's thread, between two looks, and answers its result.
    ///
    /// # Errors
    /// The loop has ended.
    pub async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Result<T, ControllerGone> {
        let (answer, answered) = oneshot::channel();
        let act: Act = Box::new(move |desk| {
            // Whoever asked may have gone away; what was done is done.
            let _ = answer.send(act(desk));
        });
        self.orders.send(Order::Act(act)).map_err(|_| ControllerGone)?;
        answered.await.map_err(|_| ControllerGone)
    }
}

fn run(desk: &mut Desk, inbox: &Receiver<Order>, poll: Duration) {
    loop {
        desk.look();
        // Acts do not look by themselves; those that change the source say so.
        loop {
            match inbox.recv_timeout(poll) {
                Ok(Order::Act(act)) => act(desk),
                Ok(Order::Look) | Err(RecvTimeoutError::Timeout) => break,
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

impl Desk {
    /// What is known at the moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Looks at the source, and releases what is new.
    pub fn look(&mut self) {
        let mut next = (*self.snapshot()).clone();
        next.observed = Some(Timestamp::now());
        match self.source.reference(SOURCE_REF) {
            Ok(None) => self.released(&mut next),
            Ok(Some(commit)) if self.looked_at == Some(commit) => self.end_holds(&mut next),
            Ok(Some(commit)) => {
                let start = Instant::now();
                self.take(commit, &mut next);
                self.metrics.looked(self.outcome(commit, &next), start.elapsed());
            }
            Err(error) => next.refused = Some(refused(None, error.to_string(), error.hint())),
        }
        self.tell(next);
    }

    /// How taking a commit ended.
    fn outcome(&self, commit: CommitId, next: &Snapshot) -> Outcome {
        match (&next.refused, self.looked_at == Some(commit)) {
            (None, _) => Outcome::Success,
            (Some(_), true) => Outcome::Refused,
            (Some(_), false) => Outcome::Failed,
        }
    }

    /// Takes a new commit of the source.
    fn take(&mut self, commit: CommitId, next: &mut Snapshot) {
        match self.compile(commit) {
            Ok(compiled) => self.release(commit, compiled, next),
            Err(error) => {
                tracing::error!(%commit, %error, "the source cannot be read");
                next.refused = Some(refused(Some(commit), error.to_string(), None));
            }
        }
    }

    fn release(&mut self, commit: CommitId, compiled: Arc<Compiled>, next: &mut Snapshot) {
        let Some(sourced) = Sourced::new(commit, Arc::clone(&compiled)) else {
            self.looked_at = Some(commit);
            next.refused = Some(Arc::new(Refused {
                commit: Some(commit),
                detail: "the source has errors, and nothing was changed".to_owned(),
                hint: Some("mend them, or revert the commit".to_owned()),
                diagnostics: diagnostic_texts(&compiled.source, compiled.diagnostics.iter()),
            }));
            return;
        };
        match self.publish(sourced.accepted()) {
            Ok(published) => {
                self.looked_at = Some(commit);
                tracing::info!(%commit, step = published.decided.step.is_some(), "released");
                next.source = Some(sourced);
                next.refused = None;
            }
            Err(error) => {
                // A refusal is for this commit; a failure of the world may pass.
                let is_final = matches!(error, PublishError::Refused(_));
                self.looked_at = is_final.then_some(commit).or(self.looked_at);
                tracing::error!(%commit, %error, "not released");
                next.refused = Some(refused(Some(commit), error.to_string(), error.hint()));
            }
        }
        self.released(next);
    }

    /// Reads a commit of the source and compiles it.
    ///
    /// # Errors
    /// It cannot be read, or a program that templates need cannot be run.
    pub fn compile(&mut self, commit: CommitId) -> Result<Arc<Compiled>, CompileError> {
        let source = self.loader.load(Some(&commit.to_string()))?;
        self.compile_source(source)
    }

    /// The same, from another view of the repository of the source: one that shows the objects of
    /// a push that is not accepted yet.
    ///
    /// # Errors
    /// As those of [`Desk::compile`].
    pub fn compile_from(
        &mut self,
        view: &Repository,
        commit: CommitId,
    ) -> Result<Arc<Compiled>, CompileError> {
        let source = self.loader.load_from(view, commit)?;
        self.compile_source(source)
    }

    fn compile_source(&mut self, source: Source) -> Result<Arc<Compiled>, CompileError> {
        let expander = &self.expander;
        let expand = |files: &mut Files, requests: &[ExpansionRequest]| {
            expander.expand_into(files, requests)
        };
        Ok(self.publisher.compile(source, expand)?)
    }

    /// Releases what a hold kept back whose time has come.
    fn end_holds(&mut self, next: &mut Snapshot) {
        let (Some(sourced), Some(released)) = (&next.source, &next.released) else { return };
        let now = Timestamp::now();
        if released.ledger.placed.iter().all(|hold| hold.is_active(now)) {
            return;
        }
        let sourced = sourced.clone();
        if let Err(error) = self.publish(sourced.accepted()) {
            tracing::error!(%error, "what a hold kept back is not released yet");
        }
        self.released(next);
    }

    fn publish(&mut self, accepted: &Accepted) -> Result<Published, PublishError> {
        let source = &self.source;
        let descends =
            |commit, ancestor| -> Observed<bool> { git::descends(source, commit, ancestor) };
        let request = Request {
            author: AUTHOR,
            confirm: None,
            all_or_nothing: false,
            orders: Orders::default(),
            roll_back: None,
            descends: &descends,
            now: Timestamp::now(),
            begins: &|_| {},
        };
        self.publisher.publish(accepted, &request)
    }

    /// Reads what is released, which another process may have moved.
    fn released(&mut self, next: &mut Snapshot) {
        match self.publisher.ledger() {
            Ok(tip) => next.released = tip.map(|(commit, ledger)| Released { commit, ledger }),
            // What was known stays: unread is not gone.
            Err(error) => tracing::error!(%error, "the ledger cannot be read"),
        }
    }

    /// Puts a newer snapshot in place.
    fn tell(&mut self, mut next: Snapshot) {
        next.version += 1;
        next.catalogue = Catalogue::next(next.catalogue.as_ref(), &next);
        let version = next.version;
        self.snapshot.store(Arc::new(next));
        self.changed.send_replace(version);
    }
}

/// Why a commit could not be compiled at all.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It cannot be read.
    #[error(transparent)]
    Load(#[from] git::LoadError),
    /// A program that templates need cannot be run.
    #[error(transparent)]
    Expand(#[from] ExpandError),
}

fn refused(commit: Option<CommitId>, detail: String, hint: Option<String>) -> Arc<Refused> {
    Arc::new(Refused { commit, detail, hint, diagnostics: Vec::new() })
}
