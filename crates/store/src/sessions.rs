//! Sessions of people who signed in, by the digest of what their browser carries.

use jiff::{SignedDuration, Timestamp};
use model::Digest;

use crate::database::{read, write};
use crate::time::from_milliseconds;
use crate::{Store, StoreError};

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub person: String,
    /// When it was begun.
    pub created: Timestamp,
    /// When it was used last, to the minute.
    pub used: Timestamp,
    /// When it ends, however it is used.
    pub ends: Timestamp,
}

impl Session {
    /// Whether it may be used at a time: it has not ended, and was not left alone for too long.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp, idle: SignedDuration) -> bool {
        now < self.ends && now.duration_since(self.used) < idle
    }
}

impl Store {
    /// Begins a session, and forgets those that have ended.
    ///
    /// # Errors
    /// The database fails, or there is no such person.
    pub async fn add_session(
        &self,
        digest: Digest,
        person: &str,
        now: Timestamp,
        ends: Timestamp,
    ) -> Result<(), StoreError> {
        write!(self, pool => sqlx::query("DELETE FROM sessions WHERE ends <= $1")
            .bind(now.as_millisecond())
            .execute(pool)
            .await
            .map(drop))?;
        let statement = "INSERT INTO sessions (digest, person, created, used, ends) \
                         VALUES ($1, $2, $3, $3, $4)";
        write!(self, pool => sqlx::query(statement)
            .bind(digest.to_string())
            .bind(person)
            .bind(now.as_millisecond())
            .bind(ends.as_millisecond())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The session of a digest, also one that has ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn session(&self, digest: Digest) -> Result<Option<Session>, StoreError> {
        let statement = "SELECT person, created, used, ends FROM sessions WHERE digest = $1";
        let row: Option<(String, i64, i64, i64)> = read!(self, pool => sqlx::query_as(statement)
            .bind(digest.to_string())
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(person, created, used, ends)| Session {
            person,
            created: from_milliseconds(created),
            used: from_milliseconds(used),
            ends: from_milliseconds(ends),
        }))
    }

    /// Keeps that a session was used.
    ///
    /// # Errors
    /// The database fails.
    pub async fn touch_session(&self, digest: Digest, now: Timestamp) -> Result<(), StoreError> {
        write!(self, pool => sqlx::query("UPDATE sessions SET used = $2 WHERE digest = $1")
            .bind(digest.to_string())
            .bind(now.as_millisecond())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_session(&self, digest: Digest) -> Result<(), StoreError> {
        write!(self, pool => sqlx::query("DELETE FROM sessions WHERE digest = $1")
            .bind(digest.to_string())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Ends every session of a person, and those that a program was about to begin.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_sessions_of(&self, person: &str) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM authorization_codes WHERE person = $1",
            "DELETE FROM sessions WHERE person = $1",
        ] {
            write!(self, pool => sqlx::query(statement)
                .bind(person)
                .execute(pool)
                .await
                .map(drop))?;
        }
        Ok(())
    }
}
