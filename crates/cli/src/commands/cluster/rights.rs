//! What an agent may do on its cluster, as RBAC manifests. Pure.
//!
//! The agent writes in no namespace but its own. For every other one it makes the service account
//! `res-edge`, binds it there to the ClusterRole `res-edge-applications`, and acts in its name. So
//! what an application may do ends at its namespaces, whatever its manifests say. The account has
//! the name of the field manager, so that the record of the cluster and its objects name the same.
//!
//! In: the kinds that the fleet uses. Out: YAML.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use api::agent::JoinKind;

use super::manifests::{NAME, quoted};

/// What may read an object, and what may write one.
const READ: &str = "get, list, watch";
const WRITE: &str = "get, list, watch, create, patch, delete";

/// The roles of the agent and of the accounts that it acts as.
pub(super) fn roles(kinds: &[JoinKind], namespace: &str, is_report_only: bool) -> String {
    let is_namespace = |kind: &&JoinKind| kind.kind == "Namespace" && kind.group.is_empty();
    let kinds = kinds.iter().filter(|kind| !is_namespace(kind));
    let (within, of_cluster): (Vec<_>, Vec<_>) = kinds.partition(|kind| kind.namespace.is_some());
    let roles = match is_report_only {
        true => looking(&[within, of_cluster].concat()),
        false => format!("{}{}", acting(&of_cluster), of_applications(&within)),
    };
    format!("{}{roles}{}", own(namespace), bound(namespace))
}

/// The role in the agent's own namespace.
fn own(namespace: &str) -> String {
    format!(
        "\
# Its own: its lease, its mark, and the ConfigMap that people annotate.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {NAME}, namespace: {namespace}}}
rules:
- {{apiGroups: [\"\"], resources: [configmaps], resourceNames: [{NAME}, {NAME}-mark], verbs: [get]}}
- {{apiGroups: [\"\"], resources: [configmaps], resourceNames: [{NAME}-mark], verbs: [patch]}}
- {{apiGroups: [\"\"], resources: [configmaps], verbs: [create]}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{NAME}]
  verbs: [get, patch, delete]
- {{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {NAME}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {NAME}}}
subjects:
- {{kind: ServiceAccount, name: {NAME}, namespace: {namespace}}}
---
"
    )
}

/// The agent's role where it acts: objects of the cluster, and one account in each namespace.
fn acting(of_cluster: &[&JoinKind]) -> String {
    let rules = rules(of_cluster, WRITE);
    format!(
        "\
# Objects that are in no namespace, and one account in each namespace to act as. A Namespace is
# deleted only where the signed release names it.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {NAME}}}
rules:
- {{apiGroups: [\"\"], resources: [namespaces], verbs: [{WRITE}]}}
- {{apiGroups: [\"\"], resources: [serviceaccounts], resourceNames: [res-edge], verbs: [impersonate]}}
- {{apiGroups: [\"\"], resources: [serviceaccounts], resourceNames: [res-edge], verbs: [create, patch]}}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings]
  resourceNames: [res-edge]
  verbs: [create, patch]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [clusterroles]
  resourceNames: [res-edge-applications]
  verbs: [bind]
{rules}---
"
    )
}

/// The role of the accounts.
fn of_applications(within: &[&JoinKind]) -> String {
    let rules = rules(within, WRITE);
    format!(
        "\
# What the account `res-edge` of a namespace may do in it: the kinds that the fleet uses, and no
# other. That it may read itself tells the agent that it was bound.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: res-edge-applications}}
rules:
- {{apiGroups: [\"\"], resources: [serviceaccounts], resourceNames: [res-edge], verbs: [get]}}
- {{apiGroups: [\"\"], resources: [pods], verbs: [{READ}]}}
{rules}---
"
    )
}

/// The agent's role where it only looks: it makes no accounts, so it looks by its own right.
fn looking(kinds: &[&JoinKind]) -> String {
    let rules = rules(kinds, READ);
    format!(
        "\
# The kinds that the fleet uses, to look at.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {NAME}}}
rules:
- {{apiGroups: [\"\"], resources: [namespaces, pods], verbs: [{READ}]}}
{rules}---
"
    )
}

/// Binds the agent to its ClusterRole.
fn bound(namespace: &str) -> String {
    format!(
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {NAME}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {NAME}}}
subjects:
- {{kind: ServiceAccount, name: {NAME}, namespace: {namespace}}}
---
"
    )
}

/// Rules for kinds: one for each API group.
fn rules(kinds: &[&JoinKind], verbs: &str) -> String {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for kind in kinds {
        groups.entry(&kind.group).or_default().insert(plural(&kind.kind));
    }
    let mut text = String::new();
    for (group, resources) in groups {
        let resources = resources.into_iter().collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            text,
            "- apiGroups: [{}]\n  resources: [{resources}]\n  verbs: [{verbs}]",
            quoted(group)
        );
    }
    text
}

/// The name of the resource of a kind, by the rule that the generators of Kubernetes follow.
fn plural(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    let is_vowel = |c: char| "aeiou".contains(c);
    if kind == "endpoints" {
        return kind;
    }
    match kind.strip_suffix('y') {
        Some(stem) if !stem.ends_with(is_vowel) => format!("{stem}ies"),
        _ if ["s", "x", "ch", "sh"].iter().any(|end| kind.ends_with(end)) => format!("{kind}es"),
        _ => format!("{kind}s"),
    }
}
