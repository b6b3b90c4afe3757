//! What stands on a simulated cluster before its agent comes: the agent's namespace, and the
//! definitions of kinds that the fleet's templates use and Kubernetes does not bring.

use std::collections::BTreeSet;

use model::{ObjectKey, Source};
use serde_json::{Value, json};
use sync::simulated::Cluster;

/// A kind that some operator brings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CustomKind {
    group: String,
    version: String,
    kind: String,
}

/// The kinds of the templates of a source whose groups are not Kubernetes' own.
pub(crate) fn custom_kinds(source: &Source) -> Vec<CustomKind> {
    let mut kinds = BTreeSet::new();
    for number in 0..source.files.next().0 {
        let Some(file) = source.files.get(model::FileId(number)) else { continue };
        if file.path.starts_with("apps/") {
            kinds.extend(kinds_of(&String::from_utf8_lossy(&file.bytes)));
        }
    }
    kinds.into_iter().collect()
}

/// The kinds of one file, by the lines that stand at its left edge.
fn kinds_of(text: &str) -> Vec<CustomKind> {
    let documents = text.split("\n---");
    documents
        .filter_map(|document| {
            let line = |name: &str| {
                let found = document.lines().find_map(|line| line.strip_prefix(name));
                found.map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
            };
            let (api_version, kind) = (line("apiVersion:")?, line("kind:")?);
            let (group, version) = api_version.split_once('/')?;
            let is_own = !group.contains('.') || group.ends_with(".k8s.io");
            let kind = CustomKind { group: group.to_owned(), version: version.to_owned(), kind };
            (!is_own && kind.group != "kustomize.config.k8s.io").then_some(kind)
        })
        .collect()
}

/// Puts these beginnings on a cluster.
pub(super) fn furnish(cluster: &Cluster, namespace: &str, kinds: &[CustomKind]) {
    let object = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace},
    });
    put(cluster, "", "Namespace", namespace, object);
    for kind in kinds {
        let plural = format!("{}s", kind.kind.to_ascii_lowercase());
        let name = format!("{plural}.{}", kind.group);
        let object = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": name},
            "spec": {
                "group": kind.group,
                "scope": "Namespaced",
                "names": {"kind": kind.kind, "plural": plural},
                "versions": [{"name": kind.version, "served": true, "storage": true}],
            },
        });
        put(cluster, "apiextensions.k8s.io", "CustomResourceDefinition", &name, object);
    }
}

fn put(cluster: &Cluster, group: &str, kind: &str, name: &str, object: Value) {
    let [group, kind, name] = [group, kind, name].map(str::to_owned);
    let key = ObjectKey { group, kind, namespace: None, name };
    // A cluster without it says so when something needs it.
    let _ = cluster.edit(&key, "operator", |_| Some(object));
}
