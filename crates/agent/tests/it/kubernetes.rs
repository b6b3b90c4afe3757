//! Two agents that were started by mistake on one real Kubernetes API server: one acts.

use std::time::Duration;

use agent::pace::Times;
use agent::report::Standing;
use agent::state::Disk;
use agent::{Agent, Settings};
use api::agent::SyncedWord;
use sync::kube::Cluster;
use sync::{Detail, Object, Place, ServedKind, Trial, World};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::centre::{Centre, Files, Line, fast};

/// The namespace of both agents.
const OWN: &str = "two-agents";

/// An agent on the real cluster.
struct Running {
    task: JoinHandle<()>,
    standing: watch::Receiver<Standing>,
    line: Line,
}

impl Running {
    async fn start(world: &Cluster, centre: &Centre, identity: &str) -> Self {
        let mut settings = Settings::new("boston", centre.trust().keys, 7);
        settings.namespace = OWN.to_owned();
        settings.identity = identity.to_owned();
        // A real cluster takes its time to answer; a lease must outlast that.
        let [renew, lease] = [400, 4000].map(Duration::from_millis);
        settings.times = Times { renew, lease, ..fast() };
        let agent = Agent::open(world.clone(), Disk::memory(), settings).await;
        let (standing, line) = (agent.standing(), Line::default());
        let task = tokio::spawn(agent.run(line.clone(), std::future::pending()));
        Self { task, standing, line }
    }

    async fn until(&mut self, is: impl FnMut(&Standing) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(60), self.standing.wait_for(is));
        waited.await.expect("the agent says it").unwrap();
    }

    async fn until_synced(&mut self, generation: u32) {
        self.until(|standing| {
            standing.release.as_ref().is_some_and(|(number, _)| *number == generation)
                && !standing.applications.is_empty()
                && standing.applications.values().all(|one| one.synced == SyncedWord::Synced)
        })
        .await;
    }

    /// Ends it as a power cut does.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn connect() -> Option<Cluster> {
    let plane = tokio::task::spawn_blocking(testkit::kubernetes).await.unwrap()?;
    let settings = sync::kube::Settings {
        kubeconfig: Some(plane.kubeconfig()),
        ..sync::kube::Settings::default()
    };
    let world = Cluster::connect(settings).await.unwrap();
    let namespace = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {OWN}}}\n");
    let object: Object = sync::read_manifest(namespace.as_bytes()).unwrap();
    let kind = ServedKind::known("v1", "Namespace", "namespaces", false);
    world.apply(&kind, &object, Trial::Act).await.unwrap();
    Some(world)
}

/// What a field of an object says.
async fn text(world: &Cluster, kind: &ServedKind, place: (&str, &str), path: &[&str]) -> String {
    let place = Place { namespace: Some(place.0), name: place.1 };
    let object = world.read(kind, place, Detail::Whole).await.unwrap();
    object.text(path).unwrap().to_owned()
}

async fn version(world: &Cluster) -> String {
    text(world, &ServedKind::config_map(), ("two-web", "c0"), &["data", "version"]).await
}

async fn holder(world: &Cluster) -> String {
    let path = ["spec", "holderIdentity"];
    text(world, &ServedKind::lease(), (OWN, "res-edge-agent"), &path).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_agents_on_one_real_cluster_one_acts_and_the_other_takes_over() {
    let Some(world) = connect().await else { return };
    let centre = Centre::new();
    let mut one = Running::start(&world, &centre, "one").await;
    one.line.offer(centre.parcel(1, &Files::shop(&["two-web"], 1, "1")));
    one.until_synced(1).await;
    let mut two = Running::start(&world, &centre, "two").await;
    two.line.offer(centre.parcel(2, &Files::shop(&["two-web"], 1, "2")));
    let waits = |standing: &Standing| {
        let says = |alarm: &api::agent::AgentAlarm| {
            alarm.reason == "NotTheOne" && alarm.message.contains("`one` acts on this cluster")
        };
        standing.alarms.iter().any(says)
    };
    two.until(waits).await;
    // Longer than a lease that nobody renews.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((version(&world).await, holder(&world).await), ("1".to_owned(), "one".to_owned()));
    one.kill().await;
    two.until_synced(2).await;
    assert_eq!((version(&world).await, holder(&world).await), ("2".to_owned(), "two".to_owned()));
    two.until(|standing| standing.alarms.iter().all(|alarm| alarm.reason != "NotTheOne")).await;
    two.kill().await;
}
