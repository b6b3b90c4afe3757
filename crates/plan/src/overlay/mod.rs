//! Which version of a template a cluster gets.
//!
//! ```text
//! overlays/<version>/kustomization.yaml ─▶ what each version selects ─▶ one choice per cluster
//! ```
//!
//! The highest version by the precedence of Semantic Versioning 2.0
//! (<https://semver.org/#spec-item-11>) whose expression selects the cluster, else the base; an
//! application may pin one. In: the files of a template and the fleet. Out: clusters by choice,
//! or what is wrong, which concerns every cluster of every application of the template: a broken
//! overlay is never passed over for a lower one. Files are not parsed here.

mod annotation;
mod explain;
pub(crate) mod folder;

use model::{ClusterSet, Diagnostic, FileId, Span};
use semver::Version;

pub(crate) use annotation::Selection;
pub use explain::{ChosenOverlay, OverlayCandidate, OverlayExplanation, explain_overlay};
pub(crate) use folder::TemplateFolder;

use crate::Fleet;
use crate::fleet::Application;
use crate::render::codes;
use schema::nearest::nearest;

/// A place that is in no file.
const NO_SPAN: Span = Span { file: FileId(u32::MAX), start: 0, end: 0 };

/// What a cluster gets of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Choice {
    /// The template is flat: all of it.
    Flat,
    /// The base alone.
    Base,
    /// The overlay at this position of [`Overlays::list`].
    Overlay(usize),
}

/// One version of a template.
#[derive(Clone, Debug)]
pub(crate) struct Overlay {
    /// The version as the folder spells it.
    pub(crate) name: Box<str>,
    version: Version,
    /// What it selects.
    pub(crate) selection: Selection,
}

/// The versions of a template.
#[derive(Clone, Debug)]
pub(crate) struct Overlays {
    flat: bool,
    /// The overlays, the highest precedence first.
    pub(crate) list: Vec<Overlay>,
}

impl Overlays {
    /// Reads the overlays of a template and evaluates their expressions.
    pub(crate) fn read(
        fleet: &Fleet,
        template: &TemplateFolder<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (mut list, mut problems) = (Vec::new(), Vec::new());
        let versions = template.versions();
        for name in &versions {
            match read_overlay(fleet, template, name) {
                Ok(overlay) => list.push(overlay),
                Err(found) => problems.extend(found),
            }
        }
        if !template.has_base() && !versions.is_empty() {
            problems.push(no_base(template));
        }
        list.sort_by(|a: &Overlay, b| {
            b.version.cmp_precedence(&a.version).then_with(|| a.name.cmp(&b.name))
        });
        problems.extend(list.windows(2).filter_map(|pair| equal_precedence(&pair[0], &pair[1])));
        if problems.is_empty() {
            return Ok(Self { flat: versions.is_empty() && !template.has_base(), list });
        }
        Err(problems)
    }

    /// Which clusters get what: sets that do not overlap and together are `clusters`.
    pub(crate) fn place(&self, clusters: &ClusterSet) -> Vec<(Choice, ClusterSet)> {
        let mut rest = clusters.clone();
        let mut placed = Vec::new();
        for (index, overlay) in self.list.iter().enumerate() {
            let mut selected = rest.clone();
            selected.intersect(&overlay.selection.clusters);
            if !selected.is_empty() {
                rest.subtract(&selected);
                placed.push((Choice::Overlay(index), selected));
            }
        }
        if !rest.is_empty() {
            placed.push((self.default(), rest));
        }
        placed
    }

    /// What a cluster gets that no overlay selects.
    fn default(&self) -> Choice {
        if self.flat { Choice::Flat } else { Choice::Base }
    }

    /// The overlay that an application pins.
    fn pinned(&self, pin: &str, span: Span) -> Result<Choice, Box<Diagnostic>> {
        if let Some(index) = self.list.iter().position(|overlay| &*overlay.name == pin) {
            return Ok(Choice::Overlay(index));
        }
        let names = || self.list.iter().map(|overlay| &*overlay.name);
        let hint = match (nearest(pin, names()), self.list.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, true) => "the template has no overlays; remove `version`".to_owned(),
            (None, false) => {
                let all: Vec<String> = names().take(12).map(|name| format!("`{name}`")).collect();
                format!("the template has {}", all.join(", "))
            }
        };
        let message = format!("the template has no overlay `{pin}`");
        Err(Box::new(Diagnostic::error(&codes::OVERLAY_UNKNOWN, span, message).hint(hint)))
    }

    /// Which clusters of an application get what, of those given.
    pub(crate) fn choose(
        &self,
        application: &Application,
        clusters: &ClusterSet,
    ) -> Result<Vec<(Choice, ClusterSet)>, Box<Diagnostic>> {
        match &application.document.version {
            Some(pin) => Ok(vec![(self.pinned(&pin.value, pin.span)?, clusters.clone())]),
            None => Ok(self.place(clusters)),
        }
    }

    /// The folder below an application's that a choice is applied from.
    pub(crate) fn entry(&self, choice: Choice) -> String {
        match choice {
            Choice::Flat => String::new(),
            Choice::Base => "base".to_owned(),
            Choice::Overlay(index) => format!("overlays/{}", self.list[index].name),
        }
    }
}

fn read_overlay(
    fleet: &Fleet,
    template: &TemplateFolder<'_>,
    name: &str,
) -> Result<Overlay, Vec<Diagnostic>> {
    let folder = format!("overlays/{name}");
    let version = Version::parse(name).map_err(|error| {
        let span = template.span(&folder).unwrap_or(NO_SPAN);
        let message = format!("`{name}` in `{}/overlays` is no version: {error}", template.path);
        let hint = "name the folder by a version such as `1.2.0`, or move it out of `overlays/`";
        vec![Diagnostic::error(&codes::OVERLAY_VERSION, span, message).hint(hint)]
    })?;
    let selection = annotation::read_selection(fleet, template, &folder)?;
    Ok(Overlay { name: name.into(), version, selection })
}

fn no_base(template: &TemplateFolder<'_>) -> Diagnostic {
    let span = template.span("overlays").unwrap_or(NO_SPAN);
    let message = format!("`{}` has overlays and no `base/`", template.path);
    Diagnostic::error(&codes::TEMPLATE_SHAPE, span, message)
        .hint("add `base/` for the clusters that no overlay selects")
}

fn equal_precedence(one: &Overlay, other: &Overlay) -> Option<Diagnostic> {
    if !one.version.cmp_precedence(&other.version).is_eq() {
        return None;
    }
    let message =
        format!("the overlays `{}` and `{}` have the same precedence", one.name, other.name);
    let hint = "build metadata after `+` does not order versions; raise one of the numbers";
    let error = Diagnostic::error(&codes::OVERLAY_PRECEDENCE, other.selection.span, message);
    Some(error.label(one.selection.span, "the other overlay").hint(hint))
}
