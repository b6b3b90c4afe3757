//! Passwords: hashed with Argon2id, a few at a time, away from the threads that answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use super::Secret;

/// The shortest password that is taken, in characters: NIST SP 800-63B-4 asks for 15 where
/// nothing else is asked for, and for 8 at least; 12 with lock-out lies between.
pub(crate) const SHORTEST: usize = 12;

/// The longest, in bytes.
pub(crate) const LONGEST: usize = 1024;

/// How many are hashed at once; each takes 19 MiB (the parameters that OWASP names first).
const AT_ONCE: usize = 2;

/// How many may wait; more are told to come back.
const WAITING: usize = 64;

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many people sign in at this moment")]
pub(crate) struct Overloaded;

/// Hashes and compares passwords.
pub(crate) struct Passwords {
    turns: Semaphore,
    waiting: AtomicUsize,
    /// What an unknown person's password is compared with, so that it costs the same.
    nobody: Arc<OnceLock<String>>,
}

impl Passwords {
    /// A queue without anyone in it.
    pub(crate) fn new() -> Self {
        Self {
            turns: Semaphore::new(AT_ONCE),
            waiting: AtomicUsize::new(0),
            nobody: Arc::default(),
        }
    }

    /// What is stored in place of a password.
    ///
    /// # Errors
    /// Too many wait already.
    pub(crate) async fn hash(&self, password: Secret) -> Result<Option<String>, Overloaded> {
        self.run(move || hash(&password)).await
    }

    /// Whether a password is the one that was hashed. Without a hash it is compared with nobody's,
    /// so that the time does not tell whether there is such a person.
    ///
    /// # Errors
    /// Too many wait already.
    pub(crate) async fn matches(
        &self,
        password: Secret,
        stored: Option<String>,
    ) -> Result<bool, Overloaded> {
        let nobody = Arc::clone(&self.nobody);
        self.run(move || {
            let nobody = nobody.get_or_init(|| hash(&Secret::new("nobody")).unwrap_or_default());
            let is_equal = matches(&password, stored.as_ref().unwrap_or(nobody));
            stored.is_some() && is_equal
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Overloaded);
        }
        let turn = self.turns.acquire().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let _turn = turn.map_err(|_| Overloaded)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Overloaded)
    }
}

fn hash(password: &Secret) -> Option<String> {
    let hash = Argon2::default().hash_password(password.reveal().as_bytes());
    hash.ok().map(|hash| hash.to_string())
}

fn matches(password: &Secret, stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return false };
    Argon2::default().verify_password(password.reveal().as_bytes(), &stored).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_hash_and_no_other() {
        let passwords = Passwords::new();
        let hash = passwords.hash(Secret::new("correct horse")).await.unwrap().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let matches = async |text: &str, hash: Option<&str>| {
            passwords.matches(Secret::new(text), hash.map(str::to_owned)).await.unwrap()
        };
        assert!(matches("correct horse", Some(&hash)).await);
        assert!(!matches("correct mouse", Some(&hash)).await);
        assert!(!matches("nobody", None).await, "nobody has no password");
        assert!(!matches("x", Some("no hash")).await);
    }
}
