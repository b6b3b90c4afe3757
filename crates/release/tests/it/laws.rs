//! Laws that hold for every fleet.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use model::{Cause, Cell, Ledger, ObjectId, Observed, Origin};
use proptest::prelude::*;
use release::{Decision, Reason, World, compare, decide};

use crate::fleet::{commit, rendered};
use crate::script::{Publisher, check_order};

const CLUSTERS: [&str; 4] = ["a", "b", "c", "d"];
const APPLICATIONS: [&str; 4] = ["api", "shop", "web", "zoo"];
const OBJECTS: [&str; 3] = ["Service/s", "PersistentVolumeClaim/p", "ConfigMap/c!"];

/// One cluster of a random fleet: for each application a version (0 is broken), for each object
/// the application that renders it, and whether there is a namespace.
type RandomCluster = ([Option<u8>; 4], [usize; 3], bool);

fn cluster() -> impl Strategy<Value = Option<RandomCluster>> {
    let versions = proptest::array::uniform4(proptest::option::weighted(0.8, 0u8..4));
    let owners = proptest::array::uniform3(0usize..5);
    proptest::option::weighted(0.9, (versions, owners, any::<bool>()))
}

/// The text of a random fleet in which objects are unique on every cluster.
fn fleet() -> impl Strategy<Value = String> {
    proptest::array::uniform4(cluster()).prop_map(|clusters| {
        let mut text = String::new();
        for (name, cluster) in CLUSTERS.iter().zip(clusters) {
            let Some((versions, owners, namespace)) = cluster else { continue };
            let _ = write!(text, "cluster {name}:");
            for (index, version) in versions.iter().enumerate() {
                let objects = OBJECTS.iter().zip(owners).filter(|(_, owner)| *owner == index);
                let objects: Vec<&str> = objects.map(|(object, _)| *object).collect();
                let name = APPLICATIONS[index];
                let _ = match version {
                    None => Ok(()),
                    Some(0) => write!(text, " {name}=!"),
                    Some(version) => write!(text, " {name}={version}{{{}}}", objects.join(",")),
                };
            }
            text.push_str(if namespace { " ns/shop=1\n" } else { "\n" });
        }
        text
    })
}

pub(crate) fn fleets() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(fleet(), 1..6)
}

/// Every cell of a ledger by cluster and application.
fn cells(ledger: Option<&Ledger>) -> BTreeMap<(String, String), ObjectId> {
    let clusters = ledger.into_iter().flat_map(|ledger| {
        ledger.clusters.iter().flat_map(move |cluster| {
            cluster.cells.iter().map(move |cell| {
                let application = ledger.application(cell.application).to_string();
                ((cluster.name.to_string(), application), cell.fragment.tree)
            })
        })
    });
    clusters.collect()
}

/// How many times each object stands on each cluster.
fn objects(publisher: &Publisher) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for ((cluster, _), tree) in cells(publisher.ledger.as_ref()) {
        for object in publisher.trees.change(None, Some(tree)).appeared {
            *counts.entry((cluster.clone(), object.to_string())).or_default() += 1;
        }
    }
    counts
}

fn is_cluster_of(text: &str, name: &str) -> bool {
    text.contains(&format!("cluster {name}:"))
}

