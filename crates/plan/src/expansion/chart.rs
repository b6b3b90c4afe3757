//! A Helm chart as a template.
//!
//! In: a template and the folder that is applied. Out: where its chart is, and the request to
//! build it. The chart stands in the applied folder itself, or in `base/`; an overlay of the
//! latter adds a `values.yaml`, and says nothing else.

use model::{Diagnostic, ExpansionRequest, HelmRelease, Span};
use schema::objects::kustomization::{is_kustomization, read, resolve};

use super::codes::CHART_OVERLAY;
use super::placeholders::{Places, find_placeholders};
use super::{ReleaseNames, request_for, values, values_path};
use crate::overlay::TemplateFolder;
use crate::overlay::folder::{TemplateFile, join};

/// The folder of the chart that a folder of a template stands for, if it does.
pub(crate) fn chart_folder(template: &TemplateFolder<'_>, entry: &str) -> Option<String> {
    let own = [entry, "base"].into_iter().take(if entry.is_empty() { 1 } else { 2 });
    let mut folders = own.filter(|folder| template.get(&join(folder, "Chart.yaml")).is_some());
    folders.next().map(str::to_owned)
}

/// The request to build a chart.
pub(super) fn request(
    template: &TemplateFolder<'_>,
    chart: &str,
    entry: &str,
    names: ReleaseNames<'_>,
) -> Result<ExpansionRequest, Vec<Diagnostic>> {
    let mut files: Vec<TemplateFile<'_>> = template.below(chart).copied().collect();
    let mut overlay_values = None;
    if chart != entry {
        let problems = check_overlay(template, entry);
        if !problems.is_empty() {
            return Err(problems);
        }
        overlay_values = template.get(&values_path(entry)).copied();
    }
    let place = template.get(&join(chart, "Chart.yaml")).map(TemplateFile::span);
    let place = place.unwrap_or(Span::new(model::FileId(u32::MAX), 0, 0));
    files.extend(overlay_values);
    files.sort_by_key(|file| file.path);
    let release = HelmRelease {
        name: names.name.into(),
        namespace: names.namespace.into(),
        values: overlay_values.iter().map(|file| file.path.into()).collect(),
    };
    let mut request = request_for(template, chart, Some(release), &files, place);
    let overlay = overlay_values.map(|file| file.path);
    let effective = values::effective(&files, chart, overlay);
    request.placeholders = find_placeholders(&files, &Places::Apart(&effective));
    Ok(request)
}

/// What an overlay says besides its values, which nothing would carry out.
fn check_overlay(template: &TemplateFolder<'_>, entry: &str) -> Vec<Diagnostic> {
    let values = values_path(entry);
    let mut problems = Vec::new();
    for file in template.below(entry).filter(|file| file.path != values) {
        if !is_kustomization(file.path) {
            let message = format!("`{}` is no part of an overlay of a chart", file.path);
            let hint = "write what differs into `values.yaml` beside it, or give the overlay a \
                        chart of its own";
            problems.push(Diagnostic::error(&CHART_OVERLAY, file.span(), message).hint(hint));
        }
    }
    for file in template.kustomizations(entry) {
        // What cannot be read was found when its annotation was.
        let Some(kustomization) = file.text().and_then(|text| read(text).ok()) else { continue };
        let resources = kustomization.resources.iter();
        let other = resources.filter(|(path, _)| resolve(entry, path).as_deref() != Some("base"));
        for (name, range) in other.chain(&kustomization.other_fields) {
            let span = Span::new(file.id, range.start, range.end);
            let message = format!("`{name}` is not carried out: the base is a Helm chart");
            let hint = "write what differs into `values.yaml` beside this file";
            problems.push(Diagnostic::error(&CHART_OVERLAY, span, message).hint(hint));
        }
    }
    problems
}
