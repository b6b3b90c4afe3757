//! Attempts to sign in: after some failures the next ones wait, longer each time.

use jiff::Timestamp;
use model::sha256;

use crate::database::write;
use crate::time::from_milliseconds;
use crate::{Store, StoreError};

/// For how many seconds sign-in is closed after so many failures in a row; later ones wait as the
/// last.
const CLOSED: [i64; 12] = [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 900];

/// After how many milliseconds without an attempt the failures are forgotten: a day.
const FORGOTTEN: i64 = 24 * 3_600 * 1_000;

/// Whether a password may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It may, and counts as a failure until [`Store::attempt_succeeded`].
    Open,
    /// It may not before this time.
    Closed(Timestamp),
}

impl Store {
    /// Begins an attempt to sign in under a name. It is counted before the password is looked at,
    /// so that attempts at once are as many as attempts in a row.
    ///
    /// # Errors
    /// The database fails.
    pub async fn begin_attempt(&self, name: &str, now: Timestamp) -> Result<Attempt, StoreError> {
        let (key, now) = (sha256(name.as_bytes()).to_string(), now.as_millisecond());
        write!(self, pool => sqlx::query("DELETE FROM attempts WHERE latest < $1")
            .bind(now - FORGOTTEN)
            .execute(pool)
            .await
            .map(drop))?;
        let waits = (1..).zip(&CLOSED).map(|(n, seconds)| {
            format!("WHEN attempts.failed + 1 = {n} THEN $2 + {}", seconds * 1_000)
        });
        let waits = waits.collect::<Vec<_>>().join(" ");
        let last = CLOSED[CLOSED.len() - 1] * 1_000;
        let statement = format!(
            "INSERT INTO attempts (name, failed, latest, closed) VALUES ($1, 1, $2, $2) \
             ON CONFLICT (name) DO UPDATE SET failed = attempts.failed + 1, latest = $2, \
             closed = CASE {waits} ELSE $2 + {last} END \
             WHERE attempts.closed <= $2 RETURNING failed"
        );
        let statement = sqlx::AssertSqlSafe(statement);
        let counted: Option<(i64,)> = write!(self, pool => sqlx::query_as(statement)
            .bind(&key)
            .bind(now)
            .fetch_optional(pool)
            .await)?;
        match counted {
            Some(_) => Ok(Attempt::Open),
            None => self.closed_until(&key).await.map(Attempt::Closed),
        }
    }

    async fn closed_until(&self, key: &str) -> Result<Timestamp, StoreError> {
        let statement = "SELECT closed FROM attempts WHERE name = $1";
        let row: Option<(i64,)> = write!(self, pool => sqlx::query_as(statement)
            .bind(key)
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(closed,)| from_milliseconds(closed)).unwrap_or_default())
    }

    /// Forgets the failures of a name, since its person signed in.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attempt_succeeded(&self, name: &str) -> Result<(), StoreError> {
        let key = sha256(name.as_bytes()).to_string();
        write!(self, pool => sqlx::query("DELETE FROM attempts WHERE name = $1")
            .bind(key)
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }
}
