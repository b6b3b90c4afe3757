//! A centre in memory that signs releases, and a site: an agent on a simulated cluster.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent::link::{Have, Link, LinkError, Parcel};
use agent::pace::Times;
use agent::report::Standing;
use agent::state::{Disk, KeptRelease, Memory};
use agent::verify::Trust;
use agent::{Agent, Settings};
use api::agent::{
    AgentEvent, AgentReport, Allowance, ClusterIdentity, RELEASE_NAMESPACE, ReportAnswer,
    Statement, Stopped,
};
use api::ssh::SigningKey;
use git::{Received, ReceivedKind, ReceivedObjects};
use jiff::{SignedDuration, Timestamp};
use model::{Entry, Mode, ObjectId, ObjectKey, tree_bytes};
use sync::simulated::{Clock, Cluster};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// The uid of the cluster of these tests.
pub(crate) const UID: &str = "11111111111111111111111111111111";

/// The times of an agent, two hundred times as fast.
pub(crate) fn fast() -> Times {
    let usual = Times::default();
    Times {
        first_wait: usual.first_wait / 200,
        longest_wait: usual.longest_wait / 6000,
        poll: usual.poll / 1000,
        spread: usual.spread / 50,
        gather: usual.gather / 100,
        heartbeat: usual.heartbeat / 1000,
        // The engine gathers changes for 50 ms, which a look must not cut off.
        look: Duration::from_millis(120),
        annotation: Duration::from_millis(150),
        renew: Duration::from_millis(150),
        lease: Duration::from_millis(600),
    }
}

/// Signs releases.
pub(crate) struct Centre {
    key: SigningKey,
}

/// A statement that may be changed before it is signed.
pub(crate) fn statement(generation: u32, tree: ObjectId) -> Statement {
    Statement {
        api_version: "res-edge.dev/v1".to_owned(),
        kind: "Release".to_owned(),
        fleet: "22222222222222222222222222222222".to_owned(),
        cluster: ClusterIdentity { uid: UID.to_owned(), name: "boston".to_owned() },
        generation,
        tree: tree.to_string(),
        layout: "manifests".to_owned(),
        commit: None,
        source: None,
        allowances: Vec::new(),
        holds: Vec::new(),
        windows: Vec::new(),
        stopped: None,
        depends_on: BTreeMap::new(),
        max_hold_seconds: 4 * 3600,
        issued: time(i64::from(generation)),
        expires: Timestamp::MAX,
    }
}

/// A moment, by a number that grows.
pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_900_000_000 + seconds).unwrap()
}

/// That everything is stopped.
pub(crate) fn stopped() -> Option<Stopped> {
    Some(Stopped { reason: "wrong prices".to_owned(), by: "anna".to_owned(), since: time(0) })
}

/// An object that may be deleted.
pub(crate) fn allowance(kind: &str, namespace: Option<&str>, name: &str) -> Allowance {
    let [group, kind, name] = ["", kind, name].map(str::to_owned);
    Allowance { group, kind, namespace: namespace.map(str::to_owned), name }
}

impl Centre {
    pub(crate) fn new() -> Self {
        Self { key: SigningKey::generate().unwrap() }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust { keys: vec![self.key.public_key()], cluster: "boston".to_owned() }
    }

    pub(crate) fn sign(&self, statement: &Statement) -> KeptRelease {
        self.sign_text(&serde_json::to_string(statement).unwrap())
    }

    pub(crate) fn sign_text(&self, text: &str) -> KeptRelease {
        let signature = self.key.sign(RELEASE_NAMESPACE, text.as_bytes());
        let etag = format!("\"{}\"", model::sha256(text.as_bytes()));
        KeptRelease { statement: text.to_owned(), signature, etag }
    }

    /// A release of these files.
    pub(crate) fn parcel(&self, generation: u32, files: &Files) -> Parcel {
        self.parcel_with(generation, files, |_| ())
    }

    /// A release whose statement was changed before it was signed.
    pub(crate) fn parcel_with(
        &self,
        generation: u32,
        files: &Files,
        change: impl FnOnce(&mut Statement),
    ) -> Parcel {
        let (tree, objects) = files.objects();
        let mut statement = statement(generation, tree);
        change(&mut statement);
        Parcel { kept: self.sign(&statement), pack: Vec::new(), objects }
    }
}

/// Files of a tree by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(pub(crate) BTreeMap<String, String>);

