//! Texts that nobody may read.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Digest;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The start of every token that is made here, so that scanners for leaked secrets know it.
const PREFIX: &str = "re_";

/// How many random bytes a token or a session has.
const RANDOM: usize = 32;

/// A password or a token. It cannot be printed, and it is compared in constant time.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a text.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// A new token: `re_` and 256 random bits.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn token() -> Result<Self, getrandom::Error> {
        Ok(Self::new(format!("{PREFIX}{}", random()?)))
    }

    /// What names a session: 256 random bits.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn session() -> Result<Self, getrandom::Error> {
        random().map(Self::new)
    }

    /// The text itself, for the one place that hands it on.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored in place of a token. A token has 256 random bits, so a fast hash is enough.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.0.as_bytes()).into())
    }
}

fn random() -> Result<String, getrandom::Error> {
    let mut random = [0; RANDOM];
    getrandom::fill(&mut random)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(...)");
    }

    #[test]
    fn tokens_are_long_marked_and_different() {
        let (one, other) = (Secret::token().unwrap(), Secret::token().unwrap());
        assert!(one.reveal().starts_with(PREFIX));
        assert_eq!(one.reveal().len(), PREFIX.len() + 43);
        assert!(one != other);
    }
}
