//! Diagnostics for people, with the text they speak of, and for programs, as JSON.
//!
//! In: diagnostics with the files their places are in, and the names of the clusters that their
//! sets count. Out: text, sorted by place. Characters that a terminal would obey are replaced,
//! very long lines are cut around the place, and a line that may hold a secret is not shown.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use model::{Diagnostic, Files, Label, Place, Severity, Span};
use serde_json::{Value, json};

use super::words::{count, printable, some_of};
use crate::{DiagnosticText, Place as TextPlace};

/// How much of a line is shown on each side of a place.
const SIDE: usize = 70;
/// How many clusters are named in a note.
const NAMED_CLUSTERS: usize = 5;
/// The codes whose places may hold what nobody should read over a shoulder.
const SECRET_CODES: &[&str] = &["plain-secret"];

/// What is needed to show diagnostics of one source.
pub struct Report<'a> {
    /// The files that places are in.
    pub files: &'a Files,
    /// The names of the fleet's clusters, in order.
    pub clusters: &'a [String],
}

/// How many diagnostics there are of each weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Errors.
    pub n_errors: usize,
    /// Warnings.
    pub n_warnings: usize,
}

impl Tally {
    /// Counts.
    #[must_use]
    pub fn of<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Self {
        let mut tally = Self::default();
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Error => tally.n_errors += 1,
                Severity::Warning => tally.n_warnings += 1,
                Severity::Note => {}
            }
        }
        tally
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [(self.n_errors, "error"), (self.n_warnings, "warning")];
        let said: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(*n, noun)).collect();
        f.write_str(&if said.is_empty() { "no errors".to_owned() } else { said.join(", ") })
    }
}

impl Report<'_> {
    /// The diagnostics in the order of their places, without repetitions.
    #[must_use]
    pub fn sorted<'d>(
        &self,
        diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
    ) -> Vec<&'d Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = diagnostics.into_iter().collect();
        sorted.sort_by_cached_key(|diagnostic| {
            let span = diagnostic.labels.first().map(|label| label.span);
            let path = span.and_then(|span| self.files.get(span.file)).map(|file| &*file.path);
            let start = span.map(|span| span.start);
            (path, start, diagnostic.code.name, diagnostic.message.clone())
        });
        sorted.dedup();
        sorted
    }

    /// One diagnostic as text, without a line break at its end.
    #[must_use]
    pub fn text(&self, diagnostic: &Diagnostic, colour: bool) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title =
            level.primary_title(printable(&diagnostic.message)).id(diagnostic.code.name.to_owned());
        let mut elements = self.excerpts(diagnostic);
        if let Some(note) = self.clusters_note(diagnostic) {
            elements.push(Level::NOTE.message(note).into());
        }
        if let Some(hint) = &diagnostic.hint {
            elements.push(Level::HELP.message(printable(hint)).into());
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(200);
        let text = renderer.render(&[title.elements(elements)]);
        // Between a place and its excerpt stands a line `:::`, which says nothing.
        let lines = text.lines().map(str::trim_end).filter(|line| line.trim() != ":::");
        lines.collect::<Vec<_>>().join("\n")
    }

    /// One diagnostic for programs.
    #[must_use]
    pub fn json(&self, diagnostic: &Diagnostic) -> Value {
        let places: Vec<Value> = diagnostic.labels.iter().map(|label| self.place(label)).collect();
        json!({
            "code": diagnostic.code.name,
            "severity": severity(diagnostic),
            "message": diagnostic.message,
            "places": places,
            "clusters": self.names(diagnostic),
            "hint": diagnostic.hint,
        })
    }

    /// One diagnostic as it goes over the wire.
    #[must_use]
    pub fn wire(&self, diagnostic: &Diagnostic) -> DiagnosticText {
        let place = |label: &Label| {
            let Place { path, line, column } = self.files.place(label.span);
            TextPlace { file: path, line: line as u64, column: column as u64 }
        };
        DiagnosticText {
            code: diagnostic.code.name.to_owned(),
            severity: severity(diagnostic).to_owned(),
            message: diagnostic.message.clone(),
            places: diagnostic.labels.iter().map(place).collect(),
            hint: diagnostic.hint.clone(),
            clusters: u32::try_from(diagnostic.clusters.len()).unwrap_or(u32::MAX),
            excerpt: Some(self.text(diagnostic, false)),
        }
    }

    fn place(&self, label: &Label) -> Value {
        let Place { path, line, column } = self.files.place(label.span);
        json!({ "path": path, "line": line, "column": column, "text": label.text })
    }

    fn names(&self, diagnostic: &Diagnostic) -> Vec<&str> {
        let ids = diagnostic.clusters.iter();
        ids.filter_map(|id| self.clusters.get(id.index())).map(String::as_str).collect()
    }

    fn clusters_note(&self, diagnostic: &Diagnostic) -> Option<String> {
        let names = self.names(diagnostic);
        let total = count(diagnostic.clusters.len(), "cluster");
        (!diagnostic.clusters.is_empty())
            .then(|| format!("{total}: {}", some_of(&names, NAMED_CLUSTERS)))
    }

    fn excerpts(&self, diagnostic: &Diagnostic) -> Vec<Element<'static>> {
        let secret = SECRET_CODES.contains(&diagnostic.code.name);
        let mut elements = Vec::new();
        for (index, label) in diagnostic.labels.iter().enumerate() {
            let Some(file) = self.files.get(label.span.file) else { continue };
            let place = self.files.place(label.span);
            let path = printable(&place.path);
            let excerpt = Excerpt::of(&file.bytes, label.span);
            let is_hidden = secret || excerpt.text.is_empty();
            if is_hidden || excerpt.is_cut {
                let origin = Origin::path(path.clone());
                elements.push(origin.line(place.line).char_column(place.column).into());
            }
            if is_hidden {
                continue;
            }
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let mark = kind.span(excerpt.mark.clone());
            let mark =
                if label.text.is_empty() { mark } else { mark.label(printable(&label.text)) };
            let snippet = Snippet::source(excerpt.text).line_start(place.line).annotation(mark);
            // A line that was cut at its start has other columns than the file.
            let path = (!excerpt.is_cut).then_some(path);
            elements.push(snippet.path(path).into());
        }
        elements
    }
}

fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The line of a place, as much of it as is shown.
struct Excerpt {
    text: String,
    mark: std::ops::Range<usize>,
    /// Whether something before the mark is left out.
    is_cut: bool,
}

impl Excerpt {
    /// The first line of the span, cut at both sides, with the marked stretch in bytes. Bytes that
    /// are not UTF-8 are replaced, so a place in a broken file can be shown too.
    fn of(bytes: &[u8], span: Span) -> Self {
        let start = (span.start as usize).min(bytes.len());
        let line_start =
            bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line_end = bytes[start..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(bytes.len(), |at| start + at);
        let end = (span.end as usize).clamp(start, line_end.max(start));
        let whole = printable(&String::from_utf8_lossy(&bytes[line_start..start]));
        let before = tail(&whole, SIDE);
        let marked = head(String::from_utf8_lossy(&bytes[start..end]).trim_end(), SIDE);
        let after = head(String::from_utf8_lossy(&bytes[end..line_end]).trim_end(), SIDE);
        let mark = before.len()..before.len() + marked.len();
        Self { text: format!("{before}{marked}{after}"), mark, is_cut: before != whole }
    }
}

fn head(text: &str, at_most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(at_most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn tail(text: &str, at_most: usize) -> String {
    let n_chars = text.chars().count();
    if n_chars <= at_most {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(n_chars - at_most).collect();
    format!("...{kept}")
}
