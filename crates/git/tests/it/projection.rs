//! Projections: equal to the ledger, made again at any time, and never over someone else's work.

use std::sync::Arc;

use git::{
    ProjectError, Projected, Projection, Repository, foreign, project, project_over, read_ledger,
};
use model::{ClusterUid, Delivery, FanOut, Hold, HoldKind, Ledger, ObjectId};

use crate::fleet::{TestCluster, next, publish, publish_step, rename, step_of};
use crate::support::Temporary;

const ONE_TWO: &[TestCluster<'_>] =
    &[("one", &[("web", "a")]), ("two", &[("api", "b"), ("web", "a")])];

fn directory(path: &str, fan_out: FanOut) -> Delivery {
    Delivery::Directory { branch: "gitops".to_owned(), path: path.to_owned(), fan_out }
}

fn flat() -> Delivery {
    directory("clusters", FanOut::None)
}

fn ledger(repository: &Repository) -> Ledger {
    read_ledger(repository).unwrap().unwrap().1
}

fn foreigners(repository: &Repository, delivery: &Delivery) -> Vec<(ClusterUid, ObjectId)> {
    foreign(repository, &ledger(repository), delivery).unwrap()
}

/// Every ref besides the ledger's, with what it points at.
fn refs(temporary: &Temporary) -> String {
    let all = temporary.git(&["for-each-ref", "--format=%(refname:short) %(objectname)"]);
    all.lines().filter(|line| !line.contains("res-edge")).collect::<Vec<_>>().join("\n")
}

fn files(temporary: &Temporary, revision: &str) -> Vec<String> {
    let list = temporary.git(&["ls-tree", "-r", "--name-only", revision]);
    list.lines().map(str::to_owned).collect()
}

/// Projects, and expects that a second time writes nothing and that Git finds no fault.
#[track_caller]
fn project_and_check(temporary: &Temporary, delivery: &Delivery) -> Projected {
    let repository = temporary.open();
    let made = project(&repository, delivery).unwrap();
    let before = refs(temporary);
    let again = project(&repository, delivery).unwrap();
    assert_eq!((again.n_written(), again.commit), (0, None));
    assert_eq!(refs(temporary), before);
    temporary.check();
    made
}

#[test]
fn clusters_that_are_looked_at_are_counted() {
    let (temporary, counter) = (Temporary::bare(), Arc::default());
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    for delivery in [Delivery::Branches, flat()] {
        Projection::counted(&counter).project(&repository, &delivery, &[]).unwrap();
        assert_eq!(counter.read(), Some((2, 2)));
    }
}

#[test]
fn without_a_ledger_there_is_nothing_to_project() {
    let temporary = Temporary::bare();
    for delivery in [Delivery::Branches, flat()] {
        assert_eq!(project(&temporary.open(), &delivery).unwrap(), Projected::default());
    }
    assert_eq!(refs(&temporary), "");
}

#[test]
fn each_cluster_has_a_branch_whose_root_is_its_tree() {
    let temporary = Temporary::bare();
    publish(&temporary.open(), ONE_TWO);
    let made = project_and_check(&temporary, &Delivery::Branches);
    assert_eq!(made.written, ["clusters/one", "clusters/two"]);
    for cluster in ledger(&temporary.open()).clusters {
        let tree = temporary.git(&["rev-parse", &format!("clusters/{}^{{tree}}", cluster.name)]);
        assert_eq!(tree, cluster.tree.to_string());
    }
    let clone = Temporary::bare();
    let url = format!("file://{}", temporary.path().display());
    clone.git(&["fetch", "--quiet", "--depth=1", &url, "refs/heads/clusters/two:refs/heads/two"]);
    assert_eq!(
        files(&clone, "two"),
        [
            "api/api/configmap-text.yaml",
            "namespaces/_cluster/namespace-pets.yaml",
            "web/web/configmap-text.yaml"
        ]
    );
    clone.check();
}

#[test]
fn only_what_changed_gets_a_commit_and_its_parent_is_the_last_change() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    project_and_check(&temporary, &Delivery::Branches);
    let one = temporary.git(&["rev-parse", "clusters/one"]);
    let two = temporary.git(&["rev-parse", "clusters/two"]);
    publish(&repository, &[ONE_TWO[0], ("two", &[("web", "c")])]);
    publish(&repository, &[ONE_TWO[0], ("two", &[("web", "d")])]);
    let made = project_and_check(&temporary, &Delivery::Branches);
    assert_eq!(made.written, ["clusters/two"]);
    assert_eq!(temporary.git(&["rev-parse", "clusters/one"]), one);
    let chain = temporary.git(&["log", "--format=%s|%an|%at|%cn|%ct", "clusters/two"]);
    assert_eq!(
        chain,
        "release generation 3|Anna Ops|1772000180|Anna Ops|1772000180\n\
         release generation 2|Anna Ops|1772000120|Anna Ops|1772000120\n\
         release generation 1|Anna Ops|1772000060|Anna Ops|1772000060"
    );
    assert_eq!(temporary.git(&["rev-parse", "clusters/two~2"]), two);
}

