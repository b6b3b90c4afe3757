//! A term in names, labels and values.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

#[test]
fn names_labels_values_and_overrides_are_searched() {
    assert_snapshot!(Sandbox::with(FLEET).show("search WEST"));
}

#[test]
fn nothing_found_is_no_error() {
    assert_snapshot!(Sandbox::with(FLEET).show("search zanzibar"), @r"
    exit 0
    --- stderr
    nothing found
    ");
}
