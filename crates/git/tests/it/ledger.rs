//! The ledger: written and read back, raced for, and never mistaken for an empty one.

use std::sync::{Arc, Barrier};

use git::{AppendError, LEDGER_REF, LedgerError, Objects, append, read_ledger};
use model::{Generation, Hold, HoldKind, Step};
use proptest::prelude::*;

use crate::fleet::{AUTHOR, next, publish, publish_step, rename, step, step_of, time};
use crate::sketch::{real, sketch};
use crate::support::Temporary;

#[test]
fn no_branch_is_no_ledger() {
    assert_eq!(read_ledger(&Temporary::bare().open()).unwrap(), None);
}

#[test]
fn a_step_is_one_commit_of_plain_files() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let first =
        publish(&repository, &[("one", &[("web", "a")]), ("two", &[("api", "b"), ("web", "a")])]);
    let second =
        publish(&repository, &[("one", &[("web", "a")]), ("two", &[("api", "b"), ("web", "c")])]);
    assert_eq!(read_ledger(&repository).unwrap().unwrap().1, second);
    assert_eq!(first.generation, Generation(1));
    temporary.check();

    let show = |path: &str| temporary.git(&["show", &format!("res-edge/ledger:{path}")]);
    let uid = second.cluster("two").unwrap().uid;
    let folder = format!("clusters/{}/{uid}", uid.shard());
    assert_eq!(
        show(&format!("{folder}/cluster.yaml")),
        "name: two\nfirstName: two\nsince: 1\nchanged: 2\ncells: 1x1 1x2"
    );
    assert_eq!(show(&format!("{folder}/tree/web/web/configmap-text.yaml")), "c");
    let source = |ledger: &model::Ledger| format!("source: \"{}\"", ledger.source);
    assert_eq!(show("revisions/0/1.yaml"), source(&first));
    assert_eq!(show("revisions/0/2.yaml"), source(&second));
    assert!(show("fleet.yaml").starts_with("format: 2\nuid: \"abab"));
    let message =
        temporary.git(&["log", "-1", "--format=%an|%ae|%at|%cn|%ct|%B", "res-edge/ledger"]);
    let expected = format!(
        "Anna Ops|anna@example.com|1772000120|Anna Ops|1772000120|release generation 2\n\n\
         Source: {}\nGeneration: 2\nPlan-Digest: {}",
        second.source,
        "03".repeat(32)
    );
    assert_eq!(message, expected);
}

#[test]
fn of_two_appenders_one_wins() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, &[("one", &[("web", "a")])]);
    let (commit, ledger) = read_ledger(&repository).unwrap().unwrap();
    let barrier = Barrier::new(2);
    let race = |text: &str| {
        let repository = temporary.open();
        let objects = Objects::new(&repository);
        let step = step(&objects, Some(&ledger), &[("one", &[("web", text)])]);
        barrier.wait();
        append(&objects, Some((commit, &ledger)), step, AUTHOR)
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let runs = ["b", "c"].map(|text| scope.spawn(move || race(text)));
        runs.map(|run| run.join().unwrap()).into_iter().collect()
    });
    let won: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(won.len(), 1);
    assert!(results.iter().any(|result| matches!(result, Err(AppendError::Moved))));
    assert_eq!(read_ledger(&repository).unwrap().unwrap(), *won[0]);
    temporary.check();
}

#[test]
fn the_first_step_is_raced_for_too() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let objects = Objects::new(&repository);
    let late = step(&objects, None, &[("one", &[("web", "late")])]);
    publish(&repository, &[("one", &[("web", "a")])]);
    assert!(matches!(append(&objects, None, late, AUTHOR), Err(AppendError::Moved)));
}

#[test]
fn a_generation_is_never_left_out_or_repeated() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, &[("one", &[("web", "a")])]);
    let (commit, ledger) = read_ledger(&repository).unwrap().unwrap();
    for generation in [0, 1, 3] {
        let objects = Objects::new(&repository);
        let mut wrong = next(&ledger);
        wrong.generation = Generation(generation);
        let error = append(&objects, Some((commit, &ledger)), step_of(wrong), AUTHOR).unwrap_err();
        assert!(matches!(error, AppendError::Generation { .. }), "{error}");
    }
    assert_eq!(temporary.git(&["rev-list", "--count", LEDGER_REF]), "1");
}

