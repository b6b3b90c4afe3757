//! From a merged change to the object in a real Kubernetes API: server, Git, agent.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use agent::key::open_key;
use agent::link::{HttpLink, HttpSettings};
use agent::state::Disk;
use agent::{Agent, Settings};
use api::{Client, ClientSettings};
use serde_json::Value;
use sync::kube::Cluster;
use sync::{Detail, Object, Place, ServedKind, Trial, World};

use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, Serving};

const FLEET: &str = "\
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: shops}
spec: {engine: 1, layout: {manifests: {}}, delivery: {branches: {}}}
-- inventory/all.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: boston}
---
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: agent-web}
spec: {clusters: all}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web}
spec: {namespace: agent-web, template: apps/web}
-- apps/web/config.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: agent-web}
data: {price: \"1\"}
";

/// A server with the fleet, and what an agent of `boston` is told when it joins.
pub(crate) struct Centre {
    pub(crate) sandbox: Sandbox,
    pub(crate) serving: Serving,
    pub(crate) join: Value,
}

impl Centre {
    /// One whose application is in this namespace.
    pub(crate) fn new(namespace: &str) -> Self {
        let sandbox = Sandbox::committed(&FLEET.replace("agent-web", namespace));
        let serving = Serving::in_sandbox(&sandbox);
        let centre = Self { sandbox, serving, join: Value::Null };
        centre.push();
        let url = &centre.serving.url;
        let words = format!("cluster join boston -o json --server {url} --token-file admin-token");
        for _ in 0..600 {
            let output = centre.sandbox.run(&words);
            if output.status.success() {
                let join = serde_json::from_slice(&output.stdout).unwrap();
                return Self { join, ..centre };
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the cluster cannot be joined");
    }

    fn push(&self) {
        let url = self.serving.url.replace("http://", &format!("http://admin:{ADMIN}@"));
        self.sandbox.git(&format!("push -q {url}/git/source.git HEAD:refs/heads/main"));
    }
}

fn apply(world: &Cluster, runtime: &tokio::runtime::Runtime, text: &str) {
    let object: Object = sync::read_manifest(text.as_bytes()).unwrap();
    let kind = ServedKind::known("v1", "Namespace", "namespaces", false);
    runtime.block_on(world.apply(&kind, &object, Trial::Act)).unwrap();
}

/// The price that the cluster has now.
async fn price(world: &Cluster, namespace: &str) -> Option<String> {
    let place = Place { namespace: Some(namespace), name: "web" };
    let object = world.read(&ServedKind::config_map(), place, Detail::Whole).await.ok()?;
    object.text(&["data", "price"]).map(str::to_owned)
}

pub(crate) async fn until_price(world: &Cluster, namespace: &str, wanted: &str) {
    for _ in 0..3000 {
        if price(world, namespace).await.as_deref() == Some(wanted) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the price does not become {wanted}: {:?}", price(world, namespace).await);
}

async fn run_agent(world: Cluster, state: PathBuf, url: String, join: Value) {
    let text = |name: &str| join[name].as_str().unwrap().to_owned();
    let disk = Disk::folder(&state).unwrap();
    let settings = ClientSettings { server: url, token: None, authority: None };
    let http = HttpSettings {
        client: Client::new(&settings).unwrap(),
        cluster: "boston".to_owned(),
        release_key: text("releaseKey").parse().unwrap(),
        join_token: Some(text("token")),
    };
    let link = HttpLink::new(http.clone(), open_key(&disk).unwrap());
    let settings = Settings::new("boston", vec![http.release_key], 7);
    Agent::open(world, disk, settings).await.run(link, std::future::pending()).await;
}

#[test]
fn a_merged_change_arrives_in_a_real_cluster_and_kills_lose_nothing() {
    let Some(kubernetes) = testkit::kubernetes() else {
        println!("skipped: no Kubernetes API server");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = sync::kube::Settings {
        kubeconfig: Some(kubernetes.kubeconfig()),
        ..sync::kube::Settings::default()
    };
    let world = runtime.block_on(Cluster::connect(settings)).unwrap();
    apply(&world, &runtime, "apiVersion: v1\nkind: Namespace\nmetadata: {name: res-edge}\n");
    let centre = Centre::new("agent-web");
    let state = centre.sandbox.path().join("state");
    let start = |centre: &Centre| {
        let (url, join) = (centre.serving.url.clone(), centre.join.clone());
        runtime.spawn(run_agent(world.clone(), state.clone(), url, join))
    };
    let agent = start(&centre);
    runtime.block_on(until_price(&world, "agent-web", "1"));
    let begin = Instant::now();
    change(&centre, "1", "2");
    runtime.block_on(until_price(&world, "agent-web", "2"));
    println!("from the push to the object: {} ms", begin.elapsed().as_millis());
    agent.abort();
    // Killed while it is at work, again and again.
    for number in 2..8_u64 {
        let agent = start(&centre);
        change(&centre, &number.to_string(), &(number + 1).to_string());
        std::thread::sleep(Duration::from_millis(37 * number));
        agent.abort();
    }
    let _agent = start(&centre);
    runtime.block_on(until_price(&world, "agent-web", "8"));
}

pub(crate) fn change(centre: &Centre, from: &str, to: &str) {
    let (from, to) = (format!("price: \"{from}\""), format!("price: \"{to}\""));
    centre.sandbox.replace("apps/web/config.yaml", &from, &to);
    centre.sandbox.git("add apps");
    centre.sandbox.git("commit -q -m change");
    // The key of the cluster came into its document meanwhile.
    let url = centre.serving.url.replace("http://", &format!("http://admin:{ADMIN}@"));
    centre.sandbox.git(&format!("pull -q --rebase {url}/git/source.git main"));
    centre.push();
}
