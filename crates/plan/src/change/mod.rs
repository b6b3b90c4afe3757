//! Which edits between two sources are the reason of what changes on clusters.
//!
//! ```text
//! (fleet, source) before ─┐
//!                         ├─Changes─▶ for a binding, a file or a namespace on some clusters:
//! (fleet, source) after  ─┘           the edits that contribute, with document and line;
//!                                     for the whole change, what it means
//! ```
//!
//! In: two fleets, each with its source. Out: [`Why`], computed on demand and with sets of
//! clusters, so that one label of 40 clusters is one edit. An edit is only named where the thing
//! asked about depends on it: an expression is followed to the part that changed its answer, a
//! file to the object of the template that it was filled from and the keys that this object uses.
//! What cannot be told is counted as unknown. Nothing is rendered.
//!
//! What a change means ([`Changes::meaning`]) is what it is authorized by: the documents,
//! memberships and cells that differ, whatever the files.

mod cells;
mod expression;
mod files;
mod meaning;
mod overlays;
mod placement;
mod policies;
mod renames;
mod sides;
mod templates;
mod values;

pub use policies::policies;
pub use sides::Side;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use model::{ApplicationName, ClusterId, ClusterSet, Edit, EditKind, Place, Span, Why};

use crate::Fleet;
use templates::Templates;

/// Longer texts are not part of an edit.
const LONGEST_TEXT: usize = 200;

/// Two sources, side by side.
pub struct Changes<'a> {
    base: Side<'a>,
    head: Side<'a>,
    base_templates: Templates<'a>,
    head_templates: Templates<'a>,
    /// For each cluster of the head its id in the base.
    former: Vec<Option<ClusterId>>,
    /// For each cluster of the base its id in the head.
    present: Vec<Option<ClusterId>>,
    /// The groups of each side by their depth, once somebody asks.
    group_orders: (OnceLock<Vec<usize>>, OnceLock<Vec<usize>>),
}

impl<'a> Changes<'a> {
    /// Puts two sources side by side; clusters are the same by name, or by former name.
    #[must_use]
    pub fn new(base: Side<'a>, head: Side<'a>) -> Self {
        let mut present = vec![None; base.fleet.clusters.len()];
        let former = |cluster: &crate::Cluster| {
            let former = cluster.document.metadata.former.as_ref();
            let by_name = base.fleet.cluster_id(cluster.name.as_str());
            by_name.or_else(|| base.fleet.cluster_id(former?.value.as_str()))
        };
        let former: Vec<Option<ClusterId>> = head.fleet.clusters.iter().map(former).collect();
        for (index, before) in former.iter().enumerate() {
            if let Some(before) = before {
                present[before.index()].get_or_insert(ClusterId(index as u32));
            }
        }
        let (base_templates, head_templates) = (Templates::new(base), Templates::new(head));
        let group_orders = (OnceLock::new(), OnceLock::new());
        Self { base, head, base_templates, head_templates, former, present, group_orders }
    }

    /// A set of the base's clusters as ids of the head.
    fn to_head(&self, set: &ClusterSet) -> ClusterSet {
        let mut present = ClusterSet::none(self.head.fleet.clusters.len());
        for cluster in set.iter() {
            if let Some(id) = self.present[cluster.index()] {
                present.insert(id);
            }
        }
        present
    }

    /// The clusters of `among` that are in one of a set of the base and a set of the head.
    fn flipped(&self, base: &ClusterSet, head: &ClusterSet, among: &ClusterSet) -> ClusterSet {
        differing(&self.to_head(base), head, among)
    }

    /// Line and column are only looked up where they are shown: it costs a walk over the file.
    fn place(&self, at: At) -> Option<Place> {
        let side = if at.in_head { &self.head } else { &self.base };
        let place = side.source.files.place(at.span);
        (!place.path.is_empty()).then_some(place)
    }

    /// Which application of the base is one of the head: of that name, or of its former name.
    fn application(&self, name: &ApplicationName) -> (Option<usize>, Option<usize>) {
        let find = |fleet: &Fleet, name: &str| fleet.application_id(name).map(|id| id.0 as usize);
        let head = find(self.head.fleet, name.as_str());
        let former = head.and_then(|index| {
            let document = &self.head.fleet.applications[index].document;
            document.metadata.former.as_ref().map(|former| former.value.as_str())
        });
        let base = find(self.base.fleet, name.as_str());
        (base.or_else(|| find(self.base.fleet, former?)), head)
    }
}

/// The clusters of `among` that are in one of two sets.
fn differing(one: &ClusterSet, other: &ClusterSet, among: &ClusterSet) -> ClusterSet {
    let (mut only_one, mut only_other) = (one.clone(), other.clone());
    only_one.subtract(other);
    only_other.subtract(one);
    only_one.unite(&only_other);
    only_one.intersect(among);
    only_one
}

/// A place in one of the two sources.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    span: Span,
    in_head: bool,
}

fn in_base(span: Span) -> Option<At> {
    Some(At { span, in_head: false })
}

fn in_head(span: Span) -> Option<At> {
    Some(At { span, in_head: true })
}

/// An edit before its clusters are counted.
struct Found {
    kind: EditKind,
    subject: String,
    place: Option<At>,
    before: Option<String>,
    after: Option<String>,
}

/// What makes two edits the same, whatever their place.
type Key = (EditKind, String, Option<String>, Option<String>);

/// Collects edits; the same edit at several places is one.
#[derive(Default)]
struct Edits {
    found: BTreeMap<Key, (BTreeSet<At>, ClusterSet)>,
}

impl Edits {
    fn add(&mut self, found: Found, clusters: &ClusterSet) {
        if !clusters.is_empty() {
            self.entry(found).unite(clusters);
        }
    }

    fn add_one(&mut self, found: Found, cluster: ClusterId) {
        self.entry(found).insert(cluster);
    }

    /// The clusters of an edit.
    fn entry(&mut self, found: Found) -> &mut ClusterSet {
        let short = |text: Option<String>| text.filter(|text| text.len() <= LONGEST_TEXT);
        let key = (found.kind, found.subject, short(found.before), short(found.after));
        let (places, all) = self.found.entry(key).or_default();
        places.extend(found.place);
        all
    }

    /// The edits, and how many of the clusters have none.
    fn why(self, changes: &Changes<'_>, asked: &ClusterSet) -> Why {
        let mut unknown = asked.clone();
        let mut edits: Vec<Edit> = Vec::new();
        for ((kind, subject, before, after), (places, clusters)) in self.found {
            unknown.subtract(&clusters);
            let (n_places, n_clusters) = (places.len(), clusters.len());
            let place = places.first().and_then(|at| changes.place(*at));
            edits.push(Edit { kind, subject, place, n_places, before, after, n_clusters });
        }
        edits.sort_by_key(|edit| usize::MAX - edit.n_clusters);
        Why { edits, n_unknown: unknown.len() }
    }
}

fn set(clusters: &[u32]) -> ClusterSet {
    clusters.iter().map(|cluster| ClusterId(*cluster)).collect()
}
