//! Making what was written survive a power cut.
//!
//! In: files and folders that were just written. Out: nothing, once the disk has them. `fsync` of
//! a file does not keep its name (see fsync(2)), and the `git` program does not sync the folders
//! of refs; so a folder is synced where a name was made, and the whole file system before a step
//! is acknowledged.

use std::fs::File;
use std::io;
use std::path::Path;

/// Whether [`sync_file_system`] returns only when all is durable. Elsewhere it only begins, and
/// what matters is synced file by file.
pub(crate) const SYNC_WAITS: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Makes the names in a folder durable.
///
/// # Errors
/// What the system says.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    rustix::fs::fsync(File::open(folder)?).map_err(io::Error::from)
}

/// Makes everything durable that was written to the file system that holds this path.
///
/// # Errors
/// What the system says.
pub(crate) fn sync_file_system(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    rustix::fs::syncfs(&file)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    rustix::fs::sync();
    drop(file);
    Ok(())
}
