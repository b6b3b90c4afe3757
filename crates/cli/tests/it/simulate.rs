//! Simulated clusters against a server.

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
kind: Cluster
metadata: {name: austin}
spec: {description: South}
---
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: web}
spec: {clusters: all}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web}
spec: {namespace: web, template: apps/web}
-- apps/web/config.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: web}
data: {cluster: rea.cluster.name}
";

#[test]
fn clusters_that_are_not_there_join_and_run_what_is_released() {
    let sandbox = Sandbox::committed(FLEET);
    let serving = Serving::in_sandbox(&sandbox);
    let url = serving.url.replace("http://", &format!("http://admin:{ADMIN}@"));
    sandbox.git(&format!("push -q {url}/git/source.git HEAD:refs/heads/main"));
    let words = format!(
        "simulate --clusters all --server {} --token-file admin-token --once --for 2m \
         --ready-after 100ms",
        serving.url
    );
    let simulated = sandbox.run(&words);
    let shown = sandbox.text(&simulated);
    assert!(simulated.status.success(), "{shown}");
    assert!(shown.contains("2 of 2 clusters settled"), "{shown}");
    let none = sandbox.run(&words.replace("--clusters all", "--clusters none"));
    assert_eq!(none.status.code(), Some(2), "{}", sandbox.text(&none));
}
