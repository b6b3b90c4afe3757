//! What a change does to the whole fleet, said once for equal clusters.
//!
//! Takes the render before and after the change, and answers files that differ, grouped by what
//! differs in them: one edit of a template is one group over a thousand clusters. Besides that
//! the bindings, namespaces and clusters that come and go, and the objects that would be deleted.
//! Decides nothing: brakes and holds look at the ledger, not at a change.

mod builder;
mod files;
mod text;

use std::sync::Arc;

use model::{
    ApplicationName, Cause, ClusterName, Entry, MemoryObjects, NamespaceName, ObjectChange,
    ObjectId, ObjectKey, Observed, Rendered,
};

use crate::difference::Transition;
use crate::held::Part;

/// Reads what was rendered.
pub trait Contents {
    /// The entries of a tree.
    fn tree(&self, id: ObjectId) -> Option<Arc<[Entry]>>;

    /// The bytes of a file.
    fn blob(&self, id: ObjectId) -> Option<Arc<[u8]>>;
}

impl Contents for MemoryObjects {
    fn tree(&self, id: ObjectId) -> Option<Arc<[Entry]>> {
        self.get_tree(id)
    }

    fn blob(&self, id: ObjectId) -> Option<Arc<[u8]>> {
        self.get_blob(id)
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
    /// Applications that come to clusters that were there before.
    pub bindings_added: Vec<BindingChange>,
    /// Applications that leave clusters that stay.
    pub bindings_removed: Vec<BindingChange>,
    /// Applications whose document gets another name.
    pub bindings_renamed: Vec<BindingChange>,
    /// Applications that could be rendered and no longer can.
    pub bindings_broken: Vec<BindingChange>,
    /// Applications that could not be rendered and now can.
    pub bindings_mended: Vec<BindingChange>,
    /// Namespaces that come.
    pub namespaces_added: Vec<NamespaceCount>,
    /// Namespaces that leave.
    pub namespaces_removed: Vec<NamespaceCount>,
    /// Objects that would be deleted; one that moves within its cluster is none.
    pub deleted: Vec<DeletedObject>,
    /// Where it could not be read which objects would be deleted.
    pub unread: Vec<(Cause, Clusters)>,
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
}

/// One namespace that comes or leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceCount {
    /// The namespace.
    pub namespace: NamespaceName,
    /// Where.
    pub clusters: Clusters,
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

/// One file of one part that differs in the same way on some clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The part.
    pub part: Part,
    /// The path in the cluster's tree.
    pub path: String,
    /// Where.
    pub clusters: Clusters,
    /// What differs.
    pub change: FileChange,
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
/// `objects` tells which objects come and go with a transition; it is asked once for each. What
/// cannot be read is said in the answer, never left out.
#[must_use]
pub fn preview(
    base: &Rendered,
    head: &Rendered,
    contents: &dyn Contents,
    objects: &dyn Fn(Transition) -> Observed<ObjectChange>,
) -> Preview {
    builder::build(base, head, contents, objects)
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
