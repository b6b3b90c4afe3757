//! A kustomization that only kustomize can carry out.
//!
//! In: a template and the folder of the kustomization. Out: a request with the files of every
//! folder that it reaches, or what stands in the way: paths that are no files of the template,
//! and fields that would run another program. Everything that kustomize would fetch is such a
//! path, and is refused here with its place; the sandbox refuses it again.

use std::collections::BTreeSet;

use model::{Code, Diagnostic, ExpansionRequest, Span};
use schema::objects::kustomization::resolve;
use schema::yaml::{Content, Limits, Node, parse};

use super::codes::{REFUSED_FIELD, REMOTE_INPUT};
use super::placeholders::{Place, Places, find_placeholders};
use super::request_for;
use crate::overlay::TemplateFolder;
use crate::overlay::folder::TemplateFile;
use crate::render::codes::{KUSTOMIZATION_RESOURCE, KUSTOMIZATION_SYNTAX, KUSTOMIZATION_TWICE};

/// Fields that run Helm.
const HELM_FIELDS: [&str; 3] = ["helmCharts", "helmChartInflationGenerator", "helmGlobals"];

/// Fields that list files or folders.
const FILES_OR_FOLDERS: [&str; 6] =
    ["resources", "components", "bases", "generators", "transformers", "validators"];

/// Fields that list files.
const FILES: [&str; 3] = ["crds", "configurations", "patchesStrategicMerge"];

/// Fields that list mappings with a `path`.
const WITH_PATH: [&str; 3] = ["patches", "patchesJson6902", "replacements"];

/// Fields that list generators of ConfigMaps and Secrets.
const GENERATORS: [&str; 2] = ["configMapGenerator", "secretGenerator"];

/// The request to build the kustomization of a folder.
pub(super) fn request(
    template: &TemplateFolder<'_>,
    entry: &str,
) -> Result<ExpansionRequest, Vec<Diagnostic>> {
    let mut walk = Walk { template, folders: BTreeSet::new(), problems: Vec::new() };
    walk.folder(entry, None);
    if !walk.problems.is_empty() {
        return Err(walk.problems);
    }
    let below = |folder: &String| template.below(folder).copied().collect::<Vec<_>>();
    let mut files: Vec<TemplateFile<'_>> = walk.folders.iter().flat_map(below).collect();
    files.sort_by_key(|file| file.path);
    files.dedup_by_key(|file| file.path);
    let own = template.kustomizations(entry);
    let place = own.first().map_or(Span::new(model::FileId(u32::MAX), 0, 0), |file| file.span());
    let mut request = request_for(template, entry, None, &files, place);
    let said = own.iter().flat_map(|file| said_by(file, &files)).collect::<Vec<_>>();
    request.placeholders = find_placeholders(&files, &Places::Alike(&said));
    Ok(request)
}

/// The fields of a kustomization that end up in objects. Nothing is above it that could replace
/// what it says.
fn said_by(own: &TemplateFile<'_>, files: &[TemplateFile<'_>]) -> Vec<Place> {
    let input = files.iter().position(|file| file.id == own.id);
    let stream = own.text().and_then(|text| parse(text, &Limits::TEMPLATE).ok());
    let (Some(input), Some(stream)) = (input, stream) else { return Vec::new() };
    let pairs = stream.documents.first().and_then(Node::pairs).unwrap_or_default();
    let fields = pairs.iter().filter(|(key, _)| key.as_str() != Some("metadata"));
    let mut said = Vec::new();
    fields.for_each(|(_, value)| scalars(value, input, &mut said));
    said
}

fn scalars(node: &Node, input: usize, found: &mut Vec<Place>) {
    match &node.content {
        Content::Scalar { .. } => found.push((input, node.range.clone())),
        Content::Sequence { items, .. } => {
            items.iter().for_each(|item| scalars(item, input, found));
        }
        Content::Mapping { pairs, .. } => {
            for (key, value) in pairs {
                scalars(key, input, found);
                scalars(value, input, found);
            }
        }
        Content::Alias(_) => {}
    }
}

struct Walk<'t, 's> {
    template: &'t TemplateFolder<'s>,
    /// The folders of the kustomizations that are reached.
    folders: BTreeSet<String>,
    problems: Vec<Diagnostic>,
}

/// One kustomization while its paths are looked at.
struct Kustomization<'k> {
    folder: &'k str,
    file: model::FileId,
}

impl Walk<'_, '_> {
    /// Looks at the kustomization of a folder; `from` is the entry that leads to it.
    fn folder(&mut self, folder: &str, from: Option<(Span, &str)>) {
        // Kustomize itself finds cycles.
        if !self.folders.insert(folder.to_owned()) {
            return;
        }
        match self.template.kustomizations(folder)[..] {
            [] => {
                let Some((span, path)) = from else { return };
                let message = format!("the folder `{path}` has no kustomization");
                let hint = "add `kustomization.yaml` there, or list its files one by one";
                self.problem(&KUSTOMIZATION_RESOURCE, span, message, hint);
            }
            [file] => self.kustomization(folder, file),
            [_, second, ..] => {
                let message = "the folder has more than one kustomization file".to_owned();
                self.problem(&KUSTOMIZATION_TWICE, second.span(), message, "keep one of them");
            }
        }
    }

