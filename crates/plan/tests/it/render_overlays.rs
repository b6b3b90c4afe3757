//! Which version of a template a cluster gets.

use model::{ApplicationId, ClusterId};
use plan::overlay::{ChosenOverlay, explain_overlay};

use super::rendering::{SERVICE, render, shop};

/// The overlay of each cluster, and what is wrong.
#[track_caller]
fn check(overlays: &[(&str, &str)], application: &str) -> String {
    let mut text = shop(&format!("-- apps/web/base/a.yaml --\n{SERVICE}"));
    text = text.replace("template: apps/web", &format!("template: apps/web{application}"));
    for (version, annotations) in overlays {
        text.push_str(&format!(
            "-- apps/web/overlays/{version}/kustomization.yaml --\n\
             metadata: {{annotations: {{{annotations}}}}}\nresources: [../../base]\n"
        ));
    }
    let outcome = render(&text);
    let chosen = (0..3).map(|cluster| {
        let (cluster, web) = (ClusterId(cluster), ApplicationId(0));
        match explain_overlay(&outcome.fleet, &outcome.source, cluster, web) {
            Ok(explained) => match explained.chosen {
                ChosenOverlay::Base => "base".to_owned(),
                ChosenOverlay::Flat => "flat".to_owned(),
                ChosenOverlay::Selected(version) => version,
                ChosenOverlay::Pinned { version, .. } => format!("{version} pinned"),
            },
            Err(_) => "broken".to_owned(),
        }
    });
    let chosen = chosen.collect::<Vec<_>>().join(", ");
    let all = ["east-1/web", "east-2/web", "west-1/web"];
    let broken: &[&str] = if chosen.contains("broken") { &all } else { &[] };
    assert_eq!(outcome.broken(), broken);
    format!("{chosen}\n{}", outcome.diagnostics())
}

const CLUSTERS: &str = "res-edge.dev/clusters";

#[test]
fn the_highest_version_that_selects_the_cluster_wins() {
    let versions = [
        ("1.9.0", "expression: all"),
        ("1.10.0", &format!("{CLUSTERS}: /g/stores/east")),
        ("2.0.0-rc.1", &format!("{CLUSTERS}: \"/c/east-2\"")),
        ("2.0.0", "expression: none"),
    ];
    assert_eq!(check(&versions, ""), "1.10.0, 2.0.0-rc.1, 1.9.0\n");
}

#[test]
fn the_base_is_for_the_rest_and_its_annotation_means_nothing() {
    assert_eq!(check(&[("1.0.0", "expression: /c/west-1")], ""), "base, base, 1.0.0\n");
    let base = "-- apps/web/base/kustomization.yaml --\n\
                metadata: {annotations: {expression: nonsense}}\nresources: [a.yaml]\n\
                -- apps/web/base/a.yaml --\n";
    assert_eq!(render(&shop(&format!("{base}{SERVICE}"))).diagnostics(), "");
}

#[test]
fn the_older_list_of_groups_still_works() {
    assert_eq!(check(&[("1.0.0", "clusters: \"east, none\"")], ""), "1.0.0, 1.0.0, base\n");
    assert_eq!(check(&[("1.0.0", "clusters: all")], ""), "1.0.0, 1.0.0, 1.0.0\n");
    insta::assert_snapshot!(check(&[("1.0.0", "clusters: \"eastt, west\"")], ""));
}

#[test]
fn an_application_pins_a_version_whatever_it_selects() {
    let versions = [("1.0.0", "expression: none"), ("1.1.0", "expression: all")];
    let pinned = "1.0.0 pinned, 1.0.0 pinned, 1.0.0 pinned\n";
    assert_eq!(check(&versions, ", version: 1.0.0"), pinned);
    insta::assert_snapshot!(check(&versions, ", version: 1.0.1"));
}

#[test]
fn a_broken_overlay_breaks_the_template() {
    let fine = ("1.0.0", "expression: all");
    let second = |version, annotations| check(&[fine, (version, annotations)], "");
    let cases = [
        second("2.0.0", ""),
        second("2.0.0", "expression: all, clusters: all"),
        second("2.0.0", "expression: /g/storse"),
        second("2.0.0", "expression: \"/g/storse\""),
        second("2.0.0", "expression: [all]"),
        second("v2", "expression: all"),
        second("1.0.0+b", "expression: none"),
        check(&[fine, ("2.0.0", "")], ", version: 1.0.0"),
    ];
    insta::assert_snapshot!(cases.join("\n"));
}

#[test]
fn an_explanation_lists_every_candidate() {
    let text = shop(
        "-- apps/web/base/a.yaml --\nkind: A\n-- apps/web/overlays/1.0.0/kustomization.yaml --\n\
         metadata: {annotations: {expression: all}}\n-- apps/web/overlays/2.0.0/kustomization.yaml --\n\
         metadata: {annotations: {expression: /c/east-1}}\n",
    );
    let source = testkit::source(&text);
    let fleet = super::rendering::assemble(&source);
    let explained = explain_overlay(&fleet, &source, ClusterId(1), ApplicationId(0)).unwrap();
    let candidates: Vec<_> = explained
        .candidates
        .iter()
        .map(|found| (found.version.as_str(), found.expression.as_str(), found.selects))
        .collect();
    assert_eq!(candidates, [("2.0.0", "/c/east-1", false), ("1.0.0", "all", true)]);
    assert_eq!(source.files.text(explained.candidates[0].span), Some("/c/east-1"));
}
