//! Which fields of an object a field manager owns.
//!
//! `fieldsV1` is a tree of keys: `f:name` a field, `k:{...}` an item of a list by its keys,
//! `v:value` an item of a list that is a set, `.` the node itself
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).

use model::{Digest, sha256};
use serde_json::{Map, Value};

use crate::Object;

/// Fields that have no owner: the identity, and what the cluster rewrites on the way in.
pub(super) const UNOWNED: &[&str] = &[
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/namespace",
    "/metadata/creationTimestamp",
    "/status",
    "/stringData",
];

/// SHA-256 of a set of fields, whatever the order in which they are written.
#[must_use]
pub fn fields_digest(fields: &Value) -> Digest {
    let mut text = String::new();
    write_sorted(fields, &mut text);
    sha256(text.as_bytes())
}

fn write_sorted(value: &Value, text: &mut String) {
    let Some(map) = value.as_object() else { return };
    let mut pairs: Vec<_> = map.iter().collect();
    pairs.sort_by_key(|(key, _)| *key);
    text.push('{');
    for (key, value) in pairs {
        text.push_str(&format!("{key:?}"));
        write_sorted(value, text);
    }
    text.push('}');
}

/// The fields of an object, as JSON pointers, that a set of owned fields does not have.
///
/// Values of Secrets never stand in a pointer. What is `left_out` is left out, with what stands
/// below it.
#[must_use]
pub fn uncovered(desired: &Object, owned: Option<&Value>, left_out: &[String]) -> Vec<String> {
    let empty = Value::Object(Map::new());
    let mut lost = Vec::new();
    walk(desired.value(), owned.unwrap_or(&empty), &mut String::new(), &mut lost);
    lost.retain(|path| !left_out.iter().any(|pointer| is_below(path, pointer)));
    lost
}

pub(super) fn is_below(path: &str, pointer: &str) -> bool {
    path.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn walk(value: &Value, owned: &Value, path: &mut String, lost: &mut Vec<String>) {
    if UNOWNED.contains(&path.as_str()) {
        return;
    }
    match value {
        Value::Object(map) if !map.is_empty() => walk_map(map, owned, path, lost),
        Value::Array(items) if has_items(owned) => walk_list(items, owned, path, lost),
        _ => {}
    }
}

fn walk_map(map: &Map<String, Value>, owned: &Value, path: &mut String, lost: &mut Vec<String>) {
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        match owned.get(format!("f:{key}")) {
            // A leaf that is owned as a whole: an atomic list or map, or a scalar.
            Some(Value::Object(below)) if below.is_empty() => {}
            Some(below) => walk(value, below, path, lost),
            None if is_nothing(value) || UNOWNED.contains(&path.as_str()) => {}
            // Not owned itself, but parts of it may be listed: look deeper to name the leaves.
            None => match value {
                Value::Object(_) => walk(value, &Value::Null, path, lost),
                _ => lost.push(path.clone()),
            },
        }
        path.truncate(length);
    }
}

/// An empty collection has no field of its own in some versions of the API.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        value => value.is_null(),
    }
}

fn has_items(owned: &Value) -> bool {
    let keys = owned.as_object().into_iter().flat_map(Map::keys);
    keys.into_iter().any(|key| key.starts_with("k:") || key.starts_with("v:"))
}

fn walk_list(items: &[Value], owned: &Value, path: &mut String, lost: &mut Vec<String>) {
    for (index, item) in items.iter().enumerate() {
        let length = path.len();
        path.push_str(&format!("/{index}"));
        match owned_item(item, owned) {
            Some(below) => walk(item, below, path, lost),
            None => lost.push(path.clone()),
        }
        path.truncate(length);
    }
}

/// The owned fields of an item: by its value in a set, by its keys in a map. A key that the item
/// does not write has its default.
fn owned_item<'a>(item: &Value, owned: &'a Value) -> Option<&'a Value> {
    owned.as_object()?.iter().find_map(|(key, below)| {
        let matches = if let Some(text) = key.strip_prefix("v:") {
            serde_json::from_str::<Value>(text).ok().as_ref() == Some(item)
        } else {
            let keys: Map<String, Value> = serde_json::from_str(key.strip_prefix("k:")?).ok()?;
            keys.iter().all(|(key, value)| item.get(key).is_none_or(|own| own == value))
        };
        matches.then_some(below)
    })
}
