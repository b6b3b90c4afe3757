//! Lists in every format, with selectors, expressions and names.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn clusters_are_a_table_in_the_order_of_names() {
    assert_snapshot!(Sandbox::with(FLEET).show("get clusters"));
}

#[test]
fn every_kind_is_listed_with_all_its_columns() {
    let sandbox = Sandbox::with(FLEET);
    for kind in ["clusters", "groups", "namespaces", "applications", "bindings"] {
        assert_snapshot!(format!("get_{kind}_wide"), sandbox.show(&format!("get {kind} -o wide")));
    }
}

#[test]
fn every_kind_is_listed_by_name() {
    let sandbox = Sandbox::with(FLEET);
    let kinds = ["clusters", "groups", "namespaces", "applications", "bindings"];
    let shown: Vec<String> =
        kinds.iter().map(|kind| sandbox.show(&format!("get {kind} -o name"))).collect();
    assert_snapshot!(shown.concat());
}

#[test]
fn documents_are_shaped_like_those_of_kubernetes() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!("get_cluster_yaml", sandbox.show("get clusters east-2 -o yaml"));
    assert_snapshot!("get_application_json", sandbox.show("get applications web -o json"));
    assert_snapshot!("get_binding_yaml", sandbox.show("get bindings west-1 -o yaml"));
    assert_snapshot!("get_group_yaml", sandbox.show("get groups /stores/east -o yaml"));
}

#[test]
fn json_of_every_kind_is_json() {
    let sandbox = Sandbox::with(FLEET);
    for kind in ["clusters", "groups", "namespaces", "applications", "bindings"] {
        let output = sandbox.run(&format!("get {kind} -o json"));
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let items = list["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|item| item["kind"].is_string()), "{kind}");
    }
}

#[test]
fn csv_holds_every_column_and_quotes_what_needs_it() {
    assert_snapshot!(Sandbox::with(FLEET).show("get clusters -o csv"));
}

#[test]
fn headings_can_be_left_out() {
    assert_snapshot!(Sandbox::with(FLEET).show("get ns --no-headers"));
}

#[test]
fn an_expression_or_a_name_narrows_the_list() {
    let sandbox = Sandbox::with(FLEET);
    let expression = ["get", "clusters", "/g/stores and not /m/ring/beta"];
    assert_snapshot!("get_by_expression", sandbox.show_words(&expression));
    assert_snapshot!("get_by_name", sandbox.show("get cluster lab"));
    assert_snapshot!("get_groups_of", sandbox.show("get groups /c/west-1"));
    assert_snapshot!("get_bindings_of_application", sandbox.show("get bindings till"));
}

#[test]
fn labels_narrow_the_list() {
    let sandbox = Sandbox::with(FLEET);
    let selector = ["get", "clusters", "-l", "ring in (beta),region", "-o", "name"];
    assert_snapshot!("get_by_labels", sandbox.show_words(&selector));
    assert_snapshot!("get_by_bad_labels", sandbox.show_words(&["get", "clusters", "-l", "a in b"]));
}

#[test]
fn a_filter_and_an_order_are_those_of_the_server() {
    let sandbox = Sandbox::with(FLEET);
    let words =
        ["get", "clusters", "--filter", "ring eq 'prod' or timeZone ne null", "--sort", "-name"];
    assert_snapshot!("get_by_filter", sandbox.show_words(&words));
    let bindings = ["get", "bindings", "--filter", "owner eq 'team-web' and region eq 'east'"];
    assert_snapshot!("get_bindings_by_filter", sandbox.show_words(&bindings));
    let mistyped = ["get", "clusters", "--filter", "rign eq 'prod'"];
    assert_snapshot!("get_by_bad_filter", sandbox.show_words(&mistyped));
}

#[test]
fn a_name_that_nothing_has_is_an_error_with_the_nearest() {
    let sandbox = Sandbox::with(FLEET);
    let words = ["get clusters est-1", "get applications wep", "get ns nowhere-at-all"];
    let shown: Vec<String> = words.iter().map(|words| sandbox.show(words)).collect();
    assert_snapshot!(shown.concat());
}

#[test]
fn an_empty_list_says_so() {
    assert_snapshot!(Sandbox::with(FLEET).show("get clusters -l !ring"));
}
