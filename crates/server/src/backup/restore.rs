//! A new server's folder from a backup.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use git::BundleError;
use store::StoreError;

use super::manifest::{FORMAT, Manifest, NAME};
use super::{DATABASE, FILES, REPOSITORIES, digest};

/// The longest manifest that is read.
const LONGEST_MANIFEST: u64 = 1 << 20;

/// Why a backup was not restored. What was begun is gone again.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something where it shall be.
    #[error("`{}` is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// It is no backup, or not all of one.
    #[error("`{}` is no backup that can be restored: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("cannot read or write `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A repository in it is not whole.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The database in it cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn failure(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::File { path, source }
}

/// Makes a new folder of a server from a backup, which is checked whole before the folder is
/// there: checksums, every repository, the database.
///
/// # Errors
/// [`RestoreError`].
pub async fn restore(file: &Path, data: &Path) -> Result<Manifest, RestoreError> {
    let is_empty = |folder: &Path| Ok(fs::read_dir(folder)?.next().is_none());
    if data.exists() && !is_empty(data).map_err(failure(data))? {
        return Err(RestoreError::NotEmpty(data.to_owned()));
    }
    let data = std::path::absolute(data).map_err(failure(data))?;
    let parent = data.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(failure(parent))?;
    let work = tempfile::Builder::new().prefix(".res-edge-restore-").tempdir_in(parent);
    let work = work.map_err(failure(parent))?;
    let manifest = unpack(file, work.path())?;
    for name in REPOSITORIES {
        let bundle = work.path().join(format!("{name}.bundle"));
        let given = bundle.exists().then_some(bundle.as_path());
        git::read_bundle(given, &work.path().join(name))?;
        if bundle.exists() {
            fs::remove_file(&bundle).map_err(failure(&bundle))?;
        }
    }
    let database = work.path().join(DATABASE);
    if database.exists()
        && let Some(damage) = store::damage(&database).await?
    {
        let reason = format!("its database is damaged: {damage}");
        return Err(RestoreError::Damaged { path: file.to_owned(), reason });
    }
    if data.exists() {
        fs::remove_dir(&data).map_err(failure(&data))?;
    }
    fs::rename(work.path(), &data).map_err(failure(&data))?;
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(failure(parent))?;
    Ok(manifest)
}

/// Takes the parts out of the archive: those that its manifest names, whole.
fn unpack(file: &Path, folder: &Path) -> Result<Manifest, RestoreError> {
    let damaged = |reason: String| RestoreError::Damaged { path: file.to_owned(), reason };
    let mut archive = tar::Archive::new(File::open(file).map_err(failure(file))?);
    let unreadable = |error: io::Error| damaged(error.to_string());
    let mut entries = archive.entries().map_err(unreadable)?;
    let first = entries.next().ok_or_else(|| damaged("it is empty".to_owned()))?;
    let manifest = read_manifest(first.map_err(unreadable)?).map_err(damaged)?;
    let mut wanted = manifest.entries.iter();
    for entry in entries {
        let mut entry = entry.map_err(unreadable)?;
        let found = entry.path().map_err(unreadable)?.to_string_lossy().into_owned();
        let Some(named) = wanted.next().filter(|named| named.name == found) else {
            return Err(damaged(format!("`{found}` is not what the manifest names there")));
        };
        let path = place(folder, &found).ok_or_else(|| damaged(format!("it holds `{found}`")))?;
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(failure(parent))?;
        let output = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let output = output.map_err(failure(&path))?;
        let (bytes, sha256) = digest(&mut entry, &output).map_err(failure(&path))?;
        if (bytes, sha256.to_string()) != (named.bytes, named.sha256.clone()) {
            return Err(damaged(format!("`{found}` is not what was backed up")));
        }
        output.sync_all().map_err(failure(&path))?;
    }
    match wanted.next() {
        Some(missing) => Err(damaged(format!("`{}` is missing", missing.name))),
        None => Ok(manifest),
    }
}

fn read_manifest(mut entry: tar::Entry<'_, File>) -> Result<Manifest, String> {
    let name = entry.path().map_err(|error| error.to_string())?.to_string_lossy().into_owned();
    if name != NAME {
        return Err(format!("it begins with `{name}` and not with `{NAME}`"));
    }
    let mut text = Vec::new();
    let read = entry.by_ref().take(LONGEST_MANIFEST).read_to_end(&mut text);
    read.map_err(|error| error.to_string())?;
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    match value["format"].as_u64() {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) => return Err(format!("its format is {format}, and {FORMAT} is known")),
        None => return Err("its manifest has no format".to_owned()),
    }
    serde_json::from_value(value).map_err(|error| format!("its manifest: {error}"))
}

/// Where a part belongs; nothing for a name that no backup holds.
fn place(folder: &Path, name: &str) -> Option<PathBuf> {
    let is_known = name == DATABASE
        || REPOSITORIES.iter().any(|one| name.strip_suffix(".bundle") == Some(one));
    if is_known {
        return Some(folder.join(name));
    }
    let below = Path::new(name.strip_prefix(FILES)?);
    let is_plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    let is_taken = below.components().next().is_some_and(|first| {
        let first = first.as_os_str().to_string_lossy();
        first == DATABASE || REPOSITORIES.iter().any(|one| first.starts_with(one))
    });
    (is_plain && !is_taken && below.file_name().is_some()).then(|| folder.join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_places_inside_the_folder_and_nowhere_else() {
        let place = |name: &str| place(Path::new("/new"), name);
        assert_eq!(place("res-edge.db"), Some("/new/res-edge.db".into()));
        assert_eq!(place("source.git.bundle"), Some("/new/source.git.bundle".into()));
        assert_eq!(place("files/keys/release"), Some("/new/keys/release".into()));
        for wrong in [
            "",
            "files/",
            "files/../x",
            "files//etc/passwd",
            "/etc/passwd",
            "other.git.bundle",
            "source.git/config",
            "files/source.git/hooks/x",
            "files/res-edge.db",
            "lock",
        ] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
