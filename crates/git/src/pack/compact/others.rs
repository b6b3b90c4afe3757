//! What other programs do with the packs of a repository.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, test_kill_process};

/// `git gc` takes a lock older than this for left over (`builtin/gc.c`).
const LOCK: Duration = Duration::from_secs(12 * 3600);

/// Whether `git gc` or `git maintenance` says that it runs.
pub(super) fn gc_runs(git_dir: &Path) -> bool {
    is_locked_by_gc(&git_dir.join("gc.pid")) || git_dir.join("objects/maintenance.lock").exists()
}

/// In `gc.pid` it leaves its process and its host.
fn is_locked_by_gc(path: &Path) -> bool {
    let Ok(text) = fs::read_to_string(path) else { return false };
    let modified = fs::metadata(path).and_then(|file| file.modified());
    let is_old = modified.is_ok_and(|modified| {
        SystemTime::now().duration_since(modified).is_ok_and(|age| age > LOCK)
    });
    let (process, host) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let own_host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let process = process.parse().ok().and_then(Pid::from_raw);
    let is_dead = host == own_host
        && process
            .is_some_and(|process| test_kill_process(process) == Err(rustix::io::Errno::SRCH));
    !is_old && !is_dead
}

/// The names of the indexes that a multi-pack index covers; nothing if there is one that cannot
/// be read, so that it is not known.
pub(super) fn in_multi_pack_index(folder: &Path) -> Option<HashSet<String>> {
    if folder.join("multi-pack-index.d").exists() {
        return None;
    }
    match fs::read(folder.join("multi-pack-index")) {
        Ok(bytes) => names(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(HashSet::new()),
        Err(_) => None,
    }
}

/// The chunk `PNAM`: names that each end with a NUL, padded with more of them. See
/// <https://git-scm.com/docs/gitformat-pack#_multi_pack_index_midx_files_have_the_following_format>.
fn names(index: &[u8]) -> Option<HashSet<String>> {
    let n_chunks = usize::from(*index.strip_prefix(b"MIDX")?.get(2)?);
    let chunk = (0..=n_chunks).map(|number| {
        let entry = index.get(12 + number * 12..)?.get(..12)?;
        let offset = u64::from_be_bytes(entry[4..].try_into().ok()?);
        Some((&entry[..4], usize::try_from(offset).ok()?))
    });
    let chunks: Vec<(&[u8], usize)> = chunk.collect::<Option<_>>()?;
    let position = chunks.iter().position(|(name, _)| *name == b"PNAM")?;
    let end = chunks.get(position + 1)?.1;
    let names = index.get(chunks[position].1..end)?.split(|byte| *byte == 0);
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8(name.to_vec()).ok()).collect()
}
