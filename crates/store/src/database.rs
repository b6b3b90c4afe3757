//! Opening a database, and running one text of a statement on either kind.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::StoreError;

/// How long a writer waits for another one; SQLite has one writer at a time.
pub(crate) const BUSY: Duration = Duration::from_secs(10);

/// How many readers SQLite may have at once.
const READERS: u32 = 4;

/// How many connections to PostgreSQL are kept at most.
const CONNECTIONS: u32 = 16;

/// How long to wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);

/// Where a database is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of SQLite, made if it is not there.
    Sqlite(PathBuf),
    /// A URL of PostgreSQL. It may hold a password, so it is never shown.
    Postgres(Box<PgConnectOptions>),
}

impl FromStr for Place {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let wrong = || StoreError::Place(text.split('@').next_back().unwrap_or(text).to_owned());
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(text).map_err(|_| wrong())?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(wrong())
    }
}

impl Place {
    /// What may be shown of it.
    fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("`{}`", path.display()),
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or_default();
                format!("`{database}` on `{}`", options.get_host())
            }
        }
    }
}

/// The connections of one database.
#[derive(Clone, Debug)]
pub(crate) enum Pools {
    /// SQLite has one writer, so that no two of ours wait for each other, and several readers.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// PostgreSQL orders its writers itself.
    Postgres(PgPool),
}

/// A database that is open and at this version's tables.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pools: Pools,
    /// Held while a row of the audit record is added, so that those of one server do not race.
    pub(crate) audit: Arc<tokio::sync::Mutex<()>>,
}

/// Runs an expression that changes something, with `$pool` a pool of the kind in use.
macro_rules! write {
    ($store:expr, $pool:ident => $run:expr) => {
        match &$store.pools {
            $crate::database::Pools::Sqlite { writer: $pool, .. } => $run,
            $crate::database::Pools::Postgres($pool) => $run,
        }
    };
}

/// Runs an expression that only reads, with `$pool` a pool of the kind in use.
macro_rules! read {
    ($store:expr, $pool:ident => $run:expr) => {
        match &$store.pools {
            $crate::database::Pools::Sqlite { readers: $pool, .. } => $run,
            $crate::database::Pools::Postgres($pool) => $run,
        }
    };
}

pub(crate) use {read, write};

impl Store {
    /// Opens a database, makes it if it is a file that is not there, and brings its tables to this
    /// version.
    ///
    /// # Errors
    /// It cannot be opened, or its tables are those of a newer version.
    pub async fn open(place: &Place) -> Result<Self, StoreError> {
        let failure = |source| StoreError::Open { place: place.shown(), source };
        let pools = match place {
            Place::Sqlite(path) => sqlite(path).await.map_err(failure)?,
            Place::Postgres(options) => postgres(options).await.map_err(failure)?,
        };
        match &pools {
            Pools::Sqlite { writer, .. } => sqlx::migrate!("migrations/sqlite").run(writer).await?,
            Pools::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(Self { pools, audit: Arc::default() })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        read!(self, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Whether several servers may use this database at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

async fn sqlite(path: &std::path::Path) -> Result<Pools, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL loses acknowledged commits at a power cut: https://sqlite.org/pragma.html.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY);
    let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
    let writer = writer.connect_with(options.clone()).await?;
    let readers = SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(ACQUIRE);
    let readers = readers.connect_with(options.read_only(true).create_if_missing(false)).await?;
    Ok(Pools::Sqlite { writer, readers })
}

async fn postgres(options: &PgConnectOptions) -> Result<Pools, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE);
    Ok(Pools::Postgres(pool.connect_with(options.clone()).await?))
}
