//! The layout `manifests`: which files there are, and the rules about objects.

use model::{Code, Diagnostic, Span};

use super::rendering::{Outcome, SERVICE, render, render_source, shop};

/// Renders the shop with more files and compares the broken cells.
#[track_caller]
fn check(rest: &str, broken: &[&str]) -> Outcome {
    let outcome = render(&shop(rest));
    assert_eq!(outcome.broken(), broken, "{}", outcome.diagnostics());
    outcome
}

const ALL: &[&str] = &["east-1/web", "east-2/web", "west-1/web"];

#[test]
fn a_small_fleet_is_one_file_per_object() {
    let outcome = render(&shop(
        "\
-- apps/web/base/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- service.yaml
- certificate.yaml
-- apps/web/base/service.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: rea.namespace.name}
spec:
  ports: [{port: 80}]  # rea.cluster.region
---
kind: ConfigMap
apiVersion: v1
metadata:
  namespace: shop
  name: rea.application.name-settings
data:
  region: rea.cluster.region
-- apps/web/base/certificate.yaml --
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: \"web:tls\", namespace: shop}
-- apps/web/base/unlisted.yaml --
apiVersion: v1
kind: Node
metadata: {name: unlisted}
-- apps/web/slo.yaml --
never: read
-- apps/web/overlays/1.0.0/kustomization.yaml --
metadata: {annotations: {res-edge.dev/clusters: /g/stores/west}}
resources: [../../base, role.yaml]
-- apps/web/overlays/1.0.0/role.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web, namespace: shop}
",
    ));
    assert_eq!(outcome.diagnostics(), "");
    insta::assert_snapshot!(outcome.texts());
}

#[test]
fn a_folder_without_kustomization_is_all_its_manifests() {
    let rest = format!(
        "-- apps/web/b.yaml --\n{SERVICE}-- apps/web/README.md --\n# web\n-- apps/web/slo.yaml --\n: [\n\
         -- apps/web/more/a.yml --\nkind: Job\napiVersion: batch/v1\nmetadata: {{name: j, namespace: shop}}\n"
    );
    let outcome = check(&rest, &[]);
    insta::assert_snapshot!(outcome.diagnostics());
    assert_eq!(
        outcome.paths(),
        "\
east-1/namespaces/_cluster/namespace-shop.yaml
east-1/web/shop/job-j.yaml
east-1/web/shop/service-web.yaml
east-2/namespaces/_cluster/namespace-shop.yaml
east-2/web/shop/job-j.yaml
east-2/web/shop/service-web.yaml
west-1/namespaces/_cluster/namespace-shop.yaml
west-1/web/shop/job-j.yaml
west-1/web/shop/service-web.yaml
"
    );
}

#[test]
fn a_missing_template_breaks_its_cells_only() {
    let outcome = check("-- apps/wev/a.yaml --\nx\n", ALL);
    insta::assert_snapshot!(outcome.diagnostics());
    assert_eq!(outcome.paths().lines().count(), 3);
}

#[test]
fn a_template_without_objects_is_refused() {
    insta::assert_snapshot!(check("-- apps/web/README.md --\nnothing\n", ALL).diagnostics());
}

#[test]
fn a_missing_key_is_one_message_for_all_its_places_and_clusters() {
    let rest = format!(
        "-- apps/web/a.yaml --\n{SERVICE}  city: \"rea.cluster.city\"\n  town: \"rea.cluster.ciyt\"\n"
    );
    insta::assert_snapshot!(check(&rest, ALL).diagnostics());
    let rest = format!("-- apps/web/a.yaml --\n{SERVICE}  city: \"rea.cluster.city\"\n");
    insta::assert_snapshot!(check(&rest, &["west-1/web"]).diagnostics());
}

#[test]
fn a_refused_value_breaks_the_clusters_that_have_it() {
    let rest = "-- apps/web/a.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n\
                data:\n  region: rea.cluster.region-\n  city: rea.cluster.hot\n\
                -- inventory/hot.yaml --\nkind: Group\napiVersion: res-edge.dev/v1\nmetadata: {name: hot}\n\
                spec: {clusters: /c/east-1, values: {hot: \"yes\"}}\n\
                ---\nkind: Group\napiVersion: res-edge.dev/v1\nmetadata: {name: cold}\n\
                spec: {clusters: not /c/east-1, values: {hot: lukewarm}}\n";
    insta::assert_snapshot!(check(rest, &["east-1/web"]).diagnostics());
}

