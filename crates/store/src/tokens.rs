//! Tokens: what programs and people sign in with besides sessions.

use jiff::Timestamp;
use model::Digest;

use crate::database::{read, write};
use crate::time::{from_milliseconds, is_taken};
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
    /// Whose it is: the name of a person; nothing for those of the server itself.
    pub owner: Option<String>,
    /// To what it narrows its subject's rights, as JSON; nothing for all of them.
    pub scope: Option<String>,
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
    /// Whose it is: the name of a person.
    pub owner: Option<String>,
    /// To what it narrows its subject's rights, as JSON.
    pub scope: Option<String>,
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
type Row =
    (String, String, Option<String>, Option<String>, i64, Option<i64>, Option<i64>, Option<i64>);

const COLUMNS: &str = "name, subject, owner, scope, created, expires, revoked, last_used";

impl Store {
    /// Keeps a new token. Answers whether the name was free.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_token(&self, token: &NewToken, now: Timestamp) -> Result<bool, StoreError> {
        let statement = "INSERT INTO tokens \
                         (name, digest, subject, owner, scope, created, expires) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let done = write!(self, pool => sqlx::query(statement)
            .bind(&token.name)
            .bind(token.digest.to_string())
            .bind(&token.subject)
            .bind(&token.owner)
            .bind(&token.scope)
            .bind(now.as_millisecond())
            .bind(token.expires.map(Timestamp::as_millisecond))
            .execute(pool)
            .await
            .map(drop));
        match done {
            Err(error) if is_taken(&error) => Ok(false),
            done => Ok(done.map(|()| true)?),
        }
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

    /// The subjects of the tokens in use that a person made and that act as no person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn subjects_made_by(&self, owner: &str) -> Result<Vec<String>, StoreError> {
        let statement = "SELECT subject FROM tokens WHERE owner = $1 AND revoked IS NULL \
                         AND subject NOT LIKE 'user:%' ORDER BY subject";
        let rows: Vec<(String,)> = read!(self, pool => sqlx::query_as(statement)
            .bind(owner)
            .fetch_all(pool)
            .await)?;
        Ok(rows.into_iter().map(|(subject,)| subject).collect())
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

    /// Keeps that a token was used.
    ///
    /// # Errors
    /// The database fails.
    pub async fn touch_token(&self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        write!(self, pool => sqlx::query("UPDATE tokens SET last_used = $2 WHERE name = $1")
            .bind(name)
            .bind(now.as_millisecond())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The token of a name, also one that has ended.
    ///
    /// # Errors
    /// The database fails.
    pub async fn token_named(&self, name: &str) -> Result<Option<Token>, StoreError> {
        let statement = format!("SELECT {COLUMNS} FROM tokens WHERE name = $1");
        let statement = sqlx::AssertSqlSafe(statement);
        let row: Option<Row> = read!(self, pool => sqlx::query_as(statement)
            .bind(name)
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(token))
    }
}

impl Token {
    /// Whether it may be used at a time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

fn token((name, subject, owner, scope, created, expires, revoked, last_used): Row) -> Token {
    Token {
        name,
        subject,
        owner,
        scope,
        created: from_milliseconds(created),
        expires: expires.map(from_milliseconds),
        revoked: revoked.map(from_milliseconds),
        last_used: last_used.map(from_milliseconds),
    }
}
