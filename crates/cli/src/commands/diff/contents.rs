//! What was rendered, as the preview reads it.

use std::sync::Arc;

use git::{Objects, TreeEntryKind};
use model::{Entry, Mode, ObjectId};
use release::Contents;

/// Objects of a render that was not written. What cannot be read is nothing; the preview says so.
pub(super) struct Read<'a>(pub(super) &'a Objects);

impl Contents for Read<'_> {
    fn tree(&self, id: ObjectId) -> Option<Arc<[Entry]>> {
        let entries = self.0.read_tree(id).ok()?;
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
        self.0.read_blob(id).ok().map(Into::into)
    }
}
