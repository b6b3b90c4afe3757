//! Why something is where it is.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn a_cell_is_explained_with_each_part_and_value() {
    assert_snapshot!(Sandbox::with(FLEET).show("explain east-1 web"));
}

#[test]
fn an_absent_cell_is_explained() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!("explain_narrowed", sandbox.show("explain east-1 till"));
    assert_snapshot!("explain_not_in_group", sandbox.show("explain lab web"));
}

#[test]
fn every_application_of_a_cluster() {
    assert_snapshot!(Sandbox::with(FLEET).show("explain east-1"));
}

#[test]
fn for_programs() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!("explain_json", sandbox.show("explain west-1 web -o json"));
    let output = sandbox.run("explain west-1 -o json");
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[test]
fn unknown_names() {
    let sandbox = Sandbox::with(FLEET);
    let shown = [sandbox.show("explain est-1"), sandbox.show("explain east-1 tilll")].concat();
    assert_snapshot!(shown);
}

#[test]
fn a_pinned_overlay_and_a_decommissioned_cluster() {
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace(
        "inventory/web.yaml",
        "template: apps/web",
        "template: apps/web\n  version: 1.1.0",
    );
    sandbox.replace(
        "inventory/clusters.yaml",
        "groups: [/stores/west]",
        "groups: [/stores/west], decommission: true",
    );
    assert_snapshot!(sandbox.show("explain west-1 web"));
}
