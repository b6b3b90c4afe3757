//! What clusters say, and how it is told.

use std::collections::BTreeMap;
use std::time::Duration;

use api::agent::{
    AgentCounts, AgentEvent, AgentHold, AgentReport, ApplicationReport, HealthyWord, SyncedWord,
    state_digest,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::kit::{TestAgent, event, with_fleet};
use crate::events::{Watching, data};
use crate::support::{ADMIN, Running, settings};

type State = BTreeMap<String, ApplicationReport>;

fn application(name: &str, tree: &str, synced: SyncedWord) -> ApplicationReport {
    let is_synced = synced == SyncedWord::Synced;
    ApplicationReport {
        name: name.to_owned(),
        tree: Some(tree.to_owned()),
        synced,
        healthy: HealthyWord::Healthy,
        reason: if is_synced { "Healthy" } else { "Refused" }.to_owned(),
        message: (!is_synced).then(|| "the API server refused `ConfigMap pets/vote`".to_owned()),
    }
}

/// The state of both applications of a cluster, of which `dogs` is synced.
fn both(till: SyncedWord) -> State {
    let both = [application("dogs", "d1", SyncedWord::Synced), application("till", "t1", till)];
    both.into_iter().map(|one| (one.name.clone(), one)).collect()
}

/// A report of a state, after another one or whole.
fn report(after: Option<&State>, state: &State, some: Vec<ApplicationReport>) -> AgentReport {
    let synced = state.values().filter(|one| one.synced == SyncedWord::Synced).count();
    AgentReport {
        after: after.map(state_digest),
        state: state_digest(state),
        time: Timestamp::now(),
        generation: Some(1),
        tree: None,
        counts: AgentCounts { applications: 2, synced: synced as u32, healthy: 2 },
        applications: some,
        gone: Vec::new(),
        hold: None,
        alarms: Vec::new(),
        agent: "0.1.0".to_owned(),
        is_report_only: false,
    }
}

async fn word(running: &Running, cluster: &str) -> Value {
    let (status, report) = running.get(&format!("/api/v1/clusters/{cluster}/report")).await;
    assert_eq!(status, 200, "{report}");
    report["state"].clone()
}

/// What happened on `la-1`, as the words of each entry.
async fn log(running: &Running, part: &str) -> Vec<String> {
    let (status, log) = running.get(&format!("/api/v1/clusters/la-1/log{part}")).await;
    assert_eq!(status, 200, "{log}");
    let entries: Vec<api::LogEntry> = serde_json::from_value(log["entries"].clone()).unwrap();
    let said = entries.into_iter().map(|entry| {
        let event = serde_json::to_value(entry.event).unwrap();
        let words = [
            event.as_str().map(str::to_owned),
            entry.application,
            entry.synced.map(|word| word.as_str().to_owned()),
            entry.reason,
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    said.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_on_a_cluster_is_told_once_and_kept() {
    let running = with_fleet().await;
    assert_eq!(log(&running, "").await, [""; 0], "nobody ever reported");
    let agent = TestAgent::joined(&running, "la-1").await;
    let (bad, good) = (both(SyncedWord::Failed), both(SyncedWord::Synced));
    let send = async |report: AgentReport| {
        assert!(!agent.client.report(&report).await.unwrap().send_all);
    };
    send(report(None, &bad, bad.values().cloned().collect())).await;
    let begun = ["agent", "release", "application till failed Refused"];
    assert_eq!(log(&running, "").await, begun);
    send(report(Some(&bad), &bad, vec![bad["till"].clone()])).await;
    assert_eq!(log(&running, "").await, begun, "the same again is no news");
    let mut held = report(Some(&bad), &good, vec![good["till"].clone()]);
    let until = Timestamp::now() + SignedDuration::from_hours(4);
    held.hold = Some(AgentHold { reason: "inventory night".to_owned(), by: None, until });
    send(held).await;
    let mut alarmed = report(Some(&good), &good, vec![]);
    let message = "another agent acts".to_owned();
    alarmed.alarms = vec![api::agent::AgentAlarm { reason: "NotTheOne".to_owned(), message }];
    send(alarmed).await;
    send(AgentReport { generation: Some(2), ..report(Some(&good), &good, vec![]) }).await;
    let later = ["hold", "application till synced", "holdEnd", "alarm NotTheOne"];
    let last = ["release", "alarmEnd NotTheOne"];
    let all = [&begun[..], &later, &last].concat();
    assert_eq!(log(&running, "").await, all);
    // Part of it.
    let of_till = [begun[2], later[1]];
    assert_eq!(log(&running, "?application=till").await, of_till);
    assert_eq!(log(&running, "?application=dogs").await, [""; 0]);
    assert_eq!(running.get("/api/v1/clusters/la-1/log?application=tiil").await.0, 404);
    let whole = running.get("/api/v1/clusters/la-1/log").await.1;
    let id = &whole["entries"][6]["id"];
    assert_eq!(log(&running, &format!("?after={id}")).await, last);
    // It outlives the server.
    let folder = running.stop().await;
    let running = Running::on(folder).await;
    running.controller.changes().wait_for(|version| *version > 0).await.unwrap();
    assert_eq!(log(&running, "").await, all);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_of_a_cluster_is_told_to_whoever_sees_it() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let rita = running.token_of("user:rita").await;
    let mut watching = Watching::new(&running, ADMIN, None).await;
    let mut other = Watching::new(&running, &rita, None).await;
    let state = |synced| -> State {
        let one = application("till", "t1", synced);
        [(one.name.clone(), one)].into()
    };
    let send = async |synced| {
        let whole = state(synced);
        let some = whole.values().cloned().collect();
        agent.client.report(&report(None, &whole, some)).await.unwrap();
    };
    // What the server finds at its first look is not told, so that the first may be missed.
    let mut told = None;
    while told.is_none() {
        send(SyncedWord::Synced).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        send(SyncedWord::Failed).await;
        told = tokio::time::timeout(Duration::from_secs(5), watching.next()).await.ok().flatten();
    }
    let told = told.unwrap();
    assert_eq!(told.event, "cluster-degraded");
    assert_eq!(data(&told)["name"], "la-1");
    assert_eq!(data(&told)["text"], "cluster la-1 is degraded");
    send(SyncedWord::Synced).await;
    assert_eq!(watching.next().await.unwrap().event, "cluster-recovered");
    // Who does not see the cluster hears nothing of it, and of what comes after it.
    let hold = json!({"clusters": "/g/stores/tx", "reason": "festival"});
    assert_eq!(running.ask(Method::POST, "/api/v1/holds", &hold).await.0, 201);
    assert_eq!(other.next().await.unwrap().event, "step");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_followed_and_a_gap_asks_for_everything() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    assert_eq!(word(&running, "la-1").await, "unknown");
    let taken = agent.take(None, None).await.unwrap().statement;
    let (bad, good) = (both(SyncedWord::Failed), both(SyncedWord::Synced));
    let with = |report: AgentReport| AgentReport {
        generation: Some(taken.generation),
        tree: Some(taken.tree.clone()),
        ..report
    };
    let follows = with(report(Some(&good), &bad, vec![]));
    assert!(agent.client.report(&follows).await.unwrap().send_all, "nothing is known yet");
    let whole = with(report(None, &bad, bad.values().cloned().collect()));
    assert!(!agent.client.report(&whole).await.unwrap().send_all);
    assert_eq!(word(&running, "la-1").await, "degraded");
    let binding = running.get("/api/v1/bindings/till/la-1").await.1;
    assert_eq!(binding["status"]["actual"]["synced"], "failed");
    assert_eq!(binding["status"]["actual"]["reason"], "Refused");
    let binding = running.get("/api/v1/bindings/dogs/la-1").await.1;
    assert_eq!(binding["status"]["actual"]["synced"], "synced");
    assert_eq!(binding["status"]["actual"]["tree"], binding["status"]["released"]["tree"]);
    let abnormal = running.get("/api/v1/bindings?abnormal=true").await.1;
    assert_eq!(
        (&abnormal["total"], &abnormal["items"][0]["spec"]["application"]),
        (&json!(1), &json!("till"))
    );

    let lost = with(report(Some(&good), &good, vec![]));
    assert!(agent.client.report(&lost).await.unwrap().send_all, "another state went before");
    let mended = with(report(Some(&bad), &good, vec![good["till"].clone()]));
    assert!(!agent.client.report(&mended).await.unwrap().send_all);
    assert_eq!(word(&running, "la-1").await, "ready");
    let summary = running.get("/api/v1/summary").await.1;
    let numbers = ["clusters", "reporting", "synced", "healthy", "unreachable", "applications"]
        .map(|key| summary[key].as_u64().unwrap());
    assert_eq!(numbers, [3, 1, 1, 1, 0, 2]);
    // A site that holds back says so.
    let mut held = with(report(Some(&good), &good, vec![]));
    let until = Timestamp::now() + SignedDuration::from_hours(4);
    held.hold = Some(AgentHold { reason: "inventory night".to_owned(), by: None, until });
    agent.client.report(&held).await.unwrap();
    assert_eq!(word(&running, "la-1").await, "held");
    let listed = running.get("/api/v1/reports?state=held,unknown").await.1;
    let names: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["cluster"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["la-1", "la-2", "tx-1"]);
    assert_eq!(listed["items"][0]["hold"]["reason"], "inventory night");
    let page = running.get("/api/v1/reports?limit=2").await.1;
    assert_eq!((&page["total"], &page["continue"]), (&json!(3), &json!("la-2")));
    let page = running.get("/api/v1/reports?limit=2&continue=la-2").await.1;
    assert_eq!((page["items"][0]["cluster"].as_str(), page.get("continue")), (Some("tx-1"), None));
    assert_eq!(running.get("/api/v1/reports?state=fine").await.0, 400);

    // What was said outlives the server, and what follows it counts.
    let folder = running.stop().await;
    let running = Running::on(folder).await;
    running.controller.changes().wait_for(|version| *version > 0).await.unwrap();
    assert_eq!(word(&running, "la-1").await, "held");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_within_limits_is_taken_and_one_beyond_is_not() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let mut long = application("dogs", "d1", SyncedWord::Failed);
    long.message = Some("x".repeat(10_000));
    let state: State = [(long.name.clone(), long.clone())].into();
    let whole = report(None, &state, vec![long.clone()]);
    assert!(!agent.client.report(&whole).await.unwrap().send_all);
    let kept = running.get("/api/v1/clusters/la-1/report").await.1;
    assert_eq!(kept["abnormal"][0]["message"].as_str().unwrap().len(), 500);
    long.reason = "R".repeat(65);
    let refused = agent.client.report(&report(None, &state, vec![long])).await;
    assert_eq!(super::kit::code(refused), (422, "too-long".to_owned()));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_cluster_is_unreachable_and_a_person_can_ask_a_listening_one_to_look() {
    let running = with_fleet().await;
    let agent = TestAgent::joined(&running, "la-1").await;
    let state = State::new();
    agent.client.report(&report(None, &state, vec![])).await.unwrap();
    let mut stream = agent.stream(None).await;
    event(&mut stream).await.unwrap();
    let answer = running.json(ADMIN, Method::POST, "/api/v1/clusters/la-1/sync", None).await;
    assert_eq!(answer, (200, json!({"told": 1})));
    assert_eq!(event(&mut stream).await, Some(AgentEvent::Sync {}));
    let answer = running.json(ADMIN, Method::POST, "/api/v1/clusters/tx-1/sync", None).await;
    assert_eq!(answer, (200, json!({"told": 0})));
    let rita = running.token_of("user:lara").await;
    let path = "/api/v1/clusters/la-1/sync";
    assert_eq!(running.json(&rita, Method::POST, path, None).await.0, 403);
    // The server stops, which ends the stream; a day later it starts again.
    let folder = running.stop().await;
    assert_eq!(event(&mut stream).await, None);
    let place = store::Place::Sqlite(folder.path().join("res-edge.db"));
    let store = store::Store::open(&place).await.unwrap();
    let mut rows = store.reported_clusters().await.unwrap();
    let row = rows.pop().unwrap();
    let yesterday = Timestamp::now() - SignedDuration::from_hours(24);
    let row = store::ReportedCluster { seen: yesterday, ..row };
    let kept = store::KeptCluster { row, abnormal: None, lines: Vec::new() };
    store.keep_clusters(&[kept]).await.unwrap();
    store.close().await;
    let metrics = settings(folder.path());
    let metrics = server::Settings { metrics_listen: Some(([127, 0, 0, 1], 0).into()), ..metrics };
    let running = Running::with(folder, metrics).await;
    running.controller.changes().wait_for(|version| *version > 0).await.unwrap();
    assert_eq!(word(&running, "la-1").await, "unreachable");
    let text = reqwest::get(running.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap();
    assert!(text.contains("res_edge_clusters_reported{state=\"unreachable\"} 1"), "{text}");
    assert!(text.contains("res_edge_clusters_reported{state=\"unknown\"} 2"), "{text}");
    // It comes back with the key that it always had.
    let settings =
        api::ClientSettings { server: running.url.clone(), token: None, authority: None };
    let mut back = TestAgent { client: api::Client::new(&settings).unwrap(), ..agent };
    back.begin().await.unwrap();
    assert_eq!(word(&running, "la-1").await, "progressing");
    let said = log(&running, "").await;
    assert_eq!(said.last().unwrap(), "return", "{said:?}");
    running.stop().await;
}
