//! A lint of what tools read differently: scalars, keys, merges and repeated keys.
//!
//! In: the documents of one file. Out: a warning for each place. What a placeholder fills is left
//! to the check of values, what has a tag says itself what it is, and what may be secret is not
//! quoted, so none of these is looked at.

use std::collections::{HashMap, HashSet};

use model::{Diagnostic, FileId, Files, Span};
use schema::yaml::{Content, Node, Style};

use super::codes::AMBIGUOUS_YAML;
use super::file::{Understood, file_of, is_json_file, understand};
use super::reading::{Reading, Taken, reading_of, reading_of_key};
use super::scan::{What, scan};
use super::secret::{holds_secret, is_secret};

/// The warnings about a template file that is delivered as it is.
///
/// # Panics
/// If the id is not of these files.
pub(crate) fn lint_file(files: &Files, file: FileId) -> Vec<Diagnostic> {
    match understand(file_of(files, file), file) {
        Ok(Understood::Yaml { stream, .. }) => {
            lint(&stream.documents, file, is_json_file(&file_of(files, file).path), true)
        }
        _ => Vec::new(),
    }
}

/// The warnings about the documents of a file; those about repeated keys only where
/// nobody refuses them.
pub(crate) fn lint(documents: &[Node], file: FileId, json: bool, repeats: bool) -> Vec<Diagnostic> {
    let mut lint = Lint { file, repeats, found: Vec::new() };
    if !json {
        documents.iter().for_each(|document| lint.node(document));
    }
    lint.found
}

struct Lint {
    file: FileId,
    repeats: bool,
    found: Vec<Diagnostic>,
}

impl Lint {
    fn node(&mut self, node: &Node) {
        match &node.content {
            Content::Scalar { .. } => {
                let reading = plain(node).and_then(reading_of);
                self.scalar(node, reading, false);
            }
            Content::Sequence { items, .. } => items.iter().for_each(|item| self.node(item)),
            Content::Mapping { .. } if is_secret(node) => {}
            Content::Mapping { pairs, .. } => self.pairs(pairs),
            Content::Alias(_) => {}
        }
    }

    fn pairs(&mut self, pairs: &[(Node, Node)]) {
        let mut seen = HashMap::new();
        for (index, (key, value)) in pairs.iter().enumerate() {
            let reading = plain(key).and_then(reading_of_key);
            self.scalar(key, reading, true);
            if plain(key) == Some("<<") && index > 0 {
                self.late_merge(key);
            }
            let first = key.as_str().and_then(|text| seen.insert(text, key));
            if let Some(first) = first.filter(|_| self.repeats) {
                self.repeated(key, first);
            }
            if !holds_secret(key) {
                self.node(value);
            }
        }
    }

    fn scalar(&mut self, node: &Node, reading: Option<Reading>, is_key: bool) {
        let (Some(reading), Some(text)) = (reading, plain(node)) else { return };
        let what = if is_key { "the key " } else { "" };
        let unambiguous = unambiguous(text, &reading.taken, is_key);
        let hint = format!("write {}", unambiguous.join(" or "));
        let message = format!("{what}`{text}` {}", reading.readers);
        self.warn(node, message, hint);
    }

    fn late_merge(&mut self, key: &Node) {
        let message =
            "what `<<` merges wins over the keys before it to kubectl, and not to kustomize";
        self.warn(key, message.to_owned(), "write `<<` before the other keys".to_owned());
    }

    fn repeated(&mut self, key: &Node, first: &Node) {
        let name = key.as_str().unwrap_or_default();
        let message =
            format!("the key `{name}` stands twice: kubectl takes the last, kustomize refuses it");
        let first = Span::new(self.file, first.range.start, first.range.end);
        self.warn(key, message, "remove one of the two".to_owned());
        if let Some(last) = self.found.pop() {
            self.found.push(last.label(first, "the first one"));
        }
    }

    fn warn(&mut self, node: &Node, message: String, hint: String) {
        let span = Span::new(self.file, node.range.start, node.range.end);
        self.found.push(Diagnostic::warning(&AMBIGUOUS_YAML, span, message).hint(hint));
    }
}

/// The text of a plain scalar in one line, without a tag and without placeholders.
fn plain(node: &Node) -> Option<&str> {
    let Content::Scalar { text, style: Style::Plain } = &node.content else { return None };
    let is_open = || scan(text.as_bytes()).iter().any(|token| matches!(token.what, What::Hole(..)));
    (node.tag.is_none() && !is_open()).then_some(&**text)
}

/// How to write what was meant.
fn unambiguous(text: &str, taken: &Taken, is_key: bool) -> Vec<String> {
    let quoted = format!("`\"{text}\"`");
    let others = match taken {
        Taken::Number(number) if is_key => vec![format!("`\"{number}\"`"), quoted],
        Taken::Number(number) => vec![format!("`{number}`"), quoted],
        Taken::Text if is_key => vec![quoted],
        Taken::Text => match text.to_ascii_lowercase().as_str() {
            "y" | "yes" | "on" => vec![quoted, "`true`".to_owned()],
            "n" | "no" | "off" => vec![quoted, "`false`".to_owned()],
            _ => vec![quoted],
        },
    };
    let mut seen = HashSet::new();
    others.into_iter().filter(|one| seen.insert(one.clone())).collect()
}
