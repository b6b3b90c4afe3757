//! The manifests of an agent, as text. Pure.
//!
//! In: what the server answered to a join. Out: YAML for `kubectl apply`. The agent gets rights on
//! the kinds that the fleet uses and on no other; it has no right on Secrets of other namespaces
//! unless the fleet writes them, and it is never an administrator of the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use api::agent::{ClusterJoin, JoinKind};

/// What every object is called.
const NAME: &str = "res-edge-agent";

/// How an agent is installed.
pub(super) struct Install<'a> {
    /// The address of the server as the cluster calls it.
    pub(super) server: &'a str,
    /// The namespace of the agent.
    pub(super) namespace: &'a str,
    /// Its image.
    pub(super) image: &'a str,
    /// Whether it only looks.
    pub(super) is_report_only: bool,
}

/// The image of this version.
pub(super) fn image() -> String {
    format!("ghcr.io/res-edge/res-edge-agent:{}", env!("CARGO_PKG_VERSION"))
}

/// All manifests.
pub(super) fn text(join: &ClusterJoin, install: &Install<'_>) -> String {
    [rights(join, install), settings(join, install), deployment(install)].concat()
}

/// The namespace, and what the agent may do.
fn rights(join: &ClusterJoin, install: &Install<'_>) -> String {
    let namespace = install.namespace;
    let cluster = quoted(&join.cluster);
    let rules = rules(&join.kinds, install.is_report_only);
    format!(
        "\
# The agent of the cluster {cluster}. The token in it is for this cluster alone, and for the first
# agent that comes with it.
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {NAME}, namespace: {namespace}}}
automountServiceAccountToken: false
---
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
# The kinds that the fleet uses, and no other.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {NAME}}}
rules:
{rules}---
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

/// What it is told, and where it keeps its key.
fn settings(join: &ClusterJoin, install: &Install<'_>) -> String {
    let namespace = install.namespace;
    let (server, cluster) = (quoted(install.server), quoted(&join.cluster));
    let (token, release_key) = (quoted(&join.token), quoted(&join.release_key));
    format!(
        "\
# People annotate this one: kubectl annotate configmap {NAME} res-edge.dev/hold=4h
apiVersion: v1
kind: ConfigMap
metadata: {{name: {NAME}, namespace: {namespace}}}
data:
  server: {server}
  cluster: {cluster}
  releaseKey: {release_key}
---
apiVersion: v1
kind: Secret
metadata: {{name: {NAME}-join, namespace: {namespace}}}
stringData:
  token: {token}
---
# The key of the cluster is in it.
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {NAME}, namespace: {namespace}}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: 1Gi}}}}
---
"
    )
}

/// What runs.
fn deployment(install: &Install<'_>) -> String {
    let (namespace, image) = (install.namespace, quoted(install.image));
    let report_only = match install.is_report_only {
        true => "\n        - {name: RES_EDGE_REPORT_ONLY, value: \"true\"}",
        false => "",
    };
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {NAME}, namespace: {namespace}}}
spec:
  replicas: 1
  strategy: {{type: Recreate}}
  selector:
    matchLabels: {{app.kubernetes.io/name: {NAME}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: {NAME}}}
    spec:
      serviceAccountName: {NAME}
      automountServiceAccountToken: true
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        fsGroup: 65532
        seccompProfile: {{type: RuntimeDefault}}
      containers:
      - name: agent
        image: {image}
        args: [run]
        env:
        - name: RES_EDGE_SERVER
          valueFrom: {{configMapKeyRef: {{name: {NAME}, key: server}}}}
        - name: RES_EDGE_CLUSTER
          valueFrom: {{configMapKeyRef: {{name: {NAME}, key: cluster}}}}
        - name: RES_EDGE_RELEASE_KEY
          valueFrom: {{configMapKeyRef: {{name: {NAME}, key: releaseKey}}}}
        - name: RES_EDGE_NAMESPACE
          valueFrom: {{fieldRef: {{fieldPath: metadata.namespace}}}}
        - {{name: RES_EDGE_JOIN_TOKEN_FILE, value: /etc/res-edge/join/token}}{report_only}
        resources:
          requests: {{cpu: 10m, memory: 32Mi}}
          limits: {{memory: 128Mi}}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {{drop: [ALL]}}
        volumeMounts:
        - {{name: state, mountPath: /var/lib/res-edge}}
        - {{name: join, mountPath: /etc/res-edge/join, readOnly: true}}
      volumes:
      - {{name: state, persistentVolumeClaim: {{claimName: {NAME}}}}}
      - {{name: join, secret: {{secretName: {NAME}-join, optional: true}}}}"
    )
}

