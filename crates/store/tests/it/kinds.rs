//! Both kinds of database, so that each test runs on both.

use jiff::{SignedDuration, Timestamp};
use store::{Place, Store};
use tempfile::TempDir;

use testkit::Postgres;

/// A database of a test, and the folder of it.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) place: Place,
    _folder: Option<TempDir>,
}

impl Fixture {
    /// An empty database in a file.
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Sqlite(folder.path().join("test.db"));
        Self { store: Store::open(&place).await.unwrap(), place, _folder: Some(folder) }
    }

    /// An empty database of the PostgreSQL of these tests.
    pub(crate) async fn postgres() -> Self {
        let place = Postgres::shared().database().parse().unwrap();
        Self { store: Store::open(&place).await.unwrap(), place, _folder: None }
    }

    /// The same database, opened once more, as another server does.
    pub(crate) async fn again(&self) -> Store {
        Store::open(&self.place).await.unwrap()
    }

    /// Runs statements past the store, as someone who tampers with the database does.
    pub(crate) async fn past_the_store(&self, statements: &str) -> Result<(), sqlx::Error> {
        let statements = sqlx::AssertSqlSafe(statements.to_owned());
        match &self.place {
            Place::Sqlite(path) => {
                let url = format!("sqlite:{}", path.display());
                let pool = sqlx::SqlitePool::connect(&url).await?;
                sqlx::raw_sql(statements).execute(&pool).await.map(drop)
            }
            Place::Postgres(options) => {
                let pool = sqlx::PgPool::connect_with((**options).clone()).await?;
                sqlx::raw_sql(statements).execute(&pool).await.map(drop)
            }
        }
    }
}

/// A moment, so many seconds after the first one.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

/// Makes a test for each kind out of one function of a [`Fixture`].
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::kinds::Fixture::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name($crate::kinds::Fixture::postgres().await).await;
            })*
        }
    };
}

pub(crate) use on_both;
