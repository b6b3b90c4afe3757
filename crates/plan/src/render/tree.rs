//! Folders made of filled units.
//!
//! In: where each unit stands, and its content for each group of clusters. Out: the content of
//! the folders, for each group of clusters that have the same in them: a folder is written once
//! for every distinct content of it, and one without cluster values once for the whole fleet.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Entry, Mode, ObjectId, Sink};
use rayon::prelude::*;

use super::grouping::Grouping;

/// In place of the content of a unit that could not be filled.
pub(crate) const ABSENT: ObjectId = ObjectId([0; 20]);

/// The content of a unit or folder.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// Positions by what stands there.
    pub(crate) grouping: Arc<Grouping>,
    /// What each group has; [`ABSENT`] if it could not be filled.
    pub(crate) ids: Vec<ObjectId>,
}

impl Content {
    /// What stands at a position.
    pub(crate) fn id(&self, position: usize) -> ObjectId {
        self.ids[self.grouping.group(position) as usize]
    }
}

/// The folders of a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct FolderPlan {
    /// Those below the root, children before parents.
    below: Vec<PlannedFolder>,
    root: PlannedFolder,
}

/// A folder in Git's order: its entries, whose ids are not known yet, and where these come from.
#[derive(Clone, Debug, Default)]
struct PlannedFolder {
    entries: Vec<Entry>,
    slots: Vec<Slot>,
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
        let mut plan = Self::default();
        plan.root = plan.flatten(&root);
        Ok(plan)
    }

    fn flatten(&mut self, draft: &Draft<'_>) -> PlannedFolder {
        let mut entries: Vec<(Entry, Slot)> = Vec::new();
        for (name, folder) in &draft.folders {
            let folder = self.flatten(folder);
            let slot = Slot::Folder(self.below.len());
            self.below.push(folder);
            entries.push((Entry::new(name, Mode::Tree, ABSENT), slot));
        }
        for (name, (unit, mode)) in &draft.files {
            entries.push((Entry::new(name, *mode, ABSENT), Slot::Unit(*unit)));
        }
        entries.sort_by(|a, b| a.0.git_order(&b.0));
        let (entries, slots) = entries.into_iter().unzip();
        PlannedFolder { entries, slots }
    }
}

/// What stands on some positions only, which are numbered anew.
pub(crate) fn among(units: &[Content], members: &[u32]) -> Vec<Content> {
    let mut known: Vec<(&Arc<Grouping>, Arc<Grouping>)> = Vec::new();
    let mut contents = Vec::with_capacity(units.len());
    for unit in units {
        let found = known.iter().find(|(whole, _)| Arc::ptr_eq(whole, &unit.grouping));
        let grouping = found.map_or_else(
            || Arc::new(unit.grouping.among(members)),
            |(_, grouping)| Arc::clone(grouping),
        );
        let id = |first: &u32| unit.id(members[*first as usize] as usize);
        let ids = grouping.firsts().iter().map(id).collect();
        known.push((&unit.grouping, Arc::clone(&grouping)));
        contents.push(Content { grouping, ids });
    }
    contents
}

/// The folders of a plan, written for a number of positions.
pub(crate) struct Folders<'w> {
    plan: &'w FolderPlan,
    units: &'w [Content],
    n_positions: usize,
    sink: &'w dyn Sink,
    /// Those below the root.
    below: Vec<Content>,
}

impl<'w> Folders<'w> {
    /// Writes the folders below the root; `units` are numbered as in the plan.
    pub(crate) fn write(
        plan: &'w FolderPlan,
        units: &'w [Content],
        n_positions: usize,
        sink: &'w dyn Sink,
    ) -> Self {
        let below = Vec::with_capacity(plan.below.len());
        let mut folders = Self { plan, units, n_positions, sink, below };
        for folder in &plan.below {
            folders.below.push(folders.folder(folder));
        }
        folders
    }

    /// Writes the root.
    pub(crate) fn root(&self) -> Content {
        self.folder(&self.plan.root)
    }

    /// The entries of the root at a position.
    pub(crate) fn root_entries(&self, position: usize) -> Vec<Entry> {
        let mut entries = self.plan.root.entries.clone();
        self.fill(&self.plan.root, position, &mut entries);
        entries
    }

    fn folder(&self, folder: &PlannedFolder) -> Content {
        let groupings = folder.slots.iter().map(|slot| &self.content(*slot).grouping);
        let grouping = Grouping::of_all(self.n_positions, groupings);
        let id = |entries: &mut Vec<Entry>, first: &u32| {
            self.fill(folder, *first as usize, entries);
            self.sink.tree(entries)
        };
        let firsts = grouping.firsts().par_iter();
        let ids = firsts.map_init(|| folder.entries.clone(), id).collect();
        Content { grouping, ids }
    }

    fn fill(&self, folder: &PlannedFolder, position: usize, entries: &mut [Entry]) {
        for (entry, slot) in entries.iter_mut().zip(&folder.slots) {
            entry.id = self.content(*slot).id(position);
        }
    }

    fn content(&self, slot: Slot) -> &Content {
        match slot {
            Slot::Unit(unit) => &self.units[unit],
            Slot::Folder(folder) => &self.below[folder],
        }
    }
}
