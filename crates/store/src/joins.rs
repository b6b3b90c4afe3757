//! One-time tokens that let the agent of one cluster enrol.

use jiff::{SignedDuration, Timestamp};
use model::Digest;

use crate::database::{read, write};
use crate::time::from_milliseconds;
use crate::{Store, StoreError};

/// For how long a token that has ended is kept, to tell its agent why.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A token that is to be kept.
#[derive(Clone, Debug)]
pub struct NewJoin {
    /// SHA-256 of its text. The text itself is shown once and stored nowhere.
    pub digest: Digest,
    /// The name of the only cluster that it is for.
    pub cluster: String,
    /// Who joins the cluster, as in `user:anna`.
    pub joiner: String,
    /// Whether whoever joins may merge an edit of the cluster.
    pub merges: bool,
    /// When it ends.
    pub expires: Timestamp,
}

/// A token that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The name of the only cluster that it is for.
    pub cluster: String,
    /// Who joins the cluster.
    pub joiner: String,
    /// Whether whoever joins may merge an edit of the cluster.
    pub merges: bool,
    /// When it ends.
    pub expires: Timestamp,
    /// The key that came with it first, in OpenSSH form: no other may come.
    pub key: Option<String>,
    /// The change that brings this key into the source.
    pub change: Option<u32>,
}

type Row = (String, String, i64, i64, Option<String>, Option<i64>);

impl Store {
    /// Keeps a new token, and forgets those that ended long ago.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_join(&self, join: &NewJoin, now: Timestamp) -> Result<(), StoreError> {
        let forgotten = (now - KEPT).as_millisecond();
        write!(self, pool => sqlx::query("DELETE FROM joins WHERE expires < $1")
            .bind(forgotten)
            .execute(pool)
            .await
            .map(drop))?;
        let statement = "INSERT INTO joins (digest, cluster, joiner, merges, created, expires) \
                         VALUES ($1, $2, $3, $4, $5, $6)";
        write!(self, pool => sqlx::query(statement)
            .bind(join.digest.to_string())
            .bind(&join.cluster)
            .bind(&join.joiner)
            .bind(i64::from(join.merges))
            .bind(now.as_millisecond())
            .bind(join.expires.as_millisecond())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The token of a digest, also one that has ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn join(&self, digest: Digest) -> Result<Option<Join>, StoreError> {
        let statement =
            "SELECT cluster, joiner, merges, expires, key, change FROM joins WHERE digest = $1";
        let row: Option<Row> = read!(self, pool => sqlx::query_as(statement)
            .bind(digest.to_string())
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|(cluster, joiner, merges, expires, key, change)| Join {
            cluster,
            joiner,
            merges: merges != 0,
            expires: from_milliseconds(expires),
            key,
            change: change.and_then(|number| u32::try_from(number).ok()),
        }))
    }

    /// Binds a token to the key that came with it, if none came before. Answers whether the token
    /// is bound to this key now.
    ///
    /// # Errors
    /// The database fails.
    pub async fn bind_join(&self, digest: Digest, key: &str) -> Result<bool, StoreError> {
        let statement = "UPDATE joins SET key = $2 WHERE digest = $1 AND (key IS NULL OR key = $2)";
        let bound = write!(self, pool => sqlx::query(statement)
            .bind(digest.to_string())
            .bind(key)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(bound > 0)
    }

    /// Keeps which change brings the key of a token into the source.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_join_change(&self, digest: Digest, change: u32) -> Result<(), StoreError> {
        write!(self, pool => sqlx::query("UPDATE joins SET change = $2 WHERE digest = $1")
            .bind(digest.to_string())
            .bind(i64::from(change))
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }
}