#[test]
fn projected_from_scratch_the_ids_are_the_same() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let last: &[&[TestCluster<'_>]] = &[
        ONE_TWO,
        &[ONE_TWO[0], ("two", &[("web", "c")])],
        &[("one", &[("web", "c")]), ("two", &[("web", "c")]), ("three", &[("web", "a")])],
        &[("one", &[("web", "a")]), ("three", &[])],
    ];
    for clusters in last {
        publish(&repository, clusters);
        project_and_check(&temporary, &Delivery::Branches);
    }
    let before = refs(&temporary);
    assert!(!before.contains("clusters/two"), "a removed cluster's branch goes");

    let clone = Temporary::bare();
    let url = format!("file://{}", temporary.path().display());
    clone.git(&["fetch", "--quiet", &url, "refs/heads/res-edge/*:refs/heads/res-edge/*"]);
    project_and_check(&clone, &Delivery::Branches);
    assert_eq!(refs(&clone), before);
}

#[test]
fn a_tree_that_comes_back_is_a_new_commit() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    for text in ["a", "b", "a"] {
        publish(&repository, &[("one", &[("web", text)])]);
    }
    project_and_check(&temporary, &Delivery::Branches);
    assert_eq!(temporary.git(&["rev-list", "--count", "clusters/one"]), "3");
    let last = temporary.git(&["rev-parse", "clusters/one"]);
    // A copy from before: the same tree, at an older commit.
    temporary.git(&["update-ref", "refs/heads/clusters/one", "clusters/one~2"]);
    assert_eq!(foreigners(&repository, &Delivery::Branches), []);
    project_and_check(&temporary, &Delivery::Branches);
    assert_eq!(temporary.git(&["rev-parse", "clusters/one"]), last);
}

#[test]
fn a_torn_projection_is_mended() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    publish(&repository, &[ONE_TWO[0], ("two", &[("web", "c")])]);
    for delivery in [Delivery::Branches, flat()] {
        project_and_check(&temporary, &delivery);
    }
    let before = refs(&temporary);
    temporary.git(&["update-ref", "-d", "refs/heads/clusters/one"]);
    temporary.git(&["update-ref", "refs/heads/clusters/two", "clusters/two~1"]);
    temporary.git(&["update-ref", "-d", "refs/heads/gitops"]);
    for delivery in [Delivery::Branches, flat()] {
        assert_eq!(foreigners(&repository, &delivery), []);
        project_and_check(&temporary, &delivery);
    }
    assert_eq!(refs(&temporary), before);
}

#[test]
fn a_renamed_cluster_keeps_its_chain() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    project_and_check(&temporary, &Delivery::Branches);
    let one = temporary.git(&["rev-parse", "clusters/one"]);
    publish_step(&repository, |ledger| rename(ledger, "one", "uno"));
    let made = project_and_check(&temporary, &Delivery::Branches);
    assert_eq!(
        (made.written, made.removed),
        (vec!["clusters/uno".to_owned()], vec!["clusters/one".to_owned()])
    );
    assert_eq!(temporary.git(&["rev-parse", "clusters/uno"]), one);
}

