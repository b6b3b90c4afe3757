//! How the text of one scalar is written.

use crate::yaml::{kind_of, reads_as_string};
use model::ScalarKind;

/// The most characters that an implicit key may have before its colon
/// (<https://yaml.org/spec/1.2.2/#742-flow-mappings>: 1024), with room for what stands around.
const KEY_LIMIT: usize = 1000;

/// A string as a value: plain, a literal block whose lines are at this indentation, or in
/// double quotes.
#[must_use]
pub fn string(text: &str, indent: usize) -> String {
    if stands_plain(text) {
        text.to_owned()
    } else {
        literal(text, indent).unwrap_or_else(|| quote(text))
    }
}

/// A string as a key: plain or in double quotes.
#[must_use]
pub fn key(text: &str) -> String {
    if stands_plain(text) { text.to_owned() } else { quote(text) }
}

/// Whether a key, as written, is too long to be told from a value and needs `?` before it.
#[must_use]
pub fn needs_explicit_key(written: &str) -> bool {
    written.len() > KEY_LIMIT
}

/// Whether a string may stand plain in a block: nothing in it is syntax, and every reader takes
/// it for a string.
#[must_use]
pub fn stands_plain(text: &str) -> bool {
    is_simple(text)
        || fault_of_plain(text, false).is_none()
            && reads_as_string(text)
            && !is_number_without_(text)
}

/// Whether a text is a word or a path of plain letters and digits, which is a string to every
/// reader wherever it stands: it starts with a letter, ends with a letter or digit, and holds
/// besides only `.`, `-`, `_` and `/`. Every word with a meaning of its own has at most five
/// letters, so shorter texts are left to the full rules.
///
/// Most values are such texts, and one look at each byte decides it.
fn is_simple(text: &str) -> bool {
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().next_back()) else {
        return false;
    };
    text.len() > 5
        && first.is_ascii_alphabetic()
        && last.is_ascii_alphanumeric()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
}

/// The libraries behind kubectl drop every `_` before they look for a number; those of Python
/// take `0x_` for one that has no digits.
fn is_number_without_(text: &str) -> bool {
    let number = text.replace('_', "");
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(&number);
    text.contains('_')
        && (kind_of(&number) != ScalarKind::String
            || !reads_as_string(&number)
            || matches!(unsigned, "0x" | "0X" | "0b" | "0o"))
}

/// Why a text cannot stand plain on one line, in a block or in a flow collection, if so; by the
/// rules of YAML 1.1 and 1.2 together, as the stricter of their readers apply them.
///
/// The answer goes on after "the text": ``has `: ` in it``.
#[must_use]
pub fn fault_of_plain(text: &str, flow: bool) -> Option<&'static str> {
    if is_simple(text) {
        return None;
    }
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return Some("is empty");
    };
    if text.chars().any(|c| c == '\t' || !is_printable(c)) {
        return Some("has a control character, a tab or a line break in it");
    }
    if first.is_whitespace() || last.is_whitespace() {
        return Some("has white space at its start or end");
    }
    if let Some(fault) = fault_of_start(text, first, flow) {
        return Some(fault);
    }
    if text.contains(": ") || last == ':' {
        return Some("has a `:` before a space or at its end");
    }
    if text.contains(" #") {
        return Some("has ` #` in it, which begins a comment");
    }
    if flow && text.contains([',', '[', ']', '{', '}']) {
        return Some("has one of `,[]{}` in it, which is syntax between brackets");
    }
    if flow && text.contains("? ") {
        return Some("has `? ` in it, which is syntax between brackets");
    }
    None
}

fn fault_of_start(text: &str, first: char, flow: bool) -> Option<&'static str> {
    let second = text.chars().nth(1);
    let before_space = second.is_none_or(char::is_whitespace);
    match first {
        ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' => Some("starts with a character that is syntax"),
        '-' if before_space => Some("starts with a `-` before a space or its end"),
        '?' | ':' if before_space || flow => Some("starts with a `?` or `:`"),
        _ if starts_marker(text) => Some("starts with the mark between documents"),
        _ => None,
    }
}

/// Whether a line with this text at its first column would end the document.
#[must_use]
pub fn starts_marker(text: &str) -> bool {
    let rest = text.strip_prefix("---").or_else(|| text.strip_prefix("..."));
    rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace))
}

/// Whether every reader lets this character stand as it is, inside a line: printable by YAML 1.2
/// (<https://yaml.org/spec/1.2.2/#51-character-set>) and no line break of YAML 1.1. A tab is.
#[must_use]
pub fn is_printable(c: char) -> bool {
    match c {
        '\t' => true,
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => !c.is_control(),
    }
}

/// A text in double quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    escape(text, &mut quoted);
    quoted.push('"');
    quoted
}

/// Adds a text with the escapes that it needs between double quotes; they are those of JSON.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
}

/// A text of several lines as a literal block with its lines at this indentation, without the
/// last line break; nothing if the text has one line, or cannot be told exactly in this way: a
/// first line that starts with white space would need an indentation indicator, which readers
/// count differently in sequences.
#[must_use]
pub fn literal(text: &str, indent: usize) -> Option<String> {
    let header = literal_header(text)?;
    let body = text.strip_suffix('\n').unwrap_or(text);
    let mut block = String::with_capacity(text.len() + 16);
    block.push_str(header);
    for line in body.split('\n') {
        block.push('\n');
        if !line.is_empty() {
            block.extend(std::iter::repeat_n(' ', indent));
            block.push_str(line);
        }
    }
    Some(block)
}

fn literal_header(text: &str) -> Option<&'static str> {
    let exact = |c: char| c == '\n' || is_printable(c);
    let blank = |line: &str| !line.is_empty() && line.trim().is_empty();
    if !text.contains('\n') || !text.chars().all(exact) || text.split('\n').any(blank) {
        return None;
    }
    let first = text.split('\n').find(|line| !line.is_empty())?;
    if first.starts_with(char::is_whitespace) {
        return None;
    }
    Some(match text.strip_suffix('\n') {
        None => "|-",
        Some(rest) if rest.ends_with('\n') => "|+",
        Some(_) => "|",
    })
}
