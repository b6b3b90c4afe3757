//! A copy of a database of SQLite, made while a server writes to it.
//!
//! In: the file of a database. Out: another file that holds all of it as it was at one moment.
//! Nothing is migrated: the copy is what stands there, whichever version of the program wrote it.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::StoreError;
use crate::database::BUSY;

/// Copies a database into a new file: <https://sqlite.org/lang_vacuum.html#vacuuminto>.
///
/// # Errors
/// There is none, it cannot be read, or the copy cannot be written.
pub async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut connection = connect(from).await?;
    let to = to.to_string_lossy().into_owned();
    sqlx::query("VACUUM INTO ?").bind(to).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Looks through the file of a database: <https://sqlite.org/pragma.html#pragma_integrity_check>.
/// The answer is what is wrong with it, in the words of SQLite; nothing if all is well.
///
/// # Errors
/// It is no database at all, or cannot be read.
pub async fn damage(path: &Path) -> Result<Option<String>, StoreError> {
    let mut connection = connect(path).await?;
    let found: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(Some(found).filter(|text| text != "ok"))
}

async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY);
    let failure = |source| StoreError::Open { place: format!("`{}`", path.display()), source };
    options.connect().await.map_err(failure)
}
