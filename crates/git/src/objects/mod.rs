//! The new objects of one publish over a repository.
//!
//! In: rendered files and folders, through [`Sink`], and commits. Out: their ids at once, their
//! bytes again on request, and, at the end, packs with what the repository did not hold. What
//! the repository holds already is never kept. It is filled from many threads at once.
//!
//! Objects go into one pack in memory. A full one is written in the background, under a name that
//! Git ignores, while the next takes its place; so memory is bounded by two packs. A publish that
//! releases nothing leaves no file behind.

mod commit;
mod filter;
mod full;
mod tree;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::{self, JoinHandle};

use model::{
    Base, CommitId, Counter, Entry, ObjectId, Piece, Sink, assemble, hash_blob, hash_commit,
    hash_tree, hash_variant, tree_bytes,
};

pub(crate) use commit::NewCommit;
use full::Full;
pub(crate) use tree::encode as encode_tree;

use crate::durable::{SYNC_WAITS, sync_file_system, sync_folder};
use crate::hash::{Algorithm, Sha1};
use crate::pack::{
    self, Deflater, Growing, Keep, Kind, N_OBJECTS, read_object, remove_left_over, tree_shape,
};
use crate::reader::TreeEntry;
use crate::{Repository, RepositoryError};

/// The blob and the tree of nothing, which readers make up where they are missing, so that asking
/// whether they are there proves nothing.
const EMPTY: [ObjectId; 2] = [
    ObjectId(*b"\xe6\x9d\xe2\x9b\xb2\xd1\xd6CK\x8b)\xaewZ\xd8\xc2\xe4\x8cS\x91"),
    ObjectId(*b"K\x82]\xc6B\xcbn\xb9\xa0`\xe5K\xf8\xd6\x92\x88\xfb\xeeI\x04"),
];

/// The new objects could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write a pack to the repository `{}`: {source}", path.display())]
pub struct PackError {
    /// The repository.
    pub(crate) path: PathBuf,
    /// What the system said.
    pub(crate) source: io::Error,
}

/// New objects over a repository, until they are written as packs.
pub struct Objects {
    repository: Repository,
    /// Where packs are.
    folder: PathBuf,
    /// How many objects make a pack full.
    n_objects: usize,
    /// Whether the repository may hold what is put: it holds anything at all, and nobody knows
    /// better.
    holds_some: AtomicBool,
    knows_better: AtomicBool,
    /// Readers do not wait for each other: previews read from many threads what was just rendered.
    growing: RwLock<Growing<Sha1>>,
    /// The packs before that, in order.
    full: RwLock<Vec<Arc<Full>>>,
    /// Who writes the last of them; locked only by who holds `growing`.
    writer: Mutex<Option<JoinHandle<io::Result<()>>>>,
    /// The memory of a pack that is written.
    spare: Arc<Mutex<Option<Growing<Sha1>>>>,
    /// Why a full pack could not be written; objects are no longer taken then.
    failure: Mutex<Option<io::Error>>,
    has_failed: AtomicBool,
    counter: Option<Arc<Counter>>,
}

impl Objects {
    /// No new objects yet.
    #[must_use]
    pub fn new(repository: &Repository) -> Self {
        Self::with_packs_of(repository, N_OBJECTS)
    }

    /// The same, with at most so many objects in each pack.
    #[must_use]
    pub fn with_packs_of(repository: &Repository, n_objects: usize) -> Self {
        Self {
            repository: repository.clone(),
            n_objects,
            folder: repository.git_dir().join("objects/pack"),
            holds_some: AtomicBool::new(holds_some(&repository.git_dir().join("objects"))),
            knows_better: AtomicBool::new(false),
            growing: RwLock::new(Growing::new()),
            full: RwLock::default(),
            writer: Mutex::default(),
            spare: Arc::default(),
            failure: Mutex::default(),
            has_failed: AtomicBool::new(false),
            counter: None,
        }
    }

    /// The same, with what counts the bindings that are rendered into it.
    #[must_use]
    pub fn counted(mut self, counter: &Arc<Counter>) -> Self {
        self.counter = Some(Arc::clone(counter));
        self
    }

    /// From now on takes what is put for new, without looking whether the repository has it. For
    /// a caller that only puts what differs from what it put before: what is there all the same
    /// is stored a second time, which costs space and nothing else. It holds for as long as what is
    /// put fits into one pack, so that a caller that puts everything again costs one pack at most.
    pub fn assume_new(&self) {
        self.knows_better.store(true, Ordering::Relaxed);
    }

    /// The repository that they are new to.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// How many objects the repository did not hold.
    #[must_use]
    pub fn n_new(&self) -> usize {
        self.growing().n_objects() + self.full().iter().map(|full| full.n_objects()).sum::<usize>()
    }

