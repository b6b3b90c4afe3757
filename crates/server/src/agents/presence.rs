//! How clusters are, as their agents say it, and whether they can be reached.
//!
//! In: requests and reports of agents, the clock of the server. Out: what each cluster said last.
//! It is kept in memory, and in the database behind it: what a crash loses of a few seconds is
//! noticed by the digest that a report follows, and said again. No absence is read as health: a
//! cluster that never reported is unknown, and one that is silent is unreachable.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use api::LogEntry;
use api::agent::{AgentReport, ApplicationReport, HealthyWord, SyncedWord};
use jiff::{SignedDuration, Timestamp};
use model::ClusterUid;
use store::{Abnormal, KeptCluster, LogLine, ReportedCluster, Store, StoreError};
use tokio::sync::broadcast;

use super::log::{self, Log, Said};
use super::troubles::Troubles;
use crate::events::Events;

/// After how long without a word a cluster is unreachable. Agents hold a stream, or ask every
/// minute.
const SILENCE: SignedDuration = SignedDuration::from_mins(5);

/// How exact the time of the last word is in the database.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// How often what changed is kept.
const KEEP: Duration = Duration::from_secs(1);

/// How many messages to agents may wait for a stream.
const MESSAGES: usize = 256;

/// What a cluster said last.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The row that is kept.
    pub(crate) row: ReportedCluster,
    /// Applications that are not both synced and healthy.
    pub(crate) abnormal: BTreeMap<String, Abnormal>,
    /// How many streams its agent holds open.
    streams: u32,
    is_dirty: bool,
    is_abnormal_dirty: bool,
    /// What happened on it.
    log: Log,
}

/// Whether a cluster can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Its agent was heard lately, or listens.
    Reachable,
    /// It was not heard for a while.
    Unreachable,
}

/// A list of nothing, as JSON.
pub(super) const NOTHING: &str = "[]";

impl Seen {
    fn new(uid: ClusterUid, now: Timestamp) -> Self {
        Self {
            row: ReportedCluster {
                uid,
                seen: now,
                reported: None,
                state: String::new(),
                generation: None,
                tree: None,
                applications: 0,
                synced: 0,
                healthy: 0,
                agent: String::new(),
                is_report_only: false,
                hold: None,
                alarms: NOTHING.to_owned(),
            },
            abnormal: BTreeMap::new(),
            streams: 0,
            is_dirty: true,
            is_abnormal_dirty: false,
            log: Log::default(),
        }
    }

    /// Whether the cluster can be reached.
    pub(crate) fn reach(&self, now: Timestamp) -> Reach {
        match self.streams > 0 || now.duration_since(self.row.seen) < SILENCE {
            true => Reach::Reachable,
            false => Reach::Unreachable,
        }
    }

    /// Whether an agent listens.
    pub(crate) fn is_listening(&self) -> bool {
        self.streams > 0
    }

    fn heard(&mut self, now: Timestamp) {
        if self.reach(now) == Reach::Unreachable {
            self.log.note([log::returned(self.row.seen, now)]);
        }
        if now.duration_since(self.row.seen) >= MINUTE {
            self.is_dirty = true;
            self.row.seen = now;
        }
    }

    /// Takes a report; answers whether it counts.
    fn take(&mut self, report: &AgentReport, now: Timestamp) -> bool {
        if report.after.as_ref().is_some_and(|after| *after != self.row.state) {
            return false;
        }
        let mut abnormal = match report.after {
            Some(_) => self.abnormal.clone(),
            None => BTreeMap::new(),
        };
        report.gone.iter().for_each(|name| drop(abnormal.remove(name)));
        for application in &report.applications {
            if is_normal(application) {
                abnormal.remove(&application.name);
                continue;
            }
            let since = self.abnormal.get(&application.name).map_or(now, |known| known.since);
            let one = abnormal_of(self.row.uid, application, since);
            abnormal.insert(application.name.clone(), one);
        }
        let row = self.row_of(report, now);
        let [before, after] = [(&self.row, &self.abnormal), (&row, &abnormal)]
            .map(|(row, abnormal)| Said { row, abnormal });
        self.log.note(log::changes(before, after, now));
        self.is_abnormal_dirty |= abnormal != self.abnormal;
        (self.row, self.abnormal) = (row, abnormal);
        self.is_dirty = true;
        true
    }

    fn row_of(&self, report: &AgentReport, now: Timestamp) -> ReportedCluster {
        ReportedCluster {
            uid: self.row.uid,
            seen: now,
            reported: Some(now),
            state: report.state.clone(),
            generation: report.generation,
            tree: report.tree.as_deref().and_then(|tree| tree.parse().ok()),
            applications: report.counts.applications,
            synced: report.counts.synced,
            healthy: report.counts.healthy,
            agent: report.agent.clone(),
            is_report_only: report.is_report_only,
            hold: report.hold.as_ref().and_then(|hold| serde_json::to_string(hold).ok()),
            alarms: serde_json::to_string(&report.alarms).unwrap_or_else(|_| NOTHING.to_owned()),
        }
    }

