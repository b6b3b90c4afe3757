//! What holds for every fleet: threads, order and neighbours change nothing.

use proptest::prelude::*;

use super::rendering::{Outcome, SERVICE, assemble, render, render_source, shop};

/// A fleet with several applications that use values of clusters, some of which are missing.
fn fleet(n_clusters: usize, n_applications: usize, seed: u64, reverse: bool) -> String {
    let mut documents = vec!["kind: Group\nmetadata: {name: stores}\n".to_owned()];
    let pick =
        |n: u64, of: u64| (seed.rotate_left((n % 64) as u32) ^ n.wrapping_mul(2_654_435_761)) % of;
    for cluster in 0..n_clusters as u64 {
        let color = pick(cluster, 3);
        let values = if color == 0 { String::new() } else { format!("color: c{color}") };
        documents.push(format!(
            "kind: Cluster\nmetadata: {{name: c-{cluster}}}\nspec: {{groups: [/stores], values: {{{values}}}}}\n"
        ));
    }
    documents.push("kind: Namespace\nmetadata: {name: shop}\nspec: {clusters: /g/stores}\n".into());
    let mut text =
        "-- fleet.yaml --\napiVersion: res-edge.dev/v1\nkind: Fleet\nmetadata: {name: f}\n"
            .to_owned();
    for application in 0..n_applications as u64 {
        let template = pick(application + 99, n_applications as u64);
        documents.push(format!(
            "kind: Application\nmetadata: {{name: a-{application}}}\nspec: {{namespace: shop, template: apps/t{template}}}\n"
        ));
        let key = ["name", "color", "colour"][pick(application + 7, 3) as usize];
        text.push_str(&format!(
            "-- apps/t{application}/a.yaml --\napiVersion: v1\nkind: ConfigMap\n\
             metadata: {{name: rea.application.name, namespace: shop}}\ndata:\n  a: \"rea.cluster.{key}\"\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: fixed-{template}, namespace: shop}}\n"
        ));
    }
    if reverse {
        documents.reverse();
    }
    let documents: Vec<String> =
        documents.iter().map(|text| format!("apiVersion: res-edge.dev/v1\n{text}")).collect();
    format!("{text}-- inventory/all.yaml --\n{}", documents.join("---\n"))
}

fn on_threads(n: usize, text: &str) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("a pool of threads");
    pool.install(|| render(text))
}

fn facts(outcome: &Outcome) -> (String, Vec<String>, String) {
    (outcome.ls(), outcome.broken(), outcome.diagnostics())
}

proptest! {
    #![proptest_config(testkit::cases(24))]

    #[test]
    fn threads_change_nothing(clusters in 0..40_usize, applications in 0..6_usize, seed: u64) {
        let text = fleet(clusters, applications, seed, false);
        prop_assert_eq!(facts(&on_threads(1, &text)), facts(&on_threads(2, &text)));
    }

    #[test]
    fn the_order_of_documents_changes_no_tree(clusters in 0..40_usize, applications in 0..6_usize, seed: u64) {
        let (one, other) =
            (render(&fleet(clusters, applications, seed, false)), render(&fleet(clusters, applications, seed, true)));
        prop_assert_eq!(one.ls(), other.ls());
        prop_assert_eq!(one.broken(), other.broken());
    }
}

#[test]
fn many_clusters_cost_one_fill_of_what_they_share() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    #[derive(Default)]
    struct Counter(model::MemoryObjects, AtomicUsize);
    impl model::Sink for Counter {
        fn blob(&self, bytes: &[u8]) -> model::ObjectId {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.blob(bytes)
        }
        fn tree(&self, entries: &[model::Entry]) -> model::ObjectId {
            self.0.tree(entries)
        }
    }
    let source = testkit::source(&fleet(500, 1, 0, false).replace("rea.cluster.", "no."));
    let counter = Counter::default();
    let rendered =
        plan::render(&assemble(&source), &source, &model::Expansions::default(), &counter);
    assert_eq!(rendered.n_bindings(), 500);
    // Two objects and the Namespace.
    assert_eq!(counter.1.load(Ordering::Relaxed), 3);
}

#[test]
fn an_edit_of_one_application_changes_only_its_folder() {
    let other = "-- inventory/b.yaml --\napiVersion: res-edge.dev/v1\nkind: Application\n\
                 metadata: {name: b}\nspec: {namespace: shop, template: apps/b}\n\
                 -- apps/b/a.yaml --\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: b, namespace: shop}\n";
    let text = shop(&format!("-- apps/web/a.yaml --\n{SERVICE}{other}"));
    let (before, after) = (render(&text), render(&text.replace("port: 80", "port: 81")));
    let rest = |outcome: &Outcome| {
        outcome.ls().lines().filter(|line| !line.contains("/web/")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(rest(&before), rest(&after));
    assert_ne!(before.ls(), after.ls());
}

#[test]
fn the_name_of_an_inventory_file_means_nothing() {
    let text = shop(&format!("-- apps/web/a.yaml --\n{SERVICE}"));
    let source = testkit::source(&text.replace("inventory/clusters.yaml", "inventory/z/x.yaml"));
    assert_eq!(render(&text).folder, render_source(source).folder);
}
