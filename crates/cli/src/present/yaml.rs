//! A JSON value as YAML in block style, for `-o yaml`.
//!
//! A string stands plain only where every reader takes it for a string, else in double quotes in
//! the form of JSON, which is YAML as well.

use serde_json::Value;

/// The value as YAML, without a line break at its end.
pub(crate) fn text(value: &Value) -> String {
    let mut lines = Vec::new();
    block(value, 0, &mut lines);
    lines.join("\n")
}

fn block(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let space = "  ".repeat(depth);
    match value {
        Value::Object(pairs) if !pairs.is_empty() => {
            for (key, value) in pairs {
                entry(&format!("{space}{}:", string(key)), value, depth, lines);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut inner = Vec::new();
                block(item, depth + 1, &mut inner);
                let first = inner.first().map(|line| line.trim_start().to_owned());
                lines.push(format!("{space}- {}", first.unwrap_or_default()));
                lines.extend(inner.into_iter().skip(1));
            }
        }
        scalar => lines.push(format!("{space}{}", flow(scalar))),
    }
}

fn entry(head: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
    let (nested, below) = match value {
        Value::Object(pairs) => (!pairs.is_empty(), depth + 1),
        Value::Array(items) => (!items.is_empty(), depth),
        _ => (false, depth),
    };
    if nested {
        lines.push(head.to_owned());
        block(value, below, lines);
    } else {
        lines.push(format!("{head} {}", flow(value)));
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_'));
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_./ ()+".contains(c);
    let plain = first && text.chars().all(inside) && !text.ends_with(' ');
    if plain && schema::yaml::reads_as_string(text) {
        text.to_owned()
    } else {
        Value::String(text.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn writes_blocks_that_read_back_the_same() {
        let value = json!({"a": [{"b": "yes", "c": [1, true, null]}, "x: y"], "d": {}, "e": ["f"]});
        let expected = "\
a:
- b: \"yes\"
  c:
  - 1
  - true
  - null
- \"x: y\"
d: {}
e:
- f";
        assert_eq!(super::text(&value), expected);
    }
}
