//! What an agent does through its days: releases, drift, restarts, stops, no link.

use std::time::Duration;

use agent::state::Disk;
use api::agent::SyncedWord;
use jiff::SignedDuration;
use serde_json::json;

use crate::centre::{Files, Site, allowance, config, stopped};

#[tokio::test]
async fn a_release_is_applied_changed_and_pruned() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web", "pay"], 2, "1")).await;
    assert_eq!(site.configs(), ["pay/c0 1", "pay/c1 1", "web/c0 1", "web/c1 1"]);
    site.release(2, &Files::shop(&["web", "pay"], 1, "2")).await;
    assert_eq!(site.configs(), ["pay/c0 2", "web/c0 2"]);
}

#[tokio::test]
async fn a_namespace_goes_when_a_person_confirmed_it_and_not_before() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web", "pay"], 1, "1")).await;
    let fewer = Files::shop(&["web"], 1, "1");
    site.line.offer(site.centre.parcel(2, &fewer));
    let held = |standing: &agent::report::Standing| {
        let held = |one: &api::agent::ApplicationReport| one.synced == SyncedWord::Held;
        standing.applications.get("namespaces").is_some_and(held)
    };
    site.until(held).await;
    let is_there = |site: &Site| {
        site.cluster.keys().iter().any(|key| key.kind == "Namespace" && key.name == "pay")
    };
    assert!(is_there(&site));
    let allowed = vec![allowance("Namespace", None, "pay")];
    site.line.offer(site.centre.parcel_with(3, &fewer, |said| said.allowances = allowed));
    site.synced(3).await;
    assert!(!is_there(&site));
    assert_eq!(site.configs(), ["web/c0 1"]);
}

#[tokio::test]
async fn what_others_change_is_corrected_without_a_link_too() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web"], 2, "1")).await;
    site.line.set_offline(true);
    site.cluster
        .edit(&config("web", "c0"), "kubectl", |object| {
            let mut object = object.unwrap();
            object["data"]["version"] = json!("by hand");
            Some(object)
        })
        .unwrap();
    site.cluster.edit(&config("web", "c1"), "kubectl", |_| None).unwrap();
    site.holds(&["web/c0 1", "web/c1 1"]).await;
}

#[tokio::test]
async fn an_agent_that_starts_without_a_link_goes_on_where_it_was() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web"], 2, "1")).await;
    site.kill().await;
    site.line.set_offline(true);
    site.cluster.edit(&config("web", "c1"), "kubectl", |_| None).unwrap();
    site.start().await;
    site.holds(&["web/c0 1", "web/c1 1"]).await;
}

#[tokio::test]
async fn after_a_long_time_alone_the_newest_release_is_applied_and_no_other() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web"], 1, "1")).await;
    site.line.set_offline(true);
    site.rest(SignedDuration::from_secs(400 * 24 * 3600)).await;
    let _ = site.cluster.take_log();
    site.line.offer(site.centre.parcel(57, &Files::shop(&["web"], 1, "57")));
    site.line.set_offline(false);
    site.synced(57).await;
    assert_eq!(site.configs(), ["web/c0 57"]);
}

#[tokio::test]
async fn a_signed_stop_halts_everything_and_outlives_a_restart() {
    let mut site = Site::new();
    site.start().await;
    let files = Files::shop(&["web"], 1, "1");
    site.release(1, &files).await;
    site.line.offer(site.centre.parcel_with(2, &files, |said| said.stopped = stopped()));
    site.until(|standing| standing.alarms.iter().any(|alarm| alarm.reason == "Stopped")).await;
    site.cluster.edit(&config("web", "c0"), "kubectl", |_| None).unwrap();
    site.rest(SignedDuration::from_secs(3600)).await;
    assert!(site.configs().is_empty(), "nothing is done, not even for drift");
    site.line.set_offline(true);
    site.kill().await;
    site.start().await;
    site.rest(SignedDuration::from_secs(3600)).await;
    assert!(site.configs().is_empty());
    site.line.set_offline(false);
    site.release(3, &files).await;
    assert_eq!(site.configs(), ["web/c0 1"]);
}

#[tokio::test]
async fn a_release_that_is_not_renewed_keeps_running_with_an_alarm() {
    let mut site = Site::new();
    site.start().await;
    let files = Files::shop(&["web"], 1, "1");
    let past = crate::centre::time(-3600);
    site.line.offer(site.centre.parcel_with(1, &files, |said| said.expires = past));
    site.synced(1).await;
    site.until(|standing| standing.alarms.iter().any(|one| one.reason == "ReleaseExpired")).await;
    assert_eq!(site.configs(), ["web/c0 1"]);
}

#[tokio::test]
async fn a_stopped_agent_deletes_nothing_and_lets_the_next_one_act_at_once() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web"], 2, "1")).await;
    site.stop().await;
    assert_eq!(site.configs().len(), 2);
    site.settings.identity = "another".to_owned();
    site.start().await;
    site.release(2, &Files::shop(&["web"], 2, "2")).await;
}

#[tokio::test]
async fn one_that_only_looks_tells_and_changes_nothing() {
    let mut site = Site::new();
    site.settings.is_report_only = true;
    site.start().await;
    site.line.offer(site.centre.parcel(1, &Files::shop(&["web"], 1, "1")));
    let standing = site.until(|standing| !standing.applications.is_empty()).await;
    assert!(standing.is_report_only);
    site.rest(SignedDuration::from_secs(600)).await;
    assert!(site.configs().is_empty());
    let acts = ["apply", "create", "delete"];
    let log = site.cluster.take_log();
    let acted = log.iter().filter(|line| acts.iter().any(|act| line.starts_with(act)));
    assert_eq!(acted.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test]
async fn killed_at_every_moment_it_still_arrives() {
    for milliseconds in (0..200).step_by(4) {
        let mut site = Site::new();
        site.cluster.set_faults(|faults| faults.delay = Duration::from_millis(1));
        site.start().await;
        site.line.offer(site.centre.parcel(1, &Files::shop(&["web", "pay"], 3, "1")));
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        site.kill().await;
        let mut second = Files::shop(&["web"], 2, "2");
        second.0.extend(Files::shop(&["pay"], 0, "2").0);
        site.start().await;
        site.release(2, &second).await;
        let left = site.configs();
        // Objects that were applied when it was killed are known to be its own, and go.
        assert_eq!(left, ["web/c0 2", "web/c1 2"], "killed after {milliseconds} ms");
    }
}

#[tokio::test]
async fn a_lost_disk_prunes_nothing_and_takes_no_older_release() {
    let mut site = Site::new();
    site.start().await;
    site.release(5, &Files::shop(&["web"], 3, "5")).await;
    site.kill().await;
    site.disk = Disk::memory();
    site.line.offer(site.centre.parcel(4, &Files::shop(&["web"], 1, "4")));
    site.start().await;
    site.rest(SignedDuration::from_secs(300)).await;
    assert_eq!(site.configs(), ["web/c0 5", "web/c1 5", "web/c2 5"]);
    // The next one is taken, and prunes nothing that only the lost memory knew of.
    site.release(6, &Files::shop(&["web"], 1, "6")).await;
    assert_eq!(site.configs(), ["web/c0 6", "web/c1 5", "web/c2 5"]);
}