impl Files {
    /// Applications with so many ConfigMaps each, in the namespace of their name.
    pub(crate) fn shop(applications: &[&str], n: usize, version: &str) -> Self {
        let mut files = Self::default();
        for name in applications {
            let namespace = format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n");
            files.put(&format!("namespaces/_cluster/namespace-{name}.yaml"), &namespace);
            for number in 0..n {
                let text = format!(
                    "apiVersion: v1\ndata:\n  version: \"{version}\"\nkind: ConfigMap\nmetadata:\n  \
                     name: c{number}\n  namespace: {name}\n"
                );
                files.put(&format!("{name}/{name}/configmap-c{number}.yaml"), &text);
            }
        }
        files
    }

    pub(crate) fn put(&mut self, path: &str, text: &str) {
        self.0.insert(path.to_owned(), text.to_owned());
    }

    /// The tree with every object of it, by Git's ids.
    pub(crate) fn objects(&self) -> (ObjectId, ReceivedObjects) {
        let mut objects = ReceivedObjects::new();
        let paths = self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let root = folder(&paths.collect::<Vec<_>>(), &mut objects);
        (root, objects)
    }
}

fn folder(files: &[(&str, &str)], objects: &mut ReceivedObjects) -> ObjectId {
    let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let mut entries = Vec::new();
    for (path, text) in files {
        match path.split_once('/') {
            Some((name, below)) => folders.entry(name).or_default().push((below, text)),
            None => {
                let id = put(ReceivedKind::Blob, text.as_bytes(), objects);
                entries.push(Entry { name: (*path).into(), mode: Mode::File, id });
            }
        }
    }
    for (name, files) in folders {
        let id = folder(&files, objects);
        entries.push(Entry { name: name.into(), mode: Mode::Tree, id });
    }
    put(ReceivedKind::Tree, &tree_bytes(&entries), objects)
}

fn put(kind: ReceivedKind, bytes: &[u8], objects: &mut ReceivedObjects) -> ObjectId {
    let object = Received { kind, bytes: bytes.into() };
    let id = object.id();
    objects.insert(id, object);
    id
}

/// What a scripted link answers, and what it was told.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<LineState>);

#[derive(Default)]
struct LineState {
    answers: Mutex<VecDeque<Result<Parcel, LinkError>>>,
    is_offline: Mutex<bool>,
    came: Notify,
    pub(crate) reports: Mutex<Vec<AgentReport>>,
    lost: Mutex<bool>,
}

impl Line {
    /// The next answer to a question for a release.
    pub(crate) fn offer(&self, parcel: Parcel) {
        self.answer(Ok(parcel));
    }

    pub(crate) fn answer(&self, answer: Result<Parcel, LinkError>) {
        self.0.answers.lock().unwrap().push_back(answer);
        self.0.came.notify_one();
    }

    pub(crate) fn set_offline(&self, is_offline: bool) {
        *self.0.is_offline.lock().unwrap() = is_offline;
    }

    /// The centre lost what it knew: the next report is not taken unless it says everything.
    pub(crate) fn lose_state(&self) {
        *self.0.lost.lock().unwrap() = true;
    }

    pub(crate) fn reports(&self) -> Vec<AgentReport> {
        self.0.reports.lock().unwrap().clone()
    }

    fn check(&self) -> Result<(), LinkError> {
        match *self.0.is_offline.lock().unwrap() {
            true => Err(LinkError::Unreachable("no link".to_owned())),
            false => Ok(()),
        }
    }
}

impl Link for Line {
    async fn release(&mut self, _have: &Have) -> Result<Option<Parcel>, LinkError> {
        self.check()?;
        self.0.answers.lock().unwrap().pop_front().transpose()
    }

    async fn listen(&mut self, _have: &Have) -> Result<AgentEvent, LinkError> {
        self.check()?;
        self.0.came.notified().await;
        Ok(AgentEvent::Release { generation: 0 })
    }

    async fn report(&mut self, report: &AgentReport) -> Result<ReportAnswer, LinkError> {
        self.check()?;
        let mut lost = self.0.lost.lock().unwrap();
        let send_all = *lost && report.after.is_some();
        if !send_all {
            *lost = false;
            self.0.reports.lock().unwrap().push(report.clone());
        }
        Ok(ReportAnswer { send_all, time: Timestamp::now() })
    }
}

/// An agent on a simulated cluster.
pub(crate) struct Site {
    pub(crate) centre: Centre,
    pub(crate) cluster: Cluster,
    pub(crate) disk: Disk,
    pub(crate) memory: Memory,
    pub(crate) line: Line,
    pub(crate) settings: Settings,
    running: Option<Running>,
}

