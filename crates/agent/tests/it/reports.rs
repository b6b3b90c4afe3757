//! What the centre is told.

use agent::report::{Standing, report};
use agent::site::ask_for_hold;
use api::agent::{ApplicationReport, HealthyWord, SyncedWord, state_digest};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::centre::{Files, Site, time};

fn application(name: u8, state: u8) -> ApplicationReport {
    let synced = if state < 2 { SyncedWord::Synced } else { SyncedWord::OutOfSync };
    ApplicationReport {
        name: format!("a{name}"),
        tree: None,
        synced,
        healthy: HealthyWord::Healthy,
        reason: format!("R{state}"),
        message: None,
    }
}

fn standing(applications: &[(u8, u8)]) -> Standing {
    let applications = applications.iter().map(|(name, state)| application(*name, *state));
    Standing {
        applications: applications.map(|one| (one.name.clone(), one)).collect(),
        ..Standing::default()
    }
}

proptest! {
    #![proptest_config(testkit::cases(256))]

    /// A server that applies what changed to what it knew has what there is.
    #[test]
    fn what_changed_brings_the_centre_up_to_date(
        states in prop::collection::vec(prop::collection::vec((0_u8..6, 0_u8..4), 0..8), 1..8),
    ) {
        let (mut told, mut centre) = (None, std::collections::BTreeMap::new());
        for state in states {
            let now = standing(&state);
            let Some(said) = report(told.as_ref(), &now, time(0)) else {
                prop_assert_eq!(told.as_ref(), Some(&now));
                continue;
            };
            match &said.after {
                None => centre.clear(),
                Some(after) => prop_assert_eq!(after, &state_digest(&centre)),
            }
            said.gone.iter().for_each(|name| drop(centre.remove(name)));
            centre.extend(said.applications.iter().map(|one| (one.name.clone(), one.clone())));
            prop_assert_eq!(&centre, &now.applications);
            prop_assert_eq!(&said.state, &state_digest(&centre));
            told = Some(now);
        }
    }
}

#[tokio::test]
async fn the_first_report_says_everything_and_later_ones_what_changed() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web", "pay"], 1, "1")).await;
    site.rest(SignedDuration::from_secs(2)).await;
    let mut files = Files::shop(&["web", "pay"], 1, "1");
    files.0.extend(Files::shop(&["web"], 2, "2").0);
    site.release(2, &files).await;
    let is_told = |site: &Site| {
        site.line.reports().last().is_some_and(|one| {
            one.generation == Some(2) && one.counts.synced == one.counts.applications
        })
    };
    site.eventually(is_told).await;
    let reports = site.line.reports();
    assert!(reports[0].after.is_none());
    let last = reports.last().unwrap();
    assert_eq!(last.generation, Some(2));
    assert_eq!(last.counts.applications, 3);
    let told: Vec<_> = reports.iter().skip(1).flat_map(|one| &one.applications).collect();
    assert!(told.iter().any(|one| one.name == "web" && one.tree.is_some()));
    assert!(reports.windows(2).skip(1).all(|two| two[1].after.as_ref() == Some(&two[0].state)));
}

#[tokio::test]
async fn a_centre_that_lost_what_it_knew_is_told_everything() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web", "pay"], 1, "1")).await;
    site.rest(SignedDuration::from_secs(2)).await;
    site.line.lose_state();
    let n = site.line.reports().len();
    site.eventually(|site| site.line.reports().len() > n).await;
    let next = &site.line.reports()[n];
    assert!(next.after.is_none());
    assert_eq!(next.applications.len(), 3);
}

#[tokio::test]
async fn without_a_link_nothing_piles_up_and_the_newest_state_is_told_afterwards() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web"], 1, "1")).await;
    site.rest(SignedDuration::from_secs(2)).await;
    let n = site.line.reports().len();
    site.line.set_offline(true);
    site.rest(SignedDuration::from_secs(3 * 24 * 3600)).await;
    assert_eq!(site.line.reports().len(), n);
    site.line.set_offline(false);
    site.eventually(|site| site.line.reports().len() > n).await;
}

#[tokio::test]
async fn what_a_pass_saw_counts_for_no_release_that_came_after_it() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web", "pay"], 1, "1")).await;
    ask_for_hold(&site.disk, SignedDuration::from_hours(2), "stocktake", time(0)).unwrap();
    site.until(|standing| standing.hold.is_some()).await;
    let mut files = Files::shop(&["web", "till"], 1, "1");
    files.0.extend(Files::shop(&["web"], 1, "2").0);
    site.line.offer(site.centre.parcel(2, &files));
    let standing =
        site.until(|standing| standing.release.as_ref().is_some_and(|(n, _)| *n == 2)).await;
    let said = standing.applications.values();
    let said: Vec<_> =
        said.map(|one| format!("{} {:?} {}", one.name, one.synced, one.reason)).collect();
    assert_eq!(
        said,
        [
            "namespaces OutOfSync NotApplied",
            "pay OutOfSync NotApplied",
            "till Unknown NotLookedAt",
            "web OutOfSync NotApplied",
        ]
    );
}

#[tokio::test]
async fn a_cluster_that_cannot_be_asked_is_unknown_and_not_synced() {
    let mut site = Site::new();
    site.start().await;
    site.release(1, &Files::shop(&["web"], 1, "1")).await;
    site.kill().await;
    site.start().await;
    site.cluster.set_faults(|faults| faults.offline = true);
    let is_alarmed =
        |site: &Site| site.line.reports().last().is_some_and(|report| !report.alarms.is_empty());
    site.eventually(is_alarmed).await;
    let told = site.line.reports().last().unwrap().counts;
    assert_eq!((told.applications, told.synced), (2, 0));
}
