//! A file of a released tree becomes one object.
//!
//! Scalars are read as kubectl reads them: `yes`, `on` and `0644` are a boolean, a boolean and
//! 420. Anchors, merge keys and tags do not stand in released trees and are refused.

use schema::yaml::{Limits, Node, Style, parse};
use serde_json::{Map, Number, Value};

use crate::Object;

/// Reads a file that holds exactly one object.
///
/// # Errors
/// What is wrong with it, as a text without a period; values are never quoted.
pub fn read_manifest(bytes: &[u8]) -> Result<Object, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let stream = parse(text, &Limits::TEMPLATE).map_err(|error| error.message)?;
    let [document] = stream.documents.as_slice() else {
        return Err(format!("it holds {} documents instead of one", stream.documents.len()));
    };
    Object::new(value(document)?).map_err(|error| error.to_string())
}

fn value(node: &Node) -> Result<Value, String> {
    if let Some(pairs) = node.pairs() {
        return mapping(pairs);
    }
    if let Some(items) = node.items() {
        return items.iter().map(value).collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    let Some(text) = node.as_str() else {
        return Err("it holds an alias".to_owned());
    };
    match &node.content {
        schema::yaml::Content::Scalar { style: Style::Plain, .. } => scalar(node, text),
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn mapping(pairs: &[(Node, Node)]) -> Result<Value, String> {
    let mut map = Map::with_capacity(pairs.len());
    for (name, content) in pairs {
        let Some(key) = name.as_str() else {
            return Err("a key is not a scalar".to_owned());
        };
        if key == "<<" {
            return Err("it holds a merge key".to_owned());
        }
        if map.insert(key.to_owned(), value(content)?).is_some() {
            return Err(format!("the key `{key}` stands twice in one mapping"));
        }
    }
    Ok(Value::Object(map))
}

fn scalar(node: &Node, text: &str) -> Result<Value, String> {
    match node.scalar_kind() {
        Some(model::ScalarKind::Null) => Ok(Value::Null),
        Some(model::ScalarKind::Boolean) => Ok(Value::Bool(text.eq_ignore_ascii_case("true"))),
        Some(model::ScalarKind::Integer) => integer(text),
        Some(model::ScalarKind::Float) => float(text),
        _ if node.tag.is_some() => Ok(Value::String(text.to_owned())),
        _ => Ok(word(text).map_or_else(|| Value::String(text.to_owned()), Value::Bool)),
    }
}

/// The booleans of YAML 1.1 (<https://yaml.org/type/bool.html>), which kubectl reads.
fn word(text: &str) -> Option<bool> {
    let spelled = text.chars().all(char::is_lowercase)
        || text.chars().all(char::is_uppercase)
        || text.chars().skip(1).all(char::is_lowercase);
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "on" if spelled => Some(true),
        "n" | "no" | "off" if spelled => Some(false),
        _ => None,
    }
}

fn integer(text: &str) -> Result<Value, String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let based = |base, digits: &str| i64::from_str_radix(&format!("{sign}{digits}"), base).ok();
    let parsed = if let Some(digits) = digits.strip_prefix("0x") {
        based(16, digits)
    } else if let Some(digits) = digits.strip_prefix("0o") {
        based(8, digits)
    } else if digits.len() > 1 && digits.starts_with('0') {
        based(8, digits).or_else(|| based(10, digits))
    } else {
        based(10, digits)
    };
    let large = || digits.parse::<u64>().ok().filter(|_| sign.is_empty()).map(Number::from);
    let number = parsed.map(Number::from).or_else(large);
    number.map(Value::Number).ok_or_else(|| "a whole number is too large".to_owned())
}

fn float(text: &str) -> Result<Value, String> {
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    number.map(Value::Number).ok_or_else(|| "a number is infinite or not a number".to_owned())
}
