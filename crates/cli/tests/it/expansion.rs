//! Templates that kustomize and Helm build, from the command line.

use crate::sandbox::Sandbox;

const FLEET: &str = "\
-- fleet.yaml --
apiVersion: res-edge.dev/v1
kind: Fleet
metadata: {name: shop}
spec: {}
-- inventory/all.yaml --
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: oslo, labels: {ring: beta}}
spec: {values: {city: Oslo, replicas: 3}}
---
apiVersion: res-edge.dev/v1
kind: Cluster
metadata: {name: rome, labels: {ring: prod}}
spec: {values: {city: Rome, replicas: 1}}
---
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: shop}
spec: {clusters: all}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web}
spec: {namespace: shop, template: apps/web}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: chart}
spec: {namespace: shop, template: apps/chart}
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: plain}
spec: {namespace: shop, template: apps/plain}
-- apps/web/base/kustomization.yaml --
resources: [web.yaml]
-- apps/web/base/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: rea.namespace.name}
spec: {replicas: 1}
-- apps/web/overlays/1.0.0/kustomization.yaml --
metadata: {annotations: {res-edge.dev/clusters: /m/ring/beta}}
resources: [../../base]
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: rea.namespace.name}
    spec: {replicas: rea.cluster.replicas}
-- apps/chart/Chart.yaml --
apiVersion: v2
name: some-chart
version: 1.0.0
-- apps/chart/values.yaml --
city: rea.cluster.city
-- apps/chart/templates/map.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {city: {{ .Values.city | quote }}}
-- apps/plain/map.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: plain, namespace: rea.namespace.name}
";

/// The words that name the programs of the tests; nothing where they are not installed.
fn programs() -> Option<[String; 2]> {
    let kustomize = testkit::kustomize()?.display().to_string();
    let helm = testkit::helm()?.display().to_string();
    Some([format!("--kustomize={kustomize}"), format!("--helm={helm}")])
}

fn with_programs(sandbox: &Sandbox, words: &[&str]) -> Option<String> {
    let [kustomize, helm] = programs()?;
    let shown = sandbox.show_words(&[words, &[&kustomize, &helm]].concat());
    Some(shown.replace(&kustomize["--kustomize=".len()..], "[KUSTOMIZE]"))
}

#[test]
fn what_was_built_is_filled_for_each_cluster_and_kept() {
    let sandbox = Sandbox::with(FLEET);
    let Some(first) = with_programs(&sandbox, &["-v", "render", "-o", "out"]) else { return };
    assert!(first.contains("built 2 templates in 4 runs, and took 0 from before"), "{first}");
    let read = |path: &str| std::fs::read_to_string(sandbox.path().join(path)).unwrap();
    let texts = [
        read("out/oslo/web/shop/deployment-web.yaml"),
        read("out/rome/web/shop/deployment-web.yaml"),
        read("out/oslo/chart/shop/configmap-chart.yaml"),
        read("out/rome/chart/shop/configmap-chart.yaml"),
    ];
    insta::assert_snapshot!(texts.join("---\n"));
    let again = with_programs(&sandbox, &["-v", "validate"]).unwrap();
    assert!(again.contains("built 0 templates in 0 runs, and took 2 from before"), "{again}");
}

#[test]
fn without_the_programs_only_their_templates_are_broken() {
    let sandbox = Sandbox::with(FLEET);
    let words = ["validate", "--kustomize", "gone/kustomize", "--helm", "gone/helm"];
    insta::assert_snapshot!(sandbox.show_words(&words));
    let words = ["render", "--list", "--kustomize", "gone/kustomize", "--helm", "gone/helm"];
    let list = sandbox.show_words(&words);
    assert!(list.contains("oslo/plain/shop/configmap-plain.yaml"), "{list}");
    assert!(!list.contains("oslo/chart"), "{list}");
}

#[test]
fn a_mistake_in_what_was_built_is_shown_in_its_text() {
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace("apps/chart/values.yaml", "city: rea.cluster.city", "city: rea.cluster.town");
    let Some(shown) = with_programs(&sandbox, &["validate"]) else { return };
    insta::assert_snapshot!(shown);
}

#[test]
fn thirty_thousand_clusters_cost_one_build() {
    let sandbox = Sandbox::with(FLEET);
    let mut clusters = String::from("-- inventory/many.yaml --\n");
    for number in 0..30_000 {
        clusters.push_str(&format!(
            "---\napiVersion: res-edge.dev/v1\nkind: Cluster\n\
             metadata: {{name: store-{number}, labels: {{ring: beta}}}}\n\
             spec: {{values: {{city: City {number}, replicas: {}}}}}\n",
            number % 7
        ));
    }
    sandbox.write(&clusters);
    let Some(shown) = with_programs(&sandbox, &["-v", "validate"]) else { return };
    assert!(shown.contains("built 2 templates in 4 runs, and took 0 from before"), "{shown}");
    assert!(shown.contains("30002 clusters, 3 applications, 90006 bindings: no errors"), "{shown}");
}

#[test]
fn version_says_which_programs_are_found() {
    let sandbox = Sandbox::empty();
    let shown = sandbox.show("version --kustomize gone --helm gone");
    let network = shown.lines().last().unwrap();
    assert!(network.starts_with("network "), "{shown}");
    let shown =
        shown.replace(env!("CARGO_PKG_VERSION"), "[VERSION]").replace(network, "network ...");
    insta::assert_snapshot!(shown);
    let Some(shown) = with_programs(&sandbox, &["version", "-o", "json"]) else { return };
    assert!(shown.contains("\"version\":\"5.8.1\",\"problem\":null"), "{shown}");
}

#[test]
fn what_builds_the_objects_of_a_cell_is_explained_without_running_it() {
    let sandbox = Sandbox::with(FLEET);
    let template = |application: &str| {
        let output = sandbox.run(&format!("explain oslo {application}"));
        let text = String::from_utf8(output.stdout).unwrap();
        let part = text.split("\nTemplate\n").nth(1).unwrap();
        part.split("\n\n").next().unwrap().to_owned()
    };
    insta::assert_snapshot!(["web", "chart", "plain"].map(template).join("\n---\n"));
    let output = sandbox.run("explain rome chart -o json");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["status"]["overlay"]["builtBy"], "Helm");
}
