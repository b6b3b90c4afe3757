//! Why a cluster gets the overlay that it gets.

use model::{ApplicationId, ClusterId, ClusterSet, Diagnostic, Program, Source, Span};
use schema::document::LayoutDocument;

use super::{Choice, Overlays, TemplateFolder};
use crate::Fleet;
use crate::expansion::{Input, ReleaseNames, input_of};
use crate::fleet::Application;

/// One overlay, seen from one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayCandidate {
    /// The version.
    pub version: String,
    /// The text of its expression.
    pub expression: String,
    /// Where the expression stands.
    pub span: Span,
    /// Whether it selects the cluster.
    pub selects: bool,
}

/// What a cluster gets of a template, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChosenOverlay {
    /// The template is flat.
    Flat,
    /// No overlay selects the cluster.
    Base,
    /// The highest version whose expression selects the cluster.
    Selected(String),
    /// The application's `version` picks this one, whatever its expression says.
    Pinned {
        /// The version.
        version: String,
        /// Where the application says so.
        span: Span,
    },
}

/// The overlays of an application's template on one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayExplanation {
    /// The overlays, the highest precedence first.
    pub candidates: Vec<OverlayCandidate>,
    /// What the cluster gets.
    pub chosen: ChosenOverlay,
    /// The program that builds the objects before placeholders are filled; nothing where files are
    /// taken as they are.
    pub program: Option<Program>,
}

/// Explains which overlay of an application a cluster gets, whether or not the application is
/// placed there.
///
/// # Errors
/// What is wrong with the overlays; then the cluster keeps what it runs.
///
/// # Panics
/// If an id is of another fleet.
pub fn explain_overlay(
    fleet: &Fleet,
    source: &Source,
    cluster: ClusterId,
    application: ApplicationId,
) -> Result<OverlayExplanation, Vec<Diagnostic>> {
    let application = &fleet.applications[application.0 as usize];
    let template = &application.document.template.value;
    let folder = TemplateFolder::find(&source.files, template);
    let overlays = Overlays::read(fleet, &folder)?;
    let candidates = overlays.list.iter().map(|overlay| OverlayCandidate {
        version: overlay.name.to_string(),
        expression: overlay.selection.text.to_string(),
        span: overlay.selection.span,
        selects: overlay.selection.clusters.contains(cluster),
    });
    let alone: ClusterSet = [cluster].into_iter().collect();
    let choices = overlays.choose(application, &alone).map_err(|problem| vec![*problem])?;
    let choice = choices.first().map_or(Choice::Base, |(choice, _)| *choice);
    let program = program(fleet, application, &folder, &overlays.entry(choice));
    let chosen = match (choice, &application.document.version) {
        (Choice::Overlay(index), Some(pin)) => {
            ChosenOverlay::Pinned { version: overlays.list[index].name.to_string(), span: pin.span }
        }
        (Choice::Overlay(index), None) => {
            ChosenOverlay::Selected(overlays.list[index].name.to_string())
        }
        (Choice::Flat, _) => ChosenOverlay::Flat,
        (Choice::Base, _) => ChosenOverlay::Base,
    };
    Ok(OverlayExplanation { candidates: candidates.collect(), chosen, program })
}

/// The program that a folder of a template needs; a folder that cannot be built names none, and
/// is explained by what is wrong with it.
fn program(
    fleet: &Fleet,
    application: &Application,
    folder: &TemplateFolder<'_>,
    entry: &str,
) -> Option<Program> {
    if matches!(fleet.layout, LayoutDocument::Flux(_)) {
        return None;
    }
    let namespace = fleet.namespaces[application.namespace.0 as usize].name.as_str();
    let names = ReleaseNames { name: application.name.as_str(), namespace };
    match input_of(folder, entry, Some(names)) {
        Ok(Input::Program(request)) => Some(request.program),
        Ok(Input::Files(_)) | Err(_) => None,
    }
}
