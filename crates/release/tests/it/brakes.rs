//! What waits for a person.

use insta::assert_snapshot;

use crate::script::{Publisher, run};

/// `n` clusters `c00`, `c01`... that each run the same.
fn clusters(n: usize, cells: &str) -> String {
    (0..n).map(|index| format!("cluster c{index:02}: {cells}\n")).collect()
}

/// The clusters from `from` to before `to` run `first`, the rest of 40 run `rest`.
fn split(from: usize, to: usize, first: &str, rest: &str) -> String {
    let cells = |index| if (from..to).contains(&index) { first } else { rest };
    (0..40).map(|index| format!("cluster c{index:02}: {}\n", cells(index))).collect()
}

/// The lines that say what is held and what was deleted, without those of clusters.
fn short(text: &str) -> String {
    let keep = |line: &&str| !line.starts_with(" c") && !line.starts_with(" *c");
    let mut lines: Vec<&str> = text.lines().filter(keep).collect();
    let n_held = lines.iter().filter(|line| line.starts_with("held")).count();
    let mut seen = 0;
    lines.retain(|line| {
        seen += usize::from(line.starts_with("held"));
        !line.starts_with("held") || seen == 1
    });
    format!("{}\n{n_held} held\n", lines.join("\n"))
}

#[test]
fn ten_bindings_may_always_vanish() {
    let text = run(&format!(
        "{}==\n{}",
        clusters(40, "api=1 web=1"),
        split(0, 10, "api=1", "api=1 web=1")
    ));
    assert_snapshot!(short(&text), @r"
    release 1: 40 clusters, 2 applications changed
    ==
    release 2: 10 clusters, 1 application changed
      deleted 10@2
    0 held
    ");
}

#[test]
fn above_the_budget_every_deletion_waits_and_the_rest_goes_on() {
    let text = run(&format!(
        "{}==\n{}",
        clusters(40, "api=1 web=1"),
        split(0, 11, "api=2", "api=1 web=1")
    ));
    assert_snapshot!(short(&text), @r"
    release 1: 40 clusters, 2 applications changed
    ==
    release 2: 11 clusters, 1 application changed
    held c00 application web 1 -> -: 11 bindings would vanish, after 0 in the last 24 hours; 10 may without a confirmation
    11 held
    ");
}

#[test]
fn the_budget_is_a_part_of_the_fleets_bindings() {
    let after = split(0, 16, "api=1", "api=1 web=1");
    let text = run(&format!("{}==\nbudget 20%\n{after}", clusters(40, "api=1 web=1")));
    assert_snapshot!(short(&text), @r"
    release 1: 40 clusters, 2 applications changed
    ==
    release 2: 16 clusters, 1 application changed
      deleted 16@2
    0 held
    ");
}

#[test]
fn deletions_of_the_last_day_count() {
    let first = split(0, 6, "api=1", "api=1 web=1");
    let second = split(0, 12, "api=1", "api=1 web=1");
    let start = clusters(40, "api=1 web=1");
    assert_snapshot!(short(&run(&format!("{start}==\n{first}==\nafter 23h\n{second}"))), @r"
    release 1: 40 clusters, 2 applications changed
    ==
    release 2: 6 clusters, 1 application changed
      deleted 6@2
    ==
    nothing
    held c06 application web 1 -> -: 6 bindings would vanish, after 6 in the last 24 hours; 10 may without a confirmation
    6 held
    ");
    assert_snapshot!(short(&run(&format!("{start}==\n{first}==\nafter 24h\n{second}"))), @r"
    release 1: 40 clusters, 2 applications changed
    ==
    release 2: 6 clusters, 1 application changed
      deleted 6@2
    ==
    release 3: 6 clusters, 1 application changed
      deleted 6@3
    0 held
    ");
}

#[test]
fn a_clock_that_was_set_back_opens_no_budget() {
    let first = split(0, 6, "api=1", "api=1 web=1");
    let second = split(0, 12, "api=1", "api=1 web=1");
    let start = clusters(40, "api=1 web=1");
    let text = run(&format!("{start}==\n{first}==\nafter -100h\n{second}"));
    assert!(text.contains("held"), "{text}");
}

#[test]
fn confirmed_deletions_do_not_count_later() {
    let first = split(0, 20, "api=1", "api=1 web=1");
    let second = split(0, 29, "api=1", "api=1 web=1");
    let start = clusters(40, "api=1 web=1");
    let text = run(&format!("{start}==\n{first}==\n{first}confirm\n==\n{second}"));
    assert_snapshot!(short(&text), @r"
    release 1: 40 clusters, 2 applications changed
    ==
    nothing
    held c00 application web 1 -> -: 20 bindings would vanish, after 0 in the last 24 hours; 10 may without a confirmation
    ==
    release 2: 20 clusters, 1 application changed
      approved by anna @2
    ==
    release 3: 9 clusters, 1 application changed
      deleted 9@3
    20 held
    ");
}

#[test]
fn orphans_and_renames_do_not_count() {
    let start = clusters(40, "api=1 bus=1 car=1 db=1 web=1");
    let orphans = clusters(37, "api=1 bus=1 car=1 db=1 web=1");
    assert_snapshot!(short(&run(&format!("{start}==\n{orphans}"))), @r"
    release 1: 40 clusters, 5 applications changed
    ==
    release 2: 0 clusters, 0 applications changed, 3 clusters removed
    0 held
    ");
    let start = clusters(40, "api=1 web=1");
    let renamed = format!("application shop was web\n{}", clusters(40, "api=1 shop=1"));
    assert_snapshot!(short(&run(&format!("{start}==\n{renamed}"))), @r"
    release 1: 40 clusters, 2 applications changed
    ==
    release 2: 40 clusters, 1 application changed
    0 held
    ");
}

#[test]
fn an_application_never_leaves_its_last_cluster_by_itself() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\ncluster a: api=2\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: api=2@2 web=1@1
    held a application web 1 -> -: `web` would leave its last cluster: its document is gone
    ");
}

#[test]
fn an_application_that_is_placed_nowhere_waits() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\napplication web\ncluster a: api=1\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application web 1 -> -: `web` would leave its last cluster: it is placed nowhere
    ");
}

#[test]
fn an_expression_that_became_empty_is_named() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\napplication web\nempty application web\n\
        cluster a: api=1\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application web 1 -> -: `web` would leave its last cluster: the expression of application web became empty
    ");
    assert_snapshot!(run("cluster a: api=1 web=1\n==\napplication web\nempty namespace shop\n\
        cluster a: api=1\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application web 1 -> -: `web` would leave its last cluster: the expression of namespace shop became empty
    ");
}

#[test]
fn a_cluster_never_loses_all_applications_by_itself() {
    assert_snapshot!(run("cluster a: web=1 boot=1\ncluster b: web=1\n==\n\
        cluster a:\ncluster b: web=1\n==\ncluster a:\ncluster b: web=1\nconfirm\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: web=1@1 boot=1
     *b: web=1@1
    ==
    nothing
    held a application web 1 -> -: `a` would run no application any more
    held a bootstrap ? -> -: `a` would run no application any more
    ==
    release 2: 1 cluster, 1 application changed
     *a:
     b: web=1@1
      approved by anna @2
    ");
}

#[test]
fn a_renamed_application_that_leaves_its_last_cluster_waits_under_its_old_name() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\napplication shop was web\n\
        cluster a: api=1\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application web 1 -> -: `web` would leave its last cluster: it is placed nowhere
    ");
}

#[test]
fn an_application_that_only_waits_on_a_new_cluster_has_not_moved_there() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\ncluster a: api=1\ncluster b: web=!\n"), @r#"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application web 1 -> -: `web` would leave its last cluster: it is placed nowhere
    waiting b: ["web"]
    "#);
}

#[test]
fn an_application_has_not_moved_to_where_it_is_held() {
    // `zoo` takes a Service on `a` from `api`, which waits: so it must stay on `b`.
    assert_snapshot!(run("cluster a: api=1{Service/s}\ncluster b: web=1 zoo=1\n==\n\
        cluster a: zoo=1{Service/s}\ncluster b: web=1\n"), @r"
    release 1: 2 clusters, 3 applications changed
     *a: api=1@1
     *b: web=1@1 zoo=1@1
    ==
    nothing
    held a application api 1 -> -: `api` would leave its last cluster: its document is gone
    held a application zoo - -> 1: an object moves between it and application api, which stays as it is
    held b application zoo 1 -> -: `zoo` would leave its last cluster: it is placed nowhere
    ");
}

#[test]
fn a_cluster_has_not_gained_what_is_held() {
    assert_snapshot!(run("cluster a: api=1\ncluster b: api=1\n==\n\
        cluster a: web=2\ncluster b: api=1\nunread 2\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: api=1@1
     *b: api=1@1
    ==
    nothing
    held a application api 1 -> -: `a` would run no application any more
    held a application web - -> 2: it could not be read which objects would vanish: the pack is broken
    ");
}

#[test]
fn a_protected_object_holds_its_cell() {
    assert_snapshot!(run(
        "cluster a: api=1 web=1{Deployment/web,PersistentVolumeClaim/data}\n==\n\
         cluster a: api=2 web=2{Deployment/web}\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: api=2@2 web=1@1
    held a application web 1 -> 2: protected objects would vanish: `PersistentVolumeClaim shop/data`
    ");
}

#[test]
fn a_marked_object_holds_its_cell() {
    assert_snapshot!(run("cluster a: web=1{ConfigMap/keep!}\n==\ncluster a: web=2\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    nothing
    held a application web 1 -> 2: protected objects would vanish: `ConfigMap shop/keep`
    ");
}

#[test]
fn a_protected_object_that_moves_is_no_deletion() {
    assert_snapshot!(run("cluster a: api=1 web=1{PersistentVolumeClaim/data}\n==\n\
        cluster a: api=2{PersistentVolumeClaim/data} web=2\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    release 2: 1 cluster, 2 applications changed
     *a: api=2@2 web=2@2
    ");
}

#[test]
fn a_move_to_another_cluster_is_a_deletion() {
    assert_snapshot!(run("cluster a: web=1{PersistentVolumeClaim/data}\ncluster b: web=2\n==\n\
        cluster a: web=2\ncluster b: web=1{PersistentVolumeClaim/data}\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: web=1@1
     *b: web=2@1
    ==
    release 2: 1 cluster, 1 application changed
     a: web=1@1
     *b: web=1@2
    held a application web 1 -> 2: protected objects would vanish: `PersistentVolumeClaim shop/data`
    ");
}

#[test]
fn who_takes_over_from_a_held_cell_is_held_too() {
    // `web` loses its last cluster and waits, so `api` must not take its Service.
    assert_snapshot!(run("cluster a: api=1 web=1{Service/web}\n==\n\
        cluster a: api=2{Service/web}\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application api 1 -> 2: an object moves between it and application web, which stays as it is
    held a application web 1 -> -: `web` would leave its last cluster: its document is gone
    ");
}

#[test]
fn who_gives_to_a_held_cell_is_held_too() {
    // `api` waits for its claim; the Service that `web` hands over to it must not vanish.
    assert_snapshot!(run(
        "cluster a: api=1{PersistentVolumeClaim/data} web=1{Service/web} zoo=1\n==\n\
         cluster a: api=2{Service/web} web=2 zoo=2\n"), @r"
    release 1: 1 cluster, 3 applications changed
     *a: api=1@1 web=1@1 zoo=1@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: api=1@1 web=1@1 zoo=2@2
    held a application api 1 -> 2: protected objects would vanish: `PersistentVolumeClaim shop/data`
    held a application web 1 -> 2: an object moves between it and application api, which stays as it is
    ");
}

#[test]
fn who_takes_over_from_a_broken_cell_is_held() {
    assert_snapshot!(run("cluster a: api=1 web=1{Service/web}\n==\n\
        cluster a: api=2{Service/web} web=!\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    release 2: 0 clusters, 0 applications changed, 1 cell stale
     a: api=1@1 web=1@1(stale 2)
    held a application api 1 -> 2: an object moves between it and application web, which stays as it is
    stale a application web: since 2
    ");
}

#[test]
fn unread_objects_hold_their_cell() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\ncluster a: api=2 web=2\nunread 2\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application api 1 -> 2: it could not be read which objects would vanish: the pack is broken
    held a application web 1 -> 2: it could not be read which objects would vanish: the pack is broken
    ");
}

#[test]
fn a_namespace_document_never_vanishes_by_itself() {
    assert_snapshot!(run("cluster a: web=1 ns/shop=1\n==\ncluster a: web=2\n==\n\
        cluster a: web=2\nconfirm\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1 ns/shop=1
    ==
    release 2: 1 cluster, 1 application changed
     *a: web=2@2 ns/shop=1
    held a namespace shop 1 -> -: the namespace `shop` would vanish with everything in it
    ==
    release 3: 1 cluster, 0 applications changed
     *a: web=2@2
      approved by anna @3
    ");
}

#[test]
fn a_namespace_object_that_becomes_a_document_moves() {
    assert_snapshot!(run("cluster a: web=1{Namespace/shop}\n==\n\
        cluster a: web=2 ns/shop=1\n"), @r"
    release 1: 1 cluster, 1 application changed
     *a: web=1@1
    ==
    release 2: 1 cluster, 1 application changed
     *a: web=2@2 ns/shop=1
    ");
}

#[test]
fn an_orphaned_cluster_keeps_its_namespaces_without_a_brake() {
    assert_snapshot!(run("cluster a: web=1\ncluster b: web=1 ns/shop=1\n==\n\
        cluster a: web=1\n"), @r"
    release 1: 2 clusters, 1 application changed
     *a: web=1@1
     *b: web=1@1 ns/shop=1
    ==
    release 2: 0 clusters, 0 applications changed, 1 cluster removed
     a: web=1@1
    ");
}

#[test]
fn a_confirmation_lets_exactly_what_waits_pass() {
    assert_snapshot!(run("cluster a: api=1 web=1\n==\ncluster a: api=1\n==\n\
        cluster a: api=1\nconfirm\nby anna\n==\ncluster a: api=1\n"), @r"
    release 1: 1 cluster, 2 applications changed
     *a: api=1@1 web=1@1
    ==
    nothing
    held a application web 1 -> -: `web` would leave its last cluster: its document is gone
    ==
    release 2: 1 cluster, 1 application changed
     *a: api=1@1
      approved by anna @2
    ==
    nothing
    ");
}

#[test]
fn a_confirmation_dies_with_any_change_of_what_waits() {
    let mut publisher = Publisher::default();
    publisher.act("cluster a: api=1 web=1\ncluster b: api=1 zoo=1\n");
    publisher.act("cluster a: api=1\ncluster b: api=1 zoo=1\n");
    let text = publisher.act("cluster a: api=1\ncluster b: api=1\nconfirm\n");
    assert!(text.starts_with("refused"), "{text}");
}

#[test]
fn what_waits_keeps_its_digest_while_the_rest_goes_on() {
    let mut publisher = Publisher::default();
    publisher.act("cluster a: api=1 web=1\n");
    publisher.act("cluster a: api=1\n");
    let plan = publisher.plan.unwrap();
    publisher.act("cluster a: api=2\n");
    assert_eq!(publisher.plan, Some(plan));
    let text = publisher.act("cluster a: api=3\nconfirm\n");
    assert!(text.starts_with("release 3: 1 cluster, 2 applications changed"), "{text}");
}

#[test]
fn clusters_that_leave_in_number_wait_and_keep_what_they_have() {
    let (all, five) = (clusters(8, "web=1"), clusters(5, "web=2"));
    let others = "cluster d: web=1\n";
    let script = format!("{all}==\n{five}==\n{others}==\n{others}==\n{others}confirm\n");
    assert_snapshot!(run(&script));
}

#[test]
fn a_fleet_without_clusters_waits_however_small_it_was() {
    let none = "application web\n";
    assert_snapshot!(run(&format!("cluster a: web=1\n==\n{none}==\nconfirm\n{none}")));
}

#[test]
fn an_application_that_claims_the_name_of_one_beside_it_does_not_hide_that_it_goes() {
    let before = clusters(3, "till=1 web=1");
    let after = clusters(3, "web=1");
    assert_snapshot!(run(&format!("{before}==\napplication web was till\n{after}")));
}