/// The rules of the ClusterRole: one for each API group.
fn rules(kinds: &[JoinKind], is_report_only: bool) -> String {
    let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for kind in kinds.iter().filter(|kind| kind.kind != "Namespace") {
        groups.entry(&kind.group).or_default().insert(plural(&kind.kind));
    }
    let write = "get, list, watch, create, patch, delete";
    let verbs = if is_report_only { "get, list, watch" } else { write };
    let namespaces =
        if is_report_only { "get, list, watch" } else { "get, list, watch, create, patch" };
    let mut text = String::new();
    let _ =
        writeln!(text, "- {{apiGroups: [\"\"], resources: [namespaces], verbs: [{namespaces}]}}");
    let _ = writeln!(text, "- {{apiGroups: [\"\"], resources: [pods], verbs: [get, list, watch]}}");
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

/// A text between double quotes, as JSON and YAML have it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use schema::edit::DocumentRef;

    use super::*;

    fn join() -> ClusterJoin {
        let kind = |group: &str, kind: &str, namespace: Option<&str>| JoinKind {
            group: group.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
        };
        ClusterJoin {
            cluster: "boston".to_owned(),
            token: "re_token".to_owned(),
            expires: jiff::Timestamp::UNIX_EPOCH,
            release_key: "ssh-ed25519 AAAA".to_owned(),
            kinds: vec![
                kind("", "ConfigMap", Some("pets")),
                kind("apps", "Deployment", Some("pets")),
                kind("networking.k8s.io", "NetworkPolicy", Some("pets")),
                kind("networking.k8s.io", "Ingress", Some("pets")),
            ],
        }
    }

    fn made(is_report_only: bool) -> String {
        let install = Install {
            server: "https://fleet.example",
            namespace: "res-edge",
            image: "registry.example/agent:1",
            is_report_only,
        };
        text(&join(), &install)
    }

    #[test]
    fn the_agent_gets_rights_on_the_kinds_of_the_fleet_and_no_other() {
        let text = made(false);
        for line in [
            "  resources: [configmaps]\n  verbs: [get, list, watch, create, patch, delete]",
            "- apiGroups: [\"networking.k8s.io\"]\n  resources: [ingresses, networkpolicies]",
            "  resources: [deployments]",
            "        readOnlyRootFilesystem: true\n".trim_end(),
            "        runAsNonRoot: true\n".trim(),
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        for never in ["*", "cluster-admin", "secrets]", "escalate", "hostNetwork", "containerPort"]
        {
            assert!(!text.contains(never), "{never}");
        }
        let looks = made(true);
        assert!(!looks.contains("create, patch, delete]"), "{looks}");
        assert!(looks.contains("RES_EDGE_REPORT_ONLY"));
    }

    #[test]
    fn every_manifest_is_a_document() {
        let text = made(false);
        let read = |index| schema::edit::document_digest(&text, &DocumentRef::Index(index));
        let kinds = text.lines().filter(|line| line.starts_with("kind: ")).count();
        assert_eq!(kinds, 10);
        for index in 0..kinds {
            read(index).unwrap();
        }
        assert!(read(kinds).is_err());
    }
}