    /// Whether an object is new, or in the repository.
    #[must_use]
    pub fn holds(&self, id: ObjectId) -> bool {
        self.growing().find(id).is_some()
            || self.is_in_full(id)
            || (self.holds_some.load(Ordering::Relaxed) && self.repository.reader().holds(id))
    }

    /// The bytes of a blob, new or in the repository.
    ///
    /// # Errors
    /// If it is neither, or damaged, or no blob.
    pub fn read_blob(&self, id: ObjectId) -> Result<Vec<u8>, RepositoryError> {
        match self.pending(id, Kind::Blob)? {
            Some(bytes) => Ok(bytes),
            None => self.repository.reader().blob(id),
        }
    }

    /// The entries of a tree, new or in the repository, in Git's order.
    ///
    /// # Errors
    /// If it is neither, or damaged, or no tree.
    pub fn read_tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, RepositoryError> {
        match self.pending(id, Kind::Tree)? {
            Some(bytes) => Ok(tree::decode(&bytes)),
            None => self.repository.reader().tree(id),
        }
    }

    /// Writes all new objects as packs, durable when this returns; nothing if there are none.
    ///
    /// Until the answer is dropped, no `git repack` takes them for garbage: hold it until refs
    /// have moved.
    ///
    /// # Errors
    /// If the files cannot be written. The objects are kept, so that it can be tried again, unless
    /// there were so many that some could not be kept.
    pub fn write(&self) -> Result<Keep, PackError> {
        let mut growing = self.grow();
        self.write_packs(&mut growing)
            .map_err(|source| PackError { path: self.repository.path().to_owned(), source })
    }

    fn write_packs(&self, growing: &mut Growing<Sha1>) -> io::Result<Keep> {
        self.wait_for_writer();
        if let Some(error) = &*lock(&self.failure) {
            return Err(io::Error::new(error.kind(), error.to_string()));
        }
        let mut full = self.full.write().unwrap_or_else(PoisonError::into_inner);
        if growing.n_objects() == 0 && full.is_empty() {
            return Ok(Keep::default());
        }
        remove_left_over(&self.folder);
        let last = (growing.n_objects() > 0).then(|| pack::write(&self.folder, growing));
        let last = last.transpose()?;
        // One sync for all files costs less than one for each; then the names, and a sync of those.
        if let Some(last) = last.as_ref().filter(|_| !SYNC_WAITS) {
            last.sync()?;
        }
        sync_file_system(&self.folder)?;
        let mut keep = Keep::default();
        for full in &*full {
            full.publish(&self.folder, &mut keep)?;
        }
        if let Some(last) = &last {
            last.publish(&self.folder, &mut keep)?;
        }
        sync_folder(&self.folder)?;
        growing.clear();
        full.clear();
        self.holds_some.store(true, Ordering::Relaxed);
        Ok(keep)
    }

    /// A tree with entries of every kind, of which some may be someone else's.
    pub(crate) fn put_tree(&self, entries: Vec<TreeEntry>) -> ObjectId {
        self.put_tree_bytes(&tree::encode(entries))
    }

    /// A commit. Its tree must be there, or among the new objects, or empty.
    pub(crate) fn commit(&self, commit: &NewCommit<'_>) -> CommitId {
        if EMPTY.contains(&commit.tree) {
            self.tree(&[]);
        }
        let text = commit.text();
        let id = hash_commit(text.as_bytes());
        self.put(ObjectId(id.0), Kind::Commit, text.as_bytes());
        id
    }

    fn put(&self, id: ObjectId, kind: Kind, bytes: &[u8]) -> ObjectId {
        if !self.is_known(id) && self.growing().find(id).is_none() {
            deflated(bytes, |stream| {
                self.add(id, |growing| growing.add(id, kind, bytes.len(), stream));
            });
        }
        id
    }

    fn put_tree_bytes(&self, bytes: &[u8]) -> ObjectId {
        let id = hash_tree(bytes);
        if self.is_known(id) {
            return id;
        }
        let shape = tree_shape(bytes, Sha1::LENGTH);
        let mut is_done = true;
        self.add(id, |growing| is_done = growing.add_tree(id, shape, bytes));
        if !is_done {
            deflated(bytes, |stream| {
                self.add(id, |growing| growing.add_first_tree(id, shape, bytes, stream));
            });
        }
        id
    }

    fn growing(&self) -> RwLockReadGuard<'_, Growing<Sha1>> {
        self.growing.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn grow(&self) -> RwLockWriteGuard<'_, Growing<Sha1>> {
        self.growing.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an object to the pack unless it is there, and begins another pack when it is full.
    fn add(&self, id: ObjectId, add: impl FnOnce(&mut Growing<Sha1>)) {
        let mut growing = self.grow();
        if growing.find(id).is_some() || self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        add(&mut growing);
        if growing.is_full(self.n_objects) {
            self.wait_for_writer();
            let next = lock(&self.spare).take().unwrap_or_else(Growing::new);
            self.write_in_background(std::mem::replace(&mut *growing, next));
        }
    }

