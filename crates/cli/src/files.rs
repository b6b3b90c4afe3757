//! Writes files and folders, naming each in its failures.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::error::CommandError;

/// Writes a file that must not exist yet, and the folders above it.
///
/// # Errors
/// The file exists, or cannot be written.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let shown = path.display();
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(|error| CommandError::unavailable(format!("cannot write `{shown}`"), &error))
}

/// Writes a file that must not exist yet, for its owner alone.
///
/// # Errors
/// The file exists, or cannot be written.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| {
        CommandError::unavailable(format!("cannot write `{}`", path.display()), &error)
    })
}

/// Makes a folder and those above it, where they do not exist.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_folder(path: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(path).map_err(|error| {
        CommandError::unavailable(format!("cannot make the folder `{}`", path.display()), &error)
    })
}

/// Lets a file be executed, where that was asked for.
///
/// # Errors
/// Its permissions cannot be changed.
pub(crate) fn set_executable(path: &Path, executable: bool) -> Result<(), CommandError> {
    if !executable {
        return Ok(());
    }
    allow_execution(path).map_err(|error| {
        CommandError::unavailable(format!("cannot make `{}` executable", path.display()), &error)
    })
}

#[cfg(unix)]
fn allow_execution(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn allow_execution(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
