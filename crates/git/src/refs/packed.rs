//! Many refs, or refs that go: one new file `packed-refs`.
//!
//! The file is locked, read, merged with the moves, and replaced by a durable one. It counts only
//! for refs that have no file of their own, so for each moved ref that has one, that file is
//! locked as well, compared, and removed after the new packed file is durable, as
//! `git pack-refs --prune` does. A ref without a file is not locked: instead the folders of refs
//! are listed after the lock is taken, and again in the last moment, and if somebody has just
//! locked or written one of these refs, everything is given back and tried again. So a transaction
//! over 30,000 refs makes one lock, and if it is killed it leaves one.
//!
//! What remains is a program other than ours that locks a ref in the microseconds between that
//! look and the rename. Its value then stands, as if it had come right after ours.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use model::{CommitId, ObjectId};

use super::lock::{Lock, Owner, lock_path};
use super::loose::{self, first_file};
use super::store::{Store, failed};
use super::{Failure, MoveError, RefMove, log};
use crate::durable::sync_folder;
use crate::{Repository, RepositoryError};

/// What the first line of a file says where every tag is peeled, as Git writes it.
const HEADER: &str = "# pack-refs with: peeled fully-peeled sorted \n";

/// The start of any first line that says something.
const TRAITS: &str = "# pack-refs with:";

/// Moves refs in one file.
pub(super) fn move_many(store: &Store<'_>, moves: &[&RefMove]) -> Result<(), Failure> {
    let owner = store.owner()?;
    let path = store.packed();
    let lock = store.lock(&owner, &path)?;
    let loose = Loose::lock(store, &owner, moves)?;
    let packed = File::read(store.repository, store.git_dir)?;
    let places = packed.locate(moves);
    compare(store, moves, &loose, &packed, &places)?;
    let merged = packed.merge(moves, &places, &peeled(store, moves)?);
    let staged = owner.stage(&merged, store.mode());
    let staged = staged.map_err(|error| failed(&path, error))?;
    loose.look_again(store, moves)?;
    fs::rename(staged, &path).map_err(|error| failed(&path, error))?;
    sync_folder(store.git_dir).map_err(|error| failed(&path, error))?;
    loose.remove()?;
    for step in moves.iter().filter(|step| step.to.is_none()) {
        log::remove(store, &step.name);
    }
    drop(lock);
    Ok(())
}

/// What each moved tag stands for, which the file says beside it: a reader that does not find it
/// there takes the tag for a plain one. Only below `refs/tags/` may there be tag objects.
fn peeled(store: &Store<'_>, moves: &[&RefMove]) -> Result<Vec<Option<ObjectId>>, RepositoryError> {
    let reader = store.repository.reader();
    let peel = |step: &&RefMove| match step.to.filter(|_| step.name.starts_with("refs/tags/")) {
        Some(to) => {
            reader.peel(ObjectId(to.0)).map(|peeled| Some(peeled.0).filter(|id| id.0 != to.0))
        }
        None => Ok(None),
    };
    moves.iter().map(peel).collect()
}

/// Compares each ref with where it was seen, and makes sure that nothing is in the way of new
/// ones.
fn compare(
    store: &Store<'_>,
    moves: &[&RefMove],
    loose: &Loose,
    packed: &File,
    places: &[Range<usize>],
) -> Result<(), Failure> {
    let mut loose = loose.refs.iter().peekable();
    let mut last_folder = "";
    for (index, (step, place)) in moves.iter().zip(places).enumerate() {
        let found = match loose.next_if(|found| found.index == index) {
            Some(_) => loose::read(store, &step.name)?,
            None => packed.commit_at(place),
        };
        if found != step.from {
            return Err(MoveError::Moved { name: step.name.clone() }.into());
        }
        if found.is_none() && step.to.is_some() {
            let folder = step.name.rsplit_once('/').map_or("", |(folder, _)| folder);
            packed.check_below(&step.name)?;
            if folder != last_folder {
                packed.check_above(&step.name)?;
                last_folder = folder;
            }
        }
    }
    Ok(())
}

/// The moved refs that have files of their own.
struct Loose {
    refs: Vec<LooseRef>,
}

struct LooseRef {
    /// Which move.
    index: usize,
    path: PathBuf,
    _lock: Lock,
}

