//! For which clusters an overlay is: the annotation of its kustomization.

use model::{ClusterSet, Diagnostic, Span};
use schema::objects::kustomization::{Annotation, read};

use super::folder::{TemplateFile, TemplateFolder};
use crate::Fleet;
use crate::render::codes;
use schema::nearest::nearest;

/// The annotation that new overlays use.
const CLUSTERS: &str = "res-edge.dev/clusters";
/// What the former system used last.
const EXPRESSION: &str = "expression";
/// What it used first: a list of group names.
const GROUP_LIST: &str = "clusters";

/// What an overlay selects.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The text of the annotation.
    pub(crate) text: Box<str>,
    /// Where it stands.
    pub(crate) span: Span,
    /// The clusters.
    pub(crate) clusters: ClusterSet,
    /// What is odd about the expression but not wrong.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Reads and evaluates the annotation of the overlay in a folder of the template.
pub(super) fn read_selection(
    fleet: &Fleet,
    template: &TemplateFolder<'_>,
    folder: &str,
) -> Result<Selection, Vec<Diagnostic>> {
    let file = kustomization(template, folder).map_err(|problem| vec![*problem])?;
    let (annotation, text) = annotation(file).map_err(|problem| vec![*problem])?;
    let range = &annotation.range;
    let span = Span::new(file.id, range.start, range.end);
    if annotation.key == GROUP_LIST {
        let clusters = select_groups(fleet, &text, span)?;
        return Ok(Selection { text: text.into(), span, clusters, warnings: Vec::new() });
    }
    let inner = if is_quoted(file, &annotation) { span_inside(span) } else { span };
    match fleet.select(&text, inner) {
        (Some(clusters), warnings) if !warnings.iter().any(Diagnostic::is_error) => {
            Ok(Selection { text: text.into(), span, clusters, warnings })
        }
        (_, problems) => Err(problems),
    }
}

/// Whether the value is a quoted scalar whose text stands unchanged between its quotes.
fn is_quoted(file: &TemplateFile<'_>, annotation: &Annotation) -> bool {
    let text = annotation.value.as_deref().unwrap_or_default();
    let written = file.file.bytes.get(annotation.range.clone()).unwrap_or_default();
    written.len() == text.len() + 2 && written.get(1..=text.len()) == Some(text.as_bytes())
}

fn span_inside(span: Span) -> Span {
    Span { start: span.start + 1, end: span.end - 1, ..span }
}

/// The one kustomization file of an overlay.
fn kustomization<'t, 's>(
    template: &'t TemplateFolder<'s>,
    folder: &str,
) -> Result<&'t TemplateFile<'s>, Box<Diagnostic>> {
    match template.kustomizations(folder)[..] {
        [file] => Ok(file),
        [first, second, ..] => Err(Box::new(
            Diagnostic::error(
                &codes::KUSTOMIZATION_TWICE,
                second.span(),
                format!("`{}/{folder}` has two kustomization files", template.path),
            )
            .label(first.span(), "the other one")
            .hint("keep one of them"),
        )),
        [] => {
            let span = template.span(folder).unwrap_or(super::NO_SPAN);
            let message = format!("the overlay `{}/{folder}` has no kustomization", template.path);
            Err(Box::new(Diagnostic::error(&codes::OVERLAY_ANNOTATION, span, message).hint(
                format!("write `{folder}/kustomization.yaml` with the annotation `{CLUSTERS}`"),
            )))
        }
    }
}

fn annotation(file: &TemplateFile<'_>) -> Result<(Annotation, String), Box<Diagnostic>> {
    let syntax = |at: usize, message: String| {
        Box::new(Diagnostic::error(
            &codes::KUSTOMIZATION_SYNTAX,
            Span::new(file.id, at, at),
            message,
        ))
    };
    let text = file.text().ok_or_else(|| syntax(0, "the file is not UTF-8".to_owned()))?;
    let kustomization = read(text).map_err(|error| syntax(error.at, error.message.clone()))?;
    let ours = |annotation: &Annotation| {
        [CLUSTERS, EXPRESSION, GROUP_LIST].contains(&annotation.key.as_str())
    };
    let mut found = kustomization.annotations.into_iter().filter(ours);
    let problem = |span, message: &str| {
        Box::new(
            Diagnostic::error(&codes::OVERLAY_ANNOTATION, span, message)
                .hint(format!("annotate it with `{CLUSTERS}: <expression>`, once")),
        )
    };
    let Some(first) = found.next() else {
        return Err(problem(file.span(), "the overlay does not say which clusters it is for"));
    };
    let span =
        |annotation: &Annotation| Span::new(file.id, annotation.range.start, annotation.range.end);
    if let Some(second) = found.next() {
        let message = "the overlay says twice which clusters it is for";
        let mut twice = problem(span(&second), message);
        *twice = twice.label(span(&first), "the other annotation");
        return Err(twice);
    }
    match first.value.clone() {
        Some(text) => Ok((first, text)),
        None => {
            let message = format!("the annotation `{}` is no text", first.key);
            Err(problem(span(&first), &message))
        }
    }
}

/// The clusters of groups that are listed by their names, separated by commas.
fn select_groups(fleet: &Fleet, text: &str, span: Span) -> Result<ClusterSet, Vec<Diagnostic>> {
    let mut clusters = ClusterSet::none(fleet.clusters.len());
    let mut problems = Vec::new();
    for name in text.split(',').map(str::trim) {
        match name {
            "all" => clusters = ClusterSet::all(fleet.clusters.len()),
            "none" => {}
            name => match find_group(fleet, name, span) {
                Ok(group) => clusters.unite(group),
                Err(problem) => problems.push(*problem),
            },
        }
    }
    if problems.is_empty() { Ok(clusters) } else { Err(problems) }
}

fn find_group<'f>(
    fleet: &'f Fleet,
    name: &str,
    span: Span,
) -> Result<&'f ClusterSet, Box<Diagnostic>> {
    let last = |path: &'f str| path.rsplit('/').next().unwrap_or(path);
    let found: Vec<_> =
        fleet.groups.iter().filter(|group| last(group.path.as_str()) == name).collect();
    let error = |message: String| Diagnostic::error(&codes::OVERLAY_GROUP, span, message);
    match found[..] {
        [group] => Ok(&group.clusters),
        [] => {
            let names = fleet.groups.iter().map(|group| last(group.path.as_str()));
            let known = nearest(name, names);
            let hint = known.map_or_else(
                || format!("list names of groups, or use `{CLUSTERS}: <expression>`"),
                |known| format!("did you mean `{known}`?"),
            );
            Err(Box::new(error(format!("no group is named `{name}`")).hint(hint)))
        }
        _ => {
            let paths: Vec<String> =
                found.iter().take(5).map(|group| format!("`{}`", group.path)).collect();
            let hint = format!("use `{CLUSTERS}: /g<path>` with one of {}", paths.join(", "));
            Err(Box::new(error(format!("several groups are named `{name}`")).hint(hint)))
        }
    }
}
