//! Callers, found by the token or the session that they carry.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use model::Digest;
use store::{Person, Store, StoreError, Token};

use super::{Scope, Secret};
use crate::agents::Agent;

/// For how long a caller who was found is not looked up again. What is taken back here ends at
/// once; what is taken back at another server, after this time.
const REMEMBERED: Duration = Duration::from_secs(2);

/// How many callers are remembered at most.
const MOST_REMEMBERED: usize = 100_000;

/// For how long a session may be left alone.
pub(crate) const IDLE: SignedDuration = SignedDuration::from_hours(8);

/// For how long the groups that a provider reported count after a sign-in: a token of a person
/// who was taken out of a group must not keep its rights for ever.
const GROUPS_COUNT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How exact the time of the last use is.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The subject of a token that the server made for its administrator. No Role can name it, since
/// it has no kind.
pub(crate) const ADMINISTRATOR: &str = "administrator";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// How the caller is called in records.
    pub name: String,
    /// Whose rights the caller has, as Roles can name them: `user:anna`, and then groups. What a
    /// token's scope leaves of them is known to `authorize` alone, which everyone asks.
    pub subjects: Vec<String>,
    /// Whether this is an administrator of the server, who may do everything. With a scope nobody
    /// is one.
    pub is_administrator: bool,
    /// Whether everything in the fleet is granted to them, as far as the scope goes.
    pub(crate) has_fleet: bool,
    /// With what the caller came in.
    pub(crate) credential: Credential,
    /// To what the token narrows the rights of its subject; nothing for all of them.
    pub(crate) scope: Option<Scope>,
    /// The subjects of tokens of the server that this person made.
    pub(crate) others: Vec<String>,
    /// The id of the request, as in the answer's `x-request-id`.
    pub(crate) request: String,
}

/// With what a caller came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The token that the server was given for its administrator.
    Administrator,
    /// A token.
    Token {
        /// Its name.
        name: String,
        /// When it ends.
        expires: Option<Timestamp>,
    },
    /// A session of a browser.
    Session(Digest),
    /// The key of a cluster's agent.
    Agent(Agent),
    /// The one-time token of a cluster that somebody joined.
    Join,
}

/// A token or a session that is unknown, over, or taken back. Which of these is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongCredentials;

/// A caller, since when that is known, and until when it may come in.
type Remembered = (Instant, Caller, Option<Timestamp>);

/// Finds callers.
pub(crate) struct Callers {
    store: Store,
    administrator: Option<Digest>,
    remembered: Mutex<HashMap<Digest, Remembered>>,
    /// Counts up with [`Callers::forget`], so that what was read before is not remembered after.
    forgotten: AtomicU64,
}

impl Caller {
    /// The caller as Roles name one.
    pub(crate) fn subject(&self) -> &str {
        self.subjects.first().map_or(&self.name, String::as_str)
    }

    /// A text that differs wherever what two callers may do differs, for what is kept of answers.
    pub(crate) fn rights_key(&self) -> String {
        let scope = self.scope.as_ref().map(|scope| serde_json::to_string(scope.wire()));
        let scope = scope.and_then(Result::ok).unwrap_or_default();
        format!("{}\n{}\n{scope}", self.has_fleet, self.subjects.join("\n"))
    }

    /// The caller as a one-time token keeps who joins a cluster.
    pub(crate) fn join_subject(&self) -> String {
        match self.is_administrator && self.name == ADMINISTRATOR {
            true => ADMINISTRATOR.to_owned(),
            false => self.subject().to_owned(),
        }
    }

    /// The name of the person, if it is one and the server knows them.
    pub(crate) fn person_name(&self) -> Option<&str> {
        self.subject().strip_prefix("user:").filter(|_| self.name != ADMINISTRATOR)
    }
}

