//! Callers, found by the token that they carry.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use model::Digest;
use store::{Store, StoreError, Token};

use super::Secret;

/// For how long a token that was found is not looked up again. A token that is taken back here
/// ends at once; one that is taken back at another server, after this time.
const REMEMBERED: Duration = Duration::from_secs(2);

/// How many tokens are remembered at most.
const MOST_REMEMBERED: usize = 100_000;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// How the caller is called in records.
    pub name: String,
    /// What Roles can name, as in `user:anna`.
    pub subjects: Vec<String>,
    /// Whether this is the server's own administrator, who may do everything.
    pub is_administrator: bool,
}

/// A token that is unknown, over, or taken back. Which of these is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongCredentials;

/// Finds callers.
pub(crate) struct Callers {
    store: Store,
    administrator: Option<Digest>,
    remembered: Mutex<HashMap<Digest, (Instant, Token)>>,
}

impl Callers {
    /// Finds callers in a database; and one more, whose token is given to the server.
    pub(crate) fn new(store: Store, administrator: Option<&Secret>) -> Self {
        let administrator = administrator.map(Secret::digest);
        Self { store, administrator, remembered: Mutex::default() }
    }

    /// Who carries a token.
    ///
    /// # Errors
    /// The database fails; a token that is not valid is no error of this kind.
    pub(crate) async fn find(
        &self,
        secret: &Secret,
    ) -> Result<Result<Caller, WrongCredentials>, StoreError> {
        let digest = secret.digest();
        // Digests are compared: how long that takes tells nothing about the text.
        if self.administrator == Some(digest) {
            return Ok(Ok(administrator()));
        }
        let token = match self.remembered(digest) {
            Some(token) => Some(token),
            None => self.look_up(digest).await?,
        };
        let token = token.filter(|token| token.is_valid(Timestamp::now()));
        Ok(token.map(caller).ok_or(WrongCredentials))
    }

    fn remembered(&self, digest: Digest) -> Option<Token> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, token) = remembered.get(&digest)?;
        (since.elapsed() < REMEMBERED).then(|| token.clone())
    }

    async fn look_up(&self, digest: Digest) -> Result<Option<Token>, StoreError> {
        let found = self.store.token(digest).await?;
        if let Some(token) = &found {
            let mut all = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= MOST_REMEMBERED {
                all.clear();
            }
            all.insert(digest, (Instant::now(), token.clone()));
        }
        Ok(found)
    }
}

fn administrator() -> Caller {
    Caller {
        name: "administrator".to_owned(),
        subjects: vec!["user:administrator".to_owned()],
        is_administrator: true,
    }
}

fn caller(token: Token) -> Caller {
    let is_administrator = token.subject == ADMINISTRATOR;
    match is_administrator {
        true => administrator(),
        false => Caller { name: token.name, subjects: vec![token.subject], is_administrator },
    }
}

/// The subject of a token that the server made for its administrator. No Role can name it, since
/// it has no kind.
pub(crate) const ADMINISTRATOR: &str = "administrator";