    fn write_in_background(&self, growing: Growing<Sha1>) {
        let full = Arc::new(Full::new(growing));
        self.full.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&full));
        let (folder, spare) = (self.folder.clone(), Arc::clone(&self.spare));
        *lock(&self.writer) = Some(thread::spawn(move || full.write(&folder, &spare)));
    }

    /// Waits until the last full pack is written.
    fn wait_for_writer(&self) {
        let Some(writer) = lock(&self.writer).take() else { return };
        let result = writer.join().unwrap_or_else(|_| Err(io::Error::other("the writer failed")));
        if let Err(error) = result {
            self.has_failed.store(true, Ordering::Relaxed);
            lock(&self.failure).get_or_insert(error);
        }
    }

    /// Whether the repository, or a full pack of this publish, has an object.
    fn is_known(&self, id: ObjectId) -> bool {
        self.is_in_repository(id) || self.is_in_full(id)
    }

    fn is_in_repository(&self, id: ObjectId) -> bool {
        !(self.knows_better.load(Ordering::Relaxed) && self.full().is_empty())
            && self.holds_some.load(Ordering::Relaxed)
            && !EMPTY.contains(&id)
            && self.repository.quick_reader().holds(id)
    }

    /// Whether a full pack has an object. One that cannot be read says so when it is published.
    fn is_in_full(&self, id: ObjectId) -> bool {
        self.full().iter().any(|full| full.holds(id).unwrap_or(false))
    }

    fn full(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Full>>> {
        self.full.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a new object, if it is of that kind.
    fn pending(&self, id: ObjectId, kind: Kind) -> Result<Option<Vec<u8>>, RepositoryError> {
        let error = |error: io::Error| RepositoryError::Object {
            path: self.repository.path().to_owned(),
            kind: "object",
            id: id.to_string(),
            reason: error.to_string(),
        };
        Ok(self.find(id).map_err(error)?.filter(|found| found.0 == kind).map(|found| found.1))
    }

    fn find(&self, id: ObjectId) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let growing = self.growing();
        if let Some(offset) = growing.find(id) {
            return read_object(&*growing, offset).map(Some);
        }
        drop(growing);
        for full in &*self.full() {
            if let Some(found) = full.read(id)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl Sink for Objects {
    fn counter(&self) -> Option<&Counter> {
        self.counter.as_deref()
    }

    fn blob(&self, bytes: &[u8]) -> ObjectId {
        self.put(hash_blob(&[bytes]), Kind::Blob, bytes)
    }

    /// Unlike the others, a variant is not looked for in the full packs of this publish: each is
    /// asked for once, so that the answer would be no a million times.
    fn variant(&self, base: &Base, pieces: &[Piece<'_>]) -> ObjectId {
        let id = hash_variant(base, pieces);
        if self.is_in_repository(id) {
            return id;
        }
        let mut is_done = true;
        self.add(id, |growing| is_done = growing.add_variant(id, base, pieces));
        if !is_done {
            let bytes = assemble(base, pieces);
            deflated(&bytes, |stream| {
                self.add(id, |growing| {
                    growing.add_whole_variant(id, (base, pieces), bytes.len(), stream);
                });
            });
        }
        id
    }

    fn tree(&self, entries: &[Entry]) -> ObjectId {
        self.put_tree_bytes(&tree_bytes(entries))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // What it writes goes away with it.
        self.wait_for_writer();
    }
}

/// Whether there are any objects below an `objects` folder, or it borrows those of another
/// repository. What cannot be read may hold some.
fn holds_some(objects: &Path) -> bool {
    let is_empty = |folder: PathBuf| match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let Ok(mut entries) = fs::read_dir(objects) else { return true };
    let is_loose = |name: &OsStr| name != "info" && name != "pack";
    entries.any(|entry| entry.is_ok_and(|entry| is_loose(&entry.file_name())))
        || !is_empty(objects.join("pack"))
        || !is_empty(objects.join("info"))
}

/// Gives the zlib stream of some bytes to who needs it, in memory that each thread keeps.
fn deflated(bytes: &[u8], give: impl FnOnce(&[u8])) {
    thread_local! {
        static STREAM: RefCell<(Deflater, Vec<u8>)> = RefCell::new((Deflater::new(), Vec::new()));
    }
    STREAM.with_borrow_mut(|(deflater, stream)| {
        stream.clear();
        deflater.deflate(bytes, stream);
        give(stream);
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
