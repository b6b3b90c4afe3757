//! Documents that go while others that say nearly the same come.

use plan::{Changes, Side};

use crate::fleets::{assemble, source};

const BASE: &str = "
    Group stores | |
    Group east | | parent: /stores, values: {tax: 9}
    Group ny | | parent: /stores/east
    Cluster a | labels: {ring: beta, region: east} | groups: [/stores/east/ny], values: {ip: 10.0.0.0/24}
    Cluster b | labels: {ring: beta, region: east} | groups: [/stores/east/ny], values: {ip: 10.0.1.0/24}
    Cluster bare | |
    Namespace n | | clusters: all
    Application web | labels: {tier: front} | namespace: n, template: apps/web, owner: pets, values: {title: Shop}
";

/// What is asked after these replacements of text.
fn asked(edits: &[(&str, &str)]) -> String {
    let mut text = BASE.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "no `{from}` in the fleet");
        text = text.replace(from, to);
    }
    let (base, head) = (source(BASE), source(&text));
    let fleet = |source| assemble(source).expect("nothing is wrong").0;
    let (before, after) = (fleet(&base), fleet(&head));
    let side = |fleet, source| Side { fleet, source };
    let changes = Changes::new(side(&before, &base), side(&after, &head));
    let asked: Vec<String> = changes.likely_renames().iter().map(ToString::to_string).collect();
    asked.join("\n")
}

#[test]
fn a_document_under_another_name_is_asked_about() {
    insta::assert_snapshot!(
        [
            asked(&[("Cluster a ", "Cluster z ")]),
            asked(&[("Application web ", "Application shop ")]),
            asked(&[("Group ny ", "Group new-york "), ("east/ny]", "east/new-york]")]),
        ]
        .join("\n")
    );
}

#[test]
fn what_says_its_former_name_is_not_asked_about() {
    assert_eq!(asked(&[("Cluster a | ", "Cluster z | formerName: a, ")]), "");
    assert_eq!(asked(&[("Application web | ", "Application shop | formerName: web, ")]), "");
    assert_eq!(asked(&[("Group ny | |", "Group new-york | formerPath: /stores/east/ny |")]), "");
}

#[test]
fn three_quarters_of_what_either_says_is_enough_and_less_is_not() {
    // Four facts of a cluster: two labels, a group, a value. One more is 4 of 5.
    let more = asked(&[("Cluster a | labels: {", "Cluster z | labels: {city: x, ")]);
    assert!(more.starts_with("cluster `a` goes and `z`"), "{more}");
    // Another value is 3 of 5: another store of the same city.
    assert_eq!(asked(&[("Cluster a ", "Cluster z "), ("10.0.0.0", "10.0.9.0")]), "");
}

#[test]
fn where_two_are_as_near_nothing_is_asked() {
    let two = "Cluster y | labels: {ring: beta, region: east} | groups: [/stores/east/ny], values: {ip: 10.0.0.0/24}\n    Cluster z ";
    assert_eq!(asked(&[("Cluster a ", two)]), "");
}

#[test]
fn documents_that_say_nothing_are_never_near() {
    assert_eq!(asked(&[("Cluster bare ", "Cluster naked ")]), "");
}

#[test]
fn groups_below_a_renamed_group_follow_it() {
    let edits = [
        ("Group east ", "Group orient "),
        ("parent: /stores/east", "parent: /stores/orient"),
        ("groups: [/stores/east/ny]", "groups: [/stores/orient/ny]"),
    ];
    assert_eq!(asked(&edits).matches("group ").count(), 1, "{}", asked(&edits));
}

#[test]
fn what_only_goes_or_only_comes_is_not_asked_about() {
    assert_eq!(asked(&[("Cluster bare | |\n", "")]), "");
    assert_eq!(asked(&[("Cluster bare | |\n", "Cluster bare | |\n    Cluster more | |\n")]), "");
}
