//! The loop: two tasks beside each other, so that a slow link never keeps drift from being
//! corrected, and a slow cluster never keeps a release from being verified.
//!
//! ```text
//! centre ─Link─▶ courier ──take──▶ Book ──todo──▶ keeper ─Engine─▶ cluster
//!        ◀reports─┘                                 └─Standing──▶ courier
//! ```

mod courier;
mod keeper;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::ssh::PublicKey;
use model::Observed;
use sync::{Budget, EngineOptions, World};
use tokio::sync::{Notify, watch};

use crate::book::{Book, Todo};
use crate::cluster::{Mark, read_mark};
use crate::link::Link;
use crate::pace::{Dice, Failures, Times};
use crate::report::Standing;
use crate::state::Disk;
use crate::verify::Trust;

/// How an agent is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the cluster when it was joined.
    pub cluster: String,
    /// The namespace of the agent, which is never pruned.
    pub namespace: String,
    /// The keys that may sign releases.
    pub release_keys: Vec<PublicKey>,
    /// Whether it only looks: someone else acts, such as Flux or Argo CD.
    pub is_report_only: bool,
    /// How long it waits for what.
    pub times: Times,
    /// Whether only one of several agents acts: the others wait for its lease.
    pub has_lease: bool,
    /// What tells this process from another one on the same cluster.
    pub identity: String,
    /// Where the random part of waits starts.
    pub seed: u64,
    /// How much may go or change in one pass.
    pub budget: Budget,
    /// How the engine works.
    pub engine: EngineOptions,
}

impl Settings {
    /// The usual settings of an agent.
    #[must_use]
    pub fn new(cluster: &str, release_keys: Vec<PublicKey>, seed: u64) -> Self {
        Self {
            cluster: cluster.to_owned(),
            namespace: "res-edge".to_owned(),
            release_keys,
            is_report_only: false,
            times: Times::default(),
            has_lease: true,
            identity: format!("{cluster}-{seed:016x}"),
            seed,
            budget: Budget::default(),
            engine: EngineOptions::default(),
        }
    }
}

/// What both tasks share.
struct Shared {
    settings: Settings,
    disk: Disk,
    book: Mutex<Book>,
    /// Something is to be done on the cluster.
    wake: Notify,
    /// Nothing at all is to be done, not even what is being done.
    rests: watch::Sender<bool>,
    standing: watch::Sender<Standing>,
}

impl Shared {
    /// Has the keeper look at what is to be done, at once where that is nothing.
    fn wake(&self) {
        let rests = matches!(self.book().todo(), Todo::Rest(_));
        self.rests.send_replace(rests);
        self.wake.notify_one();
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A book is changed only after its change is on disk, whatever panicked while it was held.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An agent on one cluster.
pub struct Agent<W> {
    world: W,
    /// The same cluster with the agent's own rights, for what stands in its own namespace.
    own: W,
    shared: Arc<Shared>,
    mark: Observed<Option<Mark>>,
}

impl<W: World> Agent<W> {
    /// Opens what is on disk. Waits until the cluster says whether an agent was here before: who
    /// does not know that might take an older release, or prune what it lost the memory of.
    pub async fn open(world: W, disk: Disk, settings: Settings) -> Self {
        Self::with_own(world.clone(), world, disk, settings).await
    }

    /// The same, where what is applied is applied by others' rights (`world`) and not by the
    /// agent's own (`own`).
    pub async fn with_own(world: W, own: W, disk: Disk, settings: Settings) -> Self {
        let mut dice = Dice::new(settings.seed);
        let mut failures = Failures::default();
        let mark = loop {
            let mark = read_mark(&own, &settings.namespace).await;
            if mark.known().is_some() || failures.0 >= TRIES {
                break mark;
            }
            failures = failures.more();
            tokio::time::sleep(failures.wait(&settings.times, dice.roll())).await;
        };
        let trust =
            Trust { keys: settings.release_keys.clone(), cluster: settings.cluster.clone() };
        let book = Book::open(&disk, trust, &mark);
        let (standing, _) = watch::channel(Standing::default());
        let (rests, _) = watch::channel(false);
        let shared =
            Shared { settings, disk, book: Mutex::new(book), wake: Notify::new(), rests, standing };
        Self { world, own, shared: Arc::new(shared), mark }
    }

    /// How the cluster is, as it changes.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.shared.standing.subscribe()
    }

    /// Runs until `stop` is done. Stopping deletes nothing.
    pub async fn run<L: Link>(self, link: L, stop: impl Future<Output = ()> + Send) {
        let courier = courier::run(link, Arc::clone(&self.shared));
        let mut keeper =
            keeper::Keeper::new(self.world, self.own, Arc::clone(&self.shared), &self.mark);
        tokio::select! {
            () = stop => {}
            () = courier => {}
            () = keeper.run() => {}
        }
        keeper.let_go().await;
    }
}

/// So many tries to learn whether an agent was here before. A ConfigMap that may not be read is
/// no reason to leave a cluster alone for ever: then its generation is what the disk says, and an
/// applied set that is not on disk is unknown.
const TRIES: u32 = 5;
