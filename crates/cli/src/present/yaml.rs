//! A JSON value in the canonical form of YAML, for `-o yaml`.

use schema::edit::tree;
use schema::yaml::emit::{self, Value};

/// The value as the only item of a list, so that items can be written one after another.
pub(crate) fn item(value: &serde_json::Value) -> String {
    emit::emit(&Value::Sequence(vec![tree(value)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn an_item_reads_back_as_the_same_value() {
        let value = json!({"a": [{"b": "yes", "c": [1, true, null]}, "x: y"], "d": {}, "e": ["f"]});
        let expected = "\
- a:
  - b: \"yes\"
    c:
    - 1
    - true
    - null
  - \"x: y\"
  d: {}
  e:
  - f
";
        assert_eq!(super::item(&value), expected);
    }
}