    /// What is to be kept, if there is anything.
    fn take_changed(&mut self, now: Timestamp) -> Option<KeptCluster> {
        if self.streams > 0 {
            self.heard(now);
        }
        std::mem::take(&mut self.is_dirty).then_some(())?;
        let is_abnormal = std::mem::take(&mut self.is_abnormal_dirty);
        let abnormal = is_abnormal.then(|| self.abnormal.values().cloned().collect());
        Some(KeptCluster { row: self.row.clone(), abnormal, lines: self.log.lines() })
    }

    /// It is kept, or must be kept again.
    fn were_kept(&mut self, one: &KeptCluster, is_kept: bool) {
        match is_kept {
            true => self.log.were_kept(&one.lines),
            false => {
                self.is_dirty = true;
                self.is_abnormal_dirty |= one.abnormal.is_some();
            }
        }
    }
}

fn is_normal(report: &ApplicationReport) -> bool {
    report.synced == SyncedWord::Synced && report.healthy == HealthyWord::Healthy
}

fn abnormal_of(cluster: ClusterUid, report: &ApplicationReport, since: Timestamp) -> Abnormal {
    Abnormal {
        cluster,
        application: report.name.clone(),
        tree: report.tree.clone(),
        synced: report.synced.as_str().to_owned(),
        healthy: report.healthy.as_str().to_owned(),
        reason: report.reason.clone(),
        message: report.message.clone(),
        since,
    }
}

/// What is told to agents besides their releases.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// The agents of these clusters are to look now.
    Sync(Arc<HashSet<ClusterUid>>),
}

/// What all clusters said.
pub(crate) struct Presence {
    clusters: RwLock<HashMap<ClusterUid, Seen>>,
    version: AtomicU64,
    messages: broadcast::Sender<Message>,
    store: Store,
}

/// That an agent listens, until it is dropped.
pub(crate) struct Listening {
    presence: Arc<Presence>,
    uid: ClusterUid,
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(seen) = self.presence.write().get_mut(&self.uid) {
            seen.streams = seen.streams.saturating_sub(1);
            seen.row.seen = Timestamp::now();
            seen.is_dirty = true;
        }
    }
}

