//! The layout `flux` without compatibility, and what is particular to it.

use super::rendering::{FLUX_FLEET, INVENTORY, SERVICE, flux_shop, render};

#[test]
fn files_are_copied_with_kustomizations_and_namespaces() {
    let rest = format!(
        "\
-- apps/web/README.md --
the web of rea.cluster.name
-- apps/web/slo.yaml --
never: copied
-- apps/web/base/run.sh (x) --
echo rea.application.name
-- apps/web/base/kustomization.yaml --
resources: [a.yaml]
images: []
-- apps/web/base/a.yaml --
{SERVICE}-- apps/web/overlays/2.0.0/kustomization.yaml --
metadata: {{annotations: {{expression: /m/region/west}}}}
resources: [../../base]
-- apps/web/overlays/1.0.0/kustomization.yaml --
metadata: {{annotations: {{clusters: none}}}}
resources: [../../base]
"
    );
    let outcome = render(&flux_shop(&rest));
    assert_eq!(outcome.diagnostics(), "");
    insta::assert_snapshot!(outcome.texts());
    assert!(outcome.paths().contains("east-1/web/base/run.sh (x)"));
}

#[test]
fn a_cluster_s_folder_depends_on_the_delivery() {
    let path = |delivery: &str| {
        let text = flux_shop(&format!("-- apps/web/a.yaml --\n{SERVICE}"));
        let old = "{directory: {branch: main, path: clusters}}";
        let outcome = render(&text.replace(old, delivery));
        let paths = outcome.paths();
        let listener = paths.lines().find(|line| line.contains("east-1/flux-system")).unwrap();
        let text = outcome.file(&listener.replace("namespaces.yaml", "web.yaml"));
        let path = text.lines().find(|line| line.contains("path:")).unwrap();
        format!("{} {}", listener.split("/flux").next().unwrap(), path.trim())
    };
    assert_eq!(path("{directory: {branch: main, path: a/b}}"), "east-1 path: ./a/b/east-1/web");
    assert_eq!(path("{directory: {branch: main}}"), "east-1 path: ./east-1/web");
    assert_eq!(path("{branches: {}}"), "east-1 path: ./web");
    let digits = format!("{:02x}", model::sha256(b"east-1").0[0]);
    assert_eq!(
        path("{directory: {branch: main, path: x, fanOut: hex2}}"),
        format!("{digits}/east-1 path: ./x/{digits}/east-1/web")
    );
}

#[test]
fn dependencies_are_told_to_flux() {
    let rest = format!(
        "-- apps/web/a.yaml --\n{SERVICE}-- apps/b/b.yaml --\nkind: A\n-- inventory/b.yaml --\n\
         apiVersion: res-edge.dev/v1\nkind: Application\nmetadata: {{name: b}}\n\
         spec: {{namespace: shop, template: apps/b, dependsOn: [web, on]}}\n---\n\
         apiVersion: res-edge.dev/v1\nkind: Application\nmetadata: {{name: \"on\"}}\n\
         spec: {{namespace: shop, template: apps/b, clusters: /m/region/east}}\n"
    );
    let outcome = render(&flux_shop(&rest));
    let text = outcome.file("west-1/flux-system/listeners/kustomization-b.yaml");
    assert!(text.ends_with("    name: gitops\n  dependsOn:\n  - name: web\n  - name: \"on\"\n"));
    insta::assert_snapshot!(outcome.diagnostics());
}

#[test]
fn the_rules_about_objects_are_warnings() {
    let rest = "\
-- apps/web/kustomization.yaml --
resources: [a.yaml]
-- apps/web/a.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: rea.namespace.name}
---
apiVersion: v1
kind: Secret
metadata: {name: rea.application.name, namespace: kube-system}
stringData: {password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: rea.cluster.city, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: oslo, namespace: shop}
-- apps/web/unlisted.yaml --
apiVersion: v1
kind: Node
metadata: {name: unlisted}
";
    let outcome = render(&flux_shop(rest));
    insta::assert_snapshot!(outcome.diagnostics());
    assert_eq!(outcome.broken(), ["west-1/web"]);
    assert!(!outcome.diagnostics().contains("hunter2"));
}

fn bootstrap(files: &str) -> super::rendering::Outcome {
    let fleet = FLUX_FLEET.replace("source: gitops", "source: gitops, bootstrap: apps/flux-system");
    render(&format!("{fleet}{INVENTORY}-- apps/web/a.yaml --\n{SERVICE}{files}"))
}

#[test]
fn the_bootstrap_folder_goes_to_every_cluster() {
    let outcome = bootstrap(
        "-- apps/flux-system/a.yaml --\npath: ./rea.cluster.path\n\
         -- apps/flux-system/deep/b.txt --\nrea.cluster.name\n",
    );
    assert_eq!(outcome.diagnostics(), "");
    assert_eq!(outcome.file("east-1/flux-system/a.yaml"), "path: ./clusters/east-1\n");
    assert_eq!(outcome.file("west-1/flux-system/deep/b.txt"), "west-1\n");
    assert!(outcome.paths().contains("west-1/flux-system/listeners/kustomization-web.yaml"));
}

#[test]
fn a_bootstrap_that_cannot_be_used_breaks_itself_only() {
    let all = ["east-1/flux-system", "east-2/flux-system", "west-1/flux-system"];
    let check = |files: &str, broken: &[&str]| {
        let outcome = bootstrap(files);
        assert_eq!(outcome.broken(), broken);
        assert!(outcome.paths().contains("east-1/web/a.yaml"));
        outcome.diagnostics()
    };
    insta::assert_snapshot!(check("", &all));
    insta::assert_snapshot!(check("-- apps/flux-system/a.yaml --\na: rea.namespace.name\n", &all));
    insta::assert_snapshot!(check(
        "-- apps/flux-system/listeners/kustomization-web.yaml --\na: b\n",
        &all
    ));
    insta::assert_snapshot!(check(
        "-- apps/flux-system/a.yaml --\na: rea.cluster.city\n",
        &all[2..]
    ));
}

#[test]
fn a_fleet_without_applications_has_its_bootstrap() {
    let fleet = FLUX_FLEET.replace("source: gitops", "source: gitops, bootstrap: apps/flux-system");
    let inventory = INVENTORY.split("-- inventory/shop.yaml --").next().unwrap();
    let outcome = render(&format!(
        "{fleet}{inventory}-- apps/flux-system/a.yaml --\na: rea.cluster.name\nb: rea.cluster.no\n\
         -- apps/flux-system/b.yaml --\na: b\n"
    ));
    assert_eq!(outcome.broken().len(), 3);
    assert!(outcome.diagnostics().contains("`rea.cluster.no` has no value"));
}
