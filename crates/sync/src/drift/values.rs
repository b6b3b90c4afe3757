//! Which fields a cluster holds otherwise than a tree, by value.
//!
//! Only where nobody applies is this asked: then no field manager tells what was changed. What the
//! tree does not say is not looked at, so that defaults are no difference. How the items of a list
//! belong together is said by `managedFields`, whoever the manager is.

use model::Amount;
use serde_json::{Map, Value};

use super::fields::UNOWNED;
use crate::Object;

/// Fields below which numbers are quantities, which a cluster writes in its own way.
const QUANTITIES: &[&str] = &[
    "averageValue",
    "capacity",
    "default",
    "defaultRequest",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "overhead",
    "requests",
    "sizeLimit",
];

/// The fields of a desired object, as JSON pointers, that the cluster lacks or has otherwise.
///
/// Of a Secret only the metadata is compared. What is `left_out` is left out, with what stands
/// below it. Values never stand in a pointer.
#[must_use]
pub fn differing(desired: &Object, live: &Object, left_out: &[String]) -> Vec<String> {
    let managers: Vec<&Value> =
        live.managed_fields().filter_map(|entry| entry.get("fieldsV1")).collect();
    let mut walk = Walk { path: String::new(), found: Vec::new(), is_secret: is_secret(desired) };
    walk.value(desired.value(), Some(live.value()), &managers);
    walk.found
        .retain(|path| !left_out.iter().any(|pointer| super::fields::is_below(path, pointer)));
    walk.found
}

fn is_secret(object: &Object) -> bool {
    let key = object.key();
    key.kind == "Secret" && key.group.is_empty()
}

struct Walk {
    path: String,
    found: Vec<String>,
    is_secret: bool,
}

impl Walk {
    fn value(&mut self, wanted: &Value, live: Option<&Value>, managers: &[&Value]) {
        if self.is_left() {
            return;
        }
        match (wanted, live) {
            (Value::Object(map), Some(Value::Object(_)) | None) => self.map(map, live, managers),
            (Value::Array(items), Some(Value::Array(have))) => self.list(items, have, managers),
            (wanted, live) if self.is_same(wanted, live) => {}
            _ => self.found.push(self.path.clone()),
        }
    }

    /// Whether a field is not compared at all.
    fn is_left(&self) -> bool {
        let is_metadata = self.path.is_empty() || self.path.starts_with("/metadata");
        UNOWNED.contains(&self.path.as_str()) || (self.is_secret && !is_metadata)
    }

    fn map(&mut self, wanted: &Map<String, Value>, live: Option<&Value>, managers: &[&Value]) {
        for (name, value) in wanted {
            let below = children(managers, |key| key.strip_prefix("f:") == Some(name.as_str()));
            let length = self.path.len();
            self.path.push('/');
            self.path.push_str(&name.replace('~', "~0").replace('/', "~1"));
            self.value(value, live.and_then(|live| live.get(name)), &below);
            self.path.truncate(length);
        }
    }

    fn list(&mut self, wanted: &[Value], live: &[Value], managers: &[&Value]) {
        let keys = item_keys(managers);
        let is_set = names(managers).any(|name| name.starts_with("v:"));
        if keys.is_empty() && !is_set && wanted.len() != live.len() {
            self.found.push(self.path.clone());
            return;
        }
        for (index, item) in wanted.iter().enumerate() {
            let found = match (keys.is_empty(), is_set) {
                (false, _) => live.iter().find(|one| keys.iter().any(|k| is_item(item, one, k))),
                (true, true) => live.iter().find(|one| *one == item),
                (true, false) => live.get(index),
            };
            let below = children(managers, |key| {
                item_key(key).is_some_and(|keys| found.is_some_and(|one| has_keys(one, &keys)))
            });
            let length = self.path.len();
            self.path.push_str(&format!("/{index}"));
            match found {
                None => self.found.push(self.path.clone()),
                Some(_) => self.value(item, found, &below),
            }
            self.path.truncate(length);
        }
    }

    /// Whether a value that is no mapping is what the cluster has. Nothing, `false`, zero and an
    /// empty text or list are not written by some parts of the API.
    fn is_same(&self, wanted: &Value, live: Option<&Value>) -> bool {
        let Some(live) = live.filter(|live| !live.is_null()) else { return is_zero(wanted) };
        match (wanted, live) {
            (wanted, live) if wanted == live => true,
            (Value::Number(wanted), Value::Number(live)) => wanted.as_f64() == live.as_f64(),
            (wanted, live) => self.is_quantity() && is_same_amount(wanted, live),
        }
    }

    fn is_quantity(&self) -> bool {
        !self.path.starts_with("/data/")
            && self.path.split('/').any(|part| QUANTITIES.contains(&part))
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

fn is_same_amount(one: &Value, other: &Value) -> bool {
    let amount = |value: &Value| match value {
        Value::String(text) => Amount::parse(text),
        Value::Number(number) => Amount::parse(&number.to_string()),
        _ => None,
    };
    amount(one).is_some_and(|one| amount(other) == Some(one))
}

/// What managers say of what stands below a key.
fn children<'a>(managers: &[&'a Value], is: impl Fn(&str) -> bool) -> Vec<&'a Value> {
    let maps = managers.iter().filter_map(|fields| fields.as_object());
    maps.flatten().filter(|(key, _)| is(key)).map(|(_, below)| below).collect()
}

fn names<'a>(managers: &'a [&'a Value]) -> impl Iterator<Item = &'a String> {
    managers.iter().filter_map(|fields| fields.as_object()).flat_map(Map::keys)
}

/// The keys of an item, as `k:{"name":"web"}` has them.
fn item_key(name: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(name.strip_prefix("k:")?).ok()
}

fn item_keys(managers: &[&Value]) -> Vec<Map<String, Value>> {
    names(managers).filter_map(|name| item_key(name)).collect()
}

/// Whether an item has these keys; one that is not written has its default.
fn has_keys(item: &Value, keys: &Map<String, Value>) -> bool {
    keys.keys().any(|name| item.get(name).is_some())
        && keys.iter().all(|(name, value)| item.get(name).is_none_or(|own| own == value))
}

/// Whether a live item is the wanted one.
fn is_item(wanted: &Value, live: &Value, keys: &Map<String, Value>) -> bool {
    has_keys(live, keys) && has_keys(wanted, keys)
}
