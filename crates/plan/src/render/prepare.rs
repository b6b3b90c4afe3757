//! Everything that is done once per template and not per cluster.
//!
//! In: the fleet and the files. Out: for each application which clusters get which choice of its
//! template, or what breaks it; and every file that is used, parsed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::{
    ApplicationId, ClusterSet, Diagnostic, ExpansionRequest, Expansions, FileId, Files, ObjectId,
    Source, SourceFile,
};
use rayon::prelude::*;
use schema::document::LayoutDocument;
use schema::objects::{kustomization::is_kustomization, listed_files};

use super::codes;
use super::context::Context;
use super::faults::source_faults;
use super::parsed::ParsedFile;
use crate::Fleet;
use crate::expansion::{Input, ReleaseNames, chart_folder, expanded, input_of};
use crate::overlay::folder::TemplateFile;
use crate::overlay::{Choice, Overlays, TemplateFolder};
use schema::nearest::nearest;

/// How many files one template may have.
pub const MOST_FILES: usize = 2_000;
/// How large one file of a template may be; a large CustomResourceDefinition is about 1 MiB.
pub const LARGEST_FILE: usize = 4 << 20;

/// A template whose overlays were read.
pub(crate) struct Template<'s> {
    folder: TemplateFolder<'s>,
    /// Its versions.
    pub(crate) overlays: Overlays,
}

/// The files of one choice of a template.
pub(crate) struct Selected<'s> {
    /// What is rendered, in order.
    pub(crate) files: Vec<TemplateFile<'s>>,
    /// In the layout `flux`, the files whose objects Flux applies.
    pub(crate) applied: BTreeSet<FileId>,
}

/// One choice of one application's template.
#[derive(Clone)]
pub(crate) struct ChoicePlan {
    /// The choice.
    pub(crate) choice: Choice,
    /// The clusters that get it.
    pub(crate) clusters: ClusterSet,
}

/// The selected files: of a template, for a choice; those of a chart differ by application too.
type Key<'s> = (&'s str, Choice, Option<ApplicationId>);

/// What is known about an application before any cluster is looked at.
pub(crate) type ApplicationPlan = Result<Vec<ChoicePlan>, Vec<Diagnostic>>;

/// The templates of a fleet.
pub(crate) struct Prepared<'s> {
    templates: BTreeMap<&'s str, Result<Template<'s>, Vec<Diagnostic>>>,
    selected: BTreeMap<Key<'s>, Result<Selected<'s>, Vec<Diagnostic>>>,
    parsed: ParsedFiles,
    /// For each application its plan.
    pub(crate) plans: Vec<ApplicationPlan>,
}

impl<'s> Prepared<'s> {
    /// Reads the templates of all applications. `before` is what was parsed of files with the same
    /// paths in the same layout.
    pub(crate) fn new(
        context: &Context<'s>,
        source: &'s Source,
        expansions: &Expansions,
        before: Option<&ParsedFiles>,
    ) -> Self {
        let fleet = context.fleet;
        let Chosen { templates, plans, used } = Chosen::new(fleet, source, &context.live);
        let flux = context.flux.is_some();
        let selected: BTreeMap<_, _> = used
            .into_par_iter()
            .filter_map(|key| {
                let template = templates.get(key.0)?.as_ref().ok()?;
                let selected = match flux {
                    true => Ok(select_all(template, key.1)),
                    false => select(template, key, fleet, expansions, &source.files),
                };
                Some((key, selected))
            })
            .collect();
        let parsed = parse(context, selected.values(), before);
        Self { templates, selected, parsed, plans }
    }

    /// The overlays of a template that could be read.
    pub(crate) fn overlays(&self, template: &str) -> Option<&Overlays> {
        self.templates.get(template)?.as_ref().ok().map(|template| &template.overlays)
    }

    /// The files of a choice of a template.
    pub(crate) fn selected(
        &self,
        application: ApplicationId,
        template: &'s str,
        choice: Choice,
    ) -> Option<&Result<Selected<'s>, Vec<Diagnostic>>> {
        let shared = self.selected.get(&(template, choice, None));
        shared.or_else(|| self.selected.get(&(template, choice, Some(application))))
    }

    /// A file that is used.
    pub(crate) fn parsed(&self, file: FileId) -> Option<&ParsedFile> {
        self.parsed.get(&file).map(|parsed| &*parsed.file)
    }

    /// Every file that is used, to parse none of them again.
    pub(crate) fn into_parsed(self) -> ParsedFiles {
        self.parsed
    }

    /// What is odd about the expressions of overlays.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        let templates = self.templates.values().filter_map(|template| template.as_ref().ok());
        let overlays = templates.flat_map(|template| &template.overlays.list);
        overlays.flat_map(|overlay| &overlay.selection.warnings)
    }
}