impl Presence {
    /// What the database has kept.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut clusters = HashMap::new();
        for row in store.reported_clusters().await? {
            let known = Seen { is_dirty: false, ..Seen::new(row.uid, row.seen) };
            clusters.insert(row.uid, Seen { row, ..known });
        }
        for one in store.abnormal().await? {
            if let Some(seen) = clusters.get_mut(&one.cluster) {
                seen.abnormal.insert(one.application.clone(), one);
            }
        }
        let (messages, _) = broadcast::channel(MESSAGES);
        let (clusters, version) = (RwLock::new(clusters), AtomicU64::new(0));
        Ok(Self { clusters, version, messages, store: store.clone() })
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<ClusterUid, Seen>> {
        self.clusters.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<ClusterUid, Seen>> {
        self.clusters.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts up with each report that changes anything, so that an answer made of it has a tag.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// An agent was heard.
    pub(crate) fn heard(&self, uid: ClusterUid, now: Timestamp) {
        self.write().entry(uid).or_insert_with(|| Seen::new(uid, now)).heard(now);
    }

    /// An agent listens.
    pub(crate) fn listens(self: &Arc<Self>, uid: ClusterUid, now: Timestamp) -> Listening {
        let mut clusters = self.write();
        let seen = clusters.entry(uid).or_insert_with(|| Seen::new(uid, now));
        seen.heard(now);
        seen.streams += 1;
        Listening { presence: Arc::clone(self), uid }
    }

    /// When a cluster was heard last.
    pub(crate) fn last_heard(&self, uid: ClusterUid) -> Option<Timestamp> {
        self.read().get(&uid).map(|seen| seen.row.seen)
    }

    /// Takes a report; answers whether it counts.
    pub(crate) fn take(&self, uid: ClusterUid, report: &AgentReport, now: Timestamp) -> bool {
        let mut clusters = self.write();
        let counts = clusters.entry(uid).or_insert_with(|| Seen::new(uid, now)).take(report, now);
        self.version.fetch_add(u64::from(counts), Ordering::SeqCst);
        counts
    }

    /// Looks at what all clusters said.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&HashMap<ClusterUid, Seen>) -> T) -> T {
        look(&self.read())
    }

    /// Messages to agents, from now on.
    pub(crate) fn messages(&self) -> broadcast::Receiver<Message> {
        self.messages.subscribe()
    }

    /// Asks the agents of clusters to look now; answers how many of them listen.
    pub(crate) fn ask_to_sync(&self, clusters: HashSet<ClusterUid>) -> usize {
        let listening = self.look(|all| {
            let listens = |uid: &&ClusterUid| all.get(uid).is_some_and(Seen::is_listening);
            clusters.iter().filter(listens).count()
        });
        // Nobody may listen at all.
        let _ = self.messages.send(Message::Sync(Arc::new(clusters)));
        listening
    }

    /// Forgets clusters that have left the fleet.
    pub(crate) async fn retain(
        &self,
        is_there: impl Fn(ClusterUid) -> bool,
    ) -> Result<(), StoreError> {
        let gone: Vec<ClusterUid> = {
            let mut clusters = self.write();
            let gone = clusters.keys().copied().filter(|uid| !is_there(*uid)).collect();
            clusters.retain(|uid, _| is_there(*uid));
            gone
        };
        self.store.forget_clusters(&gone).await
    }

    /// Keeps what changed.
    pub(crate) async fn keep(&self, now: Timestamp) -> Result<(), StoreError> {
        let changed: Vec<KeptCluster> =
            self.write().values_mut().filter_map(|seen| seen.take_changed(now)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let kept = self.store.keep_clusters(&changed).await;
        let mut clusters = self.write();
        for one in &changed {
            if let Some(seen) = clusters.get_mut(&one.row.uid) {
                seen.were_kept(one, kept.is_ok());
            }
        }
        kept
    }

    /// What happened on a cluster after an entry, the newest last.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn log(
        &self,
        uid: ClusterUid,
        after: i64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        // What is kept between the two looks is in both.
        let pending = self.look(|all| all.get(&uid).map(|seen| seen.log.entries().to_vec()));
        let kept: Vec<LogLine> = self.store.cluster_log(uid, after).await?;
        Ok(log::merged(kept, pending.unwrap_or_default(), after))
    }

    /// Keeps what changed, again and again, tells who is in trouble, and forgets clusters that have
    /// left.
    pub(crate) async fn keep_on(
        self: Arc<Self>,
        releases: Arc<super::Releases>,
        events: Arc<Events>,
    ) {
        let (mut changes, mut troubles) = (releases.changes(), Troubles::default());
        loop {
            tokio::time::sleep(KEEP).await;
            let table = Arc::clone(&releases.table());
            // Before the first look at the ledger nobody knows who is there.
            if !table.is_empty() {
                troubles.look(&self, &table, &events, Timestamp::now());
            }
            if changes.has_changed().unwrap_or(false) {
                changes.mark_unchanged();
                if !table.is_empty()
                    && let Err(error) = self.retain(|uid| table.get(uid).is_some()).await
                {
                    tracing::error!(%error, "clusters that have left are not forgotten");
                }
            }
            if let Err(error) = self.keep(Timestamp::now()).await {
                tracing::error!(%error, "reports are not kept");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use api::agent::AgentCounts;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn application(name: &str, synced: SyncedWord, healthy: HealthyWord) -> ApplicationReport {
        ApplicationReport {
            name: name.to_owned(),
            tree: None,
            synced,
            healthy,
            reason: "Refused".to_owned(),
            message: None,
        }
    }

    fn report(after: Option<&str>, state: &str, some: Vec<ApplicationReport>) -> AgentReport {
        AgentReport {
            after: after.map(str::to_owned),
            state: state.to_owned(),
            time: at(0),
            generation: Some(1),
            tree: None,
            counts: AgentCounts { applications: 2, synced: 1, healthy: 2 },
            applications: some,
            gone: Vec::new(),
            hold: None,
            alarms: Vec::new(),
            agent: "0.1.0".to_owned(),
            is_report_only: false,
        }
    }

    #[test]
    fn only_a_report_that_follows_counts_and_what_is_wrong_keeps_its_time() {
        let mut seen = Seen::new(ClusterUid([1; 16]), at(0));
        let bad = || application("dogs", SyncedWord::Failed, HealthyWord::Healthy);
        let good = |name| application(name, SyncedWord::Synced, HealthyWord::Healthy);
        assert!(!seen.take(&report(Some("x"), "y", vec![]), at(1)), "nothing is known yet");
        assert!(seen.take(&report(None, "a", vec![bad(), good("cats")]), at(1)));
        assert_eq!(seen.abnormal.keys().collect::<Vec<_>>(), ["dogs"]);
        assert!(seen.take(&report(Some("a"), "b", vec![bad()]), at(5)));
        assert_eq!(seen.abnormal["dogs"].since, at(1));
        assert!(!seen.take(&report(Some("a"), "c", vec![good("dogs")]), at(6)), "after a gap");
        assert_eq!((seen.row.state.as_str(), seen.abnormal.len()), ("b", 1));
        assert!(seen.take(&report(Some("b"), "c", vec![good("dogs")]), at(7)));
        assert!(seen.abnormal.is_empty());
        assert!(seen.take(&report(None, "d", vec![bad()]), at(8)), "everything always counts");
        assert_eq!(seen.abnormal["dogs"].since, at(8));
        let mut gone = report(Some("d"), "e", vec![]);
        gone.gone = vec!["dogs".to_owned()];
        assert!(seen.take(&gone, at(9)) && seen.abnormal.is_empty());
    }

    #[test]
    fn silence_is_measured_by_the_clock_of_the_server() {
        let mut seen = Seen::new(ClusterUid([1; 16]), at(0));
        assert_eq!(seen.reach(at(299)), Reach::Reachable);
        assert_eq!(seen.reach(at(300)), Reach::Unreachable);
        seen.streams = 1;
        assert_eq!(seen.reach(at(9_999)), Reach::Reachable, "it listens");
    }
}
