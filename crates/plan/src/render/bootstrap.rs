//! The files of `flux-system/` that come from the layout's `bootstrap` folder.

use std::collections::{BTreeSet, HashSet};

use model::{ApplicationId, ClusterId, Diagnostic, Entry, Mode};
use schema::document::Spanned;

use super::codes;
use super::context::Context;
use super::faults::source_faults;
use super::findings::Findings;
use super::grid::Grid;
use super::kept::{FileList, Keys};
use super::parsed::ParsedFile;
use super::tree::{Content, FolderPlan, Folders, among};
use crate::fleet::KeySpace;

/// The bootstrap entries of some clusters.
pub(crate) struct Bootstrap {
    /// For each cluster its entries, or the finding that breaks them.
    pub(crate) clusters: Vec<(ClusterId, Result<Vec<Entry>, u32>)>,
    /// What was found.
    pub(crate) findings: Vec<Diagnostic>,
    /// The keys that its placeholders name.
    pub(crate) keys: Keys,
}

/// The files of the bootstrap folder; none where there is no such folder.
pub(crate) fn inputs(context: &Context<'_>, source: &model::Source) -> FileList {
    let folder = context.flux.and_then(|flux| flux.bootstrap.as_ref());
    let files = folder.into_iter().flat_map(|folder| source.files.below(&folder.value));
    files.map(|(id, file)| (id, file.id, file.executable)).collect()
}

/// Fills the bootstrap folder for every cluster that is not being emptied.
pub(crate) fn render_bootstrap(context: &Context<'_>, source: &model::Source) -> Bootstrap {
    let clusters: Vec<ClusterId> = context.live.iter().collect();
    let mut findings = Findings::default();
    let folder = context.flux.and_then(|flux| flux.bootstrap.as_ref());
    let parsed = folder.map(|folder| parse(context, source, folder)).unwrap_or_default();
    let units = parsed.iter().flat_map(|(_, file)| file.units());
    let keys: BTreeSet<_> = units
        .flat_map(|unit| unit.keys().iter().map(|used| (used.space, used.key.clone())))
        .collect();
    let keys = keys.into_iter().collect();
    let entries = match folder {
        Some(folder) => fill(context, source, folder, parsed, &clusters, &mut findings),
        None => clusters.iter().map(|_| Ok(Vec::new())).collect(),
    };
    let explain = |space, key: &str| context.explain_missing(ApplicationId(0), space, key);
    let clusters = clusters.iter().copied().zip(entries).collect();
    Bootstrap { clusters, findings: findings.finish(explain), keys }
}

fn fill<'s>(
    context: &Context<'_>,
    source: &'s model::Source,
    folder: &'s Spanned<Box<str>>,
    parsed: Vec<(&'s str, ParsedFile)>,
    clusters: &[ClusterId],
    findings: &mut Findings,
) -> Vec<Result<Vec<Entry>, u32>> {
    let problems = problems(source, folder, &parsed);
    if let Some(finding) = findings.add_all(problems, &context.live) {
        return clusters.iter().map(|_| Err(finding)).collect();
    }
    let mut grid = Grid::new(context.fleet, ApplicationId(0), clusters);
    let (mut paths, mut units): (Vec<(usize, &str, Mode)>, Vec<Content>) = Default::default();
    for (path, file) in &parsed {
        findings.add_all(file.warnings.iter().cloned(), &context.live);
        for unit in file.units() {
            paths.push((units.len(), path, unit.mode));
            units.push(grid.fill(&unit, findings, context.sink).content);
        }
    }
    let Ok(plan) = FolderPlan::new(&paths) else {
        return clusters.iter().map(|_| Ok(Vec::new())).collect();
    };
    let whole: Vec<u32> = grid.unbroken().collect();
    let units = among(&units, &whole);
    let folders = Folders::write(&plan, &units, whole.len(), context.sink);
    let mut entries = (0..whole.len()).map(|number| folders.root_entries(number));
    let of_cluster = |broken: &Option<u32>| match broken {
        Some(finding) => Err(*finding),
        None => Ok(entries.next().unwrap_or_default()),
    };
    grid.broken.iter().map(of_cluster).collect()
}

fn parse<'s>(
    context: &Context<'_>,
    source: &'s model::Source,
    folder: &'s Spanned<Box<str>>,
) -> Vec<(&'s str, ParsedFile)> {
    let lint = context.flux.is_some_and(|flux| flux.lint);
    let files: Vec<_> = source.files.below(&folder.value).collect();
    let parse = |(id, file): (model::FileId, &'s model::SourceFile)| {
        let path = &file.path[folder.value.len() + 1..];
        let number = context.numbers.take(file.bytes.len() + 1);
        (path, ParsedFile::verbatim(&source.files, id, number, lint))
    };
    files.into_iter().map(parse).collect()
}

/// What makes the whole folder unusable.
fn problems(
    source: &model::Source,
    folder: &Spanned<Box<str>>,
    parsed: &[(&str, ParsedFile)],
) -> Vec<Diagnostic> {
    let mut problems = source_faults(source, &folder.value);
    if parsed.is_empty() && problems.is_empty() {
        let message = format!("the bootstrap folder `{}` has no files", folder.value);
        let error = Diagnostic::error(&codes::BOOTSTRAP_MISSING, folder.span, message);
        problems.push(error.hint("add the folder, or remove `bootstrap` from the layout"));
    }
    for (path, file) in parsed {
        problems.extend(file.errors.iter().cloned());
        problems.extend(foreign_keys(file));
        if path.starts_with("listeners/") || *path == "listeners" {
            let message = format!("`{path}` of the bootstrap folder stands among the listeners");
            let error = Diagnostic::error(&codes::BOOTSTRAP_LISTENERS, folder.span, message);
            problems.push(error.hint("move it to another folder: `listeners/` is written whole"));
        }
    }
    problems
}

fn foreign_keys(file: &ParsedFile) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let units = file.units();
    let foreign = units.iter().flat_map(super::unit::Unit::keys).filter(|used| {
        used.space != KeySpace::Cluster && seen.insert((used.space, used.key.clone()))
    });
    foreign
        .map(|used| {
            let space = if used.space == KeySpace::Namespace { "namespace" } else { "application" };
            let message = format!("`rea.{space}.{}` has no meaning in a bootstrap file", used.key);
            Diagnostic::error(&codes::BOOTSTRAP_PLACEHOLDER, used.span, message)
                .hint("only `rea.cluster.<key>` can stand here")
        })
        .collect()
}
