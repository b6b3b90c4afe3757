//! A preview for programs.
//!
//! Its form is that of [`super::schema`], which a test holds it to. Fields are added and never
//! change their meaning under one `apiVersion`.

use model::{Edit, EditKind, EffectKind, LikelyRename, Move, RequestSums, Why};
use release::{
    BindingChange, Brake, Clusters, EffectCount, Fetch, FileChange, FleetRequests, Group,
    GroupRequests, Hidden, Preview, Sign,
};
use serde_json::{Value, json};

/// The preview as a document.
#[must_use]
pub fn document(preview: &Preview) -> Value {
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
            "likelyRenames": list(&preview.likely_renames, likely_rename),
            "held": list(&preview.brakes, brake),
            "bindings": {
                "added": list(&preview.bindings_added, binding),
                "removed": list(&preview.bindings_removed, binding),
                "renamed": list(&preview.bindings_renamed, binding),
                "moved": list(&preview.moves, moved),
                "broken": list(&preview.bindings_broken, binding),
                "mended": list(&preview.bindings_mended, binding),
            },
            "namespaces": {
                "added": list(&preview.namespaces_added, namespace),
                "removed": list(&preview.namespaces_removed, namespace),
            },
            "deleted": list(&preview.deleted, deleted),
            "created": list(&preview.created, created),
            "unread": list(&preview.unread, |(cause, unread)| {
                json!({ "cause": cause.0, "clusters": clusters(unread) })
            }),
            "effects": list(&preview.effects, effect),
            "requests": requests(&preview.requests),
            "fetch": fetch(preview.fetch),
            "files": list(&preview.groups, group),
        },
    })
}

fn list<T>(items: &[T], value: impl Fn(&T) -> Value) -> Vec<Value> {
    items.iter().map(value).collect()
}

fn clusters(clusters: &Clusters) -> Value {
    let names: Vec<&str> = clusters.names.iter().map(|name| name.as_str()).collect();
    json!({ "count": clusters.n, "first": names })
}

fn likely_rename(one: &LikelyRename) -> Value {
    json!({
        "kind": one.kind.noun(),
        "before": one.before,
        "after": one.after,
        "field": one.kind.field(),
        "path": one.place.path,
        "line": one.place.line,
    })
}

fn binding(change: &BindingChange) -> Value {
    json!({
        "application": change.application.as_str(),
        "former": change.former.as_ref().map(|name| name.as_str()),
        "faults": change.faults,
        "clusters": clusters(&change.clusters),
        "why": why(&change.why),
    })
}

fn moved(change: &Move<Clusters>) -> Value {
    json!({
        "application": change.application.as_str(),
        "from": change.from,
        "to": change.to,
        "clusters": clusters(&change.clusters),
        "why": why(&change.why),
    })
}

fn why(why: &Why) -> Value {
    json!({ "edits": list(&why.edits, edit), "unknown": why.n_unknown })
}

fn edit(edit: &Edit) -> Value {
    json!({
        "kind": edit_word(edit.kind),
        "subject": edit.subject,
        "path": edit.place.as_ref().map(|place| place.path.as_str()),
        "line": edit.place.as_ref().map(|place| place.line),
        "places": edit.n_places,
        "before": edit.before,
        "after": edit.after,
        "clusters": edit.n_clusters,
    })
}

fn edit_word(kind: EditKind) -> &'static str {
    match kind {
        EditKind::Document => "document",
        EditKind::Setting => "setting",
        EditKind::Field => "field",
        EditKind::Groups => "groups",
        EditKind::Label => "label",
        EditKind::Value => "value",
        EditKind::Expression => "expression",
        EditKind::Overlay => "overlay",
        EditKind::Template => "template",
    }
}

fn namespace(count: &release::NamespaceCount) -> Value {
    json!({ "namespace": count.namespace.as_str(), "clusters": clusters(&count.clusters), "why": why(&count.why) })
}

fn brake(brake: &Brake) -> Value {
    let part = |(part, on): &(release::Part, Clusters)| json!({ "part": part.to_string(), "clusters": clusters(on) });
    json!({ "reason": brake.reason.to_string(), "parts": list(&brake.parts, part) })
}

fn deleted(deleted: &release::DeletedObject) -> Value {
    json!({
        "object": deleted.object.to_string(),
        "part": deleted.part.to_string(),
        "waits": deleted.waits,
        "clusters": clusters(&deleted.clusters),
    })
}

fn created(created: &release::CreatedObject) -> Value {
    json!({
        "object": created.object.to_string(),
        "part": created.part.to_string(),
        "clusters": clusters(&created.clusters),
    })
}

fn effect(count: &EffectCount) -> Value {
    json!({
        "effect": effect_word(count.effect.kind),
        "object": count.effect.object.to_string(),
        "part": count.part.to_string(),
        "details": count.effect.details,
        "variants": count.n_variants,
        "clusters": clusters(&count.clusters),
    })
}

fn effect_word(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Restart => "restart",
        EffectKind::Immutable => "immutable",
        EffectKind::Definition => "definition",
        EffectKind::Volume => "volume",
        EffectKind::NextRun => "next-run",
        EffectKind::Data => "data",
    }
}

fn requests(requests: &FleetRequests) -> Value {
    let unread = |one: &release::UnreadRequests| {
        json!({
            "part": one.part.to_string(),
            "message": one.message,
            "clusters": clusters(&one.clusters),
        })
    };
    json!({
        "sums": sums(&requests.sums),
        "daemonSets": requests.daemons,
        "unread": list(&requests.unread, unread),
    })
}

fn sums(sums: &RequestSums) -> Vec<Value> {
    list(
        &sums.changes(),
        |(resource, before, after)| json!({ "resource": resource, "before": before, "after": after }),
    )
}

fn group_requests(requests: Option<GroupRequests>) -> Value {
    let (on, of) = match requests {
        None => ("each", RequestSums::default()),
        Some(GroupRequests::Each(sums)) => ("each", sums),
        Some(GroupRequests::Together(sums)) => ("together", sums),
    };
    json!({ "on": on, "sums": sums(&of) })
}

fn fetch(fetch: Fetch) -> Value {
    json!({ "objects": fetch.n_objects, "bytes": fetch.n_bytes })
}

fn group(group: &Group) -> Value {
    let (change, hidden) = match &group.change {
        FileChange::Added => ("added", None),
        FileChange::Removed => ("removed", None),
        FileChange::Lines(_) => ("changed", None),
        FileChange::Hidden(hidden) => ("hidden", Some(hidden_word(*hidden))),
    };
    let lines = match &group.change {
        FileChange::Lines(lines) => lines.iter().map(line).collect(),
        _ => Vec::new(),
    };
    json!({
        "part": group.part.to_string(),
        "path": group.path,
        "change": change,
        "hidden": hidden,
        "lines": lines,
        "variants": group.n_variants,
        "requests": group_requests(group.requests),
        "fetch": fetch(group.fetch),
        "clusters": clusters(&group.clusters),
        "why": why(&group.why),
    })
}

fn hidden_word(hidden: Hidden) -> &'static str {
    match hidden {
        Hidden::Secret => "secret",
        Hidden::Binary => "binary",
        Hidden::TooLarge => "too-large",
        Hidden::Mode => "mode",
        Hidden::Unread => "unread",
    }
}

fn line(line: &release::Line) -> String {
    match line.sign {
        Sign::Context => format!(" {}", line.text),
        Sign::Removed => format!("-{}", line.text),
        Sign::Added => format!("+{}", line.text),
        Sign::Gap => "@@".to_owned(),
    }
}
