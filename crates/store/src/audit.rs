//! The record of what was done: rows that are only ever added, each bound to the one before it.
//!
//! The digest of a row is SHA-256 over all its columns and the digest of the row before. Whoever
//! alters, inserts or removes a row in the middle breaks the chain at that row; whoever cuts off
//! its end is found by a head that was kept elsewhere.

use jiff::Timestamp;
use model::{Digest, sha256};

use crate::database::{read, write};
use crate::time::{from_milliseconds, is_taken};
use crate::{Store, StoreError};

/// What the first row names as the one before it.
const NOTHING: Digest = Digest([0; 32]);

/// How many rows are read at once.
const PAGE: u32 = 1_000;

/// How often a row is tried again that another server was faster with.
const TRIES: usize = 200;

/// Something that was done, to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deed {
    /// Who did it, as in `user:anna`.
    pub actor: String,
    /// What was done, as in `token.create`.
    pub action: String,
    /// With what, as in `token:ci`.
    pub object: String,
    /// The request, as in the answer's `x-request-id`; empty if there was none.
    pub request: String,
    /// More of it, as JSON without secrets.
    pub details: String,
}

/// A row of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    pub time: Timestamp,
    /// What was done.
    pub deed: Deed,
    /// The digest of the row before.
    pub previous: Digest,
    /// The digest of this row.
    pub digest: Digest,
}

/// The last row: with it, a chain that was cut off is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 before the first row.
    pub number: u64,
    /// Its digest.
    pub digest: Digest,
}

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every row follows from the one before it.
    Whole(Head),
    /// The first row that does not, and why.
    Broken {
        /// Its number.
        number: u64,
        /// Why.
        why: String,
    },
}

type Row = (i64, i64, String, String, String, String, String, String, String);

const COLUMNS: &str = "number, time, actor, action, object, request, details, previous, digest";

/// The bytes that a row's digest is of: each column with its length, so that no two rows have the
/// same.
fn canonical(number: u64, time: Timestamp, deed: &Deed, previous: Digest) -> Vec<u8> {
    let columns = [
        number.to_string(),
        time.as_millisecond().to_string(),
        deed.actor.clone(),
        deed.action.clone(),
        deed.object.clone(),
        deed.request.clone(),
        deed.details.clone(),
        previous.to_string(),
    ];
    columns.iter().flat_map(|text| format!("{}:{text}\n", text.len()).into_bytes()).collect()
}

impl Store {
    /// Adds a row. Of several servers that add one at once, each waits for its turn.
    ///
    /// # Errors
    /// The database fails; then nothing was added, or the answer was lost.
    pub async fn record(&self, deed: &Deed, now: Timestamp) -> Result<Head, StoreError> {
        let _turn = self.audit.lock().await;
        // Columns hold milliseconds, and the digest is of what they hold.
        let now = from_milliseconds(now.as_millisecond());
        for _ in 0..TRIES {
            let last = self.audit_head().await?;
            match self.try_record(deed, now, last).await {
                Err(StoreError::Statement(error)) if is_taken(&error) => {}
                recorded => return recorded,
            }
        }
        Err(StoreError::Busy)
    }

    async fn try_record(
        &self,
        deed: &Deed,
        now: Timestamp,
        last: Head,
    ) -> Result<Head, StoreError> {
        let number = last.number + 1;
        let digest = sha256(&canonical(number, now, deed, last.digest));
        let statement = format!(
            "INSERT INTO audit ({COLUMNS}) \
                                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        );
        let statement = sqlx::AssertSqlSafe(statement);
        write!(self, pool => sqlx::query(statement)
            .bind(number.cast_signed())
            .bind(now.as_millisecond())
            .bind(&deed.actor)
            .bind(&deed.action)
            .bind(&deed.object)
            .bind(&deed.request)
            .bind(&deed.details)
            .bind(last.digest.to_string())
            .bind(digest.to_string())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(Head { number, digest })
    }

    /// The last row's number and digest.
    ///
    /// # Errors
    /// The database fails, or the digest is none.
    pub async fn audit_head(&self) -> Result<Head, StoreError> {
        let statement = "SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1";
        // Of the writer: a reader of SQLite may look at a moment before the last row.
        let row: Option<(i64, String)> =
            write!(self, pool => sqlx::query_as(statement).fetch_optional(pool).await)?;
        let Some((number, digest)) = row else {
            return Ok(Head { number: 0, digest: NOTHING });
        };
        let number = number.cast_unsigned();
        let digest = digest.parse().map_err(|_| StoreError::Damaged(number))?;
        Ok(Head { number, digest })
    }

    /// The rows before a number, the newest first, so many at most.
    ///
    /// # Errors
    /// The database fails, or a digest is none.
    pub async fn audit_before(&self, number: u64, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        let statement =
            format!("SELECT {COLUMNS} FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2");
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        let rows = self.audit_rows(statement, number, limit).await?;
        rows.into_iter().map(recorded).collect()
    }

    async fn audit_rows(
        &self,
        statement: String,
        number: i64,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = sqlx::AssertSqlSafe(statement);
        Ok(read!(self, pool => sqlx::query_as(statement)
            .bind(number)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)?)
    }

    /// Walks the whole chain, page by page.
    ///
    /// # Errors
    /// The database fails; a chain that is broken is no error of this kind.
    pub async fn verify_audit(&self) -> Result<Chain, StoreError> {
        let statement =
            format!("SELECT {COLUMNS} FROM audit WHERE number > $1 ORDER BY number LIMIT $2");
        let mut head = Head { number: 0, digest: NOTHING };
        loop {
            let after = if head.number == 0 { i64::MIN } else { head.number.cast_signed() };
            let rows = self.audit_rows(statement.clone(), after, PAGE).await?;
            if rows.is_empty() {
                return Ok(Chain::Whole(head));
            }
            for row in rows {
                match follows(head, row) {
                    Ok(next) => head = next,
                    Err((number, why)) => return Ok(Chain::Broken { number, why }),
                }
            }
        }
    }
}

/// The head after a row, if the row follows from the head before it.
fn follows(head: Head, row: Row) -> Result<Head, (u64, String)> {
    let number = row.0.cast_unsigned();
    let expected = head.number + 1;
    if number != expected {
        return Err((expected, format!("row {expected} is missing, row {number} comes next")));
    }
    let row = recorded(row).map_err(|error| (number, error.to_string()))?;
    if row.previous != head.digest {
        return Err((number, "it does not name the row before it".to_owned()));
    }
    if sha256(&canonical(number, row.time, &row.deed, row.previous)) != row.digest {
        return Err((number, "it was altered: its digest is of something else".to_owned()));
    }
    Ok(Head { number, digest: row.digest })
}

fn recorded(row: Row) -> Result<Recorded, StoreError> {
    let (number, time, actor, action, object, request, details, previous, digest) = row;
    let number = number.cast_unsigned();
    let damaged = |_| StoreError::Damaged(number);
    Ok(Recorded {
        number,
        // A time that is none counts as altered: its digest is of another.
        time: from_milliseconds(time),
        deed: Deed { actor, action, object, request, details },
        previous: previous.parse().map_err(damaged)?,
        digest: digest.parse().map_err(damaged)?,
    })
}
