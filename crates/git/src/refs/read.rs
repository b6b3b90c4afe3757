//! Where refs point.
//!
//! A ref's own file counts before `packed-refs`, and is read before it: a ref that is just being
//! packed is in that file before its own goes, so that it is found in one of the two.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use model::CommitId;

use super::loose;
use super::packed::File;
use super::store::Store;
use crate::{Repository, RepositoryError};

/// Where a ref points; nothing if it is not there. The outer answer is nothing where refs are no
/// files.
pub(crate) fn read(
    repository: &Repository,
    name: &str,
) -> Option<Result<Option<CommitId>, RepositoryError>> {
    let store = Store::of(repository)?;
    Some(match loose::read(&store, name) {
        Ok(None) => File::read(repository, repository.git_dir()).map(|packed| packed.find(name)),
        found => found,
    })
}

/// Every ref whose name starts with this prefix, which ends with `/`, in the order of names; the
/// outer answer is nothing where refs are no files.
pub(crate) fn read_below(
    repository: &Repository,
    prefix: &str,
) -> Option<Result<Vec<(String, CommitId)>, RepositoryError>> {
    let store = Store::of(repository)?;
    Some(read_all(&store, prefix))
}

fn read_all(store: &Store<'_>, prefix: &str) -> Result<Vec<(String, CommitId)>, RepositoryError> {
    let mut names = Vec::new();
    let listed = list(store.git_dir, prefix.trim_end_matches('/'), &mut names);
    listed.map_err(|error| store.repository.reference_error(prefix, error.to_string()))?;
    let mut loose = BTreeMap::new();
    for name in names {
        if let Some(commit) = loose::read(store, &name)? {
            loose.insert(name, commit);
        }
    }
    let packed = File::read(store.repository, store.git_dir)?;
    let packed = packed.below(prefix).filter(|(name, _)| !loose.contains_key(*name));
    let mut refs: Vec<_> = packed.map(|(name, commit)| (name.to_owned(), commit)).collect();
    if !loose.is_empty() {
        refs.extend(loose);
        refs.sort_unstable();
    }
    Ok(refs)
}

/// The names of refs that have files below a folder.
fn list(git_dir: &Path, folder: &str, names: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(git_dir.join(folder)) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(());
        }
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        // Git allows names that are no text; such a ref is not ours.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if entry.file_type()?.is_dir() {
            list(git_dir, &format!("{folder}/{name}"), names)?;
        } else if !name.ends_with(".lock") {
            names.push(format!("{folder}/{name}"));
        }
    }
    Ok(())
}