#[test]
fn names_that_are_exchanged_are_not_foreign() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    for delivery in [Delivery::Branches, flat()] {
        project_and_check(&temporary, &delivery);
    }
    let old = ["one", "two"].map(|name| temporary.git(&["rev-parse", &format!("clusters/{name}")]));
    publish_step(&repository, |ledger| rename(ledger, "one", "between"));
    publish_step(&repository, |ledger| rename(ledger, "two", "one"));
    publish_step(&repository, |ledger| rename(ledger, "between", "two"));
    for delivery in [Delivery::Branches, flat()] {
        assert_eq!(foreigners(&repository, &delivery), []);
        assert_eq!(project_and_check(&temporary, &delivery).foreign, []);
    }
    let new = ["two", "one"].map(|name| temporary.git(&["rev-parse", &format!("clusters/{name}")]));
    assert_eq!(old, new);
    assert_eq!(
        temporary.git(&["rev-parse", "gitops:clusters/two"]),
        temporary.git(&["rev-parse", "clusters/two^{tree}"])
    );
}

/// A human changes cluster `one` where it is delivered: the cluster is held, the others go on,
/// and only what was discarded is written over.
#[track_caller]
fn check_foreign(delivery: &Delivery, branch: &str, path: &str) {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    project_and_check(&temporary, delivery);
    assert_eq!(foreigners(&repository, delivery), []);
    temporary.commit_files(branch, &[(&format!("{path}web/web/configmap-text.yaml"), "human")]);

    let found = foreigners(&repository, delivery);
    let uid = ledger(&repository).cluster("one").unwrap().uid;
    assert_eq!(found.iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [uid]);

    // In the moment between looking and writing, it is not overwritten either.
    publish(&repository, &[("one", &[("web", "new")]), ("two", &[("web", "new")])]);
    let human = temporary.git(&["rev-parse", &format!("{branch}:{path}")]);
    let made = project_and_check(&temporary, delivery);
    assert_eq!(made.foreign, found);
    assert_eq!(made.n_written(), 1);
    assert_eq!(temporary.git(&["rev-parse", &format!("{branch}:{path}")]), human);

    publish_step(&repository, |ledger| {
        let mut ledger = next(ledger);
        let since = ledger.generation;
        ledger.holds =
            vec![Hold { cluster: uid, kind: HoldKind::Foreign, tree: found[0].1, since }];
        step_of(ledger)
    });
    let made = project_and_check(&temporary, delivery);
    assert_eq!((made.foreign.as_slice(), made.n_written()), (&[][..], 0));
    assert_eq!(foreigners(&repository, delivery), found);

    publish_step(&repository, |ledger| {
        let mut ledger = next(ledger);
        ledger.holds.clear();
        step_of(ledger)
    });
    let other = [(uid, ObjectId([1; 20]))];
    assert_eq!(project_over(&repository, delivery, &other).unwrap().foreign, found);
    let made = project_over(&repository, delivery, &found).unwrap();
    assert_eq!((made.foreign.as_slice(), made.n_written()), (&[][..], 1));
    assert_eq!(foreigners(&repository, delivery), []);
    let tree = ledger(&repository).cluster("one").unwrap().tree;
    assert_eq!(temporary.git(&["rev-parse", &format!("{branch}:{path}")]), tree.to_string());
    temporary.check();
}

#[test]
fn what_someone_else_wrote_is_held() {
    check_foreign(&Delivery::Branches, "clusters/one", "");
    check_foreign(&flat(), "gitops", "clusters/one/");
    check_foreign(&directory("", FanOut::None), "gitops", "one/");
}

#[test]
fn an_adopted_tree_is_delivered() {
    for (delivery, branch, path) in
        [(Delivery::Branches, "clusters/one", ""), (flat(), "gitops", "clusters/one/")]
    {
        let temporary = Temporary::bare();
        let repository = temporary.open();
        publish(&repository, ONE_TWO);
        project_and_check(&temporary, &delivery);
        temporary.commit_files(branch, &[(&format!("{path}more"), "human")]);
        let (uid, tree) = foreigners(&repository, &delivery)[0];
        publish_step(&repository, |ledger| {
            let mut ledger = next(ledger);
            let since = ledger.generation;
            let cluster = ledger.clusters.iter_mut().find(|cluster| cluster.uid == uid).unwrap();
            Arc::make_mut(cluster).tree = tree;
            ledger.holds = vec![Hold { cluster: uid, kind: HoldKind::Adopted, tree, since }];
            step_of(ledger)
        });
        assert_eq!(foreigners(&repository, &delivery), []);
        project_and_check(&temporary, &delivery);
        let there = temporary.git(&["rev-parse", &format!("{branch}:{path}")]);
        assert_eq!(there, tree.to_string());
    }
}

