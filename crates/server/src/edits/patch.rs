//! Patches of JSON: merge patches (RFC 7396) and lists of operations (RFC 6902). Pure.

use serde::Deserialize;
use serde_json::{Map, Value};

/// How many operations one patch may have.
const MOST_OPERATIONS: usize = 1_000;

/// One operation of RFC 6902, section 4.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(crate) enum Operation {
    /// Adds a value at a place, or replaces the one of a key.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Removes what is at a place.
    Remove {
        /// Where.
        path: String,
    },
    /// Replaces what is at a place.
    Replace {
        /// Where.
        path: String,
        /// By what.
        value: Value,
    },
    /// Removes what is at one place, and adds it at another.
    Move {
        /// From where.
        from: String,
        /// To where.
        path: String,
    },
    /// Adds what is at one place at another too.
    Copy {
        /// From where.
        from: String,
        /// To where.
        path: String,
    },
    /// Goes on only where a place holds this.
    Test {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
}

/// Why a patch was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchError {
    /// There is no such place.
    #[error("there is nothing at `{0}`")]
    Missing(String),
    /// The place is no pointer (RFC 6901).
    #[error("`{0}` is no pointer: it begins with `/`, and `~` stands as `~0`")]
    Pointer(String),
    /// A test failed.
    #[error("`{0}` does not hold what the patch expects")]
    Test(String),
    /// A value would be moved into itself.
    #[error("`{0}` cannot be moved into itself")]
    Into(String),
    /// There are too many operations.
    #[error("a patch has at most {MOST_OPERATIONS} operations")]
    TooMany,
}

/// A document after a merge patch: `null` removes a key, mappings are merged, all else replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        match value {
            Value::Null => drop(target.remove(key)),
            value => merge(target.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
}

/// Does the operations of a patch one after another.
///
/// # Errors
/// The first that cannot be done; the document is then not to be used.
pub(crate) fn apply(document: &mut Value, operations: &[Operation]) -> Result<(), PatchError> {
    if operations.len() > MOST_OPERATIONS {
        return Err(PatchError::TooMany);
    }
    operations.iter().try_for_each(|operation| apply_one(document, operation))
}

fn apply_one(document: &mut Value, operation: &Operation) -> Result<(), PatchError> {
    match operation {
        Operation::Add { path, value } => add(document, path, value.clone()),
        Operation::Remove { path } => remove(document, path).map(drop),
        Operation::Replace { path, value } => {
            let place = at(document, path)?;
            place.clone_from(value);
            Ok(())
        }
        Operation::Move { from, path } => {
            if path.strip_prefix(from.as_str()).is_some_and(|rest| rest.starts_with('/')) {
                return Err(PatchError::Into(from.clone()));
            }
            let value = remove(document, from)?;
            add(document, path, value)
        }
        Operation::Copy { from, path } => {
            let value = at(document, from)?.clone();
            add(document, path, value)
        }
        Operation::Test { path, value } => match at(document, path)? == value {
            true => Ok(()),
            false => Err(PatchError::Test(path.clone())),
        },
    }
}

