//! When releases came to simulated clusters, and when they were applied.
//!
//! In: what links bring and how agents stand, each as it happens. Out: when all clusters had
//! joined, and for each step of the ledger how long after its time clusters had seen and applied
//! it. Times are those of this machine's clock, not of the clusters', which may be wrong by intent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use agent::link::{Have, Link, LinkError, Parcel};
use agent::report::Standing;
use api::agent::{AgentEvent, AgentReport, ReportAnswer, Statement, SyncedWord};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

/// How many steps are remembered; older ones were told.
const STEPS: usize = 16;

/// How long nothing more may come of a step before its times are told.
const QUIET: Duration = Duration::from_secs(1);

/// Which cluster of a simulation, counted from 0.
type Number = usize;

/// When what happened, for all clusters of a simulation.
pub(crate) struct Timings {
    begin: Instant,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    joined: BTreeSet<Number>,
    joined_last: Option<Instant>,
    steps: BTreeMap<u32, Step>,
}

/// What is known of one step.
struct Step {
    issued: Timestamp,
    seen: BTreeMap<Number, Timestamp>,
    applied: BTreeMap<Number, Timestamp>,
    changed: Instant,
    is_told: bool,
}

/// How long one step took to the clusters that it concerns.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepTimes {
    /// The step.
    pub(crate) generation: u32,
    /// The time of the step, from which seconds are counted; the ledger has whole seconds.
    pub(crate) issued: Timestamp,
    /// The clusters that it came to.
    pub(crate) clusters: usize,
    /// Those of them that have not applied it.
    pub(crate) missing: usize,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<Spread>,
    /// When all applications of a cluster were as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) applied: Option<Spread>,
}

/// Percentiles over clusters by nearest rank, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// Half of the clusters.
    pub(crate) p50: f64,
    /// Nine of ten.
    pub(crate) p90: f64,
    /// Ninety-nine of a hundred.
    pub(crate) p99: f64,
    /// All.
    pub(crate) max: f64,
}

impl Spread {
    /// The percentiles of some times after another one; nothing of none.
    fn of(times: impl Iterator<Item = Timestamp>, since: Timestamp) -> Option<Self> {
        let mut all: Vec<i128> = times.map(|time| time.duration_since(since).as_millis()).collect();
        all.sort_unstable();
        let at = |percent: usize| {
            let rank = (all.len() * percent).div_ceil(100).max(1);
            all.get(rank - 1).map(|millis| *millis as f64 / 1_000.0)
        };
        Some(Self { p50: at(50)?, p90: at(90)?, p99: at(99)?, max: at(100)? })
    }
}

impl Step {
    fn new(issued: Timestamp) -> Self {
        let (seen, applied) = (BTreeMap::new(), BTreeMap::new());
        Self { issued, seen, applied, changed: Instant::now(), is_told: false }
    }

    fn times(&self, generation: u32) -> StepTimes {
        StepTimes {
            generation,
            issued: self.issued,
            clusters: self.seen.len(),
            missing: self.seen.len() - self.applied.len(),
            seen: Spread::of(self.seen.values().copied(), self.issued),
            applied: Spread::of(self.applied.values().copied(), self.issued),
        }
    }

    fn has_changed(&mut self) {
        self.changed = Instant::now();
        self.is_told = false;
    }
}

