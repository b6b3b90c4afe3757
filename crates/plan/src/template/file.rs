//! Reading one template file: text or bytes, YAML or not, and what must not be touched.

use model::{Diagnostic, FileId, Files, SourceFile, Span};
use schema::yaml::{Limits, Node, Stream, parse};

use super::codes::{TEMPLATE_ENCODING, UNREAD_TEMPLATE};
use super::scan::{What, scan};

/// A template file as it was understood.
pub(crate) enum Understood<'a> {
    /// Its bytes are output as they are; a warning may say why.
    Opaque(Option<Diagnostic>),
    /// A text that is not YAML.
    Text(&'a str),
    /// YAML.
    Yaml {
        /// The text.
        text: &'a str,
        /// Its documents.
        stream: Stream,
    },
}

/// The file of an id.
///
/// # Panics
/// If the id is of other files.
pub(crate) fn file_of(files: &Files, file: FileId) -> &SourceFile {
    files.get(file).expect("the id of a template file comes from these files")
}

/// Whether a path names a YAML file, JSON being YAML too.
fn is_yaml(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}

/// Whether the file must stay JSON.
pub(crate) fn is_json_file(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

/// Reads a file for the layout `flux`, in which any file may stand.
pub(crate) fn understand(
    source: &SourceFile,
    file: FileId,
) -> Result<Understood<'_>, Vec<Diagnostic>> {
    if source.bytes.contains(&0) {
        return Ok(Understood::Opaque(None));
    }
    let Ok(text) = std::str::from_utf8(&source.bytes) else {
        return match first_hole(&source.bytes) {
            Some(range) => Err(vec![encoding_error(Span::new(file, range.start, range.end))]),
            None => Ok(Understood::Opaque(None)),
        };
    };
    if !is_yaml(&source.path) {
        return Ok(Understood::Text(text));
    }
    match read_yaml(text, file) {
        Ok(stream) if is_encrypted(&stream) => Ok(Understood::Opaque(None)),
        Ok(stream) => Ok(Understood::Yaml { text, stream }),
        Err(_) if text.contains("{{") && first_hole(text.as_bytes()).is_none() => {
            Ok(Understood::Opaque(Some(unread(file))))
        }
        Err(error) => Err(vec![error]),
    }
}

/// Reads a file that must hold manifests.
pub(crate) fn understand_manifests(
    source: &SourceFile,
    file: FileId,
) -> Result<(&str, Stream), Vec<Diagnostic>> {
    let text = std::str::from_utf8(&source.bytes).map_err(|error| {
        vec![encoding_error(Span::new(file, error.valid_up_to(), error.valid_up_to() + 1))]
    })?;
    let stream = read_yaml(text, file).map_err(|error| vec![error])?;
    Ok((text, stream))
}

fn read_yaml(text: &str, file: FileId) -> Result<Stream, Diagnostic> {
    parse(text, &Limits::TEMPLATE).map_err(|error| {
        let diagnostic =
            Diagnostic::error(error.code, Span::new(file, error.at, error.at + 1), error.message);
        match error.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    })
}

/// Whether SOPS encrypted the file: it keeps its own data under `sops` at the top of a document.
pub(crate) fn is_encrypted(stream: &Stream) -> bool {
    stream.documents.iter().any(|document| Node::get(document, "sops").is_some())
}

fn first_hole(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut tokens = scan(bytes).into_iter();
    tokens.find(|token| matches!(token.what, What::Hole(..))).map(|token| token.range)
}

fn encoding_error(span: Span) -> Diagnostic {
    Diagnostic::error(&TEMPLATE_ENCODING, span, "the file is not encoded in UTF-8")
        .hint("save the file in UTF-8")
}

fn unread(file: FileId) -> Diagnostic {
    let message = "the file is not YAML and is delivered as it is";
    Diagnostic::warning(&UNREAD_TEMPLATE, Span::new(file, 0, 0), message)
        .hint("if it is a template of another tool, such as a Helm chart, nothing has to be done")
}