proptest! {
    #![proptest_config(testkit::cases(200))]

    #[test]
    fn deciding_twice_changes_nothing(fleets in fleets()) {
        let mut publisher = Publisher::default();
        for text in &fleets {
            let first = publisher.decide(text);
            publisher.follow(&first);
            let second = publisher.decide(text);
            let (Decision::Decided(first), Decision::Decided(second)) = (first, second) else {
                panic!("nothing refuses these sources")
            };
            prop_assert_eq!(&second.step, &None);
            prop_assert_eq!(second.held.map(|h| h.plan), first.held.map(|h| h.plan));
            prop_assert_eq!(second.stale, first.stale);
        }
    }

    #[test]
    fn a_step_is_the_next_generation_and_keeps_identities(fleets in fleets()) {
        let mut publisher = Publisher::default();
        for text in &fleets {
            let before = publisher.ledger.clone();
            publisher.act(text);
            let after = publisher.ledger.as_ref().unwrap();
            check_order(after);
            let Some(before) = before else { continue };
            prop_assert!(after.generation.0 - before.generation.0 <= 1);
            for cluster in &before.clusters {
                if let Some(same) = after.cluster(cluster.name.as_str()) {
                    prop_assert_eq!(same.uid, cluster.uid);
                }
            }
        }
    }

    #[test]
    fn a_confirmation_lets_everything_pass_once(fleets in fleets()) {
        let mut publisher = Publisher::default();
        for text in &fleets {
            publisher.act(text);
            if publisher.plan.is_none() {
                continue;
            }
            let confirmed = publisher.decide(&format!("{text}confirm\n"));
            publisher.follow(&confirmed);
            let Decision::Decided(confirmed) = confirmed else { panic!("{confirmed:?}") };
            prop_assert!(confirmed.confirmed && confirmed.held.is_none());
            let Decision::Decided(after) = publisher.decide(text) else { panic!("refused") };
            prop_assert_eq!((after.step, after.held), (None, None));
        }
    }

    #[test]
    fn a_confirmation_of_another_plan_moves_nothing(first in fleet(), second in fleet()) {
        let mut publisher = Publisher::default();
        publisher.act(&first);
        let mut other = Publisher { ledger: publisher.ledger.clone(), ..Publisher::default() };
        publisher.act(&second);
        other.act(&first);
        let held = publisher.plan;
        prop_assume!(held.is_some() && held != other.plan);
        // The plan of the second source does not confirm the first.
        other.plan = held;
        let decision = other.decide(&format!("{first}confirm\n"));
        prop_assert!(matches!(decision, Decision::Refused(_)));
    }

    #[test]
    fn nothing_is_lost_where_nothing_could_be_read(first in fleet(), second in fleet()) {
        let mut publisher = Publisher::default();
        publisher.act(&first);
        let render = rendered(&second, &mut publisher.trees);
        let difference = compare(publisher.ledger.as_ref(), &render);
        let world = World {
            object_changes: HashMap::new(),
            foreign: Vec::new(),
            descends: Observed::Unknown(Cause("not asked".to_owned())),
            confirm: None,
            by: "anna".to_owned(),
            all_or_nothing: false,
            placed: Vec::new(),
        };
        let before = cells(publisher.ledger.as_ref());
        let now = publisher.now;
        let decision = decide(publisher.ledger.as_ref(), &render, &difference, &world, now);
        publisher.follow(&decision);
        let after = cells(publisher.ledger.as_ref());
        for (cell, tree) in before.iter().filter(|((cluster, _), _)| is_cluster_of(&second, cluster)) {
            prop_assert_eq!(after.get(cell), Some(tree));
        }
    }

    #[test]
    fn protected_objects_stay_and_every_object_stands_once(fleets in fleets()) {
        let mut publisher = Publisher::default();
        for text in &fleets {
            let before = objects(&publisher);
            publisher.act(text);
            let after = objects(&publisher);
            for ((cluster, object), n) in &after {
                prop_assert_eq!(*n, 1, "{} on {}", object, cluster);
            }
            for (place, _) in before {
                let stays = place.1.starts_with("Service") || after.contains_key(&place);
                prop_assert!(stays || !is_cluster_of(text, &place.0), "{:?} is lost", place);
            }
        }
    }

    #[test]
    fn deletions_without_a_person_stay_in_the_budget(fleets in fleets()) {
        let mut publisher = Publisher::default();
        let mut n_deleted = 0;
        for text in &fleets {
            let before = cells(publisher.ledger.as_ref());
            publisher.act(text);
            let after = cells(publisher.ledger.as_ref());
            let gone = before.keys().filter(|cell| !after.contains_key(cell));
            n_deleted += gone.filter(|(cluster, _)| is_cluster_of(text, cluster)).count();
            let recorded: u32 =
                publisher.ledger.as_ref().unwrap().deletions.iter().map(|d| d.n_bindings).sum();
            prop_assert_eq!(recorded as usize, n_deleted);
            prop_assert!(n_deleted <= 10);
        }
    }

    #[test]
    fn applications_and_clusters_never_empty_by_themselves(fleets in fleets()) {
        let mut publisher = Publisher::default();
        for text in &fleets {
            let before = cells(publisher.ledger.as_ref());
            publisher.act(text);
            let after = cells(publisher.ledger.as_ref());
            let clusters: BTreeSet<_> = before.keys().map(|(cluster, _)| cluster).collect();
            for cluster in clusters.into_iter().filter(|name| is_cluster_of(text, name)) {
                prop_assert!(after.keys().any(|(name, _)| name == cluster));
            }
            // An application that is gone everywhere went with its orphaned clusters.
            for (_, application) in before.keys() {
                let orphaned = before
                    .keys()
                    .filter(|(_, name)| name == application)
                    .all(|(cluster, _)| !is_cluster_of(text, cluster));
                prop_assert!(orphaned || after.keys().any(|(_, name)| name == application));
            }
        }
    }

    #[test]
    fn what_is_not_held_or_broken_is_what_was_rendered(fleets in fleets()) {
        let mut publisher = Publisher::default();
        for text in &fleets {
            let render = rendered(text, &mut publisher.trees);
            let decision = publisher.publish(&render, "");
            let Decision::Decided(decided) = decision else { panic!("refused") };
            let held: BTreeSet<(String, String)> = decided
                .held
                .iter()
                .flat_map(|held| &held.items)
                .map(|item| (item.name.to_string(), item.part.to_string()))
                .collect();
            let waiting: Vec<_> = decided.waiting.iter().map(|w| w.cluster.as_str()).collect();
            let after = cells(publisher.ledger.as_ref());
            for cluster in &render.clusters {
                if waiting.contains(&cluster.name.as_str()) {
                    continue;
                }
                for (id, cell) in &cluster.cells {
                    let application = render.application(*id).to_string();
                    let part = format!("application {application}");
                    let Cell::Tree(fragment) = cell else { continue };
                    let place = (cluster.name.to_string(), application);
                    let is_held = held.contains(&(place.0.clone(), part));
                    prop_assert!(is_held || after.get(&place) == Some(&fragment.tree));
                }
            }
        }
    }

    #[test]
    fn every_held_item_has_a_reason_that_is_used(fleets in fleets()) {
        let mut publisher = Publisher::default();
        for text in &fleets {
            let decision = publisher.decide(text);
            publisher.follow(&decision);
            let Decision::Decided(decided) = decision else { panic!("refused") };
            let Some(held) = decided.held else { continue };
            let used: BTreeSet<usize> = held.items.iter().map(|item| item.reason).collect();
            prop_assert_eq!(used, (0..held.reasons.len()).collect::<BTreeSet<_>>());
            let unread = |reason: &Reason| matches!(reason, Reason::Unread { .. });
            prop_assert!(!held.reasons.iter().any(unread));
        }
    }

    /// Several publishers that fetched the source at different times take turns in any order:
    /// the fleet never goes back to an older commit.
    #[test]
    fn publishers_never_go_back(
        commits in proptest::collection::vec(fleet(), 2..5),
        turns in proptest::collection::vec(0usize..5, 1..12),
    ) {
        let mut publisher = Publisher::default();
        let mut newest = 0;
        for turn in turns {
            let index = turn % commits.len();
            let text = &commits[index];
            let mut render = rendered(text, &mut publisher.trees);
            render.origin = Origin::Commit(commit(index as u8 + 1));
            let block = if index + 1 < newest { "descends no\n" } else { "" };
            let before = publisher.ledger.clone();
            publisher.publish(&render, block);
            let after = publisher.ledger.as_ref().unwrap();
            let present = after.source_commit.map_or(0, |commit| usize::from(commit.0[0]));
            prop_assert!(present >= newest);
            if index + 1 < newest && render.source != before.as_ref().unwrap().source {
                prop_assert_eq!(before.as_ref(), Some(after));
            }
            newest = present;
        }
    }
}
