//! The documents, from text to types and to diagnostics.

mod document_edits;
mod edit_laws;
mod edits;
mod effects;
mod json;
mod laws;
mod mistakes;
mod requests;
mod several_edits;
mod source;
mod tables;
mod valid;
mod yaml;

use model::{Diagnostic, Digest, FileId, Files, Origin, Severity, Source, SourceFile};
use schema::Document;

/// Files with these paths and bytes.
fn files(files: &[(&str, &[u8])]) -> Files {
    let file = |(path, bytes): &(&str, &[u8])| SourceFile {
        path: (*path).into(),
        bytes: (*bytes).into(),
        id: model::hash_blob(&[bytes]),
        executable: false,
    };
    Files::new(files.iter().map(file).collect())
}

/// A source with these files and nothing wrong in its making.
fn source_of(parts: &[(&str, &[u8])]) -> Source {
    Source {
        files: files(parts),
        digest: Digest([0; 32]),
        origin: Origin::Folder,
        faults: Vec::new(),
    }
}

/// Reads one file.
fn read(path: &str, text: &str) -> (Files, Vec<Document>, Vec<Diagnostic>) {
    let files = files(&[(path, text.as_bytes())]);
    let (documents, diagnostics) = schema::read(&files, FileId(0));
    (files, documents, diagnostics)
}

/// One line per place, then the hint.
fn render(files: &Files, diagnostics: &[Diagnostic]) -> String {
    let mut lines = Vec::new();
    for diagnostic in diagnostics {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        for (index, label) in diagnostic.labels.iter().enumerate() {
            let place = files.place(label.span);
            lines.push(match index {
                0 => format!("{place} {} {severity}: {}", diagnostic.code.name, diagnostic.message),
                _ => format!("  {place} {}", label.text),
            });
        }
        lines.extend(diagnostic.hint.iter().map(|hint| format!("  hint: {hint}")));
    }
    lines.join("\n")
}