#[test]
fn a_folder_is_written_beside_what_others_keep_on_the_branch() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let human = temporary.commit_files(
        "gitops",
        &[("README.md", "hello"), ("clusters/docs/a", "x"), ("one/x", "y")],
    );
    publish(&repository, ONE_TWO);
    let made = project_and_check(&temporary, &flat());
    assert_eq!(made.written, ["clusters/one", "clusters/two"]);
    assert_eq!(temporary.git(&["rev-parse", "gitops~1"]), human);
    temporary.commit_files("gitops", &[("README.md", "changed")]);
    publish(&repository, &[("two", &[("web", "a")])]);
    let made = project_and_check(&temporary, &flat());
    assert_eq!(
        (made.written, made.removed),
        (vec!["clusters/two".to_owned()], vec!["clusters/one".to_owned()])
    );
    assert_eq!(
        files(&temporary, "gitops"),
        [
            "README.md",
            "clusters/docs/a",
            "clusters/two/namespaces/_cluster/namespace-pets.yaml",
            "clusters/two/web/web/configmap-text.yaml",
            "one/x"
        ]
    );
    assert_eq!(temporary.git(&["show", "gitops:README.md"]), "changed");
    let message = temporary.git(&["log", "-1", "--format=%an|%ct|%B", "gitops"]);
    let tip = temporary.git(&["rev-parse", "res-edge/ledger"]);
    assert_eq!(
        message,
        format!(
            "Anna Ops|1772000120|release generation 2\n\nLedger: {tip}\nGeneration: 2\nPath: /clusters"
        )
    );
}

#[test]
fn a_gone_clusters_changed_folder_is_left_and_told() {
    for (delivery, branch, path) in
        [(Delivery::Branches, "clusters/one", ""), (flat(), "gitops", "clusters/one/")]
    {
        let temporary = Temporary::bare();
        let repository = temporary.open();
        publish(&repository, ONE_TWO);
        project_and_check(&temporary, &delivery);
        temporary.commit_files(branch, &[(&format!("{path}more"), "human")]);
        publish(&repository, &[ONE_TWO[1]]);
        let made = project_and_check(&temporary, &delivery);
        assert_eq!((made.left.clone(), made.n_written()), (vec!["clusters/one".to_owned()], 0));
        assert_eq!(temporary.git(&["show", &format!("{branch}:{path}more")]), "human");
    }
}

#[test]
fn another_fan_out_moves_the_folders() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    project_and_check(&temporary, &flat());
    let hex2 = directory("clusters", FanOut::Hex2);
    let made = project_and_check(&temporary, &hex2);
    assert_eq!(made.removed, ["clusters/one", "clusters/two"]);
    let folders = temporary.git(&["ls-tree", "-d", "-r", "--name-only", "gitops", "clusters/"]);
    let folders: Vec<&str> =
        folders.lines().filter(|path| path.matches('/').count() == 2).collect();
    // The first digits of SHA-256 of `two` and `one`.
    assert_eq!(folders, ["clusters/3f/two", "clusters/76/one"]);
    publish_step(&repository, |ledger| rename(ledger, "one", "uno"));
    project_and_check(&temporary, &hex2);
    assert!(files(&temporary, "gitops").iter().any(|path| path.starts_with("clusters/76/uno/")));
    project_and_check(&temporary, &flat());
    let folders = temporary.git(&["ls-tree", "--name-only", "gitops", "clusters/"]);
    assert_eq!(folders, "clusters/two\nclusters/uno");
}

#[test]
fn another_path_moves_the_folders_and_leaves_what_is_not_ours() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    project_and_check(&temporary, &flat());
    // By hand: one of the folders, and a file beside them.
    temporary.commit_files(
        "gitops",
        &[("clusters/two/extra.txt", "mine"), ("clusters/README.md", "ours")],
    );
    let moved = directory("fleet/stores", FanOut::None);
    let made = project_and_check(&temporary, &moved);
    assert_eq!(made.written, ["fleet/stores/one", "fleet/stores/two"]);
    assert_eq!(made.removed, ["clusters/one"]);
    assert_eq!(made.left, ["clusters/two"]);
    let old = temporary.git(&["ls-tree", "--name-only", "gitops", "clusters/"]);
    assert_eq!(old, "clusters/README.md\nclusters/two");
    // The next step knows only the new place; to the root and back it is the same.
    publish(&repository, &[ONE_TWO[0], ("two", &[("web", "c")])]);
    assert_eq!(project_and_check(&temporary, &moved).written, ["fleet/stores/two"]);
    let root = directory("", FanOut::None);
    let made = project_and_check(&temporary, &root);
    assert_eq!(made.removed, ["fleet/stores/one", "fleet/stores/two"]);
    let made = project_and_check(&temporary, &directory("one", FanOut::None));
    assert_eq!((made.written.len(), made.removed), (2, vec!["one".to_owned(), "two".to_owned()]));
    assert_eq!(temporary.git(&["ls-tree", "--name-only", "gitops", "one/"]), "one/one\none/two");
}

