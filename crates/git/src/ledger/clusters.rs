//! `clusters/`: each cluster's name, which steps released its applications, and its tree.

use std::sync::Arc;

use model::{
    ApplicationName, Cells, ClusterName, ClusterUid, Generation, Hold, HoldKind, Layout,
    LedgerCluster, ObjectId, Parts, Release,
};
use rayon::prelude::*;

use super::decompose::{Decomposed, Refused, Root, decompose};
use super::fields::{Fault, Fields, read_mapping};
use super::interner::Interner;
use super::text::scalar;
use super::{LedgerError, Snapshot, releases};
use crate::reader::{Reader, TreeEntryKind};

/// The folder.
pub(super) const FOLDER: &str = "clusters";

/// The file of one cluster.
pub(super) const FILE: &str = "cluster.yaml";

/// The folder of one cluster's tree.
pub(super) const TREE: &str = "tree";

/// The folder of what an adopted cluster goes back to.
pub(super) const RELEASED: &str = "released";

/// The tree of nothing.
pub(crate) const EMPTY_TREE: ObjectId =
    ObjectId(*b"K\x82]\xc6B\xcbn\xb9\xa0`\xe5K\xf8\xd6\x92\x88\xfb\xeeI\x04");

/// One cluster's folder in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClusterFolder {
    pub(crate) uid: ClusterUid,
    pub(crate) id: ObjectId,
}

/// What a cluster's folder says, without looking into its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClusterHead {
    pub(crate) uid: ClusterUid,
    pub(crate) name: ClusterName,
    pub(crate) first_name: ClusterName,
    pub(crate) since: Generation,
    /// The step that gave it its present tree.
    pub(crate) changed: Generation,
    pub(crate) tree: ObjectId,
    /// Of an adopted cluster, the tree of its last release.
    pub(crate) released: Option<ObjectId>,
    /// Which steps released its applications, in the order of names.
    cells: Vec<(u32, Release)>,
}

impl ClusterFolder {
    fn path(&self) -> String {
        format!("{FOLDER}/{}/{}", self.uid.shard(), self.uid)
    }

    fn refuse(&self, snapshot: &Snapshot<'_>, refused: Refused) -> LedgerError {
        match refused {
            Refused::Unread(error) => error.into(),
            Refused::Leftover(path) => {
                let reason = format!("no released part of the cluster's tree is `{path}`");
                snapshot.damaged(&self.path(), reason)
            }
        }
    }
}

/// Lists the clusters' folders in the order of uids.
pub(crate) fn list(snapshot: &Snapshot<'_>) -> Result<Vec<ClusterFolder>, LedgerError> {
    let shards = snapshot.folder(FOLDER, TreeEntryKind::Tree)?;
    let in_shard = |(shard, id): &(String, ObjectId)| list_shard(snapshot, shard, *id);
    let folders: Vec<Vec<ClusterFolder>> =
        shards.par_iter().map(in_shard).collect::<Result<_, LedgerError>>()?;
    let mut folders = folders.concat();
    folders.sort_by_key(|folder| folder.uid);
    Ok(folders)
}

/// Lists the clusters' folders in one shard, in the order of uids.
pub(super) fn list_shard(
    snapshot: &Snapshot<'_>,
    shard: &str,
    id: ObjectId,
) -> Result<Vec<ClusterFolder>, LedgerError> {
    let reader = snapshot.repository.reader();
    let path = format!("{FOLDER}/{shard}");
    let entries = snapshot.entries(&reader, &path, id, TreeEntryKind::Tree)?;
    let folder = |(name, id): (String, ObjectId)| match name.parse::<ClusterUid>() {
        Ok(uid) if uid.shard() == *shard && uid.to_string() == name => {
            Ok(ClusterFolder { uid, id })
        }
        _ => Err(snapshot.damaged(&format!("{path}/{name}"), "it does not belong here")),
    };
    entries.into_iter().map(folder).collect()
}

