//! Authorization codes: what a program exchanges, once, for a token that acts as a person.

use jiff::Timestamp;
use model::Digest;

use crate::database::write;
use crate::{Store, StoreError};

impl Store {
    /// Keeps a code, and forgets those that have ended. `digest` is of the code together with what
    /// only the program can prove that it began with, so that the code alone is worth nothing.
    ///
    /// # Errors
    /// The database fails, or there is no such person.
    pub async fn add_code(
        &self,
        digest: Digest,
        person: &str,
        now: Timestamp,
        ends: Timestamp,
    ) -> Result<(), StoreError> {
        write!(self, pool => sqlx::query("DELETE FROM authorization_codes WHERE ends <= $1")
            .bind(now.as_millisecond())
            .execute(pool)
            .await
            .map(drop))?;
        let statement =
            "INSERT INTO authorization_codes (digest, person, ends) VALUES ($1, $2, $3)";
        write!(self, pool => sqlx::query(statement)
            .bind(digest.to_string())
            .bind(person)
            .bind(ends.as_millisecond())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Takes a code away, and answers whose it was; nothing if there is none, or if it has ended.
    /// Of two who take it at once, one gets it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_code(
        &self,
        digest: Digest,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let statement = "DELETE FROM authorization_codes WHERE digest = $1 RETURNING person, ends";
        let row: Option<(String, i64)> = write!(self, pool => sqlx::query_as(statement)
            .bind(digest.to_string())
            .fetch_optional(pool)
            .await)?;
        Ok(row.filter(|(_, ends)| now.as_millisecond() < *ends).map(|(person, _)| person))
    }
}