#[test]
fn another_branch_is_named_once_and_left_as_it_is() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    let made = project_and_check(&temporary, &flat());
    assert!(made.former.is_empty(), "{made:?}");
    publish(&repository, &[ONE_TWO[0], ("two", &[("web", "c")])]);
    let before = refs(&temporary);
    let other = Delivery::Directory {
        branch: "delivery".to_owned(),
        path: String::new(),
        fan_out: FanOut::None,
    };
    let made = project_and_check(&temporary, &other);
    assert_eq!(made.former, ["gitops:clusters"]);
    let made = project(&repository, &other).unwrap();
    assert!(made.former.is_empty(), "{made:?}");
    let made = project_and_check(&temporary, &Delivery::Branches);
    assert_eq!(made.former, ["delivery", "gitops:clusters"]);
    assert!(refs(&temporary).contains(&before), "{before}\n{}", refs(&temporary));
    let third = directory("third", FanOut::None);
    let Delivery::Directory { path, fan_out, .. } = third else { unreachable!() };
    let third = Delivery::Directory { branch: "third".to_owned(), path, fan_out };
    let made = project_and_check(&temporary, &third);
    assert_eq!(made.former, ["clusters/*", "delivery", "gitops:clusters"]);
}

#[test]
fn a_branch_that_someone_works_on_is_refused() {
    let temporary = Temporary::init(&[]);
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    let main = Delivery::Directory {
        branch: "main".to_owned(),
        path: String::new(),
        fan_out: FanOut::None,
    };
    let error = project(&repository, &main).unwrap_err();
    assert!(matches!(error, ProjectError::CheckedOut { .. }), "{error}");
    assert!(error.hint().unwrap().contains("git switch"));
    project_and_check(&temporary, &flat());
}

#[test]
fn impossible_places_are_refused() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    publish(&repository, ONE_TWO);
    temporary.commit_files("gitops", &[("file", "x")]);
    let places = [
        (
            "res-edge/ledger",
            "",
            "cannot deliver to `res-edge/ledger`: it is the branch of the ledger itself",
        ),
        ("a..b", "", "cannot deliver to `a..b`: it is no name of a branch"),
        ("-x", "", "cannot deliver to `-x`: it is no name of a branch"),
        ("gitops", "../x", "cannot deliver to `../x`: it is no path of a folder"),
        ("gitops", ".GIT/x", "cannot deliver to `.GIT/x`: it is no path of a folder"),
        ("gitops", "file", "cannot deliver to `file`: a file stands there, where a folder must be"),
    ];
    for (branch, path, expected) in places {
        let (branch, path) = (branch.to_owned(), path.to_owned());
        let delivery = Delivery::Directory { branch, path, fan_out: FanOut::None };
        assert_eq!(project(&repository, &delivery).unwrap_err().to_string(), expected);
    }
}

#[test]
fn servers_that_project_at_once_agree() {
    let temporary = Temporary::bare();
    publish(&temporary.open(), ONE_TWO);
    for delivery in [Delivery::Branches, flat()] {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| project(&temporary.open(), &delivery).unwrap()))
                .collect();
            let written: usize = runs.into_iter().map(|run| run.join().unwrap().n_written()).sum();
            assert_eq!(written, 2, "one of them wrote, once");
        });
    }
    assert_eq!(temporary.git(&["rev-list", "--count", "gitops"]), "1");
    temporary.check();
}

/// Projects in a process that runs, and expects that a new one would find nothing to do.
#[track_caller]
fn project_running(temporary: &Temporary, delivery: &Delivery, running: &mut Projection) {
    let repository = temporary.open();
    running.project(&repository, delivery, &[]).unwrap();
    let before = refs(temporary);
    let again = project(&repository, delivery).unwrap();
    assert_eq!((again.n_written(), again.commit, again.left), (0, None, Vec::new()));
    assert_eq!(refs(temporary), before);
}

