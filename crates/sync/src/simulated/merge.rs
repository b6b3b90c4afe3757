//! Server-side apply of one object onto another, with managed fields.

use serde_json::{Map, Value, json};

use super::fields::{Fields, Path, SELF, fields_of, item_key, keys_of, read, write};

/// What a manager owns.
#[derive(Clone, Debug)]
struct Managed {
    manager: String,
    operation: String,
    fields: Fields,
}

/// Applies an object by a manager that takes what others have. `live` keeps what it does not
/// speak of, and loses what this manager alone owned and no longer speaks of.
pub(super) fn apply(live: Option<&Value>, applied: &Value, manager: &str, time: &str) -> Value {
    let wanted = fields_of(applied);
    let mut managed = live.map(managers).unwrap_or_default();
    let is_own = |entry: &Managed| entry.manager == manager && entry.operation == "Apply";
    let before = managed.iter().find(|entry| is_own(entry)).map(|entry| entry.fields.clone());
    managed.retain(|entry| !is_own(entry));
    let mut result = live.cloned().unwrap_or_else(|| json!({}));
    for path in before.unwrap_or_default().difference(&wanted) {
        if !managed.iter().any(|entry| entry.fields.contains(path)) {
            remove(&mut result, path);
        }
    }
    let merged = {
        let old = result.clone();
        merge(&mut result, applied);
        old
    };
    let taken = changed(&merged, &result);
    managed.iter_mut().for_each(|entry| entry.fields.retain(|path| !taken.contains(path)));
    let operation = "Apply".to_owned();
    managed.push(Managed { manager: manager.to_owned(), operation, fields: wanted });
    put(&mut result, managed, time);
    result
}

/// Another manager wrote the whole object: it owns what it changed, and nobody else does.
pub(super) fn update(live: Option<&Value>, written: &Value, manager: &str, time: &str) -> Value {
    let empty = json!({});
    let old = live.unwrap_or(&empty);
    let mut managed = live.map(managers).unwrap_or_default();
    let touched = changed(old, written);
    let there = fields_of(written);
    for entry in &mut managed {
        entry.fields.retain(|path| !touched.contains(path) && there.contains(path));
    }
    let new: Fields = touched.intersection(&there).cloned().collect();
    let is_own = |entry: &&mut Managed| entry.manager == manager && entry.operation == "Update";
    match managed.iter_mut().find(is_own) {
        Some(entry) => entry.fields.extend(new),
        None => {
            let operation = "Update".to_owned();
            managed.push(Managed { manager: manager.to_owned(), operation, fields: new });
        }
    }
    let mut result = written.clone();
    put(&mut result, managed, time);
    result
}

fn managers(object: &Value) -> Vec<Managed> {
    let entries = object["metadata"]["managedFields"].as_array();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let entries = entries.into_iter().flatten().map(|entry| Managed {
        manager: text(entry, "manager"),
        operation: text(entry, "operation"),
        fields: read(&entry["fieldsV1"]),
    });
    entries.collect()
}

fn put(object: &mut Value, managed: Vec<Managed>, time: &str) {
    let entries = managed.into_iter().filter(|entry| !entry.fields.is_empty()).map(|entry| {
        json!({
            "manager": entry.manager, "operation": entry.operation, "time": time,
            "fieldsType": "FieldsV1", "fieldsV1": write(&entry.fields),
        })
    });
    object["metadata"]["managedFields"] = Value::Array(entries.collect());
}

/// Fields that are in one only, or have another value.
fn changed(old: &Value, new: &Value) -> Fields {
    let (before, after) = (fields_of(old), fields_of(new));
    let differs = |path: &&Path| at(old, path) != at(new, path);
    let mut fields: Fields = before.symmetric_difference(&after).cloned().collect();
    fields.extend(before.intersection(&after).filter(differs).cloned());
    fields
}

/// What stands at a path; of an item itself, only that it is there.
fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    let mut name = "";
    let mut here = value;
    for key in path {
        if key == SELF {
            return Some(&Value::Null);
        }
        if let Some(field) = key.strip_prefix("f:") {
            name = field;
            here = here.get(field)?;
        } else {
            let items = here.as_array()?;
            let keys = keys_of(name, items)?;
            here = items.iter().find(|item| item_key(item, keys) == *key)?;
        }
    }
    Some(here)
}

fn merge(live: &mut Value, applied: &Value) {
    let (Some(live), Some(applied)) = (live.as_object_mut(), applied.as_object()) else { return };
    for (name, value) in applied.iter().filter(|(_, value)| !value.is_null()) {
        merge_field(live, name, value);
    }
}

fn merge_field(live: &mut Map<String, Value>, name: &str, value: &Value) {
    match (live.get_mut(name), value) {
        (Some(old @ Value::Object(_)), Value::Object(map)) if !map.is_empty() => merge(old, value),
        (Some(Value::Array(old)), Value::Array(items)) => match keys_of(name, items) {
            Some(keys) => merge_items(old, items, keys),
            None => old.clone_from(items),
        },
        _ => _ = live.insert(name.to_owned(), value.clone()),
    }
}

fn merge_items(live: &mut Vec<Value>, applied: &[Value], keys: &[&str]) {
    for item in applied {
        let key = item_key(item, keys);
        match live.iter_mut().find(|old| item_key(old, keys) == key) {
            Some(old) => merge(old, item),
            None => live.push(item.clone()),
        }
    }
}

fn remove(value: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    if last == SELF {
        return remove_empty_item(value, parents);
    }
    let mut name = String::new();
    let mut here = value;
    for key in parents {
        let below = match key.strip_prefix("f:") {
            Some(field) => {
                field.clone_into(&mut name);
                here.get_mut(field)
            }
            None => item_mut(here, &name, key),
        };
        let Some(below) = below else { return };
        here = below;
    }
    match last.strip_prefix("f:") {
        Some(field) => _ = here.as_object_mut().map(|map| map.remove(field)),
        None => remove_item(here, &name, last),
    }
}

fn item_mut<'a>(list: &'a mut Value, name: &str, key: &str) -> Option<&'a mut Value> {
    let items = list.as_array_mut()?;
    let keys = keys_of(name, items)?;
    items.iter_mut().find(|item| item_key(item, keys) == *key)
}

fn remove_item(list: &mut Value, name: &str, key: &str) {
    let Some(items) = list.as_array_mut() else { return };
    if let Some(keys) = keys_of(name, items) {
        items.retain(|item| item_key(item, keys) != *key);
    }
}

/// An item that nobody speaks of any more goes with everything in it.
fn remove_empty_item(value: &mut Value, path: &[String]) {
    let Some((key, parents)) = path.split_last() else { return };
    let name = parents.last().and_then(|name| name.strip_prefix("f:")).unwrap_or_default();
    let mut here = value;
    let mut list = String::new();
    for parent in parents {
        let below = match parent.strip_prefix("f:") {
            Some(field) => {
                field.clone_into(&mut list);
                here.get_mut(field)
            }
            None => item_mut(here, &list, parent),
        };
        let Some(below) = below else { return };
        here = below;
    }
    remove_item(here, name, key);
}
