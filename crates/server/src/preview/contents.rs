//! What was rendered, as the preview reads it.

use std::sync::Arc;

use git::{Objects, TreeEntryKind};
use model::{Entry, Layout, Mode, ObjectChange, ObjectEffect, ObjectId, Observed, RequestChange};
use release::{Contents, Transition};

/// Objects of a render that was not written. What cannot be read is nothing; the preview says so.
pub struct Read<'a> {
    /// The objects of both sides.
    pub objects: &'a Objects,
    /// What the newer side writes.
    pub layout: Layout,
}

impl Contents for Read<'_> {
    fn tree(&self, id: ObjectId) -> Option<Arc<[Entry]>> {
        let entries = self.objects.read_tree(id).ok()?;
        let entries = entries.iter().map(|entry| {
            let mode = match entry.kind {
                TreeEntryKind::File => Mode::File,
                TreeEntryKind::Executable => Mode::Executable,
                TreeEntryKind::Tree => Mode::Tree,
                // A render holds none of these.
                TreeEntryKind::Symlink | TreeEntryKind::Submodule => return None,
            };
            Some(Entry::new(entry.name_text()?, mode, entry.id))
        });
        entries.collect()
    }

    fn blob(&self, id: ObjectId) -> Option<Arc<[u8]>> {
        self.objects.read_blob(id).ok().map(Into::into)
    }

    fn objects(&self, transition: Transition) -> Observed<ObjectChange> {
        git::object_change(self.objects, self.layout, transition.old, transition.new)
    }

    fn effects(&self, old: &str, new: &str) -> Vec<ObjectEffect> {
        schema::objects::effects(old, new)
    }

    fn requests(&self, old: Option<&str>, new: Option<&str>) -> RequestChange {
        match self.layout {
            Layout::Manifests => schema::objects::request_change(old, new),
            // What Flux makes of a template's files is known only on the cluster.
            Layout::Flux => RequestChange::default(),
        }
    }
}
