//! What it means that a manifest changes.

use insta::assert_snapshot;
use schema::objects::effects;

/// Each effect in a line.
fn show(old: &str, new: &str) -> String {
    let effects = effects(old, new).into_iter();
    let line = |one: model::ObjectEffect| {
        format!("{:?} {}: {}\n", one.kind, one.object, one.details.join("; "))
    };
    effects.map(line).collect()
}

fn workload(kind: &str, replicas: u32, pod: &str) -> String {
    let group = if matches!(kind, "Job" | "CronJob") { "batch" } else { "apps" };
    let head = format!("apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: web}}\n");
    match kind {
        "CronJob" => format!("{head}spec: {{jobTemplate: {{spec: {{template: {pod}}}}}}}\n"),
        _ => format!("{head}spec: {{replicas: {replicas}, template: {pod}}}\n"),
    }
}

const POD: &str = "{spec: {containers: [{name: web, image: 'web:1', env: [{name: A, value: x}]}]}}";

#[test]
fn a_pod_template_restarts_its_workload() {
    let other = POD.replace("web:1", "web:2").replace("value: x", "value: y");
    let change = |kind| show(&workload(kind, 1, POD), &workload(kind, 1, &other));
    assert_snapshot!(change("Deployment"), @"Restart Deployment.apps web: container web: image web:1 -> web:2, env");
    assert_snapshot!(change("DaemonSet"), @"Restart DaemonSet.apps web: container web: image web:1 -> web:2, env");
    assert_snapshot!(change("Job"), @"Immutable Job.batch web: container web: image web:1 -> web:2, env");
    assert_snapshot!(change("CronJob"), @"NextRun CronJob.batch web: container web: image web:1 -> web:2, env");
}

#[test]
fn replicas_labels_of_the_object_and_spelling_restart_nothing() {
    assert_eq!(show(&workload("Deployment", 1, POD), &workload("Deployment", 3, POD)), "");
    let quoted = POD.replace("'web:1'", "\"web:1\"");
    assert_eq!(show(&workload("Deployment", 1, POD), &workload("Deployment", 1, &quoted)), "");
}

#[test]
fn containers_that_come_and_go_and_other_fields_of_the_pod() {
    let new = "{metadata: {labels: {a: b}}, spec: {hostNetwork: true, initContainers: \
               [{name: init, image: i}], containers: [{name: api, image: a}], volumes: [{name: v}]}}";
    assert_snapshot!(show(&workload("StatefulSet", 1, POD), &workload("StatefulSet", 1, new)), @r"
    Restart StatefulSet.apps web: labels of the pod; init container init is new; container api is new; container web is gone; hostNetwork; volumes
    Volume StatefulSet.apps web: volumes of the pod
    ");
}

#[test]
fn storage_definitions_and_data() {
    let object = |api: &str, kind: &str, rest: &str| {
        format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, namespace: n}}\n{rest}\n")
    };
    let change = |api: &str, kind: &str, old: &str, new: &str| {
        show(&object(api, kind, old), &object(api, kind, new))
    };
    let claim = |size: &str| format!("spec: {{resources: {{requests: {{storage: {size}}}}}}}");
    assert_snapshot!(change("v1", "PersistentVolumeClaim", &claim("1Gi"), &claim("2Gi")),
        @"Volume PersistentVolumeClaim n/x: resources");
    assert_snapshot!(
        change("apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec: {scope: A}",
            "spec: {scope: B}"),
        @"Definition CustomResourceDefinition.apiextensions.k8s.io n/x: scope");
    assert_snapshot!(change("v1", "ConfigMap", "data: {a: b}", "data: {a: c}"),
        @"Data ConfigMap n/x:");
    assert_eq!(change("v1", "ConfigMap", "immutable: false", "immutable: true"), "");
    let secret = change("v1", "Secret", "stringData: {a: hunter1}", "stringData: {a: hunter2}");
    assert_snapshot!(secret, @"Data Secret n/x:");
    assert_eq!(change("v1", "Service", "spec: {type: A}", "spec: {type: B}"), "");
}

#[test]
fn objects_of_lists_are_seen_and_what_is_not_yaml_has_no_effects() {
    let list = |image: &str| {
        let pod = POD.replace("web:1", image);
        let item = "apiVersion: apps/v1, kind: Deployment, metadata: {name: web}";
        format!("kind: List\napiVersion: v1\nitems: [{{{item}, spec: {{template: {pod}}}}}]\n")
    };
    assert_snapshot!(show(&list("web:1"), &list("web:3")), @"Restart Deployment.apps web: container web: image web:1 -> web:3");
    assert_eq!(show("a: [", "kind: Deployment"), "");
}
