//! The kinds that Kubernetes itself serves.

use Scope::{Cluster, Namespaced};

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster as a whole.
    Cluster,
}

/// Kind, group and scope of the kinds that Kubernetes serves, and of the two wide-spread
/// projects of its own groups (Gateway API and volume snapshots), as of the API reference of 1.34
/// (<https://kubernetes.io/docs/reference/kubernetes-api/>). Where two groups have the same
/// kind, the present one comes first.
const KINDS: &[(&str, &str, Scope)] = &[
    ("Binding", "", Namespaced),
    ("ConfigMap", "", Namespaced),
    ("Endpoints", "", Namespaced),
    ("Event", "", Namespaced),
    ("LimitRange", "", Namespaced),
    ("Namespace", "", Cluster),
    ("Node", "", Cluster),
    ("PersistentVolume", "", Cluster),
    ("PersistentVolumeClaim", "", Namespaced),
    ("Pod", "", Namespaced),
    ("PodTemplate", "", Namespaced),
    ("ReplicationController", "", Namespaced),
    ("ResourceQuota", "", Namespaced),
    ("Secret", "", Namespaced),
    ("Service", "", Namespaced),
    ("ServiceAccount", "", Namespaced),
    ("ControllerRevision", "apps", Namespaced),
    ("DaemonSet", "apps", Namespaced),
    ("Deployment", "apps", Namespaced),
    ("ReplicaSet", "apps", Namespaced),
    ("StatefulSet", "apps", Namespaced),
    ("CronJob", "batch", Namespaced),
    ("Job", "batch", Namespaced),
    ("HorizontalPodAutoscaler", "autoscaling", Namespaced),
    ("PodDisruptionBudget", "policy", Namespaced),
    ("PodSecurityPolicy", "policy", Cluster),
    ("MutatingAdmissionPolicy", "admissionregistration.k8s.io", Cluster),
    ("MutatingAdmissionPolicyBinding", "admissionregistration.k8s.io", Cluster),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io", Cluster),
    ("ValidatingAdmissionPolicy", "admissionregistration.k8s.io", Cluster),
    ("ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io", Cluster),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io", Cluster),
    ("CustomResourceDefinition", "apiextensions.k8s.io", Cluster),
    ("APIService", "apiregistration.k8s.io", Cluster),
    ("CertificateSigningRequest", "certificates.k8s.io", Cluster),
    ("ClusterTrustBundle", "certificates.k8s.io", Cluster),
    ("Lease", "coordination.k8s.io", Namespaced),
    ("EndpointSlice", "discovery.k8s.io", Namespaced),
    ("Event", "events.k8s.io", Namespaced),
    ("FlowSchema", "flowcontrol.apiserver.k8s.io", Cluster),
    ("PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io", Cluster),
    ("IPAddress", "networking.k8s.io", Cluster),
    ("Ingress", "networking.k8s.io", Namespaced),
    ("IngressClass", "networking.k8s.io", Cluster),
    ("NetworkPolicy", "networking.k8s.io", Namespaced),
    ("ServiceCIDR", "networking.k8s.io", Cluster),
    ("RuntimeClass", "node.k8s.io", Cluster),
    ("ClusterRole", "rbac.authorization.k8s.io", Cluster),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io", Cluster),
    ("Role", "rbac.authorization.k8s.io", Namespaced),
    ("RoleBinding", "rbac.authorization.k8s.io", Namespaced),
    ("DeviceClass", "resource.k8s.io", Cluster),
    ("ResourceClaim", "resource.k8s.io", Namespaced),
    ("ResourceClaimTemplate", "resource.k8s.io", Namespaced),
    ("ResourceSlice", "resource.k8s.io", Cluster),
    ("PriorityClass", "scheduling.k8s.io", Cluster),
    ("CSIDriver", "storage.k8s.io", Cluster),
    ("CSINode", "storage.k8s.io", Cluster),
    ("CSIStorageCapacity", "storage.k8s.io", Namespaced),
    ("StorageClass", "storage.k8s.io", Cluster),
    ("VolumeAttachment", "storage.k8s.io", Cluster),
    ("VolumeAttributesClass", "storage.k8s.io", Cluster),
    ("GRPCRoute", "gateway.networking.k8s.io", Namespaced),
    ("Gateway", "gateway.networking.k8s.io", Namespaced),
    ("GatewayClass", "gateway.networking.k8s.io", Cluster),
    ("HTTPRoute", "gateway.networking.k8s.io", Namespaced),
    ("ReferenceGrant", "gateway.networking.k8s.io", Namespaced),
    ("VolumeSnapshot", "snapshot.storage.k8s.io", Namespaced),
    ("VolumeSnapshotClass", "snapshot.storage.k8s.io", Cluster),
    ("VolumeSnapshotContent", "snapshot.storage.k8s.io", Cluster),
    ("Ingress", "extensions", Namespaced),
];

/// Whether a group is Kubernetes' own, so that file names and `allow` leave it out.
#[must_use]
pub fn is_hidden_group(group: &str) -> bool {
    matches!(group, "" | "apps" | "batch" | "autoscaling" | "policy" | "extensions")
        || group.ends_with(".k8s.io")
}

/// The group as file names and `allow` write it: empty where it is Kubernetes' own.
#[must_use]
pub fn short_group(group: &str) -> &str {
    if is_hidden_group(group) { "" } else { group }
}

/// The scope of a kind that Kubernetes serves; nothing for the kinds of others.
#[must_use]
pub fn built_in_scope(group: &str, kind: &str) -> Option<Scope> {
    KINDS.iter().find(|entry| entry.0 == kind && entry.1 == group).map(|entry| entry.2)
}

/// Kind and group of a built-in kind by its name in lower case.
pub(super) fn by_lower_case(kind: &str) -> Option<(&'static str, &'static str)> {
    let entry = KINDS.iter().find(|entry| entry.0.eq_ignore_ascii_case(kind))?;
    Some((entry.0, entry.1))
}