#[test]
fn a_step_without_its_objects_is_refused() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let elsewhere = Temporary::bare();
    let objects = Objects::new(&elsewhere.open());
    let step = step(&objects, None, &[("one", &[("web", "a")])]);
    let error = append(&Objects::new(&repository), None, step, AUTHOR).unwrap_err();
    assert!(matches!(error, AppendError::Invalid(_)), "{error}");
    assert_eq!(read_ledger(&repository).unwrap(), None);
}

#[test]
fn an_adopted_tree_stays_as_it_is() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let before = publish(&repository, &[("one", &[("api", "a"), ("web", "a")])]);
    let foreign = temporary.commit_files(
        "foreign",
        &[("web/web/configmap-text.yaml", "human"), ("README", "x"), ("namespaces/x/y", "z")],
    );
    let foreign = repository.commit(foreign.parse().unwrap()).unwrap().tree;
    let adopted = publish_step(&repository, |ledger| {
        let mut ledger = next(ledger);
        let cluster = Arc::make_mut(&mut ledger.clusters[0]);
        cluster.tree = foreign;
        let (cluster, since) = (cluster.uid, ledger.generation);
        ledger.holds = vec![Hold { cluster, kind: HoldKind::Adopted, tree: foreign, since }];
        step_of(ledger)
    });
    assert_eq!(read_ledger(&repository).unwrap().unwrap().1, adopted);
    let cluster = &adopted.clusters[0];
    assert_eq!(cluster.tree, foreign);
    assert_eq!(
        (&cluster.cells, &cluster.parts),
        (&before.clusters[0].cells, &before.clusters[0].parts)
    );
    temporary.check();

    let resumed = publish_step(&repository, |ledger| {
        let mut ledger = next(ledger);
        ledger.holds.clear();
        let uid = ledger.clusters[0].uid;
        Step { changed: vec![uid], ..step_of(ledger) }
    });
    assert_eq!(resumed.clusters[0].tree, before.clusters[0].tree);
}

#[test]
fn a_renamed_cluster_keeps_its_uid_and_first_name() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let before = publish(&repository, &[("one", &[("web", "a")])]);
    let after = publish_step(&repository, |ledger| rename(ledger, "one", "uno"));
    let (old, new) = (&before.clusters[0], &after.clusters[0]);
    assert_eq!((old.uid, old.tree, &old.name), (new.uid, new.tree, &new.first_name));
    assert_eq!(read_ledger(&repository).unwrap().unwrap().1, after);
}

/// Puts a file into the ledger that does not belong there, or takes one away, and expects an
/// error that names it.
#[track_caller]
fn check_damage(path: &str, content: &str, expected: &str) {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let ledger = publish(&repository, &[("one", &[("web", "a")])]);
    let uid = ledger.clusters[0].uid;
    let path = path.replace("UID", &format!("{}/{uid}", uid.shard()));
    temporary.commit_files("res-edge/ledger", &[(&path, content)]);
    let error = read_ledger(&repository).unwrap_err();
    let LedgerError::Damaged { file, reason, .. } = &error else { panic!("{error}") };
    let (file, reason) = (file.replace(&format!("{}/{uid}", uid.shard()), "UID"), reason);
    assert_eq!(format!("{file}: {reason}"), expected);
}

