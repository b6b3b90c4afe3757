//! Checks of a whole source.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn a_good_source_is_counted() {
    let expected = "exit 0\n--- stderr\n4 clusters, 2 applications, 5 bindings: no errors\n";
    assert_eq!(Sandbox::with(FLEET).show("validate"), expected);
}

#[test]
fn mistakes_are_shown_in_the_order_of_places_with_the_clusters_they_concern() {
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace("apps/web/base/config.yaml", "rea.cluster.replicas", "rea.cluster.replcas");
    sandbox.replace("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes");
    assert_snapshot!(sandbox.show("validate"));
    let first = sandbox.show("validate --limit 1");
    assert!(first.contains("rea.cluster.taxes") && !first.contains("rea.cluster.replcas"));
    assert!(first.contains("and 1 more, not shown") && first.ends_with("2 errors\n"));
}

#[test]
fn mistakes_are_json_for_programs() {
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes");
    assert_snapshot!("validate_json_template", sandbox.show("validate -o json"));
    sandbox.replace("inventory/clusters.yaml", "timeZone", "timezone");
    assert_snapshot!("validate_json_document", sandbox.show("validate -o json"));
}

#[test]
fn a_revision_is_read_without_the_work_tree() {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.write("-- inventory/clusters.yaml --\nnonsense\n");
    assert!(!sandbox.run("validate").status.success());
    assert!(sandbox.run("validate --rev main").status.success());
}
