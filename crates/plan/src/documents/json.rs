//! Documents and bindings as JSON, with what the fleet says of them.

use model::{ApplicationId, ClusterId, Files, NamespaceId};
use schema::Kind;
use serde_json::{Map, Value, json};

use super::DocumentId;
use crate::Fleet;

/// A document with its `status`: what the fleet says of it. Nothing if the files are not those
/// that the fleet was read from.
///
/// # Panics
/// If the id is of another fleet.
#[must_use]
pub fn document_json(fleet: &Fleet, files: &Files, id: DocumentId) -> Option<Map<String, Value>> {
    let span = fleet.document_span(files, id)?;
    let mut document = schema::json::document_json(files, id.kind, span)?;
    let status = status(fleet, id);
    if !status.is_empty() {
        document.insert("status".to_owned(), Value::Object(status));
    }
    Some(document)
}

fn status(fleet: &Fleet, id: DocumentId) -> Map<String, Value> {
    let index = id.index as usize;
    let status = match id.kind {
        Kind::Fleet => json!({
            "uid": fleet.uid.to_string(),
            "clusters": fleet.clusters.len(),
            "groups": fleet.groups.len(),
            "namespaces": fleet.namespaces.len(),
            "applications": fleet.applications.len(),
        }),
        Kind::Cluster => {
            let cluster = ClusterId(id.index);
            json!({
                "namespaces": fleet.namespaces_on(cluster).collect::<Vec<_>>(),
                "applications": fleet.applications_on(cluster).collect::<Vec<_>>(),
            })
        }
        Kind::Group => {
            let group = &fleet.groups[index];
            json!({"path": group.path.as_str(), "clusters": group.clusters.len()})
        }
        Kind::Namespace => json!({
            "clusters": fleet.namespaces[index].clusters.len(),
            "applications": fleet.applications_of(NamespaceId(id.index)).collect::<Vec<_>>(),
        }),
        Kind::Application => json!({"clusters": fleet.applications[index].clusters.len()}),
        Kind::Role => json!({}),
    };
    match status {
        Value::Object(status) => status,
        _ => Map::new(),
    }
}

/// A binding, without what is released of it.
///
/// # Panics
/// If one of the ids is of another fleet.
#[must_use]
pub fn binding_json(
    fleet: &Fleet,
    application: ApplicationId,
    cluster: ClusterId,
) -> Map<String, Value> {
    let application = &fleet.applications[application.0 as usize];
    let cluster = &fleet.clusters[cluster.index()].name;
    let binding = json!({
        "apiVersion": schema::shape::API_VERSION,
        "kind": "Binding",
        "metadata": {"name": format!("{}.{cluster}", application.name)},
        "spec": {
            "cluster": cluster.as_str(),
            "application": application.name.as_str(),
            "namespace": application.document.namespace.value.as_str(),
            "template": &*application.document.template.value,
        },
    });
    match binding {
        Value::Object(binding) => binding,
        _ => Map::new(),
    }
}

/// What stands at these paths of a document (`metadata/labels/ring`), and nothing else. A path at
/// which nothing stands is left out. A key of labels or values may hold `/`.
#[must_use]
pub fn project(document: &Map<String, Value>, paths: &[String]) -> Map<String, Value> {
    let mut projected = Map::new();
    for path in paths {
        copy(document, path, &mut projected);
    }
    projected
}

fn copy(from: &Map<String, Value>, path: &str, to: &mut Map<String, Value>) {
    if let Some(value) = from.get(path) {
        to.insert(path.to_owned(), value.clone());
        return;
    }
    let Some((first, rest)) = path.split_once('/') else { return };
    let Some(Value::Object(inner)) = from.get(first) else { return };
    let mut part = match to.get(first) {
        Some(Value::Object(part)) => part.clone(),
        _ => Map::new(),
    };
    copy(inner, rest, &mut part);
    if !part.is_empty() {
        to.insert(first.to_owned(), Value::Object(part));
    }
}