impl Timings {
    /// Nothing has happened yet.
    pub(super) fn new() -> Self {
        Self { begin: Instant::now(), log: Mutex::default() }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long it is since the first agent started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// After how long the last of so many clusters had joined; nothing before that.
    pub(crate) fn joined(&self, clusters: usize) -> Option<Duration> {
        let log = self.log();
        let last = log.joined_last.filter(|_| log.joined.len() >= clusters)?;
        Some(last.duration_since(self.begin))
    }

    /// The server answered a cluster that asked for its release.
    fn has_joined(&self, number: Number) {
        let mut log = self.log();
        if log.joined.insert(number) {
            log.joined_last = Some(Instant::now());
        }
    }

    /// A statement came.
    fn has_seen(&self, number: Number, statement: &Statement) {
        let mut log = self.log();
        let step =
            log.steps.entry(statement.generation).or_insert_with(|| Step::new(statement.issued));
        // One that is said anew has a later time; the step has the first.
        step.issued = step.issued.min(statement.issued);
        if let std::collections::btree_map::Entry::Vacant(new) = step.seen.entry(number) {
            new.insert(Timestamp::now());
            step.has_changed();
        }
        while log.steps.len() > STEPS {
            log.steps.pop_first();
        }
    }

    /// All applications of a cluster are as its release says.
    fn has_applied(&self, number: Number, generation: u32) {
        let mut log = self.log();
        let Some(step) = log.steps.get_mut(&generation) else { return };
        // What an agent remembered of a former run did not come in this one.
        if step.seen.contains_key(&number) {
            step.applied.insert(number, Timestamp::now());
            step.has_changed();
        }
    }

    /// The steps that every cluster to which they came has applied, and of which nothing more
    /// came for a second. A step is told again when it came to more clusters.
    pub(crate) fn finished(&self) -> Vec<StepTimes> {
        let is_over = |step: &Step| step.changed.elapsed() >= QUIET;
        self.tell(|step| step.applied.len() == step.seen.len() && is_over(step))
    }

    /// All steps that were not told, whoever has not applied them.
    pub(crate) fn rest(&self) -> Vec<StepTimes> {
        self.tell(|_| true)
    }

    fn tell(&self, is: impl Fn(&Step) -> bool) -> Vec<StepTimes> {
        let mut log = self.log();
        let steps = log.steps.iter_mut().filter(|(_, step)| !step.is_told && is(step));
        let tell = |(generation, step): (&u32, &mut Step)| {
            step.is_told = true;
            step.times(*generation)
        };
        steps.map(tell).collect()
    }
}

/// Notes when a cluster has applied what came, until its agent ends.
pub(super) async fn follow(
    number: Number,
    mut standing: watch::Receiver<Standing>,
    timings: Arc<Timings>,
) {
    let mut noted = None;
    loop {
        let applied = applied(&standing.borrow_and_update());
        // A release may come during a pass, and stand beside what the one before it gave: the
        // last change of what is applied counts.
        if applied.is_some() && applied != noted {
            if let Some((generation, _)) = &applied {
                timings.has_applied(number, *generation);
            }
            noted = applied;
        }
        if standing.changed().await.is_err() {
            return;
        }
    }
}

/// The step that a cluster has applied, with the trees of its applications.
fn applied(standing: &Standing) -> Option<(u32, Vec<Option<String>>)> {
    let (generation, _) = standing.release.as_ref()?;
    let all = || standing.applications.values();
    let is_synced = all().all(|one| one.synced == SyncedWord::Synced);
    is_synced.then(|| (*generation, all().map(|one| one.tree.clone()).collect()))
}

/// A link that notes when what came.
pub(super) struct Timed<L> {
    pub(super) link: L,
    pub(super) number: Number,
    pub(super) timings: Arc<Timings>,
}

impl<L: Link> Link for Timed<L> {
    async fn release(&mut self, have: &Have) -> Result<Option<Parcel>, LinkError> {
        let brought = self.link.release(have).await?;
        self.timings.has_joined(self.number);
        if let Some(parcel) = &brought
            && let Ok(statement) = serde_json::from_str(&parcel.kept.statement)
        {
            self.timings.has_seen(self.number, &statement);
        }
        Ok(brought)
    }

    async fn listen(&mut self, have: &Have) -> Result<AgentEvent, LinkError> {
        self.link.listen(have).await
    }

    async fn report(&mut self, report: &AgentReport) -> Result<ReportAnswer, LinkError> {
        self.link.report(report).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let spread = |times: &[i64]| Spread::of(times.iter().map(|time| at(*time)), at(0));
        assert_eq!(spread(&[]), None);
        let one = Spread { p50: 0.25, p90: 0.25, p99: 0.25, max: 0.25 };
        assert_eq!(spread(&[250]), Some(one));
        let hundred: Vec<i64> = (1..=100).rev().map(|second| second * 1_000).collect();
        let all = Spread { p50: 50.0, p90: 90.0, p99: 99.0, max: 100.0 };
        assert_eq!(spread(&hundred), Some(all));
    }
}
