//! One file of a template, parsed once for all applications that use it.

use model::{Diagnostic, FileId, Files, Mode, Span};
use schema::objects::{ObjectHeader, kustomization, read_headers};

use super::codes;
use super::identity::Identity;
use super::unit::{Filler, Unit};
use crate::template::{ObjectTemplate, Verbatim, lint_file, parse_objects, parse_verbatim};

/// What a file is made of.
pub(crate) struct ParsedFile {
    content: Content,
    mode: Mode,
    /// The objects of a file of the layout `flux`.
    pub(crate) identities: Vec<Identity>,
    /// What is wrong with it; then it has no units.
    pub(crate) errors: Vec<Diagnostic>,
    /// What is odd about it.
    pub(crate) warnings: Vec<Diagnostic>,
}

enum Content {
    Nothing,
    File(Verbatim),
    Objects(Vec<ObjectTemplate>),
}

impl ParsedFile {
    /// The units of the file, in its order.
    pub(crate) fn units(&self) -> Vec<Unit<'_>> {
        let unit = |filler| Unit { filler, mode: self.mode };
        match &self.content {
            Content::Nothing => Vec::new(),
            Content::File(file) => vec![unit(Filler::File(file))],
            Content::Objects(objects) => {
                objects.iter().map(|object| unit(Filler::Object(object))).collect()
            }
        }
    }

    /// A file of the layout `flux`: copied as it is, placeholders filled; `lint` where what tools
    /// read differently is wanted.
    pub(crate) fn verbatim(files: &Files, file: FileId, number: u32, lint: bool) -> Self {
        let executable = files.get(file).is_some_and(|file| file.executable);
        let mode = if executable { Mode::Executable } else { Mode::File };
        let is_manifest = files.get(file).is_some_and(|f| kustomization::is_manifest(&f.path));
        let headers = if is_manifest { headers(files, file) } else { Vec::new() };
        let mut warnings = Vec::new();
        let (content, errors) = match parse_verbatim(files, file, number) {
            Ok(verbatim) => {
                warnings.extend_from_slice(verbatim.warnings());
                (Content::File(verbatim), Vec::new())
            }
            Err(errors) => (Content::Nothing, errors),
        };
        if lint {
            warnings.extend(lint_file(files, file));
        }
        let identity = |header: &ObjectHeader| Identity::new(header, file);
        let secrets = headers.iter().filter_map(|header| plain_secret(header, file));
        let warning = |problem| Diagnostic { severity: model::Severity::Warning, ..problem };
        warnings.extend(secrets.map(warning));
        Self { content, mode, errors, identities: headers.iter().map(identity).collect(), warnings }
    }

    /// A file of the layout `manifests`: its objects, each in the canonical form.
    pub(crate) fn objects(files: &Files, file: FileId, number: u32) -> Self {
        let headers = headers(files, file);
        let mut errors: Vec<Diagnostic> =
            headers.iter().filter_map(|header| plain_secret(header, file)).collect();
        let objects = parse_objects(files, file, number).unwrap_or_else(|problems| {
            errors.extend(problems);
            Vec::new()
        });
        let warnings = objects.iter().flat_map(|object| object.warnings().iter().cloned());
        Self {
            warnings: warnings.collect(),
            content: Content::Objects(objects),
            mode: Mode::File,
            identities: Vec::new(),
            errors,
        }
    }
}

/// The heads of a file's objects; none where it cannot be read, which the parsers of templates
/// report.
fn headers(files: &Files, file: FileId) -> Vec<ObjectHeader> {
    let text = files.get(file).and_then(|source| std::str::from_utf8(&source.bytes).ok());
    text.and_then(|text| read_headers(text).ok()).unwrap_or_default()
}

fn plain_secret(header: &ObjectHeader, file: FileId) -> Option<Diagnostic> {
    let range = header.plain_secret.as_ref()?;
    let span = Span::new(file, range.start, range.end);
    let message = format!("the Secret `{}` holds its data in plain text", header.name);
    let hint = "refer to it with External Secrets or Sealed Secrets, or encrypt the file with SOPS";
    Some(Diagnostic::error(&codes::PLAIN_SECRET, span, message).hint(hint))
}
