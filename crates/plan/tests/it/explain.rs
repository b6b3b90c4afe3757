//! Why something is where it is.

use std::fmt::Write as _;

use model::{Files, Source};
use plan::explain::{Reason, Selection, explain_placement, explain_values};
use plan::{Fleet, KeySpace};

use crate::fleets::{assemble, source};

const STORES: &str = "
    Fleet contoso | | values: {tax: 8, registry: r.example}
    Group stores | | values: {tax: 9}
    Group la | | parent: /stores, values: {tax: 9.45}
    Group pilots | | clusters: /m/ring/beta
    Cluster a | labels: {ring: beta} | groups: [/stores/la]
    Cluster b | labels: {ring: prod} | groups: [/stores], values: {tax: 0}
    Cluster c | | decommission: true
    Namespace base | | clusters: /g/stores and not /c/c
    Namespace n | | clusters: /n/base or /m/ring/prod
    Application w | | namespace: n, template: apps/w, clusters: /g/pilots, values: {title: x}, overrides: [{clusters: all, values: {title: y}}, {clusters: /c/a, values: {title: z}}]
    Application everywhere | | namespace: n, template: apps/w
";

fn of(source: &Source) -> Fleet {
    assemble(source).expect("nothing is wrong").0
}

fn show(files: &Files, reason: &Reason, depth: usize, shown: &mut String) {
    let mark = if reason.selects { "+" } else { "-" };
    let because = reason.because.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
    let indent = "  ".repeat(depth);
    let place = files.place(reason.span);
    let at = format!("{}:{}", place.line, place.column);
    writeln!(shown, "{indent}{mark} {}{because} @{at}", reason.text).expect("a string takes all");
    reason.parts.iter().for_each(|part| show(files, part, depth + 1, shown));
}

fn placement(cluster: &str, application: &str) -> String {
    let source = source(STORES);
    let fleet = of(&source);
    let cluster = fleet.cluster_id(cluster).expect("it is there");
    let application = fleet.application_id(application).expect("it is there");
    let placement = explain_placement(&fleet, cluster, application);
    let mut shown =
        format!("placed: {}, decommissioned: {}\n", placement.placed, placement.decommissioned);
    let mut selection = |selection: &Selection| {
        writeln!(shown, "{}", selection.by).expect("a string takes all");
        selection.reason.iter().for_each(|reason| show(&source.files, reason, 1, &mut shown));
    };
    selection(&placement.namespace);
    placement.application.iter().for_each(selection);
    shown
}

#[test]
fn placements() {
    insta::assert_snapshot!(placement("a", "w"));
    insta::assert_snapshot!(placement("b", "w"));
    insta::assert_snapshot!(placement("c", "everywhere"));
}

#[test]
fn values_and_what_they_overrode() {
    let source = source(STORES);
    let fleet = of(&source);
    let show = |cluster: &str| {
        let cluster = fleet.cluster_id(cluster).expect("it is there");
        let application = fleet.application_id("w").expect("it is there");
        let mut shown = String::new();
        for value in explain_values(&fleet, cluster, application) {
            let winner = fleet.column(application, value.space, &value.key).get(cluster);
            assert_eq!(winner, Some(value.origin.value), "{}", value.key);
            let all = std::iter::once(&value.origin).chain(&value.overrode);
            let all: Vec<_> = all
                .map(|origin| {
                    let place = source.files.place(origin.span.expect("all are written"));
                    let text = &fleet.scalar(origin.value).text;
                    format!("{text} ({} {}:{})", origin.by, place.line, place.column)
                })
                .collect();
            let space = match value.space {
                KeySpace::Cluster => "cluster",
                KeySpace::Namespace => "namespace",
                KeySpace::Application => "application",
            };
            writeln!(shown, "{space}.{} = {}", value.key, all.join(" over ")).expect("a string");
        }
        shown
    };
    insta::assert_snapshot!(show("a"));
    insta::assert_snapshot!(show("b"));
}