fn at<'a>(document: &'a mut Value, path: &str) -> Result<&'a mut Value, PatchError> {
    check(path)?;
    document.pointer_mut(path).ok_or_else(|| PatchError::Missing(path.to_owned()))
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    let Some((parent, key)) = split(path)? else {
        *document = value;
        return Ok(());
    };
    let missing = || PatchError::Missing(path.to_owned());
    match at(document, parent)? {
        Value::Object(pairs) => {
            pairs.insert(key, value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let index = index(&key).filter(|index| *index <= items.len()).ok_or_else(missing)?;
            items.insert(index, value);
        }
        _ => return Err(missing()),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, PatchError> {
    let missing = || PatchError::Missing(path.to_owned());
    let (parent, key) = split(path)?.ok_or_else(missing)?;
    match at(document, parent)? {
        Value::Object(pairs) => pairs.remove(&key).ok_or_else(missing),
        Value::Array(items) => match index(&key).filter(|index| *index < items.len()) {
            Some(index) => Ok(items.remove(index)),
            None => Err(missing()),
        },
        _ => Err(missing()),
    }
}

/// The pointer of what a place stands in, and the key in it; nothing for the whole document.
fn split(path: &str) -> Result<Option<(&str, String)>, PatchError> {
    check(path)?;
    let parts = path.rsplit_once('/');
    Ok(parts.map(|(parent, key)| (parent, key.replace("~1", "/").replace("~0", "~"))))
}

fn check(path: &str) -> Result<(), PatchError> {
    let mut escapes = path.split('~').skip(1);
    let is_pointer = (path.is_empty() || path.starts_with('/'))
        && escapes.all(|after| after.starts_with(['0', '1']));
    if is_pointer { Ok(()) } else { Err(PatchError::Pointer(path.to_owned())) }
}

/// A position, which is written without zeros before it.
fn index(key: &str) -> Option<usize> {
    let is_number = key.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = key == "0" || !key.starts_with('0');
    key.parse().ok().filter(|_| is_number && is_plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn merge_patches_are_those_of_the_rfc() {
        let rows = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (mut target, patch, expected) in rows {
            merge(&mut target, &patch);
            assert_eq!(target, expected, "{patch}");
        }
    }

    fn patched(document: Value, operations: Value) -> Result<Value, PatchError> {
        let mut document = document;
        let operations: Vec<Operation> = serde_json::from_value(operations).unwrap();
        apply(&mut document, &operations).map(|()| document)
    }

    /// Cases of RFC 6902, appendix A.
    #[test]
    fn operations_are_those_of_the_rfc() {
        let op =
            |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
        let moves = |from: &str, path: &str| json!([{"op": "move", "from": from, "path": path}]);
        let rows = [
            (json!({"a": 1}), op("add", "/b", json!(2)), json!({"a": 1, "b": 2})),
            (json!({"a": [1, 3]}), op("add", "/a/1", json!(2)), json!({"a": [1, 2, 3]})),
            (json!({"a": [1]}), op("add", "/a/-", json!([2])), json!({"a": [1, [2]]})),
            (json!({"a": 1, "b": 2}), json!([{"op": "remove", "path": "/b"}]), json!({"a": 1})),
            (json!({"a": [1, 2]}), json!([{"op": "remove", "path": "/a/0"}]), json!({"a": [2]})),
            (json!({"a": 1}), op("replace", "/a", json!(2)), json!({"a": 2})),
            (
                json!({"a": {"b": 1}, "c": {}}),
                moves("/a/b", "/c/b"),
                json!({"a": {}, "c": {"b": 1}}),
            ),
            (json!({"a": [1, 2, 3]}), moves("/a/0", "/a/2"), json!({"a": [2, 3, 1]})),
            (
                json!({"a": 1}),
                json!([{"op": "copy", "from": "/a", "path": "/b"}]),
                json!({"a": 1, "b": 1}),
            ),
            (json!({"/": 9, "~1": 10}), op("test", "/~01", json!(10)), json!({"/": 9, "~1": 10})),
            (json!({"a": 1}), op("add", "", json!({"b": 2})), json!({"b": 2})),
        ];
        for (document, operations, expected) in rows {
            assert_eq!(patched(document, operations.clone()), Ok(expected), "{operations}");
        }
        let missing = |path: &str| Err(PatchError::Missing(path.to_owned()));
        assert_eq!(patched(json!({"a": 1}), op("add", "/b/c", json!(2))), missing("/b"));
        assert_eq!(patched(json!({"a": [1]}), op("add", "/a/8", json!(2))), missing("/a/8"));
        assert_eq!(patched(json!({"a": [1]}), op("add", "/a/00", json!(2))), missing("/a/00"));
        assert_eq!(patched(json!({}), op("replace", "/a", json!(2))), missing("/a"));
        let test = patched(json!({"a": "x"}), op("test", "/a", json!(1)));
        assert_eq!(test, Err(PatchError::Test("/a".to_owned())));
        assert_eq!(
            patched(json!({"a": {}}), moves("/a", "/a/b")),
            Err(PatchError::Into("/a".to_owned()))
        );
        for wrong in ["a", "/a~2", "/a~"] {
            let answer = patched(json!({"a": 1}), op("test", wrong, json!(1)));
            assert_eq!(answer, Err(PatchError::Pointer(wrong.to_owned())));
        }
    }
}
