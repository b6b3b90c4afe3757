//! Edits of a source as the reasons of what changes on clusters.

use crate::Place;

/// One edit of the source that makes some clusters run something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What was edited.
    pub kind: EditKind,
    /// It in words, as in "label `ring`" or "expression of namespace imdb".
    pub subject: String,
    /// Where: in the newer source, or in the older one where something was removed. The first
    /// of several places.
    pub place: Option<Place>,
    /// At how many places the same edit was made, as the same label of 40 clusters.
    pub n_places: usize,
    /// What stood there, if it is short and no secret.
    pub before: Option<String>,
    /// What stands there now, if it is short and no secret.
    pub after: Option<String>,
    /// On how many of the clusters that were asked about it counts.
    pub n_clusters: usize,
}

/// What an edit changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditKind {
    /// A document came or went.
    Document,
    /// A setting of `fleet.yaml`.
    Setting,
    /// A field of a document.
    Field,
    /// The groups that a cluster lists.
    Groups,
    /// A label.
    Label,
    /// A value.
    Value,
    /// An expression that selects clusters.
    Expression,
    /// An overlay came or went.
    Overlay,
    /// Lines of a template's file.
    Template,
}

/// Why something changes on some clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Every edit that contributes, the one that counts on most clusters first.
    pub edits: Vec<Edit>,
    /// For how many clusters no edit is known to be a reason.
    pub n_unknown: usize,
}

/// An application that gets another version of its template, or another template, on clusters
/// that it stays on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move<C> {
    /// The application's present name.
    pub application: crate::ApplicationName,
    /// The template or version before, as in `base` or `overlays/1.2.0`.
    pub from: String,
    /// The one after.
    pub to: String,
    /// Where.
    pub clusters: C,
    /// Why.
    pub why: Why,
}
