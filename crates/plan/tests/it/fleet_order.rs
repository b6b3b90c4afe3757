//! The order of documents and the names of files do not matter.

use std::fmt::Write as _;

use plan::{Column, Fleet, KeySpace};
use proptest::prelude::*;

use crate::fleets::{assemble, source};

const LINES: [&str; 14] = [
    "Group stores | | values: {tax: 9}",
    "Group mid | formerPath: /stores/central | parent: /stores",
    "Group la | | parent: /stores/central, values: {tax: 9.45}",
    "Group pilots | | clusters: /m/ring/beta and not /g/stores/mid",
    "Group other | | clusters: /g/pilots or /n/base",
    "Cluster a | labels: {ring: beta} | groups: [/stores/central/la]",
    "Cluster b | labels: {ring: prod} | groups: [/stores], values: {tax: 0}",
    "Cluster c | labels: {ring: beta}",
    "Cluster d | formerName: e | decommission: true",
    "Namespace base | | clusters: /g/stores and not /c/c",
    "Namespace n | | clusters: /g/other or /m/ring/none-has-it, values: {x: 1}",
    "Application w | | namespace: n, template: apps/w, overrides: [{clusters: /c/a, values: {title: z}}], dependsOn: [v]",
    "Application v | | namespace: base, template: apps/v, clusters: /c/a",
    "Application u | | namespace: base, template: apps/v, clusters: /c/c",
];

/// All that a fleet says, without places.
fn said(fleet: &Fleet) -> String {
    let mut shown = format!("{:?}\n", fleet.empty_expressions);
    let mut line = |text: String| writeln!(shown, "{text}").expect("a string takes all");
    fleet.clusters.iter().for_each(|c| line(format!("{}", c.name)));
    fleet.groups.iter().for_each(|g| line(format!("{} {:?}", g.path, g.clusters)));
    fleet.namespaces.iter().for_each(|n| line(format!("{} {:?}", n.name, n.clusters)));
    for (index, application) in fleet.applications.iter().enumerate() {
        line(format!(
            "{} {:?} {:?}",
            application.name, application.clusters, application.depends_on
        ));
        let id = model::ApplicationId(index as u32);
        for space in [KeySpace::Cluster, KeySpace::Namespace, KeySpace::Application] {
            for key in fleet.keys(id, space) {
                let column = fleet.column(id, space, &key);
                let value = match &column {
                    Column::Same(value) => format!("{:?}", value.map(|v| fleet.scalar(v))),
                    Column::Each(values) => {
                        format!(
                            "{:?}",
                            values.iter().map(|v| v.map(|v| fleet.scalar(v))).collect::<Vec<_>>()
                        )
                    }
                };
                line(format!("{key} {value}"));
            }
        }
    }
    shown
}

/// The fleet and what was found, without places.
fn understood(lines: &str) -> (String, Vec<String>) {
    let (fleet, found) = assemble(&source(lines)).expect("warnings only");
    let mut found: Vec<String> =
        found.iter().map(|d| format!("{} {} {:?}", d.code.name, d.message, d.clusters)).collect();
    found.sort();
    (said(&fleet), found)
}

proptest! {
    #![proptest_config(testkit::cases(40))]
    #[test]
    fn any_order_in_any_files_is_the_same_fleet(
        order in Just((0..LINES.len()).collect::<Vec<_>>()).prop_shuffle(),
        files in prop::collection::vec(0..4_usize, LINES.len()),
    ) {
        let expected = understood(&LINES.join("\n"));
        let mut shuffled = String::new();
        for (line, file) in order.iter().zip(files) {
            writeln!(shuffled, "-- inventory/{file}/x.yaml --\n{}", LINES[*line]).expect("a string");
        }
        prop_assert_eq!(understood(&shuffled), expected);
    }
}
