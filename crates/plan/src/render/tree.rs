//! Folders made of filled units.
//!
//! In: where each unit stands. Out: a plan that, given the content of each unit, answers the
//! tree. A folder whose content was seen before is not hashed again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{Entry, Mode, ObjectId, Sink};

/// The folders of a tree, children before parents, the root last.
#[derive(Clone, Debug)]
pub(crate) struct FolderPlan {
    folders: Vec<Vec<(Arc<str>, Mode, Slot)>>,
}

/// Where an entry's id comes from.
#[derive(Clone, Copy, Debug)]
enum Slot {
    /// The unit with this number.
    Unit(usize),
    /// The folder at this position.
    Folder(usize),
}

#[derive(Default)]
struct Draft<'p> {
    files: BTreeMap<&'p str, (usize, Mode)>,
    folders: BTreeMap<&'p str, Draft<'p>>,
}

impl FolderPlan {
    /// Plans a tree of units at paths.
    ///
    /// # Errors
    /// Two units that stand at the same path, or one where another needs a folder.
    pub(crate) fn new(units: &[(usize, &str, Mode)]) -> Result<Self, (usize, usize)> {
        let mut root = Draft::default();
        for (unit, path, mode) in units {
            let mut draft = &mut root;
            let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
            for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
                if let Some((other, _)) = draft.files.get(folder) {
                    return Err((*other, *unit));
                }
                draft = draft.folders.entry(folder).or_default();
            }
            if let Some((other, _)) = draft.files.insert(file, (*unit, *mode)) {
                return Err((other, *unit));
            }
        }
        let mut plan = Self { folders: Vec::new() };
        plan.flatten(&root);
        Ok(plan)
    }

    fn flatten(&mut self, draft: &Draft<'_>) -> usize {
        let mut entries: Vec<(Arc<str>, Mode, Slot)> = Vec::new();
        for (name, folder) in &draft.folders {
            let position = self.flatten(folder);
            entries.push(((*name).into(), Mode::Tree, Slot::Folder(position)));
        }
        for (name, (unit, mode)) in &draft.files {
            entries.push(((*name).into(), *mode, Slot::Unit(*unit)));
        }
        self.folders.push(entries);
        self.folders.len() - 1
    }
}

/// Writes trees by one plan.
pub(crate) struct FolderWriter<'p> {
    plan: &'p FolderPlan,
    sink: &'p dyn Sink,
    written: Vec<HashMap<Box<[ObjectId]>, ObjectId>>,
}

impl<'p> FolderWriter<'p> {
    /// A writer that has written nothing yet.
    pub(crate) fn new(plan: &'p FolderPlan, sink: &'p dyn Sink) -> Self {
        Self { plan, sink, written: vec![HashMap::new(); plan.folders.len()] }
    }

    /// The tree, given the content of each unit.
    pub(crate) fn tree(&mut self, unit: impl Fn(usize) -> ObjectId) -> ObjectId {
        let ids = self.folders(unit, self.plan.folders.len());
        ids.last().copied().unwrap_or_else(|| self.sink.tree(&[]))
    }

    /// The entries of the root, given the content of each unit.
    pub(crate) fn entries(&mut self, unit: impl Fn(usize) -> ObjectId) -> Vec<Entry> {
        let n_below = self.plan.folders.len().saturating_sub(1);
        let ids = self.folders(&unit, n_below);
        let root = self.plan.folders.last().map_or(&[][..], Vec::as_slice);
        let id = |slot: &Slot| match slot {
            Slot::Unit(number) => unit(*number),
            Slot::Folder(position) => ids[*position],
        };
        root.iter()
            .map(|(name, mode, slot)| Entry { name: Arc::clone(name), mode: *mode, id: id(slot) })
            .collect()
    }

    /// Writes the first folders of the plan.
    fn folders(&mut self, unit: impl Fn(usize) -> ObjectId, n: usize) -> Vec<ObjectId> {
        let mut ids: Vec<ObjectId> = Vec::with_capacity(n);
        for (entries, written) in self.plan.folders.iter().zip(&mut self.written).take(n) {
            let id = |slot: &Slot| match slot {
                Slot::Unit(number) => unit(*number),
                Slot::Folder(position) => ids[*position],
            };
            let content: Box<[ObjectId]> = entries.iter().map(|entry| id(&entry.2)).collect();
            let tree = written.get(&content).copied().unwrap_or_else(|| {
                let entries = entries.iter().zip(&content);
                let entries: Vec<Entry> = entries
                    .map(|((name, mode, _), id)| Entry {
                        name: Arc::clone(name),
                        mode: *mode,
                        id: *id,
                    })
                    .collect();
                self.sink.tree(&entries)
            });
            written.entry(content).or_insert(tree);
            ids.push(tree);
        }
        ids
    }
}