/// Reads what one folder says, without looking into its tree.
pub(crate) fn read_head(
    snapshot: &Snapshot<'_>,
    reader: &Reader<'_>,
    folder: ClusterFolder,
) -> Result<ClusterHead, LedgerError> {
    let path = folder.path();
    let mut found = Found::default();
    for entry in reader.tree(folder.id)? {
        match (entry.name_text(), entry.kind) {
            (Some(FILE), TreeEntryKind::File) => found.file = Some(entry.id),
            (Some(TREE), TreeEntryKind::Tree) => found.tree = Some(entry.id),
            (Some(RELEASED), TreeEntryKind::Tree) => found.released = Some(entry.id),
            _ => {
                let name = String::from_utf8_lossy(&entry.name);
                return Err(snapshot.damaged(&format!("{path}/{name}"), "it does not belong here"));
            }
        }
    }
    let path = format!("{path}/{FILE}");
    let id = found.file.ok_or_else(|| snapshot.damaged(&path, "it is missing"))?;
    let text = snapshot.text(reader, &path, id)?;
    let head = read_mapping(&text, |fields| head(folder.uid, &found, fields));
    head.map_err(|fault| snapshot.damaged(&path, fault))
}

/// The entries of a cluster's folder.
#[derive(Default)]
struct Found {
    file: Option<ObjectId>,
    tree: Option<ObjectId>,
    released: Option<ObjectId>,
}

fn head(uid: ClusterUid, found: &Found, fields: &mut Fields<'_>) -> Result<ClusterHead, Fault> {
    let name = |text: &str| ClusterName::parse(text).map_err(|error| error.to_string());
    let tree = tree_of(fields, TREE, found.tree)?;
    let cells = fields.optional_text("cells")?;
    Ok(ClusterHead {
        uid,
        name: name(fields.text("name")?)?,
        first_name: name(fields.text("firstName")?)?,
        since: Generation(fields.number("since")?),
        changed: Generation(fields.number("changed")?),
        tree: tree.ok_or("the folder `tree` is missing")?,
        released: tree_of(fields, RELEASED, found.released)?,
        cells: cells.map_or_else(|| Ok(Vec::new()), releases::read)?,
    })
}

/// The tree in a folder that may be said to be `none`, since Git keeps no empty folders.
fn tree_of(
    fields: &mut Fields<'_>,
    name: &str,
    folder: Option<ObjectId>,
) -> Result<Option<ObjectId>, Fault> {
    match (fields.optional_text(name)?, folder) {
        (None, folder) => Ok(folder),
        (Some("none"), None) => Ok(Some(EMPTY_TREE)),
        (Some(_), _) => Err(format!("the field `{name}` is only for a cluster without")),
    }
}

/// Reads every cluster whole, in the order of uids, and the table of their applications.
pub(super) fn read(
    snapshot: &Snapshot<'_>,
    layout: Layout,
    holds: &[Hold],
) -> Result<(Vec<ApplicationName>, Vec<Arc<LedgerCluster>>), LedgerError> {
    let folders = list(snapshot)?;
    let reading = Reading { snapshot, layout, holds, interner: Interner::default() };
    let found = folders
        .par_iter()
        .map_init(|| snapshot.repository.reader(), |reader, folder| reading.read(reader, *folder));
    let found = found.collect::<Result<Vec<_>, LedgerError>>()?;
    let table = reading.interner.table();
    let clusters = found.into_par_iter().map(|found| Arc::new(found.finish(&table))).collect();
    Ok((table, clusters))
}

/// Reads one cluster whole, and the table of its applications.
pub(super) fn read_one(
    snapshot: &Snapshot<'_>,
    folder: ClusterFolder,
    layout: Layout,
    holds: &[Hold],
) -> Result<(Vec<ApplicationName>, LedgerCluster), LedgerError> {
    let reading = Reading { snapshot, layout, holds, interner: Interner::default() };
    let found = reading.read(&snapshot.repository.reader(), folder)?;
    let table = reading.interner.table();
    let cluster = found.finish(&table);
    Ok((table, cluster))
}

