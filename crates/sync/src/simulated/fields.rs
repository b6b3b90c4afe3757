//! Sets of fields, as server-side apply keeps them for each manager.
//!
//! A field is a path of keys as `fieldsV1` writes them: `f:spec`, `k:{"name":"web"}`, `v:"x"`,
//! `.`. Lists that Kubernetes merges by keys are known by their names; others are one field.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The path of a field.
pub(super) type Path = Vec<String>;

/// Fields.
pub(super) type Fields = BTreeSet<Path>;

/// What stands for an item of a list itself.
pub(super) const SELF: &str = ".";

/// Lists that are merged by keys, with these keys; without keys, lists that are sets.
const LISTS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("imagePullSecrets", &["name"]),
    ("ownerReferences", &["uid"]),
    ("conditions", &["type"]),
    ("finalizers", &[]),
];

/// Parts of an object that nobody owns.
const UNOWNED: &[&str] = &[
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// How a list is merged, if by keys.
pub(super) fn keys_of(name: &str, items: &[Value]) -> Option<&'static [&'static str]> {
    let ports = match items.first() {
        Some(item) if item.get("containerPort").is_some() => {
            Some(&["containerPort", "protocol"][..])
        }
        Some(item) if item.get("port").is_some() => Some(&["port", "protocol"][..]),
        _ => None,
    };
    if name == "ports" {
        return ports;
    }
    LISTS.iter().find(|(list, _)| *list == name).map(|(_, keys)| *keys)
}

/// The key of an item in a list that is merged by keys.
pub(super) fn item_key(item: &Value, keys: &[&str]) -> String {
    if keys.is_empty() {
        return format!("v:{item}");
    }
    let mut named = Map::new();
    for key in keys {
        let value = item.get(*key).cloned();
        let default = (*key == "protocol").then(|| json!("TCP"));
        named.insert((*key).to_owned(), value.or(default).unwrap_or(Value::Null));
    }
    format!("k:{}", Value::Object(named))
}

/// The fields of an object that somebody can own.
pub(super) fn fields_of(object: &Value) -> Fields {
    let mut fields = Fields::new();
    let Some(map) = object.as_object() else { return fields };
    for (name, value) in map {
        let path = vec![format!("f:{name}")];
        match name.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                let owned = value.as_object().into_iter().flatten();
                for (name, value) in owned.filter(|(name, _)| !UNOWNED.contains(&name.as_str())) {
                    let mut path = path.clone();
                    path.push(format!("f:{name}"));
                    collect(name, value, path, &mut fields);
                }
            }
            _ => collect(name, value, path, &mut fields),
        }
    }
    fields
}

fn collect(name: &str, value: &Value, path: Path, fields: &mut Fields) {
    match value {
        Value::Null => {}
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                let mut path = path.clone();
                path.push(format!("f:{name}"));
                collect(name, value, path, fields);
            }
        }
        Value::Array(items) => match keys_of(name, items) {
            Some(keys) => items.iter().for_each(|item| collect_item(item, keys, &path, fields)),
            None => _ = fields.insert(path),
        },
        _ => _ = fields.insert(path),
    }
}

fn collect_item(item: &Value, keys: &[&str], path: &Path, fields: &mut Fields) {
    let mut path = path.clone();
    path.push(item_key(item, keys));
    if keys.is_empty() {
        fields.insert(path);
        return;
    }
    let mut itself = path.clone();
    itself.push(SELF.to_owned());
    fields.insert(itself);
    for (name, value) in item.as_object().into_iter().flatten() {
        let mut path = path.clone();
        path.push(format!("f:{name}"));
        collect(name, value, path, fields);
    }
}

/// As `fieldsV1`.
pub(super) fn write(fields: &Fields) -> Value {
    let mut root = Map::new();
    for path in fields {
        let mut at = &mut root;
        for key in path {
            let below = at.entry(key.clone()).or_insert_with(|| json!({}));
            // Every node is a mapping: it was just made as one.
            let Value::Object(map) = below else { break };
            at = map;
        }
    }
    Value::Object(root)
}

/// Reads what [`write()`] wrote.
pub(super) fn read(value: &Value) -> Fields {
    let mut fields = Fields::new();
    descend(value, &mut Vec::new(), &mut fields);
    fields
}

fn descend(value: &Value, path: &mut Path, fields: &mut Fields) {
    let Some(map) = value.as_object() else { return };
    if map.is_empty() && !path.is_empty() {
        fields.insert(path.clone());
    }
    for (key, below) in map {
        path.push(key.clone());
        descend(below, path, fields);
        path.pop();
    }
}
