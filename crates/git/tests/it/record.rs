//! What the ledger's steps did to one cluster or one application.

use std::sync::Arc;

use git::{RecordedChange, Subject, history};
use model::{ApplicationName, ClusterName, Hold, HoldKind, ObjectId, Step};

use crate::fleet::{next, publish, publish_step, rename, step_of};
use crate::support::Temporary;

fn cluster(name: &str) -> Subject {
    Subject::Cluster(ClusterName::parse(name).unwrap())
}

fn application(name: &str) -> Subject {
    Subject::Application(ApplicationName::parse(name).unwrap())
}

fn word(change: &RecordedChange) -> String {
    match change {
        RecordedChange::Renamed(from) => format!("renamed from {from}"),
        RecordedChange::Added(name) => format!("+{name}"),
        RecordedChange::Updated(name) => format!("~{name}"),
        RecordedChange::Removed(name) => format!("-{name}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

#[track_caller]
fn check(temporary: &Temporary, subject: &Subject, expected: &[&str]) {
    let records = history(&temporary.open(), subject).unwrap();
    let line = |record: &git::Record| {
        let changes: Vec<String> = record.changes.iter().map(word).collect();
        format!("{}: {}", record.generation, changes.join(", "))
    };
    assert_eq!(records.iter().map(line).collect::<Vec<_>>(), expected);
}

#[test]
fn without_a_ledger_there_is_no_history() {
    check(&Temporary::bare(), &cluster("one"), &[]);
}

#[test]
fn a_cluster_is_followed_through_its_renames() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, &[("one", &[("web", "a")])]);
    publish(&repository, &[("one", &[("web", "a")]), ("two", &[("web", "a")])]);
    publish(&repository, &[("one", &[("api", "a"), ("web", "b")]), ("two", &[("web", "a")])]);
    publish_step(&repository, |ledger| rename(ledger, "one", "uno"));
    publish(&repository, &[("uno", &[("api", "a")]), ("two", &[("web", "a")])]);
    check(
        &temporary,
        &cluster("uno"),
        &["5: -web", "4: renamed from one", "3: +api, ~web", "1: appeared, +web"],
    );
    publish(&repository, &[("two", &[])]);
    check(&temporary, &cluster("two"), &["6: -web, other", "2: appeared, +web"]);
    let gone = history(&repository, &cluster("uno")).unwrap();
    assert_eq!(gone[0].changes, [RecordedChange::Left]);
    assert_eq!(gone[0].generation.0, 6);
    check(&temporary, &cluster("three"), &[]);
}

#[test]
fn an_application_is_told_by_its_clusters() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, &[("one", &[("web", "a")])]);
    publish(&repository, &[("one", &[("web", "a")]), ("two", &[("web", "a")])]);
    publish(&repository, &[("one", &[("web", "b")]), ("two", &[("web", "a")])]);
    publish(&repository, &[("one", &[("api", "b")]), ("two", &[("api", "b"), ("web", "a")])]);
    publish(&repository, &[("one", &[("api", "b")])]);
    check(
        &temporary,
        &application("web"),
        &["5: -two", "4: -one", "3: ~one", "2: +two", "1: +one"],
    );
    check(&temporary, &application("api"), &["5: -two", "4: +one, +two"]);
    check(&temporary, &application("none"), &[]);
}

#[test]
fn holds_are_part_of_a_clusters_history() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let ledger = publish(&repository, &[("one", &[("web", "a")]), ("two", &[("web", "b")])]);
    let tree = ledger.cluster("two").unwrap().tree;
    let hold = |kind: HoldKind| {
        publish_step(&repository, |ledger| {
            let mut ledger = next(ledger);
            let since = ledger.generation;
            let index = ledger.clusters.iter().position(|c| c.name.as_str() == "one").unwrap();
            let cluster = ledger.clusters[index].uid;
            if kind == HoldKind::Adopted {
                Arc::make_mut(&mut ledger.clusters[index]).tree = tree;
            }
            ledger.holds = vec![Hold { cluster, kind, tree, since }];
            step_of(ledger)
        });
    };
    hold(HoldKind::Foreign);
    hold(HoldKind::Adopted);
    publish_step(&repository, |ledger| {
        let mut ledger = next(ledger);
        let changed = vec![ledger.holds.remove(0).cluster];
        Step { changed, ..step_of(ledger) }
    });
    check(&temporary, &cluster("one"), &["4: freed", "3: adopted", "2: held", "1: appeared, +web"]);
    check(&temporary, &cluster("two"), &["1: appeared, +web"]);
}

#[test]
fn a_record_names_its_step() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let ledger = publish(&repository, &[("one", &[("web", "a")])]);
    let record = history(&repository, &cluster("one")).unwrap().remove(0);
    assert_eq!(record.subject, "release generation 1");
    assert_eq!(record.author, "Anna Ops <anna@example.com>");
    assert_eq!(record.source, ledger.source);
    assert_eq!(record.time.as_second(), 1_772_000_060);
    assert_eq!(record.approved_by, None);
    assert_eq!(record.commit.to_string(), temporary.git(&["rev-parse", "res-edge/ledger"]));
    assert_ne!(ledger.clusters[0].tree, ObjectId([0; 20]));
}