/// Which step released an application to a cluster; nothing if the cluster does not run it.
pub(super) fn read_release(
    snapshot: &Snapshot<'_>,
    reader: &Reader<'_>,
    folder: ClusterFolder,
    application: &ApplicationName,
) -> Result<(ClusterHead, Option<Generation>), LedgerError> {
    let head = read_head(snapshot, reader, folder)?;
    let root = Root::read(reader, head.released.unwrap_or(head.tree));
    let root = root.map_err(|refused| folder.refuse(snapshot, refused))?;
    let names = Interner::default().names(&root.names);
    let names = names.map_err(|name| folder.refuse(snapshot, Refused::Leftover(name)))?;
    let position = names.names.binary_search(application).ok();
    let released = position.and_then(|position| releases::nth(&head.cells, position));
    Ok((head, released.map(|release| release.released)))
}

/// Whether a person made a foreign tree the cluster's own.
pub(super) fn is_adopted(holds: &[Hold], uid: ClusterUid) -> bool {
    let index = holds.binary_search_by_key(&uid, |hold| hold.cluster);
    index.is_ok_and(|index| holds[index].kind == HoldKind::Adopted)
}

/// What clusters are read by.
struct Reading<'a> {
    snapshot: &'a Snapshot<'a>,
    layout: Layout,
    /// In the order of uids.
    holds: &'a [Hold],
    interner: Interner,
}

impl Reading<'_> {
    fn read(
        &self,
        reader: &Reader<'_>,
        folder: ClusterFolder,
    ) -> Result<FoundCluster, LedgerError> {
        let head = read_head(self.snapshot, reader, folder)?;
        let damaged = |fault: &str| self.snapshot.damaged(&folder.path(), fault);
        if head.released.is_some() != is_adopted(self.holds, folder.uid) {
            return Err(damaged("`released` is for adopted clusters, and for each"));
        }
        let tree = head.released.unwrap_or(head.tree);
        let found = decompose(reader, tree, self.layout, &self.interner)
            .map_err(|refused| folder.refuse(self.snapshot, refused))?;
        let n_released: u64 = head.cells.iter().map(|(count, _)| u64::from(*count)).sum();
        let n_found = found.fragments.len();
        if n_released != n_found as u64 {
            return Err(damaged(&format!(
                "`cells` counts {n_released}, and its tree holds {n_found} applications"
            )));
        }
        Ok(FoundCluster { head, found })
    }
}

/// A cluster before the applications of all clusters are known.
struct FoundCluster {
    head: ClusterHead,
    found: Decomposed,
}

impl FoundCluster {
    fn finish(self, table: &[ApplicationName]) -> LedgerCluster {
        let Self { head, found } = self;
        let ids = found.names.ids(table);
        // Reading made sure that the numbers agree.
        let cells = Cells::new(ids, found.fragments, head.cells).unwrap_or_default();
        let parts = Parts {
            applications: Vec::new(),
            namespaces: found.namespaces,
            bootstrap: found.bootstrap,
            namespaces_listener: found.namespaces_listener,
        };
        let ClusterHead { uid, name, first_name, since, changed, tree, .. } = head;
        LedgerCluster { uid, name, first_name, since, changed, tree, parts, cells }
    }
}

/// The text of a cluster's file.
pub(super) fn write(cluster: &LedgerCluster, released: Option<ObjectId>) -> String {
    let none = |name: &str, is_none: bool| match is_none {
        true => format!("{name}: none\n"),
        false => String::new(),
    };
    let (name, first_name) = (scalar(cluster.name.as_str()), scalar(cluster.first_name.as_str()));
    let LedgerCluster { since, changed, .. } = cluster;
    let mut text =
        format!("name: {name}\nfirstName: {first_name}\nsince: {since}\nchanged: {changed}\n");
    if !cluster.cells.is_empty() {
        text.push_str(&format!("cells: {}\n", releases::write(cluster.cells.releases())));
    }
    text.push_str(&none(TREE, cluster.tree == EMPTY_TREE));
    text.push_str(&none(RELEASED, released == Some(EMPTY_TREE)));
    text
}
