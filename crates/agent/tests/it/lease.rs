//! Two agents that were started by mistake: one acts.

use agent::cluster::{Grip, Lease};
use agent::state::Disk;
use jiff::SignedDuration;

use crate::centre::{Files, Line, Site};

fn lease(site: &Site, identity: &str) -> Lease<sync::simulated::Cluster> {
    Lease::new(
        site.cluster.clone(),
        "res-edge".to_owned(),
        identity.to_owned(),
        crate::centre::fast(),
    )
}

#[tokio::test]
async fn who_came_first_acts_and_the_other_waits_until_it_is_gone() {
    let site = Site::new();
    let (mut one, mut two) = (lease(&site, "one"), lease(&site, "two"));
    assert_eq!(one.take().await.unwrap(), Grip::Ours);
    for _ in 0..20 {
        assert_eq!(two.take().await.unwrap(), Grip::Others("one".to_owned()));
        tokio::time::sleep(crate::centre::fast().renew / 2).await;
        assert_eq!(one.take().await.unwrap(), Grip::Ours);
    }
    // It renews no more.
    assert_eq!(two.take().await.unwrap(), Grip::Others("one".to_owned()));
    tokio::time::sleep(crate::centre::fast().lease * 2).await;
    assert_eq!(two.take().await.unwrap(), Grip::Ours);
    assert_eq!(one.take().await.unwrap(), Grip::Others("two".to_owned()));
}

#[tokio::test]
async fn one_that_is_told_to_end_lets_go_of_its_own_lease_alone() {
    let site = Site::new();
    let (mut one, mut two) = (lease(&site, "one"), lease(&site, "two"));
    one.take().await.unwrap();
    two.release().await;
    assert_eq!(two.take().await.unwrap(), Grip::Others("one".to_owned()));
    one.release().await;
    assert_eq!(two.take().await.unwrap(), Grip::Ours);
}

#[tokio::test]
async fn nobody_acts_who_cannot_ask() {
    let site = Site::new();
    let mut one = lease(&site, "one");
    one.take().await.unwrap();
    site.cluster.set_faults(|faults| faults.offline = true);
    assert!(one.take().await.is_err());
    assert!(one.is_due());
}

#[tokio::test]
async fn of_two_agents_on_one_cluster_one_acts_and_the_other_takes_over() {
    let mut one = Site::new();
    one.start().await;
    one.release(1, &Files::shop(&["web"], 1, "1")).await;
    let mut two = Site::new();
    (two.cluster, two.disk, two.line) = (one.cluster.clone(), Disk::memory(), Line::default());
    two.centre = std::mem::replace(&mut one.centre, crate::centre::Centre::new());
    two.settings = one.settings.clone();
    two.settings.identity = "two".to_owned();
    two.line.offer(two.centre.parcel(2, &Files::shop(&["web"], 1, "2")));
    two.start().await;
    let waits = |standing: &agent::report::Standing| {
        standing.alarms.iter().any(|alarm| alarm.reason == "NotTheOne")
    };
    two.until(waits).await;
    two.rest(SignedDuration::from_secs(300)).await;
    assert_eq!(one.configs(), ["web/c0 1"]);
    assert_eq!(two.line.reports(), [], "the centre hears one agent of a cluster");
    one.kill().await;
    two.synced(2).await;
    two.eventually(|two| !two.line.reports().is_empty()).await;
    assert_eq!(two.configs(), ["web/c0 2"]);
}
