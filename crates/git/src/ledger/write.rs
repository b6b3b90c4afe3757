//! The tree of a step, written at the cost of what the step changes.
//!
//! In: the ledger before and the one after it. Out: the id of the whole tree, whose folders that
//! stay are those of the commit before, and the ledger with the trees of its changed clusters.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use model::{
    ClusterUid, Entry, Fragment, Layout, Ledger, LedgerCluster, Mode, ObjectId, Sink as _,
};
use rayon::prelude::*;

use super::clusters::{self, EMPTY_TREE, is_adopted};
use super::touched::Touched;
use super::{AppendError, LedgerError, Snapshot, marks, revisions, settings};
use crate::Objects;
use crate::reader::{TreeEntry, TreeEntryKind};

/// One step being written.
pub(super) struct Writing<'a> {
    pub(super) objects: &'a Objects,
    pub(super) before: Option<&'a Ledger>,
    pub(super) ledger: Ledger,
    /// The commit of the ledger before.
    pub(super) snapshot: Option<Snapshot<'a>>,
    /// The clusters whose trees are put together.
    pub(super) changed: &'a [ClusterUid],
}

/// Entries of a folder that are replaced, or taken away.
type Changes = BTreeMap<String, Option<TreeEntry>>;

impl Writing<'_> {
    /// Writes what is new, and answers the tree of the step and the ledger that it holds.
    pub(super) fn write(mut self, touched: &Touched) -> Result<(ObjectId, Ledger), AppendError> {
        let changed: HashSet<ClusterUid> = self.changed.iter().copied().collect();
        let write = |(position, last): &(usize, Option<usize>)| {
            let before = self.before.zip(*last).map(|(ledger, last)| &*ledger.clusters[last]);
            self.cluster(&self.ledger.clusters[*position], before, &changed)
        };
        let written = touched.written.par_iter().map(write).collect::<Result<Vec<_>, _>>()?;
        let mut shards: BTreeMap<String, Changes> = BTreeMap::new();
        for uid in &touched.removed {
            shards.entry(uid.shard()).or_default().insert(uid.to_string(), None);
        }
        for ((position, _), (cluster, entry)) in touched.written.iter().zip(written) {
            let name = cluster.uid.to_string();
            shards.entry(cluster.uid.shard()).or_default().insert(name, Some(entry));
            self.ledger.clusters[*position] = cluster;
        }
        let root = self.root(shards)?;
        Ok((root, self.ledger))
    }

    /// A cluster as it reads after the step, and its folder.
    fn cluster(
        &self,
        cluster: &Arc<LedgerCluster>,
        before: Option<&LedgerCluster>,
        changed: &HashSet<ClusterUid>,
    ) -> Result<(Arc<LedgerCluster>, TreeEntry), AppendError> {
        let adopted = is_adopted(&self.ledger.holds, cluster.uid);
        let composed = (adopted || changed.contains(&cluster.uid)).then(|| {
            self.check_parts(cluster, before)?;
            let parts = self.ledger.whole_parts(cluster);
            Ok(parts.compose(self.ledger.layout == Layout::Flux, self.objects))
        });
        let composed = composed.transpose().map_err(|error: AppendError| error)?;
        let released = composed.filter(|_| adopted);
        let tree = composed.filter(|_| !adopted).unwrap_or(cluster.tree);
        if tree != EMPTY_TREE && Some(tree) != composed && !self.objects.holds(tree) {
            let name = &cluster.name;
            return Err(AppendError::Invalid(format!("the tree {tree} of `{name}` is missing")));
        }
        let same = before.filter(|before| before.tree == tree);
        let changed = same.map_or(self.ledger.generation, |before| before.changed);
        let mut cluster = cluster.clone();
        if (cluster.tree, cluster.changed) != (tree, changed) {
            let cluster = Arc::make_mut(&mut cluster);
            (cluster.tree, cluster.changed) = (tree, changed);
        }
        let folder = self.folder(&cluster, released);
        Ok((cluster, folder))
    }

    /// Makes sure that every part is there that the cluster did not have before.
    fn check_parts(
        &self,
        cluster: &LedgerCluster,
        before: Option<&LedgerCluster>,
    ) -> Result<(), AppendError> {
        let known: HashSet<ObjectId> =
            before.map_or_else(HashSet::new, |before| fragment_ids(before).collect());
        let parts = &cluster.parts;
        let others = parts.namespaces.iter().map(|(_, id)| *id);
        let others = others.chain(parts.bootstrap.iter().map(|entry| entry.id));
        let mut all = fragment_ids(cluster).chain(others).chain(parts.namespaces_listener);
        match all.find(|id| !known.contains(id) && !self.objects.holds(*id)) {
            Some(id) => {
                let (name, generation) = (&cluster.name, self.ledger.generation);
                Err(AppendError::Invalid(format!(
                    "the object {id} that generation {generation} releases to `{name}` is missing"
                )))
            }
            None => Ok(()),
        }
    }

    fn folder(&self, cluster: &LedgerCluster, released: Option<ObjectId>) -> TreeEntry {
        let text = clusters::write(cluster, released);
        let file = self.objects.blob(text.as_bytes());
        let mut entries = vec![Entry::new(clusters::FILE, Mode::File, file)];
        let trees = [(clusters::TREE, Some(cluster.tree)), (clusters::RELEASED, released)];
        for (name, tree) in trees {
            let tree = tree.filter(|tree| *tree != EMPTY_TREE);
            entries.extend(tree.map(|tree| Entry::new(name, Mode::Tree, tree)));
        }
        entry(&cluster.uid.to_string(), TreeEntryKind::Tree, self.objects.tree(&entries))
    }

    /// The tree of the whole step.
    fn root(&self, shards: BTreeMap<String, Changes>) -> Result<ObjectId, AppendError> {
        let settings = self.objects.blob(settings::write(&self.ledger).as_bytes());
        let mut root = vec![entry(settings::FILE, TreeEntryKind::File, settings)];
        let folders = [
            (clusters::FOLDER, self.clusters(shards)?),
            (revisions::FOLDER, Some(self.revisions()?)),
            (marks::HOLDS, self.holds()),
            (marks::APPROVALS, self.approvals()),
        ];
        let folders = folders.into_iter().filter_map(|(name, tree)| Some((name, tree?)));
        root.extend(folders.map(|(name, tree)| entry(name, TreeEntryKind::Tree, tree)));
        Ok(self.objects.put_tree(root))
    }

    fn clusters(&self, shards: BTreeMap<String, Changes>) -> Result<Option<ObjectId>, AppendError> {
        let before = self.id_before(clusters::FOLDER);
        if shards.is_empty() {
            return Ok(before);
        }
        let known = self.entries(before)?;
        let known: HashMap<&[u8], ObjectId> =
            known.iter().map(|entry| (&*entry.name, entry.id)).collect();
        let write = |(shard, changes): (String, Changes)| {
            let tree = self.changed(known.get(shard.as_bytes()).copied(), changes)?;
            let entry = tree.map(|tree| entry(&shard, TreeEntryKind::Tree, tree));
            Ok((shard, entry))
        };
        let shards: Changes =
            shards.into_par_iter().map(write).collect::<Result<_, AppendError>>()?;
        self.changed(before, shards)
    }

    fn revisions(&self) -> Result<ObjectId, AppendError> {
        let before = self.id_before(revisions::FOLDER);
        let [folder, file] = revisions::place(self.ledger.generation);
        let entries = self.entries(before)?;
        let last = entries.iter().find(|entry| *entry.name == *folder.as_bytes());
        let text = self.objects.blob(revisions::write(&self.ledger).as_bytes());
        let change = Some(entry(&file, TreeEntryKind::File, text));
        let tree = self.changed(last.map(|last| last.id), Changes::from([(file, change)]))?;
        let change = tree.map(|tree| entry(&folder, TreeEntryKind::Tree, tree));
        let tree = self.changed(before, Changes::from([(folder, change)]))?;
        Ok(tree.unwrap_or(EMPTY_TREE))
    }

    fn holds(&self) -> Option<ObjectId> {
        let Ledger { holds, placed, .. } = &self.ledger;
        match self.before.filter(|before| before.holds == *holds && before.placed == *placed) {
            Some(_) => self.id_before(marks::HOLDS),
            None => {
                let placed = placed.iter().map(marks::write_placed);
                self.files(holds.iter().map(marks::write_hold).chain(placed))
            }
        }
    }

    fn approvals(&self) -> Option<ObjectId> {
        match self.before.filter(|before| before.approvals == self.ledger.approvals) {
            Some(_) => self.id_before(marks::APPROVALS),
            None => self.files(self.ledger.approvals.iter().map(marks::write_approval)),
        }
    }

    /// A folder of files, or nothing if there are none.
    fn files(&self, files: impl Iterator<Item = (String, String)>) -> Option<ObjectId> {
        let entries: Vec<TreeEntry> = files
            .map(|(name, text)| {
                entry(&name, TreeEntryKind::File, self.objects.blob(text.as_bytes()))
            })
            .collect();
        (!entries.is_empty()).then(|| self.objects.put_tree(entries))
    }

    /// A folder of the root before the step.
    fn id_before(&self, name: &str) -> Option<ObjectId> {
        self.snapshot.as_ref()?.entry(name)
    }

    fn entries(&self, tree: Option<ObjectId>) -> Result<Vec<TreeEntry>, AppendError> {
        let entries = tree.map(|tree| self.objects.read_tree(tree)).transpose();
        Ok(entries.map_err(LedgerError::from)?.unwrap_or_default())
    }

    /// A tree with some entries changed, or nothing if nothing is left.
    fn changed(
        &self,
        tree: Option<ObjectId>,
        changes: Changes,
    ) -> Result<Option<ObjectId>, AppendError> {
        let mut entries = self.entries(tree)?;
        let stays =
            |entry: &TreeEntry| entry.name_text().is_none_or(|name| !changes.contains_key(name));
        entries.retain(stays);
        entries.extend(changes.into_values().flatten());
        Ok((!entries.is_empty()).then(|| self.objects.put_tree(entries)))
    }
}

fn fragment_ids(cluster: &LedgerCluster) -> impl Iterator<Item = ObjectId> + '_ {
    let ids = |Fragment { tree, listener }| [Some(tree), listener].into_iter().flatten();
    cluster.cells.iter().flat_map(move |cell| ids(cell.fragment))
}

fn entry(name: &str, kind: TreeEntryKind, id: ObjectId) -> TreeEntry {
    TreeEntry { name: name.as_bytes().into(), kind, id }
}
