//! Expressions of the command line.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn the_clusters_of_an_expression_stand_one_on_each_line() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!(sandbox.show_words(&["select", "/g/stores and not /m/region/west"]));
}

#[test]
fn words_that_the_shell_cut_are_one_expression() {
    let sandbox = Sandbox::with(FLEET);
    let cut = sandbox.show("select /g/stores and not /m/region/west");
    assert_eq!(cut, sandbox.show_words(&["select", "/g/stores and not /m/region/west"]));
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!("select_unknown_group", sandbox.show("select /g/stor/east"));
    assert_snapshot!("select_syntax", sandbox.show_words(&["select", "/g/stores and ("]));
    assert_snapshot!("select_unknown_value", sandbox.show("select not /m/ring/prd"));
}

#[test]
fn other_formats_are_those_of_get() {
    let sandbox = Sandbox::with(FLEET);
    assert_snapshot!(sandbox.show_words(&["select", "/c/west-*", "-o", "wide"]));
}