#[test]
fn what_a_list_of_files_cannot_be() {
    insta::assert_snapshot!(check(
        &format!(
            "-- apps/web/kustomization.yaml --\nresources: [a.yaml, ../x.yaml, gone.yaml, a.yaml, \
             \"https://example.com/a.yaml\"]\n-- apps/web/a.yaml --\n{SERVICE}"
        ),
        ALL).diagnostics());
    check("-- apps/web/kustomization.yaml --\n-- apps/web/Kustomization --\n", ALL);
}

#[test]
fn a_base_that_lists_itself_is_a_cycle() {
    let rest = format!(
        "-- apps/web/base/kustomization.yaml --\nresources: [../base]\n-- apps/web/base/a.yaml --\n{SERVICE}"
    );
    insta::assert_snapshot!(check(&rest, ALL).diagnostics());
}

#[test]
fn an_object_is_unique_on_a_cluster() {
    let second = format!(
        "-- apps/web/a.yaml --\n{SERVICE}-- apps/other/b.yaml --\n{SERVICE}-- inventory/other.yaml --\n\
         apiVersion: res-edge.dev/v1\nkind: Application\nmetadata: {{name: other}}\n\
         spec: {{namespace: shop, template: apps/other, clusters: /m/region/east}}\n"
    );
    let broken = ["east-1/other", "east-1/web", "east-2/other", "east-2/web"];
    insta::assert_snapshot!(check(&second, &broken).diagnostics());
    let twice = format!("-- apps/web/a.yaml --\n{SERVICE}---\n{SERVICE}");
    insta::assert_snapshot!(check(&twice, ALL).diagnostics());
}

#[test]
fn objects_outside_of_the_own_namespace_must_be_allowed() {
    let objects = "\
-- apps/web/a.yaml --
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: web}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: web}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: other}
";
    insta::assert_snapshot!(check(objects, ALL).diagnostics());
    let allow = "\
-- inventory/shop.yaml --
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: shop}
spec:
  clusters: /g/stores
  allow: [ClusterRole, ClusterIssuer.cert-manager.io, other/ConfigMap]
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: web}
spec: {namespace: shop, template: apps/web}
";
    let text = shop(objects);
    let start = text.find("-- inventory/shop.yaml --").unwrap();
    let end = text.find("-- apps/web/a.yaml --").unwrap();
    let outcome = render(&format!("{}{allow}{}", &text[..start], &text[end..]));
    assert_eq!(outcome.diagnostics(), "");
    assert_eq!(outcome.broken(), [""; 0]);
}

#[test]
fn a_namespace_must_fit_the_kind() {
    insta::assert_snapshot!(
        check(
            "-- apps/web/a.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n\
         metadata: {name: web, namespace: shop}\n",
            ALL
        )
        .diagnostics()
    );
}

#[test]
fn a_namespace_document_wins_over_a_template() {
    let rest = format!(
        "-- apps/web/a.yaml --\n{SERVICE}---\napiVersion: v1\nkind: Namespace\n\
         metadata: {{name: shop, labels: {{a: b}}}}\n"
    );
    let outcome = check(&rest, &[]);
    insta::assert_snapshot!(outcome.diagnostics());
    assert_eq!(
        outcome.file("west-1/namespaces/_cluster/namespace-shop.yaml"),
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"
    );
    assert!(!outcome.paths().contains("web/_cluster"));
}

#[test]
fn a_plain_secret_is_refused_and_never_quoted() {
    let outcome = check(
        "-- apps/web/a.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: web, namespace: shop}\n\
         data: {password: aHVudGVyMg==}\n",
        ALL,
    );
    insta::assert_snapshot!(outcome.diagnostics());
    assert!(!outcome.diagnostics().contains("aHVudGVyMg"));
}

