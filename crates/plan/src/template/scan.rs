//! Finding placeholders in a text.
//!
//! In: bytes. Out: the placeholders `rea.<cluster|namespace|application>.<key>`, the escapes
//! `rea..cluster.x`, and what was probably meant as a placeholder, in order. Nothing here knows
//! what surrounds them.

use std::ops::Range;

use crate::fleet::KeySpace;

/// Something that starts with `rea.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// What it is.
    pub(crate) what: What,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A placeholder.
    Hole(KeySpace, Box<str>),
    /// A literal that looks like a placeholder, written with one dot too many after `rea`.
    Escape,
    /// No placeholder, though this space was probably meant.
    Near(KeySpace),
}

impl Token {
    /// The dot that an escape loses.
    pub(crate) fn lost_dot(&self) -> Option<Range<usize>> {
        (self.what == What::Escape).then_some(self.range.start + 3..self.range.start + 4)
    }
}

/// The word that a placeholder names a space with.
pub(crate) fn word_of(space: KeySpace) -> &'static str {
    match space {
        KeySpace::Cluster => "cluster",
        KeySpace::Namespace => "namespace",
        KeySpace::Application => "application",
    }
}

/// The tokens of a text, in one pass.
pub(crate) fn scan(text: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(start) = find_start(text, at) {
        at = start + 4;
        if follows_letter(text, start) {
            continue;
        }
        if let Some(token) = token_at(text, start) {
            at = token.range.end;
            tokens.push(token);
        }
    }
    tokens
}

fn find_start(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(offset) = text.get(at..)?.iter().position(|byte| *byte == b'r') {
        at += offset;
        if text[at..].starts_with(b"rea.") {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether a letter, a digit or an underscore stands before this byte.
fn follows_letter(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(4)..at];
    match before.last() {
        None => false,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || *byte == b'_',
        Some(_) => (0..before.len())
            .find_map(|start| std::str::from_utf8(&before[start..]).ok())
            .and_then(|text| text.chars().next_back())
            .is_some_and(char::is_alphanumeric),
    }
}

fn token_at(text: &[u8], start: usize) -> Option<Token> {
    let dots = text[start + 3..].iter().take_while(|byte| **byte == b'.').count();
    let word_start = start + 3 + dots;
    let word = key_at(text, word_start);
    let key_start = word_start + word.len() + 1;
    if text.get(key_start - 1) != Some(&b'.') {
        return None;
    }
    let key = key_at(text, key_start);
    let (space, exact) = space_of(word)?;
    if key.is_empty() || (dots > 1 && !exact) {
        return None;
    }
    let what = match (dots, exact) {
        (1, true) => What::Hole(space, key.into()),
        (1, false) => What::Near(space),
        _ => What::Escape,
    };
    Some(Token { range: start..key_start + key.len(), what })
}

/// The longest key that starts here.
fn key_at(text: &[u8], start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    let length =
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    std::str::from_utf8(&rest[..length]).unwrap_or_default()
}

/// The space a word names, and whether it is the word for it.
fn space_of(word: &str) -> Option<(KeySpace, bool)> {
    Some(match word {
        "cluster" => (KeySpace::Cluster, true),
        "namespace" => (KeySpace::Namespace, true),
        "application" => (KeySpace::Application, true),
        "clusters" | "Cluster" => (KeySpace::Cluster, false),
        "namespaces" | "Namespace" | "ns" => (KeySpace::Namespace, false),
        "applications" | "Application" | "app" | "apps" => (KeySpace::Application, false),
        _ => return None,
    })
}
