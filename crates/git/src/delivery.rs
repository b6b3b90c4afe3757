//! What is delivered to one cluster: what its ledger gave it, and a pack of what it lacks.
//!
//! In: the ledger's branch, a cluster, trees by id. Out: where a release came from, which objects
//! a person let go, and a pack. A pack is made here and not by the `git` program: one for each of
//! a thousand clusters must not be a thousand processes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::{ClusterUid, CommitId, Generation, Layout, ObjectId, ObjectKey};

use crate::hash::{Algorithm as _, Sha1};
use crate::ledger::{ClusterHead, History};
use crate::pack::{Deflater, Kind, write_whole};
use crate::reader::{Reader, TreeEntryKind};
use crate::{LedgerError, Repository, RepositoryError, projection};

/// How many steps of one cluster are looked back on at most.
const MOST_STEPS: usize = 1_000;

/// Up to so many branches are read one by one, and more all at once.
const FEW: usize = 64;

/// What the ledger gave clusters.
pub struct Given<'a> {
    history: History<'a>,
}

impl<'a> Given<'a> {
    /// What the ledger of a repository gave, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(repository: &'a Repository) -> Result<Option<Self>, LedgerError> {
        Ok(History::open(repository)?.map(|history| Self { history }))
    }

    /// The commit of the source that a step released, where it was one.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn source(&self, generation: Generation) -> Result<Option<CommitId>, LedgerError> {
        Ok(self.history.revision(generation)?.commit)
    }

    /// Whether the ledger gave a cluster this tree, now or at an earlier step.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn gave(&self, uid: ClusterUid, tree: ObjectId) -> Result<bool, LedgerError> {
        let reader = self.history.repository().reader();
        match self.history.head_at(&reader, self.history.generation(), uid)? {
            Some(head) => self.history.gave(&reader, &head, tree),
            None => Ok(false),
        }
    }

    /// Whether a person confirmed any step after this one.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn confirmed_since(&self, since: Generation) -> Result<bool, LedgerError> {
        for generation in (since.0 + 1..=self.history.generation().0).rev() {
            if self.is_confirmed(Generation(generation))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_confirmed(&self, generation: Generation) -> Result<bool, LedgerError> {
        let info = self.history.info(self.history.commit(generation)?)?;
        Ok(info.trailer("Approved-by").is_some())
    }

    /// Objects of a cluster whose deletion a person confirmed and that did not come back: those
    /// that were so up to a step, carried on to the present one.
    ///
    /// A step that cannot be understood allows nothing.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn allowances(
        &self,
        layout: Layout,
        uid: ClusterUid,
        since: Generation,
        before: BTreeSet<ObjectKey>,
    ) -> Result<BTreeSet<ObjectKey>, LedgerError> {
        let reader = self.history.repository().reader();
        let now = self.history.head_at(&reader, self.history.generation(), uid)?;
        // What Flux applies is not applied by an agent.
        let Some(now) = now.filter(|_| layout == Layout::Manifests) else {
            return Ok(BTreeSet::new());
        };
        let mut allowed = before;
        for (old, new) in self.changes(&reader, now, since)?.iter().rev() {
            let Some((came, went)) = whole_change(&reader, old.tree, new.tree)? else {
                continue;
            };
            allowed.retain(|key| !came.contains(key));
            if self.is_confirmed(new.changed)? {
                allowed.extend(went.difference(&came).cloned());
            }
        }
        Ok(allowed)
    }

    /// The changes of a cluster's tree after a step, the newest first.
    fn changes(
        &self,
        reader: &Reader<'_>,
        now: ClusterHead,
        since: Generation,
    ) -> Result<Vec<(ClusterHead, ClusterHead)>, LedgerError> {
        let mut changes = Vec::new();
        let mut new = now;
        while new.changed > since && changes.len() < MOST_STEPS {
            let Some(old) = self.history.before(reader, &new)? else { break };
            changes.push((old.clone(), new));
            new = old;
        }
        Ok(changes)
    }
}

