//! Which templates a program must build, and with what: for the layout `manifests`.
//!
//! ```text
//! template, overlay ─▶ listed files (no program needed)
//!                  └─▶ ExpansionRequest ─(a door runs kustomize or Helm)─▶ texts
//! ```
//!
//! In: the files of a template and the folder that is applied. Out: the files whose objects are
//! rendered, or a request for a run. A run is for one overlay of one template, before
//! placeholders are filled, so that it costs the same for one cluster and for 30,000. Nothing
//! here runs a program or judges what it made.

mod chart;
pub mod codes;
mod kustomize;
mod placeholders;
mod values;

use model::{Diagnostic, ExpansionRequest, Expansions, Files, HelmRelease, InputFile};

use crate::kustomization::{Listing, list_files};
use crate::overlay::TemplateFolder;
use crate::overlay::folder::{TemplateFile, join};

pub(crate) use chart::chart_folder;

/// The names that Helm is told, which are those of an application and of its namespace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReleaseNames<'a> {
    /// The application.
    pub(crate) name: &'a str,
    /// Its namespace.
    pub(crate) namespace: &'a str,
}

/// What the objects of an overlay are read from.
pub(crate) enum Input<'s> {
    /// These files, as they are.
    Files(Vec<TemplateFile<'s>>),
    /// What a program makes.
    Program(Box<ExpansionRequest>),
}

/// What the objects of a folder of a template are read from.
pub(crate) fn input_of<'s>(
    template: &TemplateFolder<'s>,
    entry: &str,
    names: Option<ReleaseNames<'_>>,
) -> Result<Input<'s>, Vec<Diagnostic>> {
    if let (Some(chart), Some(names)) = (chart_folder(template, entry), names) {
        return chart::request(template, &chart, entry, names).map(Input::program);
    }
    match list_files(template, entry)? {
        Listing::Files(files) => Ok(Input::Files(files)),
        Listing::NeedsKustomize => kustomize::request(template, entry).map(Input::program),
    }
}

impl Input<'_> {
    fn program(request: ExpansionRequest) -> Self {
        Self::Program(Box::new(request))
    }
}

/// The texts that a request became, as files of the template.
pub(crate) fn expanded<'s>(
    request: &ExpansionRequest,
    expansions: &Expansions,
    files: &'s Files,
) -> Result<Vec<TemplateFile<'s>>, Vec<Diagnostic>> {
    let Some(result) = expansions.get(request) else {
        let message =
            format!("`{}` needs {}, which was not run", request.template, request.program.name());
        return Err(vec![Diagnostic::error(&codes::NOT_BUILT, request.place, message)]);
    };
    let texts = result.map_err(<[Diagnostic]>::to_vec)?.iter();
    Ok(texts
        .filter_map(|id| {
            files.get(*id).map(|file| TemplateFile { id: *id, path: &file.path, file })
        })
        .collect())
}

/// A request for a run over these files, without placeholders yet.
fn request_for(
    template: &TemplateFolder<'_>,
    entry: &str,
    release: Option<HelmRelease>,
    files: &[TemplateFile<'_>],
    place: model::Span,
) -> ExpansionRequest {
    let input = |file: &TemplateFile<'_>| InputFile {
        path: file.path.into(),
        file: file.id,
        id: file.file.id,
        bytes: file.file.bytes.clone(),
    };
    let program = match release {
        Some(_) => model::Program::Helm,
        None => model::Program::Kustomize,
    };
    ExpansionRequest {
        program,
        template: template.path.into(),
        entry: entry.into(),
        release,
        files: files.iter().map(input).collect(),
        placeholders: Vec::new(),
        place,
    }
}

/// Where a chart keeps its values.
fn values_path(folder: &str) -> String {
    join(folder, "values.yaml")
}
