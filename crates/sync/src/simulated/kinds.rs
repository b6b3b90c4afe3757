//! The kinds that Kubernetes brings, as a simulated cluster serves them.

use crate::{Object, ServedKind};

/// `apiVersion`, kind, plural, and whether it is in namespaces.
const BUILT_IN: &[(&str, &str, &str, bool)] = &[
    ("v1", "ConfigMap", "configmaps", true),
    ("v1", "Secret", "secrets", true),
    ("v1", "Service", "services", true),
    ("v1", "ServiceAccount", "serviceaccounts", true),
    ("v1", "Pod", "pods", true),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("v1", "PersistentVolume", "persistentvolumes", false),
    ("v1", "ResourceQuota", "resourcequotas", true),
    ("v1", "LimitRange", "limitranges", true),
    ("v1", "Namespace", "namespaces", false),
    ("apps/v1", "Deployment", "deployments", true),
    ("apps/v1", "StatefulSet", "statefulsets", true),
    ("apps/v1", "DaemonSet", "daemonsets", true),
    ("apps/v1", "ReplicaSet", "replicasets", true),
    ("batch/v1", "Job", "jobs", true),
    ("batch/v1", "CronJob", "cronjobs", true),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    ("networking.k8s.io/v1", "Ingress", "ingresses", true),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", true),
    ("networking.k8s.io/v1", "IngressClass", "ingressclasses", false),
    ("rbac.authorization.k8s.io/v1", "Role", "roles", true),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", true),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", false),
    ("storage.k8s.io/v1", "StorageClass", "storageclasses", false),
    ("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", false),
    ("coordination.k8s.io/v1", "Lease", "leases", true),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        false,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        false,
    ),
];

/// The built-in kinds of a group.
pub(super) fn built_in(group: &str) -> impl Iterator<Item = ServedKind> {
    BUILT_IN
        .iter()
        .map(|(version, kind, plural, namespaced)| {
            ServedKind::known(version, kind, plural, *namespaced)
        })
        .filter(move |kind| kind.group() == group)
}

/// The kinds that an established definition defines.
pub(super) fn defined(definition: &Object) -> Vec<ServedKind> {
    let text = |path: &[&str]| definition.text(path).unwrap_or_default();
    let group = text(&["spec", "group"]);
    let namespaced = text(&["spec", "scope"]) != "Cluster";
    let [kind, plural] = ["kind", "plural"].map(|name| text(&["spec", "names", name]));
    let versions = definition.list(&["spec", "versions"]).iter();
    versions
        .filter(|version| version["served"].as_bool() == Some(true))
        .filter_map(|version| version["name"].as_str())
        .map(|version| ServedKind::known(&format!("{group}/{version}"), kind, plural, namespaced))
        .collect()
}
