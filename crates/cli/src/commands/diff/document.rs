//! A preview for programs.

use release::{BindingChange, Clusters, FileChange, Group, Preview, Sign};
use serde_json::{Value, json};

/// The preview as a document.
pub(super) fn of(preview: &Preview) -> Value {
    let renamed: Vec<Value> = preview
        .clusters_renamed
        .iter()
        .map(|(before, after)| json!({ "before": before.as_str(), "after": after.as_str() }))
        .collect();
    json!({
        "apiVersion": "res-edge.dev/v1",
        "kind": "Preview",
        "status": {
            "clusters": {
                "changed": preview.n_clusters_changed,
                "added": clusters(&preview.clusters_added),
                "removed": clusters(&preview.clusters_removed),
                "renamed": renamed,
            },
            "bindings": {
                "added": bindings(&preview.bindings_added),
                "removed": bindings(&preview.bindings_removed),
                "renamed": bindings(&preview.bindings_renamed),
                "broken": bindings(&preview.bindings_broken),
                "mended": bindings(&preview.bindings_mended),
            },
            "namespaces": {
                "added": namespaces(&preview.namespaces_added),
                "removed": namespaces(&preview.namespaces_removed),
            },
            "deleted": deleted(preview),
            "files": preview.groups.iter().map(group).collect::<Vec<_>>(),
        },
    })
}

fn clusters(clusters: &Clusters) -> Value {
    let names: Vec<&str> = clusters.names.iter().map(|name| name.as_str()).collect();
    json!({ "count": clusters.n, "first": names })
}

fn bindings(changes: &[BindingChange]) -> Vec<Value> {
    let changes = changes.iter().map(|change| {
        json!({
            "application": change.application.as_str(),
            "former": change.former.as_ref().map(|name| name.as_str()),
            "clusters": clusters(&change.clusters),
        })
    });
    changes.collect()
}

fn namespaces(counts: &[release::NamespaceCount]) -> Vec<Value> {
    let counts = counts.iter().map(|count| {
        json!({
            "namespace": count.namespace.as_str(),
            "clusters": clusters(&count.clusters),
        })
    });
    counts.collect()
}

fn deleted(preview: &Preview) -> Vec<Value> {
    let deleted = preview.deleted.iter().map(|deleted| {
        json!({
            "object": deleted.object.to_string(),
            "part": deleted.part.to_string(),
            "waits": deleted.waits,
            "clusters": clusters(&deleted.clusters),
        })
    });
    deleted.collect()
}

fn group(group: &Group) -> Value {
    let change = match &group.change {
        FileChange::Added => "added",
        FileChange::Removed => "removed",
        FileChange::Lines(_) => "changed",
        FileChange::Hidden(_) => "hidden",
    };
    let lines: Vec<String> = match &group.change {
        FileChange::Lines(lines) => lines.iter().map(line).collect(),
        _ => Vec::new(),
    };
    json!({
        "part": group.part.to_string(),
        "path": group.path,
        "change": change,
        "lines": lines,
        "clusters": clusters(&group.clusters),
    })
}

fn line(line: &release::Line) -> String {
    match line.sign {
        Sign::Context => format!(" {}", line.text),
        Sign::Removed => format!("-{}", line.text),
        Sign::Added => format!("+{}", line.text),
        Sign::Gap => "@@".to_owned(),
    }
}
