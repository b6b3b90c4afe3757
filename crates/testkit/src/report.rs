//! Diagnostics as stable text, for snapshots.

use std::fmt::Write as _;

use model::{Diagnostic, Files, Label, Severity};

/// Every diagnostic as text, one block each, in the order given:
///
/// ```text
/// error[unknown-field] inventory/a.yaml:3:5: `grups` is no field of a Cluster
///   also inventory/a.yaml:1:1: of this document
///   hint: did you mean `groups`?
///   clusters: 3
/// ```
#[must_use]
pub fn render_diagnostics(files: &Files, diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| render(files, diagnostic)).collect()
}

fn render(files: &Files, diagnostic: &Diagnostic) -> String {
    let mut labels = diagnostic.labels.iter();
    let first = labels.next();
    let place = first.map_or_else(|| "-".to_owned(), |label| files.place(label.span).to_string());
    let severity = severity(diagnostic.severity);
    let mut text =
        format!("{severity}[{}] {place}: {}\n", diagnostic.code.name, diagnostic.message);
    if let Some(Label { text: said, .. }) = first.filter(|label| !label.text.is_empty()) {
        let _ = writeln!(text, "  here: {said}");
    }
    for label in labels {
        let _ = writeln!(text, "  also {}: {}", files.place(label.span), label.text);
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(text, "  hint: {hint}");
    }
    if !diagnostic.clusters.is_empty() {
        let _ = writeln!(text, "  clusters: {}", diagnostic.clusters.len());
    }
    text
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    use model::{ClusterId, Code, Span};

    use super::*;
    use crate::source;

    static CODE: Code = Code { name: "unknown-field", meaning: "" };

    #[test]
    fn a_diagnostic_is_one_block_with_every_part_it_has() {
        let source = source("-- a.yaml --\nkind: Cluster\ngrups: []\n");
        let file = source.files.find("a.yaml").unwrap();
        let diagnostics = [
            Diagnostic::error(&CODE, Span::new(file, 14, 19), "`grups` is no field")
                .label(Span::new(file, 0, 4), "of this document")
                .hint("did you mean `groups`?")
                .clusters([ClusterId(1), ClusterId(70)].into_iter().collect()),
            Diagnostic::new(&CODE, Severity::Note, "about the whole"),
        ];
        let expected = "error[unknown-field] a.yaml:2:1: `grups` is no field\n  \
            also a.yaml:1:1: of this document\n  hint: did you mean `groups`?\n  clusters: 2\n\
            note[unknown-field] -: about the whole\n";
        assert_eq!(render_diagnostics(&source.files, &diagnostics), expected);
    }
}
