//! `clusters/`: each cluster's name and its tree.

use std::collections::HashMap;

use model::{
    ApplicationId, ClusterName, ClusterUid, Fragment, Generation, Hold, HoldKind, Layout,
    LedgerCluster, ObjectId, Parts,
};
use rayon::prelude::*;

use super::applications::{ReadApplication, cells_of};
use super::decompose::{Decomposed, decompose};
use super::fields::{Fault, Fields, read_mapping};
use super::text::scalar;
use super::{LedgerError, Snapshot};
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
}

impl ClusterFolder {
    fn path(&self) -> String {
        format!("{FOLDER}/{}/{}", self.uid.shard(), self.uid)
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
    Ok(ClusterHead {
        uid,
        name: name(fields.text("name")?)?,
        first_name: name(fields.text("firstName")?)?,
        since: Generation(fields.number("since")?),
        changed: Generation(fields.number("changed")?),
        tree: tree.ok_or("the folder `tree` is missing")?,
        released: tree_of(fields, RELEASED, found.released)?,
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

/// Reads every cluster whole, in the order of uids.
pub(super) fn read(
    snapshot: &Snapshot<'_>,
    folders: &[ClusterFolder],
    applications: &[ReadApplication],
    layout: Layout,
    holds: &[Hold],
) -> Result<Vec<LedgerCluster>, LedgerError> {
    let names: HashMap<&str, ApplicationId> = applications
        .iter()
        .enumerate()
        .map(|(index, application)| (application.name.as_str(), ApplicationId(index as u32)))
        .collect();
    let clusters = folders.par_iter().enumerate().map_init(
        || snapshot.repository.reader(),
        |reader, (index, folder)| {
            let head = read_head(snapshot, reader, *folder)?;
            let damaged = |fault| snapshot.damaged(&folder.path(), fault);
            if head.released.is_some() != is_adopted(holds, folder.uid) {
                return Err(damaged("`released` is for adopted clusters, and for each".to_owned()));
            }
            let read_tree = |id| reader.tree(id).map_err(LedgerError::from);
            let found = decompose(&read_tree, head.released.unwrap_or(head.tree), layout)?;
            cluster(head, found, &names, applications, index).map_err(damaged)
        },
    );
    clusters.collect()
}

/// Whether a person made a foreign tree the cluster's own.
pub(super) fn is_adopted(holds: &[Hold], uid: ClusterUid) -> bool {
    let index = holds.binary_search_by_key(&uid, |hold| hold.cluster);
    index.is_ok_and(|index| holds[index].kind == HoldKind::Adopted)
}

/// Puts what the tree holds together with what the applications say.
fn cluster(
    head: ClusterHead,
    found: Decomposed,
    names: &HashMap<&str, ApplicationId>,
    applications: &[ReadApplication],
    index: usize,
) -> Result<LedgerCluster, Fault> {
    let mut fragments: HashMap<ApplicationId, Fragment> =
        HashMap::with_capacity(found.applications.len());
    let mut extra = found.leftover;
    for (name, fragment) in found.applications {
        match names.get(name.as_str()) {
            Some(id) => drop(fragments.insert(*id, fragment)),
            None => extra = Some(name),
        }
    }
    let (cells, without_tree) = cells_of(applications, index, |id| fragments.remove(&id));
    let unreleased = fragments.into_keys().next().map(|id| name_of(applications, id));
    if let Some(path) = extra.or(unreleased) {
        return Err(format!("no released part of the cluster's tree is `{path}`"));
    }
    if let Some(id) = without_tree.first() {
        let name = name_of(applications, *id);
        return Err(format!("the application `{name}` is released and not in the tree"));
    }
    let parts = Parts {
        applications: Vec::new(),
        namespaces: found.namespaces,
        bootstrap: found.bootstrap,
        namespaces_listener: found.namespaces_listener,
    };
    let ClusterHead { uid, name, first_name, since, tree, .. } = head;
    Ok(LedgerCluster { uid, name, first_name, since, tree, parts, cells })
}

fn name_of(applications: &[ReadApplication], id: ApplicationId) -> String {
    applications[id.0 as usize].name.to_string()
}

/// The text of a cluster's file.
pub(super) fn write(
    cluster: &LedgerCluster,
    changed: Generation,
    released: Option<ObjectId>,
) -> String {
    let none = |name: &str, is_none: bool| match is_none {
        true => format!("{name}: none\n"),
        false => String::new(),
    };
    let (name, first_name) = (scalar(cluster.name.as_str()), scalar(cluster.first_name.as_str()));
    let since = cluster.since;
    let mut text =
        format!("name: {name}\nfirstName: {first_name}\nsince: {since}\nchanged: {changed}\n");
    text.push_str(&none(TREE, cluster.tree == EMPTY_TREE));
    text.push_str(&none(RELEASED, released == Some(EMPTY_TREE)));
    text
}
