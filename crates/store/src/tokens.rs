//! Tokens: what programs and people sign in with besides sessions.

use jiff::Timestamp;
use model::Digest;

use crate::database::{read, write};
use crate::{Store, StoreError};

/// A token that is to be kept.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is called; unique among those in use.
    pub name: String,
    /// SHA-256 of its text. The text itself is shown once and stored nowhere.
    pub digest: Digest,
    /// As whom it acts, as in `user:anna` or `token:ci`.
    pub subject: String,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// A token that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub name: String,
    /// As whom it acts.
    pub subject: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used: Option<Timestamp>,
}

/// As the columns are: times in milliseconds since 1970.
type Row = (String, String, i64, Option<i64>, Option<i64>, Option<i64>);

const COLUMNS: &str = "name, subject, created, expires, revoked, last_used";

impl Store {
    /// Keeps a new token.
    ///
    /// # Errors
    /// The database fails, or the name is taken.
    pub async fn add_token(&self, token: &NewToken, now: Timestamp) -> Result<(), StoreError> {
        let statement = "INSERT INTO tokens (name, digest, subject, created, expires) \
                         VALUES ($1, $2, $3, $4, $5)";
        write!(self, pool => sqlx::query(statement)
            .bind(&token.name)
            .bind(token.digest.to_string())
            .bind(&token.subject)
            .bind(now.as_millisecond())
            .bind(token.expires.map(Timestamp::as_millisecond))
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The token with this digest, also one that has ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn token(&self, digest: Digest) -> Result<Option<Token>, StoreError> {
        let statement = format!("SELECT {COLUMNS} FROM tokens WHERE digest = $1");
        let statement = sqlx::AssertSqlSafe(statement);
        let row: Option<Row> = read!(self, pool => sqlx::query_as(statement)
            .bind(digest.to_string())
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(token))
    }

    /// Every token, in the order of names.
    ///
    /// # Errors
    /// The database fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let statement = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM tokens ORDER BY name"));
        let rows: Vec<Row> = read!(self, pool => sqlx::query_as(statement).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(token).collect())
    }

    /// Takes a token back. Answers whether there was one in use.
    ///
    /// # Errors
    /// The database fails.
    pub async fn revoke_token(&self, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        let statement = "UPDATE tokens SET revoked = $2 WHERE name = $1 AND revoked IS NULL";
        let changed = write!(self, pool => sqlx::query(statement)
            .bind(name)
            .bind(now.as_millisecond())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(changed > 0)
    }
}

impl Token {
    /// Whether it may be used at a time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

fn token((name, subject, created, expires, revoked, last_used): Row) -> Token {
    let time = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    Token {
        name,
        subject,
        created: time(created),
        expires: expires.map(time),
        revoked: revoked.map(time),
        last_used: last_used.map(time),
    }
}
