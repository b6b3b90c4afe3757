//! Simulated clusters: the real agent, each on a cluster in memory, many in one process.
//!
//! In: a server, the names of clusters with the keys that stand in their documents, and what is to
//! go wrong. Out: how they stand, together. `simulate` and `demo` run them.

mod beginnings;
mod faults;
mod joining;
mod summary;
mod timings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent::link::{HttpLink, HttpSettings};
use agent::report::Standing;
use agent::state::Disk;
use agent::{Agent, Settings};
use api::Client;
use api::ssh::{PublicKey, SigningKey};
use jiff::SignedDuration;
use sync::simulated::{Clock, Cluster, Settings as ClusterSettings};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use beginnings::{CustomKind, custom_kinds};
pub(crate) use faults::FaultArguments;
use faults::{Dice, Unsteady};
pub(crate) use joining::{Fetched, Key, add_keys, join, keys_of};
pub(crate) use summary::{Summary, is_settled};
pub(crate) use timings::{StepTimes, Timings};
use timings::{Timed, follow};

/// What simulated clusters are made of.
pub(crate) struct Plan {
    /// The server, without a token.
    pub(crate) client: Client,
    /// The key that signs its releases.
    pub(crate) release_key: PublicKey,
    /// A folder with a folder for each cluster; else what they know goes with the process.
    pub(crate) folder: Option<PathBuf>,
    /// Kinds that operators bring, which every cluster serves.
    pub(crate) kinds: Vec<CustomKind>,
    /// What goes wrong.
    pub(crate) faults: FaultArguments,
}

/// Simulated clusters that run.
pub(crate) struct Simulation {
    standings: Vec<(String, watch::Receiver<Standing>)>,
    clusters: Vec<(String, Cluster)>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    timings: Arc<Timings>,
}

impl Simulation {
    /// Starts an agent on a new cluster for each of these keys.
    ///
    /// # Errors
    /// A folder cannot be used.
    pub(crate) async fn start(plan: &Plan, keys: Vec<Key>) -> std::io::Result<Self> {
        let mut simulation = Self {
            standings: Vec::new(),
            clusters: Vec::new(),
            stop: watch::channel(false).0,
            tasks: JoinSet::new(),
            timings: Arc::new(Timings::new()),
        };
        for (number, key) in keys.into_iter().enumerate() {
            simulation.add(plan, key, number).await?;
        }
        Ok(simulation)
    }

    async fn add(&mut self, plan: &Plan, key: Key, number: usize) -> std::io::Result<()> {
        let Key { cluster: name, key } = key;
        let mut dice = Dice::new(plan.faults.seed, number as u64);
        let settings = cluster_settings(&plan.faults, &mut dice);
        let cluster = Cluster::new(settings, Clock::Wall);
        let disk = match &plan.folder {
            Some(folder) => Disk::folder(&site_folder(folder, &name))?,
            None => Disk::memory(),
        };
        let mut settings = Settings::new(&name, vec![plan.release_key], dice.next());
        // One process has one agent for each cluster, and no person in its pods.
        settings.has_lease = false;
        settings.times.look = Duration::from_secs(if plan.folder.is_some() { 2 } else { 30 });
        beginnings::furnish(&cluster, &settings.namespace, &plan.kinds);
        let (link, timings) = (link(plan, &name, key, &mut dice), Arc::clone(&self.timings));
        let link = Timed { link, number, timings: Arc::clone(&timings) };
        let agent = Agent::open(cluster.clone(), disk, settings).await;
        self.standings.push((name.clone(), agent.standing()));
        self.tasks.spawn(follow(number, agent.standing(), timings));
        self.clusters.push((name, cluster));
        let mut stopped = self.stop.subscribe();
        let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
        self.tasks.spawn(agent.run(link, stop));
        Ok(())
    }

    /// How all of them stand.
    pub(crate) fn summary(&self) -> Summary {
        Summary::of(self.standings.iter().map(|(_, standing)| standing.borrow()))
    }

    /// When what happened.
    pub(crate) fn timings(&self) -> &Timings {
        &self.timings
    }

    /// How each of them stands, by name.
    pub(crate) fn standings(&self) -> Vec<(&str, Standing)> {
        let all = self.standings.iter();
        all.map(|(name, standing)| (name.as_str(), standing.borrow().clone())).collect()
    }

    /// A cluster.
    pub(crate) fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|(known, _)| known == name).map(|(_, cluster)| cluster)
    }

    /// Waits until all of them stand as is asked; answers whether they did in time.
    pub(crate) async fn wait(&self, most: Duration, is: impl Fn(&str, &Standing) -> bool) -> bool {
        let all = async {
            for (name, standing) in &self.standings {
                if standing.clone().wait_for(|standing| is(name, standing)).await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(most, all).await.unwrap_or(false)
    }

    /// Ends all of them.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The folder of one cluster.
fn site_folder(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}

fn cluster_settings(faults: &FaultArguments, dice: &mut Dice) -> ClusterSettings {
    let mut settings =
        ClusterSettings { ready_after: faults.ready_after, ..ClusterSettings::default() };
    settings.faults.delay = faults.slow;
    settings.faults.failing_images = faults.failing_images.iter().cloned().collect();
    if faults.skew > 0 {
        let width = 2 * u64::from(faults.skew) + 1;
        let hours = i64::try_from(dice.next() % width).unwrap_or(0) - i64::from(faults.skew);
        settings.faults.skew = SignedDuration::from_hours(hours);
    }
    settings
}

fn link(plan: &Plan, name: &str, key: SigningKey, dice: &mut Dice) -> Unsteady<HttpLink> {
    let settings = HttpSettings {
        client: plan.client.clone(),
        cluster: name.to_owned(),
        release_key: plan.release_key,
        join_token: None,
    };
    Unsteady::new(HttpLink::new(settings, key), plan.faults.offline, dice.next())
}
