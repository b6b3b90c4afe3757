//! A scalar as YAML that every reader reads the same.

use model::{Scalar, ScalarKind};

use crate::yaml::reads_as_string;

/// Writes a scalar on one line, so that it reads as itself in a block and inside brackets: plain
/// where that is certain, else in double quotes. What is no string keeps its text.
#[must_use]
pub fn encode(scalar: &Scalar) -> String {
    match scalar.kind {
        ScalarKind::Null if scalar.text.is_empty() => "null".to_owned(),
        ScalarKind::String if !is_plain(&scalar.text) => quote(&scalar.text),
        _ => scalar.text.to_string(),
    }
}

/// Whether a string stays itself without quotes: no indicator of YAML at a place where it counts
/// (<https://yaml.org/spec/1.2.2/#733-plain-style>), and nothing that reads as another kind.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let starts_well =
        first.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_'));
    let inner = |c: char| {
        c.is_alphanumeric()
            || matches!(
                c,
                ' ' | '/'
                    | '.'
                    | '_'
                    | '-'
                    | '+'
                    | '='
                    | '('
                    | ')'
                    | '@'
                    | '%'
                    | '!'
                    | '*'
                    | ';'
                    | '~'
                    | '^'
                    | '<'
                    | '>'
            )
    };
    starts_well
        && text.chars().all(inner)
        && !text.ends_with(' ')
        && text != "..."
        && reads_as_string(text)
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) && (c as u32) > 0xffff => {
                quoted.push_str(&format!("\\U{:08X}", c as u32));
            }
            c if needs_escape(c) => quoted.push_str(&format!("\\u{:04X}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that YAML does not print, or that end a line for some readers.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || (c as u32) & 0xfffe == 0xfffe
}