impl Loose {
    /// Finds and locks them.
    fn lock(store: &Store<'_>, owner: &Owner, moves: &[&RefMove]) -> Result<Self, Failure> {
        let mut refs = Vec::new();
        for_each_present(store, moves, |index, is_file| {
            let path = store.path(&moves[index].name);
            // A lock that a killed process of ours left goes when it is taken.
            let lock = store.lock(owner, &path)?;
            if !is_file || !path.exists() {
                return Ok(());
            }
            if !path.is_dir() {
                refs.push(LooseRef { index, path, _lock: lock });
            } else if let Some(file) = first_file(&path).map_err(|error| failed(&path, error))? {
                let name = moves[index].name.clone();
                let other = file.strip_prefix(store.git_dir).unwrap_or(&file).display();
                return Err(MoveError::Occupied { name, other: other.to_string() }.into());
            }
            Ok(())
        })?;
        Ok(Self { refs })
    }

    /// Makes sure that nobody began to write one of the others meanwhile.
    fn look_again(&self, store: &Store<'_>, moves: &[&RefMove]) -> Result<(), Failure> {
        let ours: HashSet<usize> = self.refs.iter().map(|found| found.index).collect();
        for_each_present(store, moves, |index, _| {
            let path = store.path(&moves[index].name);
            match ours.contains(&index) || path.is_dir() {
                true => Ok(()),
                false => Err(Failure::Busy(lock_path(&path))),
            }
        })
    }

    /// Removes the files, which hide what is packed now, and then gives their locks back: while a
    /// lock stands in a folder, nobody who packs refs removes that.
    fn remove(self) -> Result<(), MoveError> {
        let mut folders: Vec<&Path> = Vec::new();
        for LooseRef { path, .. } in &self.refs {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(failed(path, error));
                }
                _ => folders.extend(path.parent()),
            }
        }
        folders.dedup();
        folders
            .into_iter()
            .try_for_each(|folder| sync_folder(folder).map_err(|error| failed(folder, error)))
    }
}

/// Calls for each move whose ref has a file, a folder or a lock, and says whether it has more than
/// a lock. Each folder of refs is listed once.
fn for_each_present(
    store: &Store<'_>,
    moves: &[&RefMove],
    mut call: impl FnMut(usize, bool) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let paths: Vec<PathBuf> = moves.iter().map(|step| store.path(&step.name)).collect();
    let mut index = 0;
    for group in paths.chunk_by(|a, b| a.parent() == b.parent()) {
        let present = list(store, group[0].parent().unwrap_or(store.git_dir))?;
        for (offset, path) in group.iter().enumerate().filter(|_| !present.is_empty()) {
            let name = path.file_name().unwrap_or_default();
            let is_file = present.contains(name);
            if is_file || present.contains(lock_path(Path::new(name)).as_os_str()) {
                call(index + offset, is_file)?;
            }
        }
        index += group.len();
    }
    Ok(())
}

/// The names in a folder of refs, locks among them; none if it is not there.
fn list(store: &Store<'_>, folder: &Path) -> Result<HashSet<OsString>, Failure> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name());
    match fs::read_dir(folder).and_then(|entries| entries.map(name).collect()) {
        Ok(names) => Ok(names),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(HashSet::new()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(store.occupied(folder).into())
        }
        Err(error) => Err(failed(folder, error).into()),
    }
}

/// The file `packed-refs`, read.
pub(super) struct File {
    header: String,
    /// The lines `<id> <name>` in the order of names, each with the lines `^<id>` that belong to
    /// it.
    records: Vec<u8>,
}

