//! The manifests of an agent, as text. Pure.
//!
//! In: what the server answered to a join. Out: YAML for `kubectl apply`. What the agent may do is
//! said in `rights`: it has rights on the kinds that the fleet uses and on no other, and it is
//! never an administrator of the cluster.

use api::agent::ClusterJoin;

use super::rights;

/// What every object is called.
pub(super) const NAME: &str = "res-edge-agent";

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
    [identity(join, install), settings(join, install), deployment(install)].concat()
}

/// The namespace, who the agent is, and what it may do.
fn identity(join: &ClusterJoin, install: &Install<'_>) -> String {
    let namespace = install.namespace;
    let cluster = quoted(&join.cluster);
    let roles = rights::roles(&join.kinds, namespace, install.is_report_only);
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
{roles}"
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

/// A text between double quotes, as JSON and YAML have it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use api::agent::JoinKind;
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
                kind("", "Namespace", None),
                kind("storage.k8s.io", "StorageClass", None),
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

    /// The ClusterRole of a name, as text.
    fn role(text: &str, name: &str) -> String {
        let kind = format!("kind: ClusterRole\nmetadata: {{name: {name}}}\n");
        let (_, rest) = text.split_once(&kind).expect("the role");
        rest.split_once("---\n").expect("it ends").0.to_owned()
    }

    #[test]
    fn accounts_get_rights_on_the_kinds_of_the_fleet_and_the_agent_on_those_of_the_cluster() {
        let text = made(false);
        let (agent, accounts) =
            (role(&text, "res-edge-agent"), role(&text, "res-edge-applications"));
        let written = "verbs: [get, list, watch, create, patch, delete]";
        for rule in [
            format!("  resources: [configmaps]\n  {written}"),
            format!("  resources: [ingresses, networkpolicies]\n  {written}"),
            format!("  resources: [deployments]\n  {written}"),
        ] {
            assert!(accounts.contains(&rule) && !agent.contains(&rule), "{rule}\n{text}");
        }
        assert!(agent.contains(&format!("  resources: [storageclasses]\n  {written}")), "{agent}");
        assert!(agent.contains(&format!("resources: [namespaces], {written}")), "{agent}");
        assert!(!accounts.contains("storageclasses") && !accounts.contains("namespaces"));
        for never in ["*", "cluster-admin", "secrets]", "escalate", "hostNetwork", "containerPort"]
        {
            assert!(!text.contains(never), "{never}");
        }
    }

    #[test]
    fn every_right_to_bind_and_to_impersonate_names_what_it_is_for() {
        let agent = role(&made(false), "res-edge-agent");
        let rules: Vec<&str> = agent.split("\n- ").collect();
        for verb in ["impersonate", "bind", "create, patch]"] {
            let with = rules.iter().filter(|rule| rule.contains(verb));
            assert!(with.clone().count() > 0, "{verb}");
            assert!(with.clone().all(|rule| rule.contains("resourceNames: [res-edge")), "{agent}");
        }
    }

    #[test]
    fn one_that_only_looks_may_write_nothing_and_act_as_nobody() {
        let text = made(true);
        let agent = role(&text, "res-edge-agent");
        for never in ["create", "patch", "delete", "impersonate", "bind"] {
            assert!(!agent.contains(never), "{agent}");
        }
        assert!(agent.contains("[deployments]") && agent.contains("[storageclasses]"), "{agent}");
        assert!(text.contains("RES_EDGE_REPORT_ONLY") && !text.contains("res-edge-applications"));
    }

    #[test]
    fn it_runs_without_root_on_a_file_system_that_it_only_reads() {
        let text = made(false);
        assert!(text.contains("readOnlyRootFilesystem: true"), "{text}");
        assert!(text.contains("runAsNonRoot: true"), "{text}");
    }

    #[test]
    fn every_manifest_is_a_document() {
        let text = made(false);
        let read = |index| schema::edit::document_digest(&text, &DocumentRef::Index(index));
        let kinds = text.lines().filter(|line| line.starts_with("kind: ")).count();
        assert_eq!(kinds, 11);
        for index in 0..kinds {
            read(index).unwrap();
        }
        assert!(read(kinds).is_err());
    }
}
