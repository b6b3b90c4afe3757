//! What pods and claims request, and how it changes.

use insta::assert_snapshot;
use schema::objects::request_change;

/// The change, and what could not be read, a line each.
fn show(old: Option<&str>, new: Option<&str>) -> String {
    let change = request_change(old, new);
    let mut lines = vec![change.sums.to_string()];
    lines.extend(change.daemons.then(|| "daemons".to_owned()));
    lines.extend(change.unread);
    lines.join("\n")
}

fn object(kind: &str, spec: &str) -> String {
    let version = match kind {
        "Job" | "CronJob" => "batch/v1",
        "Pod" | "PersistentVolumeClaim" | "ReplicationController" => "v1",
        "Rollout" => "example.com/v1",
        _ => "apps/v1",
    };
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web}}\nspec: {spec}\n")
}

/// What one object adds.
fn of(kind: &str, spec: &str) -> String {
    show(None, Some(&object(kind, spec)))
}

const POD: &str = "{containers: [{name: web, resources: {requests: {cpu: 500m, memory: 1Gi}}}]}";

#[test]
fn workloads_count_with_their_pods() {
    let with = |field: &str| format!("{{{field}template: {{spec: {POD}}}}}");
    for kind in ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"] {
        assert_eq!(of(kind, &with("replicas: 3, ")), "cpu 0 -> 1500m, memory 0 -> 3Gi", "{kind}");
        assert_eq!(of(kind, &with("")), "cpu 0 -> 500m, memory 0 -> 1Gi", "{kind}");
    }
    assert_eq!(of("Job", &with("parallelism: 2, ")), "cpu 0 -> 1, memory 0 -> 2Gi");
    let job = format!("{{jobTemplate: {{spec: {}}}}}", with("parallelism: 4, "));
    assert_eq!(of("CronJob", &job), "cpu 0 -> 2, memory 0 -> 4Gi");
    assert_eq!(of("Pod", POD), "cpu 0 -> 500m, memory 0 -> 1Gi");
    assert_eq!(of("DaemonSet", &with("")), "cpu 0 -> 500m, memory 0 -> 1Gi\ndaemons");
    assert_eq!(of("Rollout", &with("replicas: 3, ")), "", "a kind that nobody here knows");
}

#[test]
fn init_containers_count_by_the_rule_of_kubernetes() {
    let container = |name: &str, cpu: &str, more: &str| {
        format!("{{name: {name}, {more}resources: {{requests: {{cpu: '{cpu}'}}}}}}")
    };
    let pod = |init: &[String]| {
        let web = container("web", "1", "");
        of("Pod", &format!("{{initContainers: [{}], containers: [{web}]}}", init.join(", ")))
    };
    let always = "restartPolicy: Always, ";
    assert_eq!(pod(&[container("a", "500m", "")]), "cpu 0 -> 1");
    assert_eq!(pod(&[container("a", "3", ""), container("b", "2", "")]), "cpu 0 -> 3");
    assert_eq!(pod(&[container("proxy", "500m", always)]), "cpu 0 -> 1500m");
    let proxy = container("proxy", "500m", always);
    assert_eq!(pod(&[proxy.clone(), container("a", "2", "")]), "cpu 0 -> 2500m");
    assert_eq!(pod(&[container("a", "2", ""), proxy]), "cpu 0 -> 2");
}

#[test]
fn limits_whole_pods_and_overhead_count_as_kubernetes_counts_them() {
    let limit =
        "{containers: [{name: web, resources: {limits: {cpu: 2}, requests: {memory: 1Mi}}}]}";
    assert_eq!(of("Pod", limit), "cpu 0 -> 2, memory 0 -> 1Mi");
    let whole = "{resources: {requests: {cpu: 3}}, overhead: {cpu: 250m}, containers: []}";
    assert_eq!(of("Pod", whole), "cpu 0 -> 3250m");
}

#[test]
fn storage_is_that_of_claims() {
    let claim = "{resources: {requests: {storage: 10Gi}}}";
    assert_eq!(of("PersistentVolumeClaim", claim), "storage 0 -> 10Gi");
    let set = format!("{{replicas: 3, volumeClaimTemplates: [{{spec: {claim}}}]}}");
    assert_eq!(of("StatefulSet", &set), "storage 0 -> 30Gi");
}

#[test]
fn what_cannot_be_read_is_said_and_counts_on_neither_side() {
    let pod = |cpu: &str| POD.replace("500m", cpu);
    let change = |old: &str, new: &str| show(Some(&object("Pod", old)), Some(&object("Pod", new)));
    assert_snapshot!(change(POD, &pod("lots")), @r"

    Pod web: container web: cpu `lots` is no quantity
    ");
    assert_snapshot!(change(&pod("-1"), POD), @r"

    Pod web as it was: container web: cpu `-1` is no quantity
    ");
    assert_snapshot!(of("Pod", &pod("010")), @r"

    Pod web: container web: cpu `010` is no quantity
    ");
    let replicas = format!("{{replicas: many, template: {{spec: {POD}}}}}");
    assert_snapshot!(of("Deployment", &replicas), @r"

    Deployment.apps web: replicas `many` is no number
    ");
}

#[test]
fn an_edit_of_other_fields_changes_no_requests() {
    let text = |image: &str, cpu: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - image: {image}\n    \
             name: web\n    resources:\n      requests:\n        cpu: {cpu}\n"
        )
    };
    let change = |old: &str, new: &str| show(Some(old), Some(new));
    assert_eq!(change(&text("web:1", "1"), &text("web:2", "1")), "");
    assert_eq!(change(&text("web:1", "1"), &text("\"web:2\"", "1")), "");
    assert_eq!(change(&text("web:1", "1"), &text("web:2", "2")), "cpu 1 -> 2");
    assert_eq!(change(&text("web:1", "1"), "requests: {"), "", "what is no YAML");
}
