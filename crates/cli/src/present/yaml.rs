//! A JSON value in the canonical form of YAML, for `-o yaml`.

use schema::yaml::emit::{self, Leaf, Mapping, Value};

/// The value as the only item of a list, so that items can be written one after another.
pub(crate) fn item(value: &serde_json::Value) -> String {
    emit::emit(&Value::Sequence(vec![tree(value)]))
}

fn tree(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::String(text) => text.into(),
        serde_json::Value::Array(items) => items.iter().map(tree).collect(),
        serde_json::Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (Leaf::string(key.as_str()), tree(value)));
            Value::Mapping(pairs.collect::<Mapping>())
        }
        // Numbers, booleans and null are written as JSON writes them.
        other => Value::Leaf(Leaf::as_written(other.to_string())),
    }
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
