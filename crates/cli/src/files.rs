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

/// Makes a folder and those above it, where they do not exist.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_folder(path: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(path).map_err(|error| {
        CommandError::unavailable(format!("cannot make the folder `{}`", path.display()), &error)
    })
}
