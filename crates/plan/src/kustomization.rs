//! A kustomization as a list of files, for the layout `manifests`.
//!
//! In: the files of a template and the folder that is applied. Out: the files whose objects are
//! rendered, or what stands in the way: kustomize itself is not run, so every field that only it
//! can carry out is refused, and so is a resource that cannot be followed.

use model::{Code, Diagnostic, Span};
use schema::objects::kustomization::{self, Kustomization, is_manifest, resolve};

use crate::overlay::folder::{TemplateFile, TemplateFolder};
use crate::render::codes;

/// The files whose objects a folder of a template renders: what its kustomization lists, in that
/// order, or all its manifests.
pub(crate) fn list_files<'s>(
    template: &TemplateFolder<'s>,
    entry: &str,
) -> Result<Vec<TemplateFile<'s>>, Vec<Diagnostic>> {
    let mut walk = Walk { template, open: Vec::new(), files: Vec::new(), problems: Vec::new() };
    if let Some(chart) = template.get("Chart.yaml").or_else(|| template.get("base/Chart.yaml")) {
        walk.problems.push(helm(chart));
    } else {
        walk.folder(entry, None);
    }
    if walk.problems.is_empty() { Ok(walk.files) } else { Err(walk.problems) }
}

fn helm(chart: &TemplateFile<'_>) -> Diagnostic {
    let message = "a Helm chart is not supported yet in the layout `manifests`";
    Diagnostic::error(&codes::HELM_NEEDS_PROGRAM, chart.span(), message)
        .hint("render the chart with `helm template` and keep the result as the template")
}

struct Walk<'t, 's> {
    template: &'t TemplateFolder<'s>,
    open: Vec<String>,
    files: Vec<TemplateFile<'s>>,
    problems: Vec<Diagnostic>,
}

impl<'s> Walk<'_, 's> {
    /// Takes the files of a folder; `from` is the entry of `resources` that leads to it.
    fn folder(&mut self, folder: &str, from: Option<Span>) {
        if let (Some(span), true) = (from, self.open.iter().any(|open| open == folder)) {
            let message = format!("the kustomization of `{folder}` leads back to itself");
            return self.problem(&codes::KUSTOMIZATION_RESOURCE, span, message, None);
        }
        match self.template.kustomizations(folder)[..] {
            [] => {
                let manifests = self.template.below(folder).filter(|file| is_manifest(file.path));
                self.files.extend(manifests);
            }
            [file] => {
                let file = *file;
                self.open.push(folder.to_owned());
                self.kustomization(folder, &file);
                self.open.pop();
            }
            [_, second, ..] => {
                let span = second.span();
                let message = "the folder has more than one kustomization file".to_owned();
                self.problem(&codes::KUSTOMIZATION_TWICE, span, message, Some("keep one of them"));
            }
        }
    }

    fn kustomization(&mut self, folder: &str, file: &TemplateFile<'s>) {
        let span = |range: &std::ops::Range<usize>| Span::new(file.id, range.start, range.end);
        let text = file.text().ok_or((0, "the file is not UTF-8".to_owned()));
        let read = text
            .and_then(|text| kustomization::read(text).map_err(|error| (error.at, error.message)));
        let Kustomization { resources, other_fields, .. } = match read {
            Ok(kustomization) => kustomization,
            Err((at, message)) => {
                let code = &codes::KUSTOMIZATION_SYNTAX;
                return self.problem(code, span(&(at..at)), message, None);
            }
        };
        for (name, range) in &other_fields {
            let message = format!(
                "`{name}` needs kustomize, which is not supported yet in the layout `manifests`"
            );
            let hint = "write what it would change into the files, or use the layout `flux`";
            self.problem(&codes::KUSTOMIZE_NEEDS_PROGRAM, span(range), message, Some(hint));
        }
        for (resource, range) in &resources {
            self.resource(folder, resource, span(range));
        }
    }

    fn resource(&mut self, folder: &str, resource: &str, span: Span) {
        let code = &codes::KUSTOMIZATION_RESOURCE;
        let Some(path) = resolve(folder, resource) else {
            let message = format!("`{resource}` leaves the template");
            let hint = "keep a copy of it in the template: a render reads nothing but the source";
            return self.problem(code, span, message, Some(hint));
        };
        let own = folder.is_empty() || path.starts_with(&format!("{folder}/"));
        match self.template.get(&path).copied() {
            Some(_) if !own => {
                let message = format!("`{resource}` stands outside of the kustomization's folder");
                let hint = "list files of the own folder, or the folder `../../base` as a whole";
                self.problem(code, span, message, Some(hint));
            }
            Some(file) if self.files.iter().any(|other| other.id == file.id) => {
                let message = format!("`{resource}` is listed twice");
                self.problem(code, span, message, Some("remove one of the entries"));
            }
            Some(file) => self.files.push(file),
            None if self.template.has_folder(&path) => self.listed_folder(&path, resource, span),
            None => {
                let message = format!("`{resource}` does not exist");
                self.problem(code, span, message, Some("add the file, or remove the entry"));
            }
        }
    }

    fn listed_folder(&mut self, path: &str, resource: &str, span: Span) {
        if path == "base" || self.open.iter().any(|open| open == path) {
            return self.folder(path, Some(span));
        }
        let message = format!("the folder `{resource}` cannot be a resource here");
        let hint = "list the files one by one; the only folder is `../../base`, in an overlay";
        self.problem(&codes::KUSTOMIZATION_RESOURCE, span, message, Some(hint));
    }

    fn problem(&mut self, code: &'static Code, span: Span, message: String, hint: Option<&str>) {
        let problem = Diagnostic::error(code, span, message);
        self.problems.push(Diagnostic { hint: hint.map(str::to_owned), ..problem });
    }
}
