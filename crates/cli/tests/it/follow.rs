//! `publish --follow`, as a process that keeps running.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::sandbox::Sandbox;

const FLEET: &str = "
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: test}
spec: {layout: {manifests: {}}, delivery: {branches: {}}}
-- inventory/all.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: one}
spec: {values: {color: red}}
---
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: shop}
spec: {clusters: all}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web}
spec: {namespace: shop, template: apps/web}
-- apps/web/map.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {color: rea.cluster.color}
";

/// The process, ended with the test.
struct Follower {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Follower {
    fn start(sandbox: &Sandbox) -> Self {
        let words = ["publish", "--follow", "--rev", "main", "-o", "json", "--interval", "10ms"];
        let mut child = sandbox.command(&words).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// What it says next, without what differs from run to run.
    fn next(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        format!("{} {} {}", said["generation"], said["clustersChanged"], said["outcome"])
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn each_new_commit_is_released_as_it_comes() {
    let sandbox = Sandbox::committed(FLEET);
    let mut follower = Follower::start(&sandbox);
    assert_eq!(follower.next(), r#"1 1 "Done""#);
    sandbox.replace("inventory/all.yaml", "red", "blue");
    sandbox.commit();
    assert_eq!(follower.next(), r#"2 1 "Done""#);
    assert!(sandbox.git("show clusters/one:web/shop/configmap-web.yaml").contains("color: blue"));
    // A source that is not accepted changes nothing, and the next one goes on.
    sandbox.replace("inventory/all.yaml", "clusters: all", "clusters: al");
    sandbox.commit();
    std::thread::sleep(std::time::Duration::from_millis(200));
    sandbox.replace("inventory/all.yaml", "clusters: al}", "clusters: all}");
    sandbox.replace("inventory/all.yaml", "blue", "green");
    sandbox.commit();
    assert_eq!(follower.next(), r#"3 1 "Done""#);
    // Someone else's step in between is not lost and not fought.
    let anew = sandbox.run("publish -q --rev main");
    assert!(anew.status.success());
    sandbox.replace("inventory/all.yaml", "green", "white");
    sandbox.commit();
    assert_eq!(follower.next(), r#"4 1 "Done""#);
    sandbox.git("fsck --full --strict");
}

#[test]
fn what_cannot_be_followed_is_said_at_once() {
    let sandbox = Sandbox::with(FLEET);
    sandbox.git("init -q --bare delivery.git");
    let output = sandbox.run("publish --follow --to delivery.git");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("is in no Git repository, so it has no revisions"), "{said}");
}