    fn kustomization(&mut self, folder: &str, file: &TemplateFile<'_>) {
        let text = file.text().ok_or((0, "the file is not UTF-8".to_owned()));
        let stream = text.and_then(|text| {
            parse(text, &Limits::TEMPLATE).map_err(|error| (error.at, error.message))
        });
        let stream = match stream {
            Ok(stream) => stream,
            Err((at, message)) => {
                let error =
                    Diagnostic::error(&KUSTOMIZATION_SYNTAX, Span::new(file.id, at, at), message);
                return self.problems.push(error);
            }
        };
        let at = Kustomization { folder, file: file.id };
        for (key, value) in stream.documents.first().and_then(Node::pairs).unwrap_or_default() {
            self.field(&at, key, value);
        }
    }

    fn field(&mut self, at: &Kustomization<'_>, key: &Node, value: &Node) {
        let name = key.as_str().unwrap_or_default();
        let items = || value.items().unwrap_or_default().iter();
        if HELM_FIELDS.contains(&name) {
            let span = Span::new(at.file, key.range.start, key.range.end);
            let message = format!("`{name}` would run Helm inside kustomize");
            let hint = "make the chart a template of its own: a folder with `Chart.yaml`";
            self.problem(&REFUSED_FIELD, span, message, hint);
        } else if FILES_OR_FOLDERS.contains(&name) {
            items().for_each(|item| self.path(at, item, true));
        } else if FILES.contains(&name) {
            items().for_each(|item| self.path(at, item, false));
        } else if WITH_PATH.contains(&name) {
            items().filter_map(|item| item.get("path")).for_each(|item| self.path(at, item, false));
        } else if GENERATORS.contains(&name) {
            items().for_each(|item| self.generator(at, item));
        } else if name == "openapi" {
            value.get("path").into_iter().for_each(|item| self.path(at, item, false));
        }
    }

    fn generator(&mut self, at: &Kustomization<'_>, generator: &Node) {
        for name in ["files", "envs"] {
            let items = generator.get(name).and_then(Node::items).unwrap_or_default();
            items.iter().for_each(|item| self.path(at, item, false));
        }
        generator.get("env").into_iter().for_each(|item| self.path(at, item, false));
    }

    /// Looks at a path. A text of several lines is no path but what would stand in the file; a
    /// generator may name the key in front of it, as in `key=path`.
    fn path(&mut self, at: &Kustomization<'_>, item: &Node, folders: bool) {
        let is_path = |text: &&str| !text.contains('\n') && !text.starts_with(['{', '[']);
        let Some(text) = item.as_str().filter(is_path) else { return };
        let span = Span::new(at.file, item.range.start, item.range.end);
        let path = if folders { text } else { text.split_once('=').map_or(text, |(_, path)| path) };
        let Some(resolved) = resolve(at.folder, path).filter(|_| !is_remote(path)) else {
            let message = match is_remote(path) {
                true => format!("`{path}` is not in the source"),
                false => format!("`{path}` leaves the template"),
            };
            let hint = "keep a copy of it in the template: a render reads nothing but the source";
            return self.problem(&REMOTE_INPUT, span, message, hint);
        };
        let own = at.folder.is_empty() || resolved.starts_with(&format!("{}/", at.folder));
        match self.template.get(&resolved).is_some() {
            true if own => {}
            true => {
                let message = format!("`{path}` stands outside of the kustomization's folder");
                let hint = "kustomize reads files of the own folder, and other folders as a whole";
                self.problem(&KUSTOMIZATION_RESOURCE, span, message, hint);
            }
            false if folders && (resolved.is_empty() || self.template.has_folder(&resolved)) => {
                self.folder(&resolved, Some((span, path)));
            }
            false => {
                let message = format!("`{path}` does not exist");
                let hint = "add the file, or remove the entry";
                self.problem(&KUSTOMIZATION_RESOURCE, span, message, hint);
            }
        }
    }

    fn problem(&mut self, code: &'static Code, span: Span, message: String, hint: &str) {
        self.problems.push(Diagnostic::error(code, span, message).hint(hint));
    }
}

/// Whether kustomize would take a path for the address of a repository or a file elsewhere; see
/// <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/>.
fn is_remote(path: &str) -> bool {
    let parts = ["://", "?ref=", "?version=", "::", "git@", ".git//"];
    parts.iter().any(|part| path.contains(part)) || path.starts_with("github.com")
}
