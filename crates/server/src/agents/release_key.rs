//! The key that signs releases: made at the first start, and never again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use api::ssh::SigningKey;

/// Reads the key of a file that only this user may read, or makes it if there is none.
///
/// A file that cannot be read, or holds no key, is an error: a new key in its place would be
/// refused by every agent.
///
/// # Errors
/// The file cannot be read or made.
pub(crate) fn open(path: &Path) -> io::Result<SigningKey> {
    match fs::read_to_string(path) {
        Ok(text) => SigningKey::from_pem(&text).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(error),
    }
}

fn make(path: &Path) -> io::Result<SigningKey> {
    let key = SigningKey::generate().map_err(io::Error::other)?;
    let draft = path.with_extension("new");
    let _ = fs::remove_file(&draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(key.to_pem().map_err(io::Error::other)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(key)
}
