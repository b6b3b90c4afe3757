//! What is wrong with a template, before it is known in which source.
//!
//! Results are kept by content, and the same content stands in different files of different
//! sources. So a fault names its place by the position of an input, and becomes a diagnostic for
//! each request.

use std::ops::Range;

use model::{Code, Diagnostic, ExpansionRequest, Program, Span};

use crate::codes;
use crate::programs::{HELM_VERSION, KUSTOMIZE_VERSION, ProgramState};

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: &'static Code,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The position of an input, and bytes in it.
    pub(crate) place: Option<(usize, Range<usize>)>,
}

impl Fault {
    pub(crate) fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, place: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn at(self, place: Option<(usize, Range<usize>)>) -> Self {
        Self { place, ..self }
    }

    /// The fault of a program that is not as it must be.
    pub(crate) fn of_program(program: Program, state: &ProgramState) -> Self {
        let name = program.name();
        let (code, message) = match state {
            ProgramState::Ready(_) | ProgramState::Missing => {
                let wanted = wanted(program);
                (
                    &codes::PROGRAM_MISSING,
                    format!("the template needs {wanted}, which was not found"),
                )
            }
            ProgramState::Wrong { path, found } => {
                let message =
                    format!("`{}` is {name} {found}, not {}", path.display(), wanted(program));
                (&codes::PROGRAM_VERSION, message)
            }
            ProgramState::Broken { path, why } => {
                let message = format!("`{}` does not say its version: {why}", path.display());
                (&codes::PROGRAM_VERSION, message)
            }
        };
        Self::new(code, message).hint(how_to_get(program))
    }

    /// The diagnostic of a request.
    pub(crate) fn diagnostic(&self, request: &ExpansionRequest) -> Diagnostic {
        let exact = self.place.as_ref().and_then(|(input, range)| {
            let file = request.files.get(*input)?.file;
            Some(Span::new(file, range.start, range.end))
        });
        let span = exact.unwrap_or(request.place);
        let diagnostic = Diagnostic::error(self.code, span, &*self.message);
        Diagnostic { hint: self.hint.clone(), ..diagnostic }
    }
}

fn wanted(program: Program) -> String {
    match program {
        Program::Kustomize => format!("kustomize {KUSTOMIZE_VERSION}"),
        Program::Helm => format!("Helm {HELM_VERSION}"),
    }
}

fn how_to_get(program: Program) -> String {
    match program {
        Program::Kustomize => format!(
            "install kustomize {KUSTOMIZE_VERSION} \
             (https://github.com/kubernetes-sigs/kustomize/releases) or kubectl 1.37, which \
             carries it, and put it on PATH or name it with `--kustomize`"
        ),
        Program::Helm => format!(
            "install Helm {HELM_VERSION} (https://github.com/helm/helm/releases), and put it on \
             PATH or name it with `--helm`"
        ),
    }
}

/// The first part of a text that may be long.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 600;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
