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
use model::{CommitId, ExpansionRequest, Files, Observed, Source, Trailer};
use plan::{Accepted, Compiled};
use tokio::sync::{oneshot, watch};

use crate::agents::Issuer;
use crate::catalogue::Catalogue;
use crate::data::Data;
use crate::events::Events;
use crate::follow::Hints;
use crate::http::diagnostic_texts;
use crate::operate::Ordered;
use crate::snapshot::{Refused, Released, Snapshot, Sourced, Waits};
use crate::telemetry::{Metrics, Outcome};
use crate::{PublishError, Published, Publisher, Request};

/// As whom the loop releases what was merged.
pub(crate) const AUTHOR: &str = "res-edge <res-edge@localhost>";

/// The branch that is released.
pub(crate) const SOURCE_REF: &str = "refs/heads/main";

/// The loop has ended, since the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub struct ControllerGone;

/// The trailer with the last row of the audit record, as `<number>:<digest>`: whoever alters or
/// cuts off what was recorded before a step must alter the ledger too, which clusters have copies
/// of.
pub(crate) const AUDIT_HEAD: &str = "Audit-Head";

/// Tells the last row of the audit record; nothing where it cannot be read, which stops no release.
pub(crate) type AuditHead = Box<dyn Fn() -> Option<String> + Send>;

/// Who else is told of what the loop does, and tells it something.
pub(crate) struct ToldTo {
    /// How far the audit record went.
    pub(crate) audit_head: AuditHead,
    /// Who watches.
    pub(crate) events: Arc<Events>,
}

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
    told: ToldTo,
    hints: Option<Hints>,
    issuer: Issuer,
}

/// What the loop is made of, besides the data folder.
pub(crate) struct Parts {
    /// Releases.
    pub(crate) publisher: Publisher,
    /// Builds templates.
    pub(crate) expander: Expander,
    /// How long the loop waits before it looks by itself.
    pub(crate) poll: Duration,
    /// What is measured.
    pub(crate) metrics: Arc<Metrics>,
    /// Who is told of what it did.
    pub(crate) told: ToldTo,
    /// Has the source fetched, if it is elsewhere.
    pub(crate) hints: Option<Hints>,
    /// Signs what clusters are told.
    pub(crate) issuer: Issuer,
}

