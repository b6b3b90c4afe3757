//! What a change does to the whole fleet, said once for equal clusters.
//!
//! Takes the render before and after the change, and answers files that differ, grouped by what
//! differs in them: one edit of a template is one group over a thousand clusters. Besides that
//! the bindings, namespaces and clusters that come and go, the objects that would be created and
//! deleted, the workloads that restart, what agents would fetch, and what the brakes would hold
//! if the base were released. Reads nothing itself: what was rendered comes through [`Contents`].

mod brakes;
mod builder;
mod groups;
mod lines;
mod lists;
mod markdown;
mod requests;
mod text;
mod walk;

use std::sync::Arc;

use model::{
    ApplicationName, Cause, ClusterName, Entry, LikelyRename, Move, NamespaceName, ObjectChange,
    ObjectEffect, ObjectId, ObjectKey, Observed, Rendered, RequestChange, RequestSums, Why,
};

use crate::difference::Transition;
use crate::held::{Part, Reason};

pub use brakes::brakes;

/// Reads what was rendered. It is asked from many threads at once, and once for each distinct
/// question.
pub trait Contents: Sync {
    /// The entries of a tree.
    fn tree(&self, id: ObjectId) -> Option<Arc<[Entry]>>;

    /// The bytes of a file.
    fn blob(&self, id: ObjectId) -> Option<Arc<[u8]>>;

    /// The objects that come and go with a transition.
    fn objects(&self, transition: Transition) -> Observed<ObjectChange>;

    /// What it means that a file with objects changes from one text into another.
    fn effects(&self, old: &str, new: &str) -> Vec<ObjectEffect>;

    /// How requests change with a file, which may come or go.
    fn requests(&self, old: Option<&str>, new: Option<&str>) -> RequestChange;
}

/// Tells why something changes. Clusters are positions in the newer render.
pub trait Reasons: Sync {
    /// Why a part comes to clusters or leaves them.
    fn of_part(&self, part: &Part, clusters: &[u32]) -> Why;

    /// Why a file of a part differs; the path is that in the cluster's tree.
    fn of_file(&self, part: &Part, path: &str, clusters: &[u32]) -> Why;

    /// The applications that get another template or version of it, in the order of names.
    fn moves(&self) -> Vec<Move<Vec<u32>>>;

    /// Documents that may have been renamed without saying so; none where nobody looked.
    fn likely_renames(&self) -> Vec<LikelyRename> {
        Vec::new()
    }
}

/// What a change does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Clusters that are new.
    pub clusters_added: Clusters,
    /// Clusters whose document goes; they keep running what they have.
    pub clusters_removed: Clusters,
    /// Clusters that get another name: before and after.
    pub clusters_renamed: Vec<(ClusterName, ClusterName)>,
    /// How many clusters would have another tree, without new ones.
    pub n_clusters_changed: usize,
    /// Documents that may have been renamed without saying so.
    pub likely_renames: Vec<LikelyRename>,
    /// Applications that come to clusters that were there before.
    pub bindings_added: Vec<BindingChange>,
    /// Applications that leave clusters that stay.
    pub bindings_removed: Vec<BindingChange>,
    /// Applications whose document gets another name.
    pub bindings_renamed: Vec<BindingChange>,
    /// Applications that get another template or version of it on clusters that they stay on.
    pub moves: Vec<Move<Clusters>>,
    /// Applications that could be rendered and no longer can.
    pub bindings_broken: Vec<BindingChange>,
    /// Applications that could not be rendered and now can.
    pub bindings_mended: Vec<BindingChange>,
    /// Namespaces that come.
    pub namespaces_added: Vec<NamespaceCount>,
    /// Namespaces that leave.
    pub namespaces_removed: Vec<NamespaceCount>,
    /// Objects that would be created on clusters that were there before.
    pub created: Vec<CreatedObject>,
    /// Objects that would be deleted; one that moves within its cluster is none.
    pub deleted: Vec<DeletedObject>,
    /// Where it could not be read which objects come and go.
    pub unread: Vec<(Cause, Clusters)>,
    /// What it sets off that objects change, the gravest first.
    pub effects: Vec<EffectCount>,
    /// How the requests of what changes change, on all clusters that were there before together.
    pub requests: FleetRequests,
    /// What brakes would hold if the base were released whole.
    pub brakes: Vec<Brake>,
    /// What clusters that were there before would fetch.
    pub fetch: Fetch,
    /// Files that differ, the most frequent difference first.
    pub groups: Vec<Group>,
}

/// Some clusters: how many, and the first names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clusters {
    /// How many.
    pub n: usize,
    /// The first of them, in order.
    pub names: Vec<ClusterName>,
}

/// One application that comes, leaves or changes somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingChange {
    /// The application.
    pub application: ApplicationName,
    /// Its name before, if that is what changes.
    pub former: Option<ApplicationName>,
    /// Where.
    pub clusters: Clusters,
    /// What breaks it, if that is what changes: messages of diagnostics.
    pub faults: Vec<String>,
    /// Why it comes or leaves.
    pub why: Why,
}

