//! What goes on.

use insta::assert_snapshot;

use crate::script::run;

#[test]
fn the_first_step_releases_every_complete_cluster() {
    assert_snapshot!(run("cluster b: web=1 api=1 ns/shop=1 boot=1\ncluster a: web=1\n"), @r"
    release 1: 2 clusters, 2 applications changed
     *a: web=1@1
     *b: api=1@1 web=1@1 ns/shop=1 boot=1
    ");
}

#[test]
fn an_empty_fleet_makes_a_first_step_and_no_second() {
    assert_snapshot!(run("budget 1%\n==\nbudget 2%\n"), @r"
    release 1: 0 clusters, 0 applications changed
    ==
    nothing
    ");
}

#[test]
fn an_equal_render_of_another_source_is_nothing() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=1\nbudget 2%\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    nothing
    ");
}

#[test]
fn only_what_differs_moves_and_the_rest_keeps_its_generation() {
    assert_snapshot!(run("cluster a: api=1 web=1\ncluster b: web=1\n==\n\
        cluster a: api=1 web=2\ncluster b: web=1 zoo=1\n"), @r"
    release 1: 2 clusters, 2 applications changed
     *a: api=1@1 web=1@1
     *b: web=1@1
    ==
    release 2: 2 clusters, 2 applications changed
     *a: api=1@1 web=2@2
     *b: web=1@1 zoo=1@2
    ");
}

#[test]
fn a_broken_cell_keeps_its_tree_and_is_stale_until_it_renders() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\ncluster a: api=2 web=!\n==\n\
        cluster a: api=2 web=!\nbudget 2%\n==\ncluster a: api=2 web=1\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    release 2: 1 cluster, 1 application changed, 1 cell stale
     *a: api=2@2 web=1@1(stale 2)
    stale a application web: since 2
    ==
    nothing
    stale a application web: since 2
    ==
    release 3: 0 clusters, 0 applications changed, 1 cell recovered
     a: api=2@2 web=1@1
    ");
}

#[test]
fn a_stale_cell_goes_on_with_another_tree() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=!\n==\ncluster a: web=2\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    release 2: 0 clusters, 0 applications changed, 1 cell stale
     a: web=1@1(stale 2)
    stale a application web: since 2
    ==
    release 3: 1 cluster, 1 application changed
     *a: web=2@3
    ");
}

#[test]
fn a_broken_cell_that_never_was_released_changes_nothing() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=1 api=!\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    nothing
    stale a application api: never released
    ");
}