impl File {
    /// Reads the file; one that is not there has no refs.
    pub(super) fn read(repository: &Repository, git_dir: &Path) -> Result<Self, RepositoryError> {
        let damaged = |reason: String| repository.reference_error("packed-refs", reason);
        let mut bytes = match fs::read(git_dir.join("packed-refs")) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            bytes => bytes.map_err(|error| damaged(error.to_string()))?,
        };
        let mut header = HEADER.to_owned();
        if !bytes.is_empty() {
            header = header_of(&bytes);
            bytes.drain(..if header.is_empty() { 0 } else { header.len() });
        }
        let is_sorted = header.split_whitespace().any(|word| word == "sorted");
        let mut file = Self { header, records: bytes };
        if !is_sorted {
            file.sort();
        }
        if !file.records.is_empty() && !file.records.ends_with(b"\n") {
            return Err(damaged("its last line is cut off".to_owned()));
        }
        Ok(file)
    }

    /// Puts the records in order, and says so.
    fn sort(&mut self) {
        let mut ranges: Vec<Range<usize>> = self.ranges(0).collect();
        ranges.sort_by_key(|range| self.name_at(range.start).to_vec());
        self.records = ranges.into_iter().flat_map(|range| self.records[range].to_vec()).collect();
        let traits = match self.header.trim_end() {
            "" => TRAITS,
            traits => traits,
        };
        self.header = format!("{traits} sorted \n");
    }

    /// The records from one on.
    fn ranges(&self, start: usize) -> impl Iterator<Item = Range<usize>> {
        let mut at = start;
        std::iter::from_fn(move || {
            let start = at;
            at = self.end_of(start);
            (start < self.records.len()).then_some(start..at)
        })
    }

    /// The name in the record that starts here.
    fn name_at(&self, start: usize) -> &[u8] {
        let line = &self.records[start..];
        let end = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
        line[..end].get(41..).unwrap_or_default()
    }

    /// Where the next record starts.
    fn end_of(&self, start: usize) -> usize {
        let mut at = start;
        loop {
            let line = self.records.get(at..).unwrap_or_default();
            at += line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |end| end + 1);
            if self.records.get(at) != Some(&b'^') {
                return at;
            }
        }
    }

    /// The start of the record that a byte belongs to.
    fn start_of(&self, byte: usize) -> usize {
        let mut at = byte;
        loop {
            at =
                self.records[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if at == 0 || self.records[at] != b'^' {
                return at;
            }
            at -= 1;
        }
    }

    /// Where the first record starts whose name is not before this one.
    fn first_from(&self, name: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.records.len());
        while low < high {
            let middle = self.start_of(low + (high - low) / 2);
            match self.name_at(middle) < name {
                true => low = self.end_of(middle),
                false => high = middle,
            }
        }
        low
    }

    fn commit_at(&self, place: &Range<usize>) -> Option<CommitId> {
        std::str::from_utf8(self.records.get(place.clone())?.get(..40)?).ok()?.parse().ok()
    }

    /// Where a ref points.
    pub(super) fn find(&self, name: &str) -> Option<CommitId> {
        let start = self.first_from(name.as_bytes());
        (self.name_at(start) == name.as_bytes())
            .then(|| self.commit_at(&(start..self.end_of(start))))?
    }

    /// Every ref whose name starts with this, with where it points.
    pub(super) fn below(&self, prefix: &str) -> impl Iterator<Item = (&str, CommitId)> {
        self.ranges(self.first_from(prefix.as_bytes()))
            .map_while(move |range| {
                let name = self.name_at(range.start);
                name.starts_with(prefix.as_bytes()).then_some((name, range))
            })
            .filter_map(|(name, range)| {
                Some((std::str::from_utf8(name).ok()?, self.commit_at(&range)?))
            })
    }

    /// The record of each ref, which are in order; an empty range where it would be.
    fn locate(&self, moves: &[&RefMove]) -> Vec<Range<usize>> {
        let mut at = 0;
        let place = |step: &&RefMove| {
            while at < self.records.len() && self.name_at(at) < step.name.as_bytes() {
                at = self.end_of(at);
            }
            let is_it = at < self.records.len() && self.name_at(at) == step.name.as_bytes();
            at..if is_it { self.end_of(at) } else { at }
        };
        moves.iter().map(place).collect()
    }

    /// The bytes of the file after the moves.
    fn merge(
        &self,
        moves: &[&RefMove],
        places: &[Range<usize>],
        peeled: &[Option<ObjectId>],
    ) -> Vec<u8> {
        let mut merged = Vec::with_capacity(self.records.len() + 80 * moves.len());
        merged.extend_from_slice(self.header.as_bytes());
        let mut at = 0;
        for ((step, place), peeled) in moves.iter().zip(places).zip(peeled) {
            merged.extend_from_slice(&self.records[at..place.start]);
            if let Some(to) = step.to {
                merged.extend_from_slice(format!("{to} {}\n", step.name).as_bytes());
                let peeled = peeled.map(|id| format!("^{id}\n")).unwrap_or_default();
                merged.extend_from_slice(peeled.as_bytes());
            }
            at = place.end;
        }
        merged.extend_from_slice(&self.records[at..]);
        merged
    }

    /// Makes sure that neither a part of a new ref's name nor anything below it is a ref.
    pub(super) fn check_free(&self, name: &str) -> Result<(), MoveError> {
        self.check_above(name)?;
        self.check_below(name)
    }

    fn check_above(&self, name: &str) -> Result<(), MoveError> {
        let above = name.match_indices('/').map(|(end, _)| &name[..end]);
        let found = above.into_iter().find(|above| self.find(above).is_some());
        found.map_or(Ok(()), |other| {
            Err(MoveError::Occupied { name: name.to_owned(), other: other.to_owned() })
        })
    }

    fn check_below(&self, name: &str) -> Result<(), MoveError> {
        let found = self.below(&format!("{name}/")).next();
        found.map_or(Ok(()), |(other, _)| {
            Err(MoveError::Occupied { name: name.to_owned(), other: other.to_owned() })
        })
    }
}

/// The first line, if it is no record.
fn header_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let line = String::from_utf8_lossy(&bytes[..end]);
    if line.starts_with('#') { line.into_owned() } else { String::new() }
}
