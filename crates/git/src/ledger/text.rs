//! Scalars as the ledger writes them.

use std::fmt::Write as _;

use schema::yaml::reads_as_string;

/// A text as YAML: plain where it is a name that every reader takes for a string, else in double
/// quotes.
pub(super) fn scalar(text: &str) -> String {
    let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(name);
    if is_name && reads_as_string(text) { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes (YAML 1.2.2, section 5.7).
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            // Other control characters, line separators and the byte order mark are not
            // printable in YAML, or break lines for some readers.
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\U{:08x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
