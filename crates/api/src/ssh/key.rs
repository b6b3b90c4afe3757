//! Ed25519 keys: the public one as a line of OpenSSH, the secret one as PKCS#8 in PEM.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::wire;

/// The name of the only algorithm.
pub(super) const ALGORITHM: &str = "ssh-ed25519";

/// What stands before the 32 bytes of an Ed25519 seed in PKCS#8 (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// A text that is no key, or a key that cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no public key that is used here.
    #[error("this is no public key as in `ssh-ed25519 AAAA...`")]
    Public,
    /// The text is no secret key that is used here.
    #[error("this is no Ed25519 key in the form PKCS#8")]
    Secret,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub(super) [u8; 32]);

/// A secret key with its public one. It cannot be printed.
pub struct SigningKey {
    pub(super) pair: Ed25519KeyPair,
}

impl PublicKey {
    /// What `ssh-keygen -l` prints: `SHA256:` and the digest of the key in base64.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(self.digest()))
    }

    /// SHA-256 of the key in the wire format of SSH, to find it by.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.blob()).into()
    }

    /// The key in the wire format of SSH.
    pub(super) fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::with_capacity(51);
        wire::put(&mut blob, ALGORITHM.as_bytes());
        wire::put(&mut blob, &self.0);
        blob
    }

    /// Reads the wire format.
    pub(super) fn of_blob(mut blob: &[u8]) -> Option<Self> {
        let algorithm = wire::take(&mut blob)?;
        let key = wire::take(&mut blob)?;
        let is_ours = algorithm == ALGORITHM.as_bytes() && blob.is_empty();
        is_ours.then_some(())?;
        key.try_into().ok().map(Self)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// Reads a line of a `.pub` file: the algorithm, the key, and a comment that is left out.
    fn from_str(line: &str) -> Result<Self, KeyError> {
        let mut words = line.split_ascii_whitespace();
        let (Some(ALGORITHM), Some(key)) = (words.next(), words.next()) else {
            return Err(KeyError::Public);
        };
        let blob = STANDARD.decode(key).map_err(|_| KeyError::Public)?;
        Self::of_blob(&blob).ok_or(KeyError::Public)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM} {}", STANDARD.encode(self.blob()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(|pair| Self { pair }).map_err(|_| KeyError::Random)
    }

    /// Reads what [`SigningKey::to_pem`] writes, or `openssl genpkey -algorithm ed25519`.
    ///
    /// # Errors
    /// The text is no such key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let body = text.strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END));
        let body: String =
            body.ok_or(KeyError::Secret)?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let bytes = STANDARD.decode(body).map_err(|_| KeyError::Secret)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes);
        pair.map(|pair| Self { pair }).map_err(|_| KeyError::Secret)
    }

    /// The key as PKCS#8 in PEM, which is secret: for the one place that keeps it.
    ///
    /// # Errors
    /// The key does not give its seed.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let seed = self.pair.seed().map_err(|_| KeyError::Secret)?;
        let seed = seed.as_be_bytes().map_err(|_| KeyError::Secret)?;
        let bytes = [&PKCS8_HEAD[..], seed.as_ref()].concat();
        Ok(format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(bytes)))
    }

    /// Its public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(key)
    }

    /// A secret for a use of its own that only who has this key can make, as in codes of messages.
    ///
    /// # Errors
    /// The key does not give its seed.
    pub fn derived_secret(&self, purpose: &str) -> Result<[u8; 32], KeyError> {
        let seed = self.pair.seed().map_err(|_| KeyError::Secret)?;
        let seed = seed.as_be_bytes().map_err(|_| KeyError::Secret)?;
        let digest = Sha256::new().chain_update(b"res-edge secret\0").chain_update(seed.as_ref());
        Ok(digest.chain_update(purpose.as_bytes()).finalize().into())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key().fingerprint())
    }
}