impl Callers {
    /// Finds callers in a database; and one more, whose token is given to the server.
    pub(crate) fn new(store: Store, administrator: Option<&Secret>) -> Self {
        let administrator = administrator.map(Secret::digest);
        let (remembered, forgotten) = (Mutex::default(), AtomicU64::new(0));
        Self { store, administrator, remembered, forgotten }
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
            return Ok(Ok(administrator(Credential::Administrator)));
        }
        self.known(digest, self.of_token(digest)).await
    }

    /// Whoever joined a cluster, with the rights that they have now; nobody if they may not come
    /// in any more.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn of_subject(&self, subject: &str) -> Result<Option<Caller>, StoreError> {
        if subject == ADMINISTRATOR {
            return Ok(Some(administrator(Credential::Join)));
        }
        let now = Timestamp::now();
        if let Some(name) = subject.strip_prefix("user:") {
            return self.of_person(name, Credential::Join, now).await;
        }
        let tokens = self.store.tokens().await?;
        let found = tokens.iter().find(|token| token.subject == subject && token.is_valid(now));
        Ok(found.map(|token| Caller { credential: Credential::Join, ..program(token) }))
    }

    /// Who is in a session.
    ///
    /// # Errors
    /// As [`Callers::find`].
    pub(crate) async fn find_session(
        &self,
        secret: &Secret,
    ) -> Result<Result<Caller, WrongCredentials>, StoreError> {
        let digest = secret.digest();
        self.known(digest, self.of_session(digest)).await
    }

    /// Whether who was found would be found now.
    ///
    /// # Errors
    /// As [`Callers::find`].
    pub(crate) async fn is_still(&self, caller: &Caller) -> Result<bool, StoreError> {
        let now = Timestamp::now();
        let is_valid = match &caller.credential {
            Credential::Administrator => true,
            Credential::Token { name, .. } => {
                self.store.token_named(name).await?.is_some_and(|token| token.is_valid(now))
            }
            Credential::Session(digest) => {
                self.store.session(*digest).await?.is_some_and(|one| one.is_valid(now, IDLE))
            }
            // The stream of an agent asks for its key itself, and a join opens none.
            Credential::Agent(_) | Credential::Join => false,
        };
        let Some(name) = caller.person_name().filter(|_| is_valid) else { return Ok(is_valid) };
        let person = self.store.person(name).await?;
        Ok(person.is_some_and(|person| {
            person.disabled.is_none() && (person.is_administrator || !caller.is_administrator)
        }))
    }

    /// Forgets everyone who was found, since someone lost something.
    pub(crate) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The caller that is remembered, or the one that is looked up.
    async fn known(
        &self,
        digest: Digest,
        look_up: impl Future<Output = Result<Option<(Caller, Option<Timestamp>)>, StoreError>>,
    ) -> Result<Result<Caller, WrongCredentials>, StoreError> {
        if let Some((caller, ends)) = self.remembered(digest) {
            let is_over = ends.is_some_and(|ends| ends <= Timestamp::now());
            return Ok(if is_over { Err(WrongCredentials) } else { Ok(caller) });
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        let Some((caller, ends)) = look_up.await? else { return Ok(Err(WrongCredentials)) };
        let mut all = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_REMEMBERED {
            all.clear();
        }
        if self.forgotten.load(Ordering::SeqCst) == before {
            all.insert(digest, (Instant::now(), caller.clone(), ends));
        }
        Ok(Ok(caller))
    }

    fn remembered(&self, digest: Digest) -> Option<(Caller, Option<Timestamp>)> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, caller, ends) = remembered.get(&digest)?;
        (since.elapsed() < REMEMBERED).then(|| (caller.clone(), *ends))
    }

    async fn of_token(
        &self,
        digest: Digest,
    ) -> Result<Option<(Caller, Option<Timestamp>)>, StoreError> {
        let now = Timestamp::now();
        let found = self.store.token(digest).await?;
        let Some(token) = found.filter(|token| token.is_valid(now)) else { return Ok(None) };
        if token.last_used.is_none_or(|used| now.duration_since(used) >= MINUTE) {
            self.store.touch_token(&token.name, now).await?;
        }
        let ends = token.expires;
        let caller = match token.subject.strip_prefix("user:").map(str::to_owned) {
            Some(name) => self.of_person(&name, of(&token), now).await?,
            None if token.subject == ADMINISTRATOR => Some(administrator(of(&token))),
            None => Some(program(&token)),
        };
        let scope = match token.scope.as_deref().map(Scope::parse) {
            Some(Some(scope)) => Some(scope),
            // A scope that cannot be read grants nothing rather than everything.
            Some(None) => return Ok(None),
            None => None,
        };
        Ok(caller.map(|caller| (narrowed(caller, scope), ends)))
    }

    async fn of_session(
        &self,
        digest: Digest,
    ) -> Result<Option<(Caller, Option<Timestamp>)>, StoreError> {
        let now = Timestamp::now();
        let found = self.store.session(digest).await?;
        let Some(session) = found.filter(|session| session.is_valid(now, IDLE)) else {
            return Ok(None);
        };
        if now.duration_since(session.used) >= MINUTE {
            self.store.touch_session(digest, now).await?;
        }
        let caller = self.of_person(&session.person, Credential::Session(digest), now).await?;
        Ok(caller.map(|caller| (caller, Some(session.ends))))
    }

    /// A person who may come in.
    async fn of_person(
        &self,
        name: &str,
        credential: Credential,
        now: Timestamp,
    ) -> Result<Option<Caller>, StoreError> {
        let found = self.store.person(name).await?;
        let Some(known) = found.filter(|person| person.disabled.is_none()) else { return Ok(None) };
        let others = self.store.subjects_made_by(name).await?;
        Ok(Some(person(&known, others, credential, now)))
    }
}

