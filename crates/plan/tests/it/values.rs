//! Which value wins.

use std::fmt::Write as _;

use plan::{Column, Fleet, KeySpace};

use crate::fleets::fleet;

const SPACES: [(KeySpace, &str); 3] = [
    (KeySpace::Cluster, "cluster"),
    (KeySpace::Namespace, "namespace"),
    (KeySpace::Application, "application"),
];

/// Every key of an application's spaces with its value on every cluster, one line each.
fn table(fleet: &Fleet, application: &str) -> String {
    let application = fleet.application_id(application).expect("it is there");
    let mut shown = String::new();
    for (space, word) in SPACES {
        for key in fleet.keys(application, space) {
            let column = fleet.column(application, space, &key);
            let value = |id: Option<_>| match id.map(|id| fleet.scalar(id)) {
                Some(scalar) => format!("{} ({})", scalar.text, scalar.kind.word()),
                None => "-".to_owned(),
            };
            let values = match &column {
                Column::Same(id) => value(*id),
                Column::Each(ids) => {
                    ids.iter().map(|id| value(*id)).collect::<Vec<_>>().join(" | ")
                }
            };
            writeln!(shown, "{word}.{key} = {values}").expect("a string takes all");
        }
    }
    shown
}

#[test]
fn clusters_inherit_from_fleet_and_groups_from_root_to_leaf() {
    let fleet = fleet("
        Fleet contoso | | values: {a: fleet, b: fleet, c: fleet, d: fleet, e: fleet}, delivery: {directory: {branch: main, path: clusters}}
        Group stores | | values: {b: stores, c: stores, d: stores}
        Group la | | parent: /stores, values: {c: la, d: la}
        Group pilots | | clusters: /m/ring/beta, values: {e: pilots}
        Cluster one | labels: {ring: beta} | groups: [/stores/la], values: {d: 0230}, timeZone: America/Chicago, description: French Quarter
        Cluster two | | groups: [/stores]
        Cluster zero
        Namespace n | | clusters: all
        Application w | | namespace: n, template: apps/w
    ");
    insta::assert_snapshot!(table(&fleet, "w"), @"
    cluster.a = fleet (string)
    cluster.b = stores (string) | stores (string) | fleet (string)
    cluster.c = la (string) | stores (string) | fleet (string)
    cluster.d = 0230 (integer) | stores (string) | fleet (string)
    cluster.description = French Quarter (string) | - | -
    cluster.e = pilots (string) | fleet (string) | fleet (string)
    cluster.name = one (string) | two (string) | zero (string)
    cluster.path = clusters/one (string) | clusters/two (string) | clusters/zero (string)
    cluster.ring = beta (string) | - | -
    cluster.timeZone = America/Chicago (string) | - | -
    namespace.name = n (string)
    application.name = w (string)
    application.namespace = n (string)
    application.template = apps/w (string)
    ");
}

#[test]
fn the_last_override_that_matches_wins() {
    let fleet = fleet("
        Cluster a | labels: {ring: beta}
        Cluster b | labels: {ring: beta}
        Cluster c | labels: {ring: prod}
        Namespace n | labels: {tier: gold} | clusters: all, description: shop, values: {quota: 1.10}, overrides: [{clusters: /c/c, values: {quota: '1.10'}}]
        Application w | labels: {team: pets} | namespace: n, template: apps/w, owner: us, values: {title: none, size: 1}, overrides: [{clusters: /m/ring/beta, values: {title: beta, extra: true}}, {clusters: /c/b, values: {title: b}}, {clusters: all, values: {size: 2}}]
        Application other | | namespace: n, template: apps/w
    ");
    insta::assert_snapshot!(table(&fleet, "w"), @"
    cluster.name = a (string) | b (string) | c (string)
    cluster.path = . (string)
    cluster.ring = beta (string) | beta (string) | prod (string)
    namespace.description = shop (string)
    namespace.name = n (string)
    namespace.quota = 1.10 (number) | 1.10 (number) | 1.10 (string)
    namespace.tier = gold (string)
    application.extra = true (boolean) | true (boolean) | -
    application.name = w (string)
    application.namespace = n (string)
    application.owner = us (string)
    application.size = 2 (integer)
    application.team = pets (string)
    application.template = apps/w (string)
    application.title = beta (string) | b (string) | none (string)
    ");
    let other = fleet.application_id("other").expect("it is there");
    assert_eq!(fleet.column(other, KeySpace::Application, "title"), Column::Same(None));
}

#[test]
fn equal_values_have_equal_ids() {
    let fleet = fleet(
        "
        Cluster a | labels: {x: same} | values: {y: same, number: 1, text: '1'}
        Namespace n | | clusters: all, values: {z: same}
        Application w | | namespace: n, template: apps/w, values: {z: same, number: 1}
    ",
    );
    let application = fleet.application_id("w").expect("it is there");
    let get = |space, key| {
        fleet.column(application, space, key).get(model::ClusterId(0)).expect("it is set")
    };
    let same = get(KeySpace::Cluster, "x");
    assert_eq!(same, get(KeySpace::Cluster, "y"));
    assert_eq!(same, get(KeySpace::Namespace, "z"));
    assert_eq!(same, get(KeySpace::Application, "z"));
    assert_eq!(get(KeySpace::Cluster, "number"), get(KeySpace::Application, "number"));
    assert_ne!(get(KeySpace::Cluster, "number"), get(KeySpace::Cluster, "text"));
}

#[test]
fn folders_under_hex2_keep_the_first_name() {
    let fleet = fleet(
        "
        Fleet contoso | | delivery: {directory: {branch: main, fanOut: hex2}}
        Cluster a
        Cluster b | formerName: old
        Namespace n
        Application w | | namespace: n, template: apps/w
    ",
    );
    let application = fleet.application_id("w").expect("it is there");
    let column = fleet.column(application, KeySpace::Cluster, "path");
    let path = |index| &*fleet.scalar(column.get(model::ClusterId(index)).expect("set")).text;
    let digits = |name: &str| format!("{:02x}", model::sha256(name.as_bytes()).0[0]);
    assert_eq!(path(0), format!("{}/a", digits("a")));
    assert_eq!(path(1), format!("{}/b", digits("old")));
}
