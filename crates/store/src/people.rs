//! People: local ones with a password, and those whom a provider of identities knows.

use jiff::Timestamp;

use crate::database::{read, write};
use crate::time::{from_milliseconds, is_taken};
use crate::{Store, StoreError};

/// The provider of people who sign in with a password of this server.
pub const LOCAL: &str = "local";

/// A person who is to be known.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// What the person is called, here and in Roles: `anna`, or `oidc/anna` for one of a provider.
    pub name: String,
    /// Who knows the person: [`LOCAL`], or the name of a provider.
    pub provider: String,
    /// What the provider calls the person for ever; for a local one the name.
    pub provider_key: String,
    /// The hash of the password, with its parameters; nothing for who cannot sign in with one.
    pub password: Option<String>,
    /// Whether the person may do everything.
    pub is_administrator: bool,
}

/// A person who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What the person is called.
    pub name: String,
    /// Who knows the person.
    pub provider: String,
    /// Whether there is a password.
    pub has_password: bool,
    /// Whether the person may do everything.
    pub is_administrator: bool,
    /// The groups that the provider reported at the last sign-in, as JSON.
    pub member_of: String,
    /// When the person became known.
    pub created: Timestamp,
    /// When the person signed in last.
    pub signed_in: Option<Timestamp>,
    /// Since when the person may not come in.
    pub disabled: Option<Timestamp>,
}

type Row = (String, String, Option<String>, i64, String, i64, Option<i64>, Option<i64>);

const COLUMNS: &str =
    "name, provider, password, administrator, member_of, created, signed_in, disabled";

impl Store {
    /// Makes a person known. Answers whether the name was free.
    ///
    /// # Errors
    /// The database fails.
    pub async fn add_person(&self, person: &NewPerson, now: Timestamp) -> Result<bool, StoreError> {
        let statement = "INSERT INTO people \
             (name, provider, provider_key, password, administrator, member_of, created) \
             VALUES ($1, $2, $3, $4, $5, '[]', $6)";
        let done = write!(self, pool => sqlx::query(statement)
            .bind(&person.name)
            .bind(&person.provider)
            .bind(&person.provider_key)
            .bind(&person.password)
            .bind(i64::from(person.is_administrator))
            .bind(now.as_millisecond())
            .execute(pool)
            .await
            .map(drop));
        match done {
            Err(error) if is_taken(&error) => Ok(false),
            done => Ok(done.map(|()| true)?),
        }
    }

    /// The person of a name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn person(&self, name: &str) -> Result<Option<Person>, StoreError> {
        Ok(self.person_with_password(name).await?.map(|(person, _)| person))
    }

    /// The person of a name, and the hash of the password.
    ///
    /// # Errors
    /// The database fails.
    pub async fn person_with_password(
        &self,
        name: &str,
    ) -> Result<Option<(Person, Option<String>)>, StoreError> {
        let statement = format!("SELECT {COLUMNS} FROM people WHERE name = $1");
        self.find_person(statement, &[name]).await
    }

    /// The person whom a provider calls so.
    ///
    /// # Errors
    /// The database fails.
    pub async fn person_of_provider(
        &self,
        provider: &str,
        key: &str,
    ) -> Result<Option<Person>, StoreError> {
        let statement =
            format!("SELECT {COLUMNS} FROM people WHERE provider = $1 AND provider_key = $2");
        Ok(self.find_person(statement, &[provider, key]).await?.map(|(person, _)| person))
    }

    async fn find_person(
        &self,
        statement: String,
        binds: &[&str],
    ) -> Result<Option<(Person, Option<String>)>, StoreError> {
        let statement = sqlx::AssertSqlSafe(statement);
        let row: Option<Row> = read!(self, pool => {
            let mut query = sqlx::query_as(statement);
            for bind in binds {
                query = query.bind((*bind).to_owned());
            }
            query.fetch_optional(pool).await
        })?;
        Ok(row.map(|row| (person(row.clone()), row.2)))
    }

    /// Everyone after a name, in the order of names, so many at most.
    ///
    /// # Errors
    /// The database fails.
    pub async fn people(&self, after: &str, limit: u32) -> Result<Vec<Person>, StoreError> {
        let statement =
            format!("SELECT {COLUMNS} FROM people WHERE name > $1 ORDER BY name LIMIT $2");
        let statement = sqlx::AssertSqlSafe(statement);
        let rows: Vec<Row> = read!(self, pool => sqlx::query_as(statement)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)?;
        Ok(rows.into_iter().map(person).collect())
    }

    /// How many people are known.
    ///
    /// # Errors
    /// The database fails.
    pub async fn n_people(&self) -> Result<u64, StoreError> {
        let (n,): (i64,) = read!(self, pool => sqlx::query_as("SELECT count(*) FROM people")
            .fetch_one(pool)
            .await)?;
        Ok(u64::try_from(n).unwrap_or_default())
    }

    /// Gives a person another password, and ends all their sessions. Answers whether there is
    /// such a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<bool, StoreError> {
        let statement = "UPDATE people SET password = $2 WHERE name = $1";
        let changed = write!(self, pool => sqlx::query(statement)
            .bind(name)
            .bind(password)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        self.end_sessions_of(name).await?;
        Ok(changed > 0)
    }

    /// Lets a person in no more, or again. Who is no more let in has no session any more. Answers
    /// whether there is such a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_disabled(
        &self,
        name: &str,
        disabled: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let statement = "UPDATE people SET disabled = $2 WHERE name = $1";
        let changed = write!(self, pool => sqlx::query(statement)
            .bind(name)
            .bind(disabled.map(Timestamp::as_millisecond))
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        if disabled.is_some() {
            self.end_sessions_of(name).await?;
        }
        Ok(changed > 0)
    }

    /// Makes a person an administrator, or no more. Answers whether there is such a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_administrator(&self, name: &str, is: bool) -> Result<bool, StoreError> {
        let statement = "UPDATE people SET administrator = $2 WHERE name = $1";
        let changed = write!(self, pool => sqlx::query(statement)
            .bind(name)
            .bind(i64::from(is))
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(changed > 0)
    }

    /// Keeps that a person signed in, and the groups that the provider reported, as JSON.
    ///
    /// # Errors
    /// The database fails.
    pub async fn signed_in(
        &self,
        name: &str,
        member_of: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let statement = "UPDATE people SET signed_in = $2, member_of = $3 WHERE name = $1";
        write!(self, pool => sqlx::query(statement)
            .bind(name)
            .bind(now.as_millisecond())
            .bind(member_of)
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }
}

fn person((name, provider, password, administrator, member_of, created, in_, out): Row) -> Person {
    Person {
        name,
        provider,
        has_password: password.is_some(),
        is_administrator: administrator != 0,
        member_of,
        created: from_milliseconds(created),
        signed_in: in_.map(from_milliseconds),
        disabled: out.map(from_milliseconds),
    }
}