fn of(token: &Token) -> Credential {
    Credential::Token { name: token.name.clone(), expires: token.expires }
}

fn administrator(credential: Credential) -> Caller {
    Caller {
        name: ADMINISTRATOR.to_owned(),
        subjects: vec!["user:administrator".to_owned()],
        is_administrator: true,
        has_fleet: true,
        credential,
        scope: None,
        others: Vec::new(),
        request: String::new(),
    }
}

fn program(token: &Token) -> Caller {
    Caller {
        name: token.name.clone(),
        subjects: vec![token.subject.clone()],
        is_administrator: false,
        has_fleet: false,
        credential: of(token),
        scope: None,
        others: Vec::new(),
        request: String::new(),
    }
}

fn person(person: &Person, others: Vec<String>, credential: Credential, now: Timestamp) -> Caller {
    let is_recent =
        person.signed_in.is_some_and(|signed_in| now.duration_since(signed_in) < GROUPS_COUNT);
    let groups: Vec<String> = serde_json::from_str(&person.member_of).unwrap_or_default();
    let groups = groups.into_iter().filter(|group| is_recent && !group.is_empty());
    let groups = groups.map(|group| format!("group:{}/{group}", person.provider));
    Caller {
        name: person.name.clone(),
        subjects: std::iter::once(format!("user:{}", person.name)).chain(groups).collect(),
        is_administrator: person.is_administrator,
        has_fleet: person.is_administrator,
        credential,
        scope: None,
        others,
        request: String::new(),
    }
}

/// A token with a scope is no administrator's of the server, however much the scope covers.
fn narrowed(mut caller: Caller, scope: Option<Scope>) -> Caller {
    caller.is_administrator &= scope.is_none();
    caller.scope = scope;
    caller
}

#[cfg(test)]
mod tests {
    use store::{LOCAL, NewPerson, NewToken, Place};

    use super::*;

    #[tokio::test]
    async fn who_was_found_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Place::Sqlite(folder.path().join("db"))).await.unwrap();
        let (now, secret) = (Timestamp::now(), Secret::new("re_a-token-of-anna"));
        let anna = NewPerson {
            name: "anna".to_owned(),
            provider: LOCAL.to_owned(),
            provider_key: "anna".to_owned(),
            password: None,
            is_administrator: true,
        };
        store.add_person(&anna, now).await.unwrap();
        let token = NewToken {
            name: "anna/laptop".to_owned(),
            digest: secret.digest(),
            subject: "user:anna".to_owned(),
            owner: None,
            scope: None,
            expires: None,
        };
        store.add_token(&token, now).await.unwrap();
        let callers = Callers::new(store.clone(), None);
        let caller = callers.find(&secret).await.unwrap().unwrap();
        let is_still = async || callers.is_still(&caller).await.unwrap();
        assert!(is_still().await);
        store.set_administrator("anna", false).await.unwrap();
        assert!(!is_still().await, "no administrator any more");
        store.set_administrator("anna", true).await.unwrap();
        store.set_disabled("anna", Some(now)).await.unwrap();
        assert!(!is_still().await, "disabled");
        store.set_disabled("anna", None).await.unwrap();
        assert!(is_still().await);
        store.revoke_token("anna/laptop", now).await.unwrap();
        assert!(!is_still().await, "taken back");
    }
}
