//! Which clusters groups, namespaces and applications have.

use std::fmt::Write as _;

use plan::Fleet;

use crate::fleets::{assemble, fleet, names, source};

/// Every set of a fleet, one line each.
fn sets(fleet: &Fleet) -> String {
    let mut shown = String::new();
    let mut line = |kind: &str, name: &str, clusters| {
        writeln!(shown, "{kind} {name}: {}", names(fleet, clusters)).expect("a string takes all");
    };
    fleet.groups.iter().for_each(|g| line("group", g.path.as_str(), &g.clusters));
    fleet.namespaces.iter().for_each(|n| line("namespace", n.name.as_str(), &n.clusters));
    fleet.applications.iter().for_each(|a| line("application", a.name.as_str(), &a.clusters));
    shown
}

#[test]
fn groups_hold_what_is_listed_selected_and_below() {
    let fleet = fleet(
        "
        Cluster a | labels: {ring: beta} | groups: [/stores/la]
        Cluster b | labels: {ring: prod} | groups: [/stores]
        Cluster c | labels: {ring: prod} | groups: [/stores, /plants]
        Cluster d | labels: {ring: prod}
        Group stores
        Group la | | 'parent: /stores, clusters: /c/d'
        Group plants | | clusters: /g/stores/la
    "
        .replace('\'', "")
        .as_str(),
    );
    insta::assert_snapshot!(sets(&fleet), @"
    group /plants: a c d
    group /stores: a b c d
    group /stores/la: a d
    ");
}

#[test]
fn applications_narrow_their_namespace() {
    let fleet = fleet(
        "
        Cluster a | labels: {ring: beta}
        Cluster b | labels: {ring: prod}
        Cluster c | labels: {ring: prod}
        Namespace silent
        Namespace shop | | clusters: not /c/c
        Application web | | namespace: shop, template: apps/web
        Application pilot | | namespace: shop, template: apps/web, clusters: /m/ring/beta or /c/c
        Application nowhere | | namespace: silent, template: apps/web, dependsOn: [web, pilot]
    ",
    );
    insta::assert_snapshot!(sets(&fleet), @"
    namespace shop: a b
    namespace silent: 
    application nowhere: 
    application pilot: a
    application web: a b
    ");
    let nowhere = fleet.application_id("nowhere").expect("it is there");
    let depends_on = &fleet.applications[nowhere.0 as usize].depends_on;
    let on: Vec<_> =
        depends_on.iter().map(|id| fleet.applications[id.0 as usize].name.as_str()).collect();
    assert_eq!(on, ["web", "pilot"]);
    assert_eq!(fleet.application_id("wed"), None);
}

#[test]
fn a_decommissioned_cluster_is_in_groups_and_nowhere_else() {
    let source = source(
        "
        Cluster a
        Cluster b | | decommission: true, groups: [/g]
        Group g
        Namespace n | | clusters: all
        Namespace last | | clusters: /c/b
        Namespace others | | clusters: not /n/n or /c/a
        Application w | | namespace: n, template: apps/w
        Application x | | namespace: others, template: apps/w, clusters: all
    ",
    );
    let (fleet, found) = assemble(&source).expect("nothing is wrong");
    insta::assert_snapshot!(sets(&fleet), @"
    group /g: b
    namespace last: 
    namespace n: a
    namespace others: a
    application w: a
    application x: a
    ");
    assert_eq!(names(&fleet, &fleet.decommissioned), "b");
    assert_eq!(testkit::render_diagnostics(&source.files, &found), "");
    assert_eq!(fleet.empty_expressions, Vec::<String>::new());
}

#[test]
fn expressions_that_became_empty_are_kept_for_the_brakes() {
    let source = source("
        Cluster a | labels: {ring: beta}
        Cluster b | labels: {ring: prod}
        Group g | | clusters: /m/ring/beta and /m/ring/prod
        Group h | | clusters: none
        Namespace n | | clusters: /g/g
        Namespace o | | clusters: /c/a
        Application w | | namespace: o, template: apps/w, clusters: /c/b
        Application x | | namespace: o, template: apps/w, overrides: [{clusters: /g/g, values: {a: 1}}]
    ");
    let (fleet, _) = assemble(&source).expect("warnings only");
    assert_eq!(fleet.empty_expressions, ["group /g", "namespace n", "application w"]);
}

#[test]
fn former_paths_lead_to_the_present_group() {
    let source = source(
        "
        Group stores
        Group mid | formerPath: /stores/central | parent: /stores
        Group la | | parent: /stores/central
        Cluster a | | groups: [/stores/central/la]
        Cluster b | | groups: [/stores/mid]
        Namespace n | | clusters: /g/stores/central/la
    ",
    );
    let (fleet, _) = assemble(&source).expect("warnings only");
    insta::assert_snapshot!(sets(&fleet), @"
    group /stores: a b
    group /stores/mid: a b
    group /stores/mid/la: a
    namespace n: a
    ");
    assert_eq!(fleet.group_id("/stores/central/la"), fleet.group_id("/stores/mid/la"));
    assert!(fleet.group_id("/stores/mid/la").is_some());
    assert_eq!(fleet.group_id("/stores/central/x"), None);
}

#[test]
fn settings_come_from_the_fleet_document() {
    let fleet = fleet("
        Fleet contoso | uid: 000102030405060708090a0b0c0d0e0f | engine: 1, layout: {flux: {source: gitops}}, delivery: {directory: {branch: live, path: clusters}}, budgets: {deletions: 5%}
    ");
    assert_eq!(&*fleet.name, "contoso");
    assert_eq!(fleet.uid.to_string(), "000102030405060708090a0b0c0d0e0f");
    assert_eq!(fleet.deletion_budget_ppm, 50_000);
    let plain = crate::fleets::fleet("Cluster a");
    assert_eq!(plain.uid, model::FleetUid::derived("contoso"));
}
