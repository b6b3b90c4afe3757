//! A kustomization as a list of files, for the layout `manifests`.
//!
//! In: the files of a template and the folder that is applied. Out: the files whose objects are
//! rendered, or that only kustomize can tell, or what stands in the way: a resource that cannot
//! be followed. Most kustomizations are a list, and then no program is needed.

use model::{Code, Diagnostic, Span};
use schema::objects::kustomization::{self, Kustomization, is_manifest, resolve};

use crate::overlay::folder::{TemplateFile, TemplateFolder};
use crate::render::codes;

/// What a folder of a template renders.
pub(crate) enum Listing<'s> {
    /// The objects of these files.
    Files(Vec<TemplateFile<'s>>),
    /// What kustomize makes of it.
    NeedsKustomize,
}

/// The files whose objects a folder of a template renders: what its kustomization lists, in that
/// order, or all its manifests.
pub(crate) fn list_files<'s>(
    template: &TemplateFolder<'s>,
    entry: &str,
) -> Result<Listing<'s>, Vec<Diagnostic>> {
    let (open, files, problems) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { template, open, files, needs_kustomize: false, problems };
    walk.folder(entry, None);
    if walk.needs_kustomize {
        return Ok(Listing::NeedsKustomize);
    }
    if walk.problems.is_empty() { Ok(Listing::Files(walk.files)) } else { Err(walk.problems) }
}

struct Walk<'t, 's> {
    template: &'t TemplateFolder<'s>,
    open: Vec<String>,
    files: Vec<TemplateFile<'s>>,
    needs_kustomize: bool,
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
        self.needs_kustomize |= !other_fields.is_empty();
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
            None if self.template.has_folder(&path) => self.listed_folder(&path, span),
            None => {
                let message = format!("`{resource}` does not exist");
                self.problem(code, span, message, Some("add the file, or remove the entry"));
            }
        }
    }

    fn listed_folder(&mut self, path: &str, span: Span) {
        if path == "base" || self.open.iter().any(|open| open == path) {
            return self.folder(path, Some(span));
        }
        self.needs_kustomize = true;
    }

    fn problem(&mut self, code: &'static Code, span: Span, message: String, hint: Option<&str>) {
        let problem = Diagnostic::error(code, span, message);
        self.problems.push(Diagnostic { hint: hint.map(str::to_owned), ..problem });
    }
}