#[test]
fn damage_is_an_error_and_never_an_empty_ledger() {
    check_damage("fleet.yaml", "", "fleet.yaml: it is missing");
    check_damage(
        "fleet.yaml",
        "format: 1\n",
        "fleet.yaml: its format is 1; this version reads format 2",
    );
    check_damage("notes.txt", "x", "notes.txt: it does not belong here");
    check_damage("clusters/UID/cluster.yaml", "", "clusters/UID/cluster.yaml: it is missing");
    check_damage(
        "clusters/UID/cluster.yaml",
        "name: one\nname: two\n",
        "clusters/UID/cluster.yaml: the field `name` stands twice",
    );
    check_damage(
        "clusters/UID/cluster.yaml",
        "name: one\nfirstName: one\nsince: 1\nchanged: 1\nnote: x\n",
        "clusters/UID/cluster.yaml: the field `note` is unknown",
    );
    check_damage(
        "clusters/UID/tree/api/x",
        "x",
        "clusters/UID: `cells` counts 1, and its tree holds 2 applications",
    );
    check_damage(
        "clusters/UID/tree/web-slo/x",
        "x",
        "clusters/UID: no released part of the cluster's tree is `web-slo`",
    );
    check_damage(
        "clusters/UID/tree/namespaces/README",
        "x",
        "clusters/UID: no released part of the cluster's tree is `namespaces/README`",
    );
    check_damage(
        "clusters/UID/tree",
        "",
        "clusters/UID/cluster.yaml: the folder `tree` is missing",
    );
    check_damage(
        "clusters/UID/tree/web",
        "",
        "clusters/UID: `cells` counts 1, and its tree holds 0 applications",
    );
    for (cells, run) in [("1x01", "1x01"), ("0x1 1x1", "0x1"), ("1x-", "1x-"), ("x", "x")] {
        check_damage(
            "clusters/UID/cluster.yaml",
            &format!("name: one\nfirstName: one\nsince: 1\nchanged: 1\ncells: {cells}\n"),
            &format!("clusters/UID/cluster.yaml: `{run}` is no run of cells"),
        );
    }
    check_damage(
        "clusters/UID/cluster.yaml",
        "\tname",
        "clusters/UID/cluster.yaml: a mapping was expected",
    );
    check_damage(
        "holds/one.yaml",
        "kind: foreign\n",
        "holds/one.yaml: `one` is not an id of 32 hexadecimal digits",
    );
    let stranger = "00".repeat(16);
    check_damage(
        &format!("holds/{stranger}.yaml"),
        &format!("kind: foreign\ntree: \"{}\"\nsince: 1\n", "00".repeat(20)),
        &format!("holds/{stranger}.yaml: the ledger has no such cluster"),
    );
}

#[test]
fn a_ledger_of_another_format_is_refused_by_that() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, &[("one", &[("web", "a")])]);
    temporary.commit_files(
        "res-edge/ledger",
        &[("fleet.yaml", "format: 1\n"), ("applications/web.yaml", "cells: 1x1\n")],
    );
    let error = read_ledger(&repository).unwrap_err().to_string();
    assert!(error.ends_with("its format is 1; this version reads format 2"), "{error}");
}

#[test]
fn a_missing_object_is_an_error() {
    let temporary = Temporary::bare();
    publish(&temporary.open(), &[("one", &[("web", "a")])]);
    let folder = temporary.path().join("objects/pack");
    for entry in std::fs::read_dir(folder).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert!(matches!(read_ledger(&temporary.open()), Err(LedgerError::Repository(_))));
}

proptest! {
    #![proptest_config(testkit::cases(24))]

    #[test]
    fn what_is_appended_is_what_is_read(sketch in sketch()) {
        let temporary = Temporary::bare();
        let repository = temporary.open();
        let objects = Objects::new(&repository);
        let mut ledger = real(&objects, &sketch);
        let step = Step {
            changed: ledger.clusters.iter().map(|cluster| cluster.uid).collect(),
            ledger: ledger.clone(),
            subject: "release".to_owned(),
            trailers: Vec::new(),
            at: time(Generation(1)),
        };
        let (commit, returned) = append(&objects, None, step, AUTHOR).unwrap();
        for (cluster, new) in ledger.clusters.iter_mut().zip(&returned.clusters) {
            Arc::make_mut(cluster).tree = new.tree;
        }
        prop_assert_eq!(&returned, &ledger);
        prop_assert_eq!(read_ledger(&repository).unwrap(), Some((commit, ledger)));
        temporary.check();
    }
}
