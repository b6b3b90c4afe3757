//! Small packs become few: each step leaves one, and a reader looks into all of them.
//!
//! In: a repository. Out: the same objects in fewer packs. Entries are copied as they are, with
//! the distances of deltas adjusted; the new pack is durable before the old ones go, and only a
//! pack that was copied whole goes. So whatever runs beside, a reader, `git gc` or another of our
//! processes, finds every object all the time.
//!
//! Left alone is what others manage: packs with a `.keep`, `.promisor`, `.mtimes` or `.bitmap`
//! beside them or in a multi-pack index, and everything while `git gc` runs.

mod choose;
mod others;
mod source;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use choose::choose;
use source::Source;

use super::files::Keep;
use super::{Growing, write};
use crate::durable::sync_folder;
use crate::hash::Sha1;
use crate::{PackError, Repository};

/// The files beside a pack by which others manage it.
const MANAGED: [&str; 4] = ["keep", "promisor", "mtimes", "bitmap"];
/// The files of a pack, in the order in which they go: without an index it is no pack.
const ENDS: [&str; 3] = ["idx", "pack", "rev"];

/// Merges the small packs of a repository if there are many of one size, and answers how many
/// were merged.
///
/// Meant to be called after each step: what it copies is, over many steps, about ten times what
/// they wrote.
///
/// # Errors
/// If the merged pack cannot be written. Nothing is lost then.
pub fn compact(repository: &Repository) -> Result<usize, PackError> {
    let folder = repository.git_dir().join("objects/pack");
    let merged = merge(repository.git_dir(), &folder);
    merged.map_err(|source| PackError { path: repository.path().to_owned(), source })
}

fn merge(git_dir: &Path, folder: &Path) -> io::Result<usize> {
    let packs = candidates(folder)?;
    let sizes: Vec<u64> = packs.iter().map(|(_, size)| *size).collect();
    let chosen = choose(&sizes);
    if chosen.is_empty() || others::gc_runs(git_dir) {
        return Ok(0);
    }
    let mut growing = Growing::<Sha1>::new();
    let chosen = chosen.into_iter().map(|position| &packs[position].0);
    // What went away meanwhile was merged by someone else; what is damaged stays for `git fsck`.
    let copied: Vec<&PathBuf> = chosen
        .filter(|stem| Source::read(stem).and_then(|pack| pack.copy_to(&mut growing)).is_ok())
        .collect();
    if copied.len() < 2 {
        return Ok(0);
    }
    let written = write(folder, &growing)?;
    written.sync()?;
    let mut keep = Keep::default();
    written.publish(folder, &mut keep)?;
    sync_folder(folder)?;
    if others::gc_runs(git_dir) {
        // It may be reading the old packs; they are merged the next time.
        return Ok(0);
    }
    let merged = folder.join(written.name());
    for stem in copied.iter().filter(|stem| ***stem != merged) {
        remove(stem);
    }
    Ok(copied.len())
}

/// The packs that nobody else manages, by the path that their files have without their ends, with
/// their sizes.
fn candidates(folder: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let Some(listed) = others::in_multi_pack_index(folder) else { return Ok(Vec::new()) };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.sort_unstable();
    let has = |stem: &str, end: &str| names.binary_search(&format!("{stem}.{end}")).is_ok();
    let mut packs = Vec::new();
    for name in &names {
        let Some(stem) = name.strip_suffix(".idx").filter(|stem| stem.starts_with("pack-")) else {
            continue;
        };
        let is_managed = MANAGED.iter().any(|end| has(stem, end)) || listed.contains(name);
        if is_managed || !has(stem, "pack") {
            continue;
        }
        // One that went away meanwhile is none.
        if let Ok(pack) = fs::metadata(folder.join(format!("{stem}.pack"))) {
            packs.push((folder.join(stem), pack.len()));
        }
    }
    Ok(packs)
}

/// Removes a pack, unless somebody has begun to keep it. What cannot be removed is merged again.
fn remove(stem: &Path) {
    if stem.with_extension("keep").exists() {
        return;
    }
    for end in ENDS {
        let _ = fs::remove_file(stem.with_extension(end));
    }
}