/// The objects that came and went between two whole trees of a cluster; nothing where that cannot
/// be told.
type Change = Option<(BTreeSet<ObjectKey>, BTreeSet<ObjectKey>)>;

fn whole_change(reader: &Reader<'_>, old: ObjectId, new: ObjectId) -> Result<Change, LedgerError> {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    let had = files(reader, old, Some(new), "", &mut before)?;
    let has = files(reader, new, Some(old), "", &mut after)?;
    let read = |files: BTreeMap<String, ObjectId>| -> Result<_, RepositoryError> {
        let keys = files.into_iter().map(|(path, id)| key(reader, &path, id));
        keys.collect::<Result<Option<BTreeSet<ObjectKey>>, _>>()
    };
    let vanished = before.iter().filter(|(path, _)| !after.contains_key(*path));
    let vanished = vanished.map(|(path, id)| (path.clone(), *id)).collect();
    let appeared = after.into_iter().filter(|(path, _)| !before.contains_key(path)).collect();
    let (came, went) = (read(appeared)?, read(vanished)?);
    Ok(came.zip(went).filter(|_| had && has))
}

/// Collects the files of a tree in folders that are not the same in another one; answers whether
/// all have names that can be read.
fn files(
    reader: &Reader<'_>,
    tree: ObjectId,
    other: Option<ObjectId>,
    prefix: &str,
    found: &mut BTreeMap<String, ObjectId>,
) -> Result<bool, RepositoryError> {
    let others = other.map(|other| reader.tree(other)).transpose()?.unwrap_or_default();
    let mut is_readable = true;
    for entry in reader.tree(tree)? {
        let twin = others.iter().find(|one| one.name == entry.name);
        let Some(name) = entry.name_text() else {
            is_readable = false;
            continue;
        };
        let path = format!("{prefix}{name}");
        match entry.kind {
            TreeEntryKind::Tree if twin.is_some_and(|twin| twin.id == entry.id) => {}
            TreeEntryKind::Tree => {
                let twin = twin.filter(|twin| twin.kind == TreeEntryKind::Tree).map(|one| one.id);
                is_readable &= files(reader, entry.id, twin, &format!("{path}/"), found)?;
            }
            _ => drop(found.insert(path, entry.id)),
        }
    }
    Ok(is_readable)
}

/// The object of a file. A path gives the kinds of Kubernetes as they are written, and others in
/// lower case: those are read from the file.
fn key(
    reader: &Reader<'_>,
    path: &str,
    id: ObjectId,
) -> Result<Option<ObjectKey>, RepositoryError> {
    let below = path.split_once('/').map(|(_, below)| below);
    let Some(key) = below.and_then(schema::objects::object_key) else { return Ok(None) };
    if key.kind.starts_with(|first: char| first.is_ascii_uppercase()) {
        return Ok(Some(key));
    }
    let bytes = reader.blob(id)?;
    let text = String::from_utf8_lossy(&bytes);
    // What is rendered has one form: the kind stands alone on a line of its own.
    let kind = text.lines().find_map(|line| line.strip_prefix("kind: "));
    let kind = kind.map(|kind| kind.trim().trim_matches('"').to_owned());
    Ok(kind.map(|kind| ObjectKey { kind, ..key }))
}

/// The commits of the branches of clusters, by name, of those that have one.
///
/// # Errors
/// Refs cannot be read.
pub fn cluster_branches(
    repository: &Repository,
    names: &[&str],
) -> Result<HashMap<String, CommitId>, RepositoryError> {
    let prefix = projection::PREFIX;
    if names.len() > FEW {
        let all = repository.references(prefix)?.into_iter();
        return Ok(all.map(|(name, commit)| (name[prefix.len()..].to_owned(), commit)).collect());
    }
    let mut found = HashMap::new();
    for name in names {
        let commit = repository.reference(&format!("{prefix}{name}"))?;
        found.extend(commit.map(|commit| ((*name).to_owned(), commit)));
    }
    Ok(found)
}

