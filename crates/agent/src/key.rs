//! The key of a cluster: made here, never sent, and kept for as long as the cluster is.
//!
//! A key that cannot be read is never replaced: the cluster is known by it.

use std::io;

use api::ssh::SigningKey;

use crate::state::Disk;

/// The file that holds the key.
const FILE: &str = "key.pem";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or written.
    #[error("cannot use the file `{FILE}`: {0}")]
    File(#[from] io::Error),
    /// The file holds no key.
    #[error(
        "`{FILE}` holds no key: restore it, or remove it and join the cluster again with \
         `res-edge cluster join`"
    )]
    Damaged,
    /// A key could not be made.
    #[error("cannot make a key: {0}")]
    Make(#[from] api::ssh::KeyError),
}

/// The key of this disk, which is made if there is none.
///
/// # Errors
/// [`KeyError`].
pub fn open_key(disk: &Disk) -> Result<SigningKey, KeyError> {
    match disk.read(FILE)? {
        Some(bytes) => {
            let text = String::from_utf8(bytes).map_err(|_| KeyError::Damaged)?;
            SigningKey::from_pem(&text).map_err(|_| KeyError::Damaged)
        }
        None => {
            let key = SigningKey::generate()?;
            disk.write(FILE, key.to_pem()?.as_bytes())?;
            Ok(key)
        }
    }
}
