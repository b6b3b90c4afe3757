//! Failures of the database.

/// The database refused, is gone, or holds what it should not.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The place of the database is malformed.
    #[error("`{0}` names no database; give `sqlite:PATH` or `postgres://...`")]
    Place(String),
    /// It cannot be opened or reached.
    #[error("cannot open the database {place}: {source}")]
    Open {
        /// Which, without a password.
        place: String,
        /// Why.
        source: sqlx::Error,
    },
    /// Its tables cannot be brought to this version.
    #[error("cannot bring the tables of the database to this version: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database failed: {0}")]
    Statement(#[from] sqlx::Error),
    /// Other servers were faster each time.
    #[error("other servers wrote to the audit record each time while this one tried")]
    Busy,
    /// A row of the audit record holds what this program never writes.
    #[error("row {0} of the audit record is damaged; `res-edge audit verify` says more")]
    Damaged(u64),
}
