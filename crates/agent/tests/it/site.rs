//! What people at the site say, with and without a link.

use agent::site::{ask_for_hold, ask_to_resume, read_status};
use jiff::SignedDuration;
use serde_json::json;

use crate::centre::{Files, Site, config, make};

async fn running() -> Site {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web"], 1, "1")).await;
    site
}

fn hold(site: &Site, hours: i64, seconds: i64) {
    let length = SignedDuration::from_hours(hours);
    ask_for_hold(&site.disk, length, "stocktake", crate::centre::time(seconds)).unwrap();
}

#[tokio::test]
async fn a_hold_keeps_releases_away_and_drift_is_corrected() {
    let mut site = running().await;
    hold(&site, 2, 0);
    site.until(|standing| standing.hold.is_some()).await;
    site.line.offer(site.centre.parcel(2, &Files::shop(&["web"], 1, "2")));
    site.until(|standing| standing.release.as_ref().is_some_and(|(n, _)| *n == 2)).await;
    site.cluster.edit(&config("web", "c0"), "kubectl", |_| None).unwrap();
    site.holds(&["web/c0 1"]).await;
    site.rest(SignedDuration::from_secs(3600)).await;
    assert_eq!(site.configs(), ["web/c0 1"]);
    let status = read_status(&site.disk).unwrap().unwrap();
    assert_eq!((status.generation, status.waiting), (Some(1), Some(2)));
    assert!(site.line.reports().last().unwrap().hold.is_some(), "the centre sees it");
    // It ends by itself.
    site.rest(SignedDuration::from_secs(3700)).await;
    site.holds(&["web/c0 2"]).await;
    site.eventually(|site| site.line.reports().last().unwrap().hold.is_none()).await;
}

#[tokio::test]
async fn a_hold_outlives_a_restart_without_a_link() {
    let mut site = running().await;
    hold(&site, 3, 0);
    site.until(|standing| standing.hold.is_some()).await;
    site.line.offer(site.centre.parcel(2, &Files::shop(&["web"], 1, "2")));
    site.until(|standing| standing.release.as_ref().is_some_and(|(n, _)| *n == 2)).await;
    site.line.set_offline(true);
    site.kill().await;
    site.start().await;
    site.rest(SignedDuration::from_secs(3600)).await;
    assert_eq!(site.configs(), ["web/c0 1"]);
    site.rest(SignedDuration::from_secs(3 * 3600)).await;
    // What came before the link went is applied.
    site.holds(&["web/c0 2"]).await;
}

#[tokio::test]
async fn resume_ends_a_hold_whoever_placed_it() {
    let mut site = running().await;
    make(
        &site.cluster,
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: res-edge-agent\n  namespace: res-edge\n  \
         annotations: {res-edge.dev/hold: 90m, res-edge.dev/hold-reason: stocktake}\n",
    );
    let standing = site.until(|standing| standing.hold.is_some()).await;
    assert_eq!(standing.hold.unwrap().reason, "stocktake");
    site.line.offer(site.centre.parcel(2, &Files::shop(&["web"], 1, "2")));
    site.rest(SignedDuration::from_secs(600)).await;
    assert_eq!(site.configs(), ["web/c0 1"]);
    ask_to_resume(&site.disk).unwrap();
    site.synced(2).await;
    // The annotation that is still there holds nothing again.
    site.release(3, &Files::shop(&["web"], 1, "3")).await;
    assert_eq!(site.configs(), ["web/c0 3"]);
}

#[tokio::test]
async fn an_annotation_that_is_taken_away_ends_the_hold() {
    let mut site = running().await;
    let text = |hold: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: res-edge-agent\n  namespace: \
             res-edge\n  annotations: {{{hold}}}\n"
        )
    };
    make(&site.cluster, &text("res-edge.dev/hold: until noon"));
    // What is no time counts as the longest that the fleet allows.
    let standing = site.until(|standing| standing.hold.is_some()).await;
    let until = standing.hold.unwrap().until;
    assert!(until <= crate::centre::time(4 * 3600 + 60));
    site.line.offer(site.centre.parcel(2, &Files::shop(&["web"], 1, "2")));
    make(&site.cluster, &text("note: x"));
    site.synced(2).await;
}

#[tokio::test]
async fn a_hold_that_cannot_be_read_any_more_still_ends_at_its_time() {
    let mut site = running().await;
    make(
        &site.cluster,
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: res-edge-agent\n  namespace: res-edge\n  \
         annotations: {res-edge.dev/hold: 1h}\n",
    );
    site.until(|standing| standing.hold.is_some()).await;
    site.line.offer(site.centre.parcel(2, &Files::shop(&["web"], 1, "2")));
    let own = ("ConfigMap".to_owned(), Some("res-edge".to_owned()));
    site.cluster.set_faults(|faults| faults.forbidden.extend([own]));
    site.rest(SignedDuration::from_secs(1800)).await;
    assert_eq!(site.configs(), ["web/c0 1"]);
    site.rest(SignedDuration::from_secs(2400)).await;
    site.holds(&["web/c0 2"]).await;
}

#[tokio::test]
async fn a_stop_counts_while_releases_are_held_too() {
    let mut site = running().await;
    hold(&site, 2, 0);
    site.until(|standing| standing.hold.is_some()).await;
    let files = Files::shop(&["web"], 1, "2");
    let stop = |said: &mut api::agent::Statement| said.stopped = crate::centre::stopped();
    site.line.offer(site.centre.parcel_with(2, &files, stop));
    site.until(|standing| standing.alarms.iter().any(|alarm| alarm.reason == "Stopped")).await;
    site.cluster
        .edit(&config("web", "c0"), "kubectl", |object| {
            let mut object = object.unwrap();
            object["data"]["version"] = json!("by hand");
            Some(object)
        })
        .unwrap();
    site.rest(SignedDuration::from_secs(1800)).await;
    assert_eq!(site.configs(), ["web/c0 by hand"]);
}