/// Why no pack was made.
#[derive(Debug, thiserror::Error)]
pub enum TreePackError {
    /// An object cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// There is more than may be delivered at once.
    #[error("the tree {tree} brings more than {limit} bytes")]
    TooLarge {
        /// The tree.
        tree: ObjectId,
        /// How many bytes it may bring, unpacked.
        limit: u64,
    },
}

/// A pack of the folders and files of a tree that another one does not have at the same place, up
/// to so many bytes before they are compressed. It is whole in itself: no delta is against what is
/// not in it. Equal trees need none, and give no bytes at all.
///
/// # Errors
/// [`TreePackError`].
pub fn tree_pack(
    repository: &Repository,
    tree: ObjectId,
    have: Option<ObjectId>,
    limit: u64,
) -> Result<Vec<u8>, TreePackError> {
    thread_local! {
        // A new one costs more than a small pack.
        static DEFLATER: RefCell<Deflater> = RefCell::new(Deflater::new());
    }
    if have == Some(tree) {
        return Ok(Vec::new());
    }
    let reader = repository.reader();
    let too_large = || TreePackError::TooLarge { tree, limit };
    let mut lacking = Lacking { reader: &reader, limit, ids: HashSet::new(), objects: Vec::new() };
    lacking.collect(tree, have)?.then_some(()).ok_or_else(too_large)?;
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    let count = u32::try_from(lacking.objects.len()).map_err(|_| too_large())?;
    pack.extend_from_slice(&count.to_be_bytes());
    DEFLATER.with_borrow_mut(|deflater| {
        for (kind, bytes) in &lacking.objects {
            write_whole(*kind, bytes.len(), &mut pack);
            deflater.deflate(bytes, &mut pack);
        }
    });
    let mut hash = Sha1::start();
    hash.update(&pack);
    pack.extend_from_slice(hash.finish().as_ref());
    Ok(pack)
}

/// What is collected for a pack.
struct Lacking<'a> {
    reader: &'a Reader<'a>,
    /// How many bytes it may still take.
    limit: u64,
    ids: HashSet<ObjectId>,
    objects: Vec<(Kind, Vec<u8>)>,
}

impl Lacking<'_> {
    /// Takes a folder with all in it that another one does not have; answers whether there was
    /// room.
    fn collect(&mut self, tree: ObjectId, have: Option<ObjectId>) -> Result<bool, RepositoryError> {
        if !self.ids.insert(tree) {
            return Ok(true);
        }
        let had: HashMap<Box<[u8]>, (TreeEntryKind, ObjectId)> = match have {
            Some(have) => {
                let entries = self.reader.tree(have)?.into_iter();
                entries.map(|entry| (entry.name, (entry.kind, entry.id))).collect()
            }
            None => HashMap::new(),
        };
        if !self.take(Kind::Tree, self.reader.tree_bytes(tree)?) {
            return Ok(false);
        }
        for entry in self.reader.tree(tree)? {
            let had = had.get(&entry.name).copied();
            if had.is_some_and(|(_, id)| id == entry.id) {
                continue;
            }
            let had = had.filter(|(kind, _)| *kind == TreeEntryKind::Tree).map(|(_, id)| id);
            let has_room = match entry.kind {
                TreeEntryKind::Tree => self.collect(entry.id, had)?,
                TreeEntryKind::Submodule => true,
                _ if !self.ids.insert(entry.id) => true,
                _ => {
                    let bytes = self.reader.blob(entry.id)?;
                    self.take(Kind::Blob, bytes)
                }
            };
            if !has_room {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take(&mut self, kind: Kind, bytes: Vec<u8>) -> bool {
        let left = self.limit.checked_sub(bytes.len() as u64);
        self.objects.push((kind, bytes));
        self.limit = left.unwrap_or(0);
        left.is_some()
    }
}