#[test]
fn an_encrypted_file_is_copied_as_it_is() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n    namespace: shop\n    name: web\n\
                  data:\n    password: ENC[AES256_GCM,data:rea.cluster.x]\nsops:\n    version: 3.9.0\n";
    let outcome = check(&format!("-- apps/web/a.yaml --\n{secret}"), &[]);
    insta::assert_snapshot!(outcome.diagnostics());
    assert_eq!(outcome.file("east-1/web/shop/secret-web.yaml"), secret);
    insta::assert_snapshot!(
        check(&format!("-- apps/web/a.yaml --\n{secret}---\n{secret}"), ALL).diagnostics()
    );
}

#[test]
fn a_cluster_being_emptied_gets_nothing() {
    let text = shop(&format!("-- apps/web/a.yaml --\n{SERVICE}"));
    let text = text.replace("groups: [/stores/west]", "groups: [/stores/west], decommission: true");
    let outcome = render(&text);
    assert_eq!(outcome.broken(), [""; 0]);
    assert!(!outcome.paths().contains("west-1"));
    assert_eq!(outcome.rendered.clusters[2].cells, []);
}

#[test]
fn an_expression_that_became_empty_is_told() {
    let rest = "-- apps/web/a.yaml --\n-- inventory/empty.yaml --\napiVersion: res-edge.dev/v1\n\
                kind: Group\nmetadata: {name: nobody}\n---\napiVersion: res-edge.dev/v1\nkind: Namespace\n\
                metadata: {name: lost}\nspec: {clusters: /g/nobody}\n---\napiVersion: res-edge.dev/v1\n\
                kind: Namespace\nmetadata: {name: off}\nspec: {clusters: none}\n";
    assert_eq!(render(&shop(rest)).rendered.empty_expressions, ["namespace lost"]);
}

#[test]
fn a_fault_of_the_source_breaks_the_template_that_it_stands_in() {
    static FAULT: Code = Code { name: "symlink", meaning: "" };
    let files = "-- apps/web-2/b.yaml --\n-- apps/web/b.yaml --\n";
    let mut source = testkit::source(&shop(&format!("-- apps/web/a.yaml --\n{SERVICE}{files}")));
    let fault = |path: &str| {
        let file = source.files.find(path).unwrap();
        Diagnostic::error(&FAULT, Span::new(file, 0, 0), "a symlink is not followed")
    };
    let faults = [fault("apps/web-2/b.yaml"), fault("apps/web/b.yaml")];
    source.faults = faults[..1].to_vec();
    assert_eq!(render_source(source.clone()).broken(), [""; 0]);
    source.faults = faults.to_vec();
    let outcome = render_source(source);
    assert_eq!(outcome.broken(), ALL);
    let expected = "error[symlink] apps/web/b.yaml:1:1: a symlink is not followed\n  clusters: 3\n";
    assert_eq!(outcome.diagnostics(), expected);
}

#[test]
fn two_objects_never_share_a_file() {
    let ingress = |group: &str| {
        format!("apiVersion: {group}/v1\nkind: Ingress\nmetadata: {{name: a, namespace: shop}}\n")
    };
    let (one, other) = (ingress("networking.k8s.io"), ingress("extensions"));
    let rest = format!("-- apps/web/a.yaml --\n{one}---\n{other}");
    insta::assert_snapshot!(check(&rest, ALL).diagnostics());
    let long = format!(
        "-- apps/web/a.yaml --\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n\
         metadata: {{name: \"{}\", namespace: shop}}\n",
        ":".repeat(100)
    );
    assert!(check(&long, ALL).diagnostics().contains("error[file-name-length]"));
}

#[test]
fn a_template_has_limits() {
    let files: String =
        (0..2_001).map(|n| format!("-- apps/web/{n}.txt --\n")).collect::<Vec<_>>().concat();
    insta::assert_snapshot!(check(&files, ALL).diagnostics());
    let large = format!("-- apps/web/a.yaml --\n{SERVICE}# {}\n", "x".repeat(4 << 20));
    assert!(check(&large, ALL).diagnostics().contains("more than the 4194304 allowed"));
}