struct Running {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    standing: tokio::sync::watch::Receiver<Standing>,
}

impl Site {
    pub(crate) fn new() -> Self {
        let settings = sync::simulated::Settings {
            ready_after: Duration::ZERO,
            established_after: Duration::ZERO,
            namespace_gone_after: Duration::ZERO,
            log: true,
            ..Default::default()
        };
        let cluster = Cluster::new(settings, Clock::Wall);
        let skew = time(0).duration_since(Timestamp::now());
        cluster.set_faults(|faults| faults.skew = skew);
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: res-edge}\n";
        make(&cluster, namespace);
        let centre = Centre::new();
        let memory = Memory::default();
        let mut settings = Settings::new("boston", centre.trust().keys, 7);
        settings.times = fast();
        Self {
            centre,
            cluster,
            disk: Disk::Memory(memory.clone()),
            memory,
            line: Line::default(),
            settings,
            running: None,
        }
    }

    /// Starts the agent.
    pub(crate) async fn start(&mut self) {
        let world = self.cluster.clone();
        let agent = Agent::open(world, self.disk.clone(), self.settings.clone()).await;
        let standing = agent.standing();
        let (stop, stopped) = oneshot::channel();
        let line = self.line.clone();
        let task = tokio::spawn(agent.run(line, async move { drop(stopped.await) }));
        self.running = Some(Running { task, stop, standing });
    }

    /// Ends it as a power cut does.
    pub(crate) async fn kill(&mut self) {
        let running = self.running.take().unwrap();
        running.task.abort();
        let _ = running.task.await;
    }

    /// Ends it as it is told to.
    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        let _ = running.stop.send(());
        running.task.await.unwrap();
    }

    /// Waits until the agent says something.
    pub(crate) async fn until(&mut self, is: impl FnMut(&Standing) -> bool) -> Standing {
        let standing = &mut self.running.as_mut().unwrap().standing;
        let waited = tokio::time::timeout(Duration::from_secs(60), standing.wait_for(is));
        waited.await.expect("the agent says it").unwrap().clone()
    }

    /// Waits until everything of a generation is synced.
    pub(crate) async fn synced(&mut self, generation: u32) {
        use api::agent::SyncedWord::Synced;
        let is = |standing: &Standing| {
            standing.release.as_ref().is_some_and(|(number, _)| *number == generation)
                && !standing.applications.is_empty()
                && standing.applications.values().all(|one| one.synced == Synced)
        };
        self.until(is).await;
    }

    /// Lets time pass on the cluster, and the agent do what it does in that time.
    pub(crate) async fn rest(&self, time: SignedDuration) {
        for _ in 0..20 {
            self.cluster.set_faults(|faults| faults.skew += time / 20);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until something is so.
    pub(crate) async fn eventually(&self, is: impl Fn(&Self) -> bool) {
        for _ in 0..3000 {
            if is(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not come about: {:?}", self.configs());
    }

    /// Waits until these ConfigMaps are there, and no others.
    pub(crate) async fn holds(&self, configs: &[&str]) {
        self.eventually(|site| site.configs() == configs).await;
    }

    /// Offers a release, and waits until it is applied.
    pub(crate) async fn release(&mut self, generation: u32, files: &Files) {
        self.line.offer(self.centre.parcel(generation, files));
        self.synced(generation).await;
    }

    /// The ConfigMaps of the applications, as `namespace/name version`.
    pub(crate) fn configs(&self) -> Vec<String> {
        let keys = self.cluster.keys().into_iter();
        let keys = keys.filter(|key| key.kind == "ConfigMap" && !is_own(key));
        keys.map(|key| {
            let object = self.cluster.object(&key).unwrap();
            let version = object.text(&["data", "version"]).unwrap_or("?");
            format!("{}/{} {version}", key.namespace.as_deref().unwrap_or(""), key.name)
        })
        .collect()
    }
}

fn is_own(key: &ObjectKey) -> bool {
    key.namespace.as_deref() == Some("res-edge")
}

/// Somebody makes or changes an object.
pub(crate) fn make(cluster: &Cluster, text: &str) {
    let object = sync::read_manifest(text.as_bytes()).unwrap();
    cluster.edit(&object.key(), "kubectl", |_| Some(object.to_value())).unwrap();
}

/// The identity of a ConfigMap.
pub(crate) fn config(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey {
        group: String::new(),
        kind: "ConfigMap".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
    }
}
