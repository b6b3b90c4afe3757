//! What a change does to the whole fleet.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn nothing_changed_is_exit_0() {
    let sandbox = Sandbox::committed(FLEET);
    assert_eq!(sandbox.show("diff"), "exit 0\n--- stderr\nnothing changes for any cluster\n");
}

#[test]
fn equal_changes_are_one_group() {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.replace(
        "apps/web/base/config.yaml",
        "data:\n  title",
        "data:\n  colour: blue\n  title",
    );
    sandbox.replace("inventory/web.yaml", "title: Western shop", "title: Wild shop");
    assert_snapshot!(sandbox.show("diff"));
}

#[test]
fn a_label_moves_a_cluster() {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.replace(
        "inventory/clusters.yaml",
        "ring: prod, region: west",
        "ring: beta, region: west",
    );
    assert_snapshot!("diff_label", sandbox.show("diff"));
    assert_snapshot!("diff_label_json", sandbox.show("diff -o json"));
}

#[test]
fn two_revisions_are_compared_without_the_work_tree() {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.replace("inventory/groups.yaml", "9.45", "9.50");
    sandbox.commit();
    sandbox.write("-- inventory/x.yaml --\nnonsense\n");
    assert_snapshot!(sandbox.show("diff HEAD~1 HEAD"));
}

#[test]
fn new_mistakes_are_shown_with_what_they_break() {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.replace("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes");
    assert_snapshot!(sandbox.show("diff"));
}

#[test]
fn what_cannot_be_compared_is_exit_2() {
    let sandbox = Sandbox::committed(FLEET);
    assert_snapshot!("diff_unknown_revision", sandbox.show("diff mian"));
    sandbox.write("-- inventory/x.yaml --\nnonsense\n");
    assert_snapshot!("diff_bad_source", sandbox.show("diff"));
    assert_snapshot!("diff_no_repository", Sandbox::with(FLEET).show("diff"));
}