/// Which choices of which templates some cluster gets.
struct Chosen<'s> {
    templates: BTreeMap<&'s str, Result<Template<'s>, Vec<Diagnostic>>>,
    plans: Vec<ApplicationPlan>,
    used: BTreeSet<Key<'s>>,
}

impl<'s> Chosen<'s> {
    fn new(fleet: &'s Fleet, source: &'s Source, live: &ClusterSet) -> Self {
        let paths: BTreeSet<&'s str> =
            fleet.applications.iter().map(|app| &*app.document.template.value).collect();
        let templates = paths.into_par_iter().map(|path| (path, read(fleet, source, path)));
        let templates: BTreeMap<_, _> = templates.collect();
        let plans: Vec<ApplicationPlan> =
            fleet.applications.iter().map(|app| plan(&templates, app, live)).collect();
        let flux = matches!(fleet.layout, LayoutDocument::Flux(_));
        let key = |id: u32, app: &'s crate::Application, choice: Choice| -> Option<Key<'s>> {
            let path = &*app.document.template.value;
            let template = templates.get(path)?.as_ref().ok()?;
            let entry = template.overlays.entry(choice);
            let is_chart = !flux && chart_folder(&template.folder, &entry).is_some();
            Some((path, choice, is_chart.then_some(ApplicationId(id))))
        };
        let used =
            (0..).zip(fleet.applications.iter()).zip(&plans).flat_map(|((id, app), plan)| {
                plan.iter().flatten().filter_map(move |plan| key(id, app, plan.choice))
            });
        Self { used: used.collect(), templates, plans }
    }
}

/// The runs of programs that a render needs, each once, in the order of templates.
pub(crate) fn requests(fleet: &Fleet, source: &Source) -> Vec<ExpansionRequest> {
    if matches!(fleet.layout, LayoutDocument::Flux(_)) {
        return Vec::new();
    }
    let live = fleet.decommissioned.complement(fleet.clusters.len());
    let Chosen { templates, used, .. } = Chosen::new(fleet, source, &live);
    let request = |key: &Key<'_>| {
        let template = templates.get(key.0)?.as_ref().ok()?;
        match input(template, *key, fleet) {
            Ok(Input::Program(request)) => Some(*request),
            Ok(Input::Files(_)) | Err(_) => None,
        }
    };
    used.iter().filter_map(request).collect()
}

fn input<'s>(
    template: &Template<'s>,
    (_, choice, application): Key<'_>,
    fleet: &Fleet,
) -> Result<Input<'s>, Vec<Diagnostic>> {
    let names = application.map(|id| {
        let application = &fleet.applications[id.0 as usize];
        let namespace = fleet.namespaces[application.namespace.0 as usize].name.as_str();
        ReleaseNames { name: application.name.as_str(), namespace }
    });
    input_of(&template.folder, &template.overlays.entry(choice), names)
}

fn read<'s>(
    fleet: &Fleet,
    source: &'s Source,
    path: &'s str,
) -> Result<Template<'s>, Vec<Diagnostic>> {
    let mut problems = source_faults(source, path);
    let folder = TemplateFolder::find(&source.files, path);
    if folder.n_files() == 0 {
        return Err(problems);
    }
    problems.extend(over_limits(&folder));
    match Overlays::read(fleet, &folder) {
        Ok(overlays) if problems.is_empty() => Ok(Template { folder, overlays }),
        Ok(_) => Err(problems),
        Err(more) => {
            problems.extend(more);
            Err(problems)
        }
    }
}

fn over_limits(folder: &TemplateFolder<'_>) -> Vec<Diagnostic> {
    let limit = |file: &TemplateFile<'_>, message: String, hint: &str| {
        Diagnostic::error(&codes::TEMPLATE_LIMIT, file.span(), message).hint(hint)
    };
    let too_large = folder.files().filter(|file| file.file.bytes.len() > LARGEST_FILE);
    let mut problems: Vec<Diagnostic> = too_large
        .map(|file| {
            let size = file.file.bytes.len();
            let message =
                format!("the file has {size} bytes, more than the {LARGEST_FILE} allowed");
            limit(file, message, "split it, or keep it out of the template")
        })
        .collect();
    let n_files = folder.n_files();
    if let Some(first) = folder.files().next().filter(|_| n_files > MOST_FILES) {
        let path = folder.path;
        let message = format!("`{path}` has {n_files} files, more than the {MOST_FILES} allowed");
        problems.push(limit(first, message, "make several templates of it"));
    }
    problems
}

fn plan(
    templates: &BTreeMap<&str, Result<Template<'_>, Vec<Diagnostic>>>,
    application: &crate::Application,
    live: &ClusterSet,
) -> ApplicationPlan {
    let path = &application.document.template;
    let mut clusters = application.clusters.clone();
    clusters.intersect(live);
    let template = match templates.get(&*path.value) {
        Some(Ok(template)) => template,
        Some(Err(problems)) if !problems.is_empty() => return Err(problems.clone()),
        _ => return Err(vec![missing(templates, &path.value, path.span)]),
    };
    let choices = template.overlays.choose(application, &clusters);
    let choices = choices.map_err(|problem| vec![*problem])?.into_iter();
    Ok(choices.map(|(choice, clusters)| ChoicePlan { choice, clusters }).collect())
}