#[test]
fn a_running_process_projects_what_a_new_one_would() {
    const OTHER: TestCluster<'_> = ("three", &[("web", "c")]);
    for delivery in [Delivery::Branches, flat(), directory("a/b", FanOut::Hex2)] {
        let temporary = Temporary::bare();
        let repository = temporary.open();
        let mut running = Projection::default();
        let mut check = || project_running(&temporary, &delivery, &mut running);
        check();
        publish(&repository, ONE_TWO);
        check();
        publish(&repository, &[ONE_TWO[0], ("two", &[("web", "c")])]);
        check();
        // Several steps since it looked, of which one goes back.
        publish(&repository, &[("one", &[("web", "d")]), ("two", &[("web", "d")])]);
        publish(&repository, &[ONE_TWO[0], ("two", &[("web", "d")]), OTHER]);
        check();
        publish_step(&repository, |ledger| rename(ledger, "one", "uno"));
        check();
        publish_step(&repository, |ledger| rename(ledger, "uno", "between"));
        publish_step(&repository, |ledger| rename(ledger, "two", "uno"));
        publish_step(&repository, |ledger| rename(ledger, "between", "two"));
        check();
        publish(&repository, &[OTHER, ("uno", &[])]);
        check();
        publish(&repository, &[OTHER, ONE_TWO[1], ("uno", &[("web", "a")])]);
        check();
        temporary.check();
        let before = refs(&temporary);
        if delivery == Delivery::Branches {
            let clone = Temporary::bare();
            let url = format!("file://{}", temporary.path().display());
            clone.git(&["fetch", "--quiet", &url, "refs/heads/res-edge/*:refs/heads/res-edge/*"]);
            project_and_check(&clone, &delivery);
            assert_eq!(refs(&clone), before);
        }
    }
}

#[test]
fn a_running_process_looks_only_at_what_changed() {
    let temporary = Temporary::bare();
    let repository = temporary.open();
    let mut running = Projection::default();
    publish(&repository, ONE_TWO);
    running.project(&repository, &Delivery::Branches, &[]).unwrap();
    temporary.git(&["update-ref", "-d", "refs/heads/clusters/one"]);
    publish(&repository, &[ONE_TWO[0], ("two", &[("web", "c")])]);
    let made = running.project(&repository, &Delivery::Branches, &[]).unwrap();
    assert_eq!(made.written, ["clusters/two"]);
    let mended = Projection::default().project(&repository, &Delivery::Branches, &[]).unwrap();
    assert_eq!(mended.written, ["clusters/one"]);
}

#[test]
fn a_running_process_sees_what_is_foreign_among_the_concerned() {
    for (delivery, branch, path) in
        [(Delivery::Branches, "clusters/one", ""), (flat(), "gitops", "clusters/one/")]
    {
        let temporary = Temporary::bare();
        let repository = temporary.open();
        let mut running = Projection::default();
        publish(&repository, ONE_TWO);
        running.project(&repository, &delivery, &[]).unwrap();
        let last = ledger(&repository);
        let uid = last.cluster("one").unwrap().uid;
        let found = |running: &Projection| {
            running.foreign(&repository, &last, &delivery, |one| one == uid).unwrap()
        };
        assert_eq!(found(&running), []);
        let ours = temporary.git(&["rev-parse", branch]);
        temporary.commit_files(branch, &[(&format!("{path}web/web/configmap-text.yaml"), "human")]);
        assert_eq!(found(&running), foreigners(&repository, &delivery));

        publish(&repository, &[("one", &[("web", "e")]), ("two", &[("web", "e")])]);
        let made = running.project(&repository, &delivery, &[]).unwrap();
        assert_eq!((made.foreign.len(), made.n_written()), (1, 1));
        // It is looked at again without being changed, until somebody puts it back.
        let made = running.project(&repository, &delivery, &[]).unwrap();
        assert_eq!((made.foreign.len(), made.n_written()), (1, 0));
        temporary.git(&["update-ref", &format!("refs/heads/{branch}"), &ours]);
        running.project(&repository, &delivery, &[]).unwrap();
        assert_eq!(project(&repository, &delivery).unwrap().n_written(), 0);
        assert_eq!(foreigners(&repository, &delivery), []);
    }
}