/// One namespace that comes or leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceCount {
    /// The namespace.
    pub namespace: NamespaceName,
    /// Where.
    pub clusters: Clusters,
    /// Why.
    pub why: Why,
}

/// One object that would be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedObject {
    /// The object.
    pub object: ObjectKey,
    /// The part that gives it up.
    pub part: Part,
    /// Whether it waits for a person.
    pub waits: bool,
    /// Where.
    pub clusters: Clusters,
}

/// One object that would be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedObject {
    /// The object.
    pub object: ObjectKey,
    /// The part that brings it.
    pub part: Part,
    /// Where.
    pub clusters: Clusters,
}

/// What some changes of an object set off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectCount {
    /// What. Where there are several variants, the details are those of one of them.
    pub effect: ObjectEffect,
    /// The part that the object belongs to.
    pub part: Part,
    /// How many differences set it off, which are of one shape and say different things.
    pub n_variants: usize,
    /// Where.
    pub clusters: Clusters,
}

/// How the sums of requests change. Only objects whose requests differ count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetRequests {
    /// The sums before and after.
    pub sums: RequestSums,
    /// Whether DaemonSets are among them: one pod of each counts for each cluster.
    pub daemons: bool,
    /// What could not be read, in words, and counts on neither side.
    pub unread: Vec<UnreadRequests>,
}

/// An object whose requests could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadRequests {
    /// The part that the object belongs to.
    pub part: Part,
    /// The object, and what is wrong.
    pub message: String,
    /// Where.
    pub clusters: Clusters,
}

/// How the requests in one file change on the clusters of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRequests {
    /// So on each of them.
    Each(RequestSums),
    /// Not the same on all: so on all of them together.
    Together(RequestSums),
}

/// What one brake would hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brake {
    /// Why.
    pub reason: Reason,
    /// Which parts, and where.
    pub parts: Vec<(Part, Clusters)>,
}

/// What is fetched: files and folders of applications that a cluster does not have, before
/// compression and each distinct content once; a cluster's root folder and commit come on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetch {
    /// How many distinct files and folders.
    pub n_objects: usize,
    /// How many bytes they have together.
    pub n_bytes: u64,
}

/// One file of one part that differs in the same way on some clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The part.
    pub part: Part,
    /// The path in the cluster's tree.
    pub path: String,
    /// Where.
    pub clusters: Clusters,
    /// What differs. Where there are several variants, the most frequent of them.
    pub change: FileChange,
    /// How many differences of one shape are counted together here because there are many: the
    /// same lines of a file, with other values on other clusters. 1 if all are the same.
    pub n_variants: usize,
    /// How requests change with it, if they do.
    pub requests: Option<GroupRequests>,
    /// The distinct contents of the file.
    pub fetch: Fetch,
    /// Why it differs. Of a Secret without what stood there and stands there now.
    pub why: Why,
}

/// What differs in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// The file is new.
    Added,
    /// The file is gone.
    Removed,
    /// Lines differ. Lines of context are those of the first cluster.
    Lines(Vec<Line>),
    /// The content is not shown, because of this.
    Hidden(Hidden),
}

/// Why a difference is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hidden {
    /// The file is a Secret: no value of it is ever shown.
    Secret,
    /// The file is no text.
    Binary,
    /// The file is too large to compare by lines.
    TooLarge,
    /// Only the mode differs.
    Mode,
    /// The content could not be read.
    Unread,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What happens to it.
    pub sign: Sign,
    /// The text, without the newline.
    pub text: String,
}

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// It stays, and shows where the others stand.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
    /// Lines that stay are left out here.
    Gap,
}

/// What a change does: `base` is rendered before it, `head` after it.
///
/// What cannot be read is said in the answer, never left out.
#[must_use]
pub fn preview(
    base: &Rendered,
    head: &Rendered,
    contents: &dyn Contents,
    reasons: &dyn Reasons,
) -> Preview {
    builder::build(base, head, contents, reasons)
}

impl Preview {
    /// Whether nothing changes for any cluster.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The preview for people. At most `limit` groups of files are shown; with `color` the lines
    /// carry ANSI colours.
    #[must_use]
    pub fn to_text(&self, color: bool, limit: usize) -> String {
        text::write(self, color, limit)
    }

    /// The preview as a comment on a change, at most 60,000 characters long. `command` shows
    /// what does not fit.
    #[must_use]
    pub fn to_markdown(&self, command: &str) -> String {
        markdown::write(self, command)
    }
}

/// How many names a [`Clusters`] keeps.
const NAMES: usize = 5;

impl Clusters {
    /// Counts one more.
    pub(crate) fn add(&mut self, name: &ClusterName) {
        self.n += 1;
        if self.names.len() < NAMES {
            self.names.push(name.clone());
        }
    }
}
