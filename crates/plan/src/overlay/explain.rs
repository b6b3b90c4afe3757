//! Why a cluster gets the overlay that it gets.

use model::{ApplicationId, ClusterId, ClusterSet, Diagnostic, Source, Span};

use super::{Choice, Overlays, TemplateFolder};
use crate::Fleet;

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
    let overlays = Overlays::read(fleet, &TemplateFolder::find(&source.files, template))?;
    let candidates = overlays.list.iter().map(|overlay| OverlayCandidate {
        version: overlay.name.to_string(),
        expression: overlay.selection.text.to_string(),
        span: overlay.selection.span,
        selects: overlay.selection.clusters.contains(cluster),
    });
    let alone: ClusterSet = [cluster].into_iter().collect();
    let choices = overlays.choose(application, &alone).map_err(|problem| vec![*problem])?;
    let chosen = match (choices.first().map(|(choice, _)| *choice), &application.document.version) {
        (Some(Choice::Overlay(index)), Some(pin)) => {
            ChosenOverlay::Pinned { version: overlays.list[index].name.to_string(), span: pin.span }
        }
        (Some(Choice::Overlay(index)), None) => {
            ChosenOverlay::Selected(overlays.list[index].name.to_string())
        }
        (Some(Choice::Flat), _) => ChosenOverlay::Flat,
        (Some(Choice::Base) | None, _) => ChosenOverlay::Base,
    };
    Ok(OverlayExplanation { candidates: candidates.collect(), chosen })
}
