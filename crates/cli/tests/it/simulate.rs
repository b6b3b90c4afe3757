//! Simulated clusters against a server.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

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
    push(&sandbox, &serving);
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
    what_happened_is_shown(&sandbox, &serving);
}

/// The log of a cluster on which all went well, as people and programs see it.
fn what_happened_is_shown(sandbox: &Sandbox, serving: &Serving) {
    let server = format!("--server {} --token-file admin-token", serving.url);
    let show = |words: &str| {
        let output = sandbox.run(&format!("logs {words} {server}"));
        (output.status.code(), sandbox.text(&output))
    };
    let (code, text) = show("boston");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("  took step 1\n") && text.contains("says how the cluster is"), "{text}");
    let (_, last) = show("boston -n 1");
    assert!(!last.contains("says how") && last.contains("  took step"), "{last}");
    let (code, text) = show("boston web");
    assert!(code == Some(0) && text.contains("nothing is kept of that"), "{text}");
    let (_, json) = show("boston -o json -n 1");
    let line = json.lines().find(|line| line.starts_with('{')).unwrap();
    let entry: api::LogEntry = serde_json::from_str(line).unwrap();
    assert!(entry.id > 0);
    let (code, text) = show("bostn");
    assert!(code == Some(2) && text.contains("boston"), "{text}");
}

/// A server with the fleet, and the words that simulate all of it.
fn pushed(sandbox: &Sandbox) -> (Serving, String) {
    let serving = Serving::in_sandbox(sandbox);
    push(sandbox, &serving);
    let words = format!(
        "simulate -q -o json --clusters all --server {} --token-file admin-token --for 2m \
         --ready-after 100ms",
        serving.url
    );
    (serving, words)
}

/// The source of a server, with its administrator's token.
fn address(serving: &Serving) -> String {
    serving.url.replace("http://", &format!("http://admin:{ADMIN}@")) + "/git/source.git"
}

fn push(sandbox: &Sandbox, serving: &Serving) {
    sandbox.git(&format!("push -q {} HEAD:refs/heads/main", address(serving)));
}

/// An event as a text without its times, which differ in every run.
fn event(line: &str) -> String {
    let mut event: Value = serde_json::from_str(line).unwrap();
    for name in ["seconds", "issued"] {
        if let Some(time) = event.as_object_mut().unwrap().get_mut(name) {
            *time = Value::from("[TIME]");
        }
    }
    for name in ["seen", "applied"] {
        let Some(spread) = event.get_mut(name).and_then(Value::as_object_mut) else { continue };
        let (half, all) = (spread["p50"].as_f64().unwrap(), spread["max"].as_f64().unwrap());
        assert!(half <= all && all < 120.0, "{line}");
        spread.values_mut().for_each(|time| *time = Value::from("[TIME]"));
    }
    event.to_string()
}

#[test]
fn a_script_is_told_of_each_event_on_a_line() {
    let sandbox = Sandbox::committed(FLEET);
    let (_serving, words) = pushed(&sandbox);
    let simulated = sandbox.run(&format!("{words} --once"));
    assert!(simulated.status.success() && simulated.stderr.is_empty(), "{simulated:?}");
    let lines = String::from_utf8(simulated.stdout).unwrap();
    // Which event comes first is a race of looks, and which steps there are one of pushes.
    let mut events: Vec<String> = lines.lines().map(event).collect();
    events.retain(|event| !event.contains("\"release\""));
    insta::assert_snapshot!(events.join("\n"));
    let releases = lines.lines().filter(|line| line.contains("\"release\""));
    let clusters = releases.map(|line| {
        let release: Value = serde_json::from_str(line).unwrap();
        assert_eq!(release["missing"], 0, "{line}");
        release["clusters"].as_u64().unwrap()
    });
    assert!(clusters.sum::<u64>() >= 2, "{lines}");
}

#[test]
fn a_script_is_told_how_long_a_release_took() {
    let sandbox = Sandbox::committed(FLEET);
    let (serving, words) = pushed(&sandbox);
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut child = sandbox.command(&words).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut wait = |step: u64| {
        lines.find(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            (&event["generation"], &event["clusters"]) == (&step.into(), &2.into())
        })
    };
    // The keys, which another commit brought, are no step.
    wait(1).unwrap();
    sandbox.git(&format!("pull -q --rebase {} main", address(&serving)));
    sandbox.replace("apps/web/config.yaml", "data: {", "data: {more: everywhere, ");
    sandbox.commit();
    push(&sandbox, &serving);
    let line = wait(2).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    insta::assert_snapshot!(event(&line));
}