impl Controller {
    /// Starts the loop. It looks at once, and then whenever it is woken or `poll` has passed.
    ///
    /// # Errors
    /// The source cannot be opened.
    pub(crate) fn start(
        data: &Data,
        parts: Parts,
    ) -> Result<(Self, JoinHandle<()>), git::LoadError> {
        let Parts { publisher, expander, poll, metrics, told, hints, issuer } = parts;
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let (changed, watched) = watch::channel(0);
        let mut desk = Desk {
            publisher,
            loader: Loader::open(data.source.path())?,
            source: data.source.clone(),
            expander,
            looked_at: None,
            snapshot: Arc::clone(&snapshot),
            changed,
            metrics,
            told,
            hints,
            issuer,
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
        let has_moved = self.refresh(&mut next);
        match self.source.reference(SOURCE_REF) {
            Ok(None) => self.released(&mut next),
            Ok(Some(commit)) if self.looked_at == Some(commit) => self.go_on(has_moved, &mut next),
            Ok(Some(commit)) => {
                let start = Instant::now();
                self.take(commit, &mut next);
                self.metrics.looked(self.outcome(commit, &next), start.elapsed());
            }
            Err(error) => next.refused = Some(refused(None, error.to_string(), error.hint())),
        }
        self.ask_for_source(&next);
        self.tell(next);
    }

    /// Reads a ledger that is elsewhere, and says whether another server moved it.
    fn refresh(&mut self, next: &mut Snapshot) -> bool {
        let refreshed = self.publisher.refresh();
        if let Err(error) = &refreshed {
            tracing::error!(%error, "the ledger cannot be read");
        }
        let failure = refreshed.as_ref().err().map(|error| (error.to_string(), error.hint()));
        let reach = next.ledger_reach.after(failure, Timestamp::now());
        next.ledger_reach = Arc::new(reach);
        refreshed.unwrap_or(false)
    }

    /// Another server may have released a source that is not here yet.
    fn ask_for_source(&self, next: &Snapshot) {
        let Some(hints) = &self.hints else { return };
        let released = next.released.as_ref().and_then(|one| one.ledger.source_commit);
        if released.is_some_and(|commit| self.source.commit(commit).is_err()) {
            hints.hint();
        }
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
        let _span = tracing::info_span!("source", %commit).entered();
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
        match self.publish(sourced.accepted(), &Ordered::by_nobody(AUTHOR)) {
            Ok(published) => {
                self.looked_at = Some(commit);
                next.waits = Some(Arc::new(Waits::from(&published.decided)));
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
        let source = {
            let _span = tracing::info_span!("read").entered();
            self.loader.load(Some(&commit.to_string()))?
        };
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
        let _span = tracing::info_span!("compile").entered();
        let expander = &self.expander;
        let expand = |files: &mut Files, requests: &[ExpansionRequest]| {
            expander.expand_into(files, requests)
        };
        Ok(self.publisher.compile(source, expand)?)
    }

    /// Releases what a hold kept back whose time has come, and writes for clusters what another
    /// server released.
    fn go_on(&mut self, has_moved: bool, next: &mut Snapshot) {
        if has_moved {
            self.released(next);
        }
        let (Some(sourced), Some(released)) = (&next.source, &next.released) else { return };
        let now = Timestamp::now();
        if !has_moved && released.ledger.placed.iter().all(|hold| hold.is_active(now)) {
            return;
        }
        let sourced = sourced.clone();
        match self.publish(sourced.accepted(), &Ordered::by_nobody(AUTHOR)) {
            Ok(published) => next.waits = Some(Arc::new(Waits::from(&published.decided))),
            Err(error) => tracing::error!(%error, "what there is to do is not done yet"),
        }
        self.released(next);
    }

    /// Releases what is in use, with what a person orders.
    ///
    /// # Errors
    /// As those of [`Publisher::publish`].
    pub(crate) fn publish(
        &mut self,
        accepted: &Accepted,
        ordered: &Ordered,
    ) -> Result<Published, PublishError> {
        let _span = tracing::info_span!("publish").entered();
        let source = &self.source;
        let descends =
            |commit, ancestor| -> Observed<bool> { git::descends(source, commit, ancestor) };
        let request = Request {
            author: &ordered.author,
            confirm: ordered.confirm,
            all_or_nothing: false,
            orders: ordered.orders.clone(),
            roll_back: ordered.roll_back,
            descends: &descends,
            trailers: &self.trailers(ordered.by.as_deref()),
            now: Timestamp::now(),
            begins: &|_| {},
        };
        match ordered.is_dry_run {
            true => self.publisher.preview(accepted, &request),
            false => self.publisher.publish(accepted, &request),
        }
    }

    /// What every step of this server says besides: who ordered it, and how far the audit record
    /// went.
    pub(crate) fn trailers(&self, by: Option<&str>) -> Vec<Trailer> {
        let by = by.map(|by| Trailer { key: "Ordered-by", value: by.to_owned() });
        let head = (self.told.audit_head)();
        let head = head.map(|value| Trailer { key: AUDIT_HEAD, value });
        by.into_iter().chain(head).collect()
    }

    /// Reads what is released, which another process may have moved.
    pub(crate) fn released(&mut self, next: &mut Snapshot) {
        match self.publisher.ledger() {
            Ok(tip) => next.released = tip.map(|(commit, ledger)| Released { commit, ledger }),
            // What was known stays: unread is not gone.
            Err(error) => tracing::error!(%error, "the ledger cannot be read"),
        }
    }

    /// Puts a newer snapshot in place.
    pub(crate) fn tell(&mut self, mut next: Snapshot) {
        next.version += 1;
        next.catalogue = Catalogue::next(next.catalogue.as_ref(), &next);
        let version = next.version;
        self.issuer.look(next.source.as_ref(), next.released.as_ref(), Timestamp::now());
        let next = Arc::new(next);
        let before = self.snapshot.swap(Arc::clone(&next));
        self.changed.send_replace(version);
        // Whoever hears of it finds it.
        self.told.events.tell_difference(&before, &next);
        // Whoever waits was told: what stock Git reads comes after.
        self.issuer.write_sides();
    }
}

/// Why a commit could not be compiled at all.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It cannot be read.
    #[error(transparent)]
    Load(#[from] git::LoadError),
    /// What stands beside the source cannot be read.
    #[error(transparent)]
    Repository(#[from] git::RepositoryError),
    /// A program that templates need cannot be run.
    #[error(transparent)]
    Expand(#[from] ExpandError),
}

fn refused(commit: Option<CommitId>, detail: String, hint: Option<String>) -> Arc<Refused> {
    Arc::new(Refused { commit, detail, hint, diagnostics: Vec::new() })
}
