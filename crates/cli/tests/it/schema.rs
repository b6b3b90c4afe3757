//! JSON Schemas.

use insta::assert_snapshot;
use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn every_kind_has_a_schema_and_all_of_them_are_one() {
    let sandbox = Sandbox::empty();
    let whole: Value = serde_json::from_slice(&sandbox.run("schema").stdout).unwrap();
    let kinds = ["Fleet", "Cluster", "Group", "Namespace", "Application", "Role"];
    assert_eq!(whole["oneOf"].as_array().unwrap().len(), kinds.len());
    for kind in kinds {
        let one: Value =
            serde_json::from_slice(&sandbox.run(&format!("schema {kind}")).stdout).unwrap();
        assert_eq!(one["properties"]["kind"]["const"], *kind, "{kind}");
    }
}

#[test]
fn a_kind_that_is_none_is_an_error_with_those_that_are() {
    assert_snapshot!(Sandbox::empty().show("schema clutser"));
}