#[test]
fn a_broken_bootstrap_keeps_the_old_one() {
    assert_snapshot!(run("cluster a: web=1 boot=1\n==\ncluster a: web=2 boot=!\n==\n\
        cluster a: web=2 boot=2\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1 boot=1
    ==
    release 2: 1 cluster, 1 application changed
     *a: web=2@2 boot=1
    stale a bootstrap: never released
    ==
    release 3: 1 cluster, 0 applications changed
     *a: web=2@2 boot=2
    ");
}

#[test]
fn a_new_cluster_waits_until_its_first_render_is_complete() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=1\ncluster b: api=! web=1\n==\n\
        cluster a: web=1\ncluster b: api=1 web=1\n"), @r#"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    nothing
    waiting b: ["api"]
    ==
    release 2: 1 cluster, 2 applications changed
     a: web=1@1
     *b: api=1@2 web=1@2
    "#);
}

#[test]
fn a_renamed_cluster_keeps_its_identity_and_its_tree() {
    assert_snapshot!(run("cluster a: web=1\n==\ncluster b was a: web=1\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    release 2: 0 clusters, 0 applications changed, 1 cluster renamed
     b: web=1@1
    ");
}

#[test]
fn a_former_name_counts_only_while_the_present_one_is_unknown() {
    // `a` is taken by another document: `b` is a new cluster.
    assert_snapshot!(run("cluster a: web=1\n==\ncluster a: web=1\ncluster b was a: web=2\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    release 2: 1 cluster, 1 application changed
     a: web=1@1
     *b: web=2@2
    ");
}

#[test]
fn a_name_that_returns_is_another_cluster() {
    let mut publisher = crate::script::Publisher::default();
    publisher.act("cluster a: web=1\ncluster b: web=1\n");
    let first = publisher.ledger.as_ref().unwrap().cluster("b").unwrap().uid;
    publisher.act("cluster a: web=1\n");
    publisher.act("cluster a: web=1\ncluster b: web=1\n");
    let second = publisher.ledger.as_ref().unwrap().cluster("b").unwrap().uid;
    assert_ne!(first, second);
}

#[test]
fn renaming_keeps_uid_and_first_name() {
    let mut publisher = crate::script::Publisher::default();
    publisher.act("cluster a: web=1\n");
    let before = publisher.ledger.clone().unwrap().clusters[0].clone();
    publisher.act("cluster b was a: web=1\n");
    publisher.act("cluster c was b: web=2\n");
    let after = publisher.ledger.unwrap().clusters[0].clone();
    assert_eq!(
        (after.uid, &after.first_name, after.since),
        (before.uid, &before.name, before.since)
    );
    assert_eq!(after.name.as_str(), "c");
}

#[test]
fn a_removed_cluster_document_orphans_without_a_brake() {
    assert_snapshot!(run("cluster a: web=1\ncluster b: web=1\n==\ncluster a: web=1\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: web=1@1
     *b: web=1@1
    ==
    release 2: 0 clusters, 0 applications changed, 1 cluster removed
     a: web=1@1
    ");
}

#[test]
fn a_renamed_application_is_one_cell_and_no_deletion() {
    assert_snapshot!(run("cluster a: web=1 zoo=1\ncluster b: web=1\n==\n\
        application shop was web\ncluster a: shop=2 zoo=1\ncluster b: shop=1\n"), @r"
    release 1: 2 clusters, 2 applications changed
     *a: web=1@1 zoo=1@1
     *b: web=1@1
    ==
    release 2: 2 clusters, 1 application changed
     *a: shop=2@2 zoo=1@1
     *b: shop=1@1
    ");
}

#[test]
fn a_renamed_application_that_is_broken_keeps_its_old_name_until_it_renders() {
    assert_snapshot!(run("cluster a: web=1\ncluster b: web=1\n==\n\
        application shop was web\ncluster a: shop=2\ncluster b: shop=!\n==\n\
        application shop was web\ncluster a: shop=2\ncluster b: shop=2\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: web=1@1
     *b: web=1@1
    ==
    release 2: 1 cluster, 1 application changed, 1 cell stale
     *a: shop=2@2
     b: web=1@1(stale 2)
    stale b application shop: since 2
    ==
    release 3: 1 cluster, 1 application changed
     a: shop=2@2
     *b: shop=2@3
    ");
}

#[test]
fn the_listener_of_namespaces_stands_where_a_namespace_does() {
    let mut publisher = crate::script::Publisher::default();
    let listener = |publisher: &crate::script::Publisher| {
        publisher.ledger.as_ref().unwrap().clusters[0].parts.namespaces_listener.is_some()
    };
    publisher.act("layout flux\ncluster a: web=1 ns/shop=1\n");
    assert!(listener(&publisher));
    // The namespace is held, so its listener stays.
    publisher.act("layout flux\ncluster a: web=1\n");
    assert!(listener(&publisher));
    publisher.act("layout flux\ncluster a: web=1\nconfirm\n");
    assert!(!listener(&publisher));
}

#[test]
fn another_layout_changes_every_cell() {
    assert_snapshot!(run("cluster a: web=1 ns/shop=1\n==\nlayout flux\n\
        cluster a: web=1 ns/shop=1 boot=1\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1 ns/shop=1
    ==
    release 2: 1 cluster, 1 application changed
     *a: web=1@2 ns/shop=1 boot=1
    ");
}

#[test]
fn trailers_name_source_generation_plan_and_who_approved() {
    let mut publisher = crate::script::Publisher::default();
    let step = |publisher: &mut crate::script::Publisher, block: &str| {
        let decision = publisher.decide(block);
        publisher.follow(&decision);
        let release::Decision::Decided(decided) = decision else { panic!("refused") };
        let step = decided.step.unwrap();
        step.trailers.iter().map(|t| format!("{}: {}\n", t.key, t.value)).collect::<String>()
    };
    let first = step(&mut publisher, "commit 1\ncluster a: web=1\ncluster b: web=1\n");
    assert_snapshot!(first, @r"
    Source: 0101010101010101010101010101010101010101
    Generation: 1
    Plan-Digest: 865b9a43f86c2fd0c40bb2baac64704939221d3d144459d7cd23fcb96a5e794a
    ");
    publisher.act("commit 2\ncluster a: api=1\ncluster b: api=1\n");
    let confirmed =
        step(&mut publisher, "commit 2\ncluster a: api=1\ncluster b: api=1\nconfirm\nby anna\n");
    assert_snapshot!(confirmed, @r"
    Source: 0202020202020202020202020202020202020202
    Generation: 3
    Plan-Digest: 9b0efd7df35c20ff98a5d8ad46d8899f037729a29a94d69e0bb6f490803ed5f0
    Approved-by: anna
    ");
}