fn missing(
    templates: &BTreeMap<&str, Result<Template<'_>, Vec<Diagnostic>>>,
    path: &str,
    span: model::Span,
) -> Diagnostic {
    let message = format!("the template `{path}` has no files");
    let known = templates.iter().filter(|(_, template)| template.is_ok()).map(|(path, _)| *path);
    let hint = nearest(path, known).map_or_else(
        || format!("add the folder `{path}`, or name another one"),
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::error(&codes::TEMPLATE_MISSING, span, message).hint(hint)
}

/// The files of a choice in the layout `manifests`.
fn select<'s>(
    template: &Template<'s>,
    key: Key<'_>,
    fleet: &Fleet,
    expansions: &Expansions,
    files: &'s Files,
) -> Result<Selected<'s>, Vec<Diagnostic>> {
    let files = match input(template, key, fleet)? {
        Input::Files(files) => files,
        Input::Program(request) => expanded(&request, expansions, files)?,
    };
    Ok(Selected { files, applied: BTreeSet::new() })
}

/// The files of a choice in the layout `flux`.
fn select_all<'s>(template: &Template<'s>, choice: Choice) -> Selected<'s> {
    let entry = template.overlays.entry(choice);
    let of_choice = |file: &&TemplateFile<'_>| {
        let Choice::Overlay(_) = choice else { return !file.path.starts_with("overlays/") };
        let below = file.path.strip_prefix(&entry).is_some_and(|rest| rest.starts_with('/'));
        below || !file.path.starts_with("overlays/")
    };
    let files: Vec<TemplateFile<'s>> = template.folder.files().filter(of_choice).copied().collect();
    let bytes: BTreeMap<&str, &[u8]> =
        files.iter().map(|file| (file.path, &*file.file.bytes)).collect();
    let applied = listed_files(&bytes, &entry, false).unwrap_or_default();
    let applied =
        files.iter().filter(|file| applied.contains(file.path) && !is_kustomization(file.path));
    Selected { applied: applied.map(|file| file.id).collect(), files }
}

/// Parses every file that some choice uses, once; not again where the same file was parsed before.
fn parse<'a, 's: 'a>(
    context: &Context<'_>,
    selected: impl Iterator<Item = &'a Result<Selected<'s>, Vec<Diagnostic>>>,
    before: Option<&ParsedFiles>,
) -> ParsedFiles {
    let (files, layout) = (context.files, &context.fleet.layout);
    let used: BTreeSet<FileId> =
        selected.flatten().flat_map(|selected| selected.files.iter().map(|file| file.id)).collect();
    let known = |id: FileId| {
        let (file, known) = (files.get(id)?, before?.get(&id)?);
        known.is_of(file).then(|| known.clone())
    };
    let known: Vec<_> = used.into_iter().map(|id| (id, known(id))).collect();
    // A file has fewer objects than bytes, so bases of two files never share a number.
    let number = |id: FileId| {
        let n_bytes = files.get(id).map_or(0, |file| file.bytes.len());
        context.numbers.take(n_bytes + 1)
    };
    let numbered: Vec<_> = known
        .into_iter()
        .map(|(id, known)| (id, known.is_none().then(|| number(id)), known))
        .collect();
    let parse = |(id, number, known): (FileId, Option<u32>, Option<Parsed>)| {
        let parsed = known.unwrap_or_else(|| Parsed::new(files, id, number.unwrap_or(0), layout));
        (id, parsed)
    };
    numbered.into_par_iter().map(parse).collect()
}

/// Files by their positions, parsed.
pub(crate) type ParsedFiles = HashMap<FileId, Parsed>;

/// A file that was parsed, and of what.
#[derive(Clone)]
pub(crate) struct Parsed {
    id: ObjectId,
    executable: bool,
    /// What it is made of.
    pub(crate) file: Arc<ParsedFile>,
}

impl Parsed {
    fn new(files: &Files, id: FileId, number: u32, layout: &LayoutDocument) -> Self {
        let file = match layout {
            LayoutDocument::Flux(flux) => ParsedFile::verbatim(files, id, number, flux.lint),
            LayoutDocument::Manifests => ParsedFile::objects(files, id, number),
        };
        let source = files.get(id);
        Self {
            id: source.map_or(ObjectId([0; 20]), |file| file.id),
            executable: source.is_some_and(|file| file.executable),
            file: Arc::new(file),
        }
    }

    fn is_of(&self, file: &SourceFile) -> bool {
        self.id == file.id && self.executable == file.executable
    }
}
