//! Signatures of files as `ssh-keygen -Y sign` makes them: the format SSHSIG
//! (<https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha512};

use super::key::ALGORITHM;
use super::{PublicKey, SigningKey, wire};

const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// How long a line of base64 is.
const LINE: usize = 70;

/// How many bytes a signature may have as text: one of Ed25519 has about 300.
const LONGEST: usize = 4096;

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The text is no signature of this format.
    #[error("this is no SSH signature of an Ed25519 key")]
    Malformed,
    /// It was made for something else.
    #[error("the signature was made for another purpose")]
    Namespace,
    /// It was made by another key.
    #[error("the signature was made by another key")]
    OtherKey,
    /// It is not of this text.
    #[error("the signature is not of this text")]
    Wrong,
}

/// A signature in its parts.
struct Parts<'a> {
    key: PublicKey,
    namespace: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
}

impl SigningKey {
    /// Signs a text for a purpose, as `ssh-keygen -Y sign -n <namespace>` does. The same text gives
    /// the same signature.
    #[must_use]
    pub fn sign(&self, namespace: &str, text: &[u8]) -> String {
        let hash = Sha512::digest(text);
        let made = self.pair.sign(&signed(namespace.as_bytes(), b"sha512", &hash));
        let mut signature = Vec::new();
        wire::put(&mut signature, ALGORITHM.as_bytes());
        wire::put(&mut signature, made.as_ref());
        let mut blob = MAGIC.to_vec();
        blob.extend_from_slice(&VERSION.to_be_bytes());
        wire::put(&mut blob, &self.public_key().blob());
        for string in [namespace.as_bytes(), b"", b"sha512", &signature] {
            wire::put(&mut blob, string);
        }
        armored(&blob)
    }
}

impl PublicKey {
    /// Whether this key signed a text for a purpose.
    ///
    /// # Errors
    /// Why the signature does not hold.
    pub fn verify(
        &self,
        namespace: &str,
        text: &[u8],
        signature: &str,
    ) -> Result<(), SignatureError> {
        let blob = unarmored(signature).ok_or(SignatureError::Malformed)?;
        let parts = Parts::read(&blob).ok_or(SignatureError::Malformed)?;
        if parts.namespace != namespace.as_bytes() {
            return Err(SignatureError::Namespace);
        }
        if parts.key != *self {
            return Err(SignatureError::OtherKey);
        }
        let hash = match parts.hash {
            b"sha512" => Sha512::digest(text).to_vec(),
            b"sha256" => Sha256::digest(text).to_vec(),
            _ => return Err(SignatureError::Malformed),
        };
        let message = signed(parts.namespace, parts.hash, &hash);
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(&message, parts.signature).map_err(|_| SignatureError::Wrong)
    }
}

impl<'a> Parts<'a> {
    fn read(blob: &'a [u8]) -> Option<Self> {
        let rest = blob.strip_prefix(MAGIC)?;
        let mut rest = rest.strip_prefix(&VERSION.to_be_bytes())?;
        let key = PublicKey::of_blob(wire::take(&mut rest)?)?;
        let namespace = wire::take(&mut rest)?;
        let _reserved = wire::take(&mut rest)?;
        let hash = wire::take(&mut rest)?;
        let mut signature = wire::take(&mut rest)?;
        let algorithm = wire::take(&mut signature)?;
        let made = wire::take(&mut signature)?;
        let is_whole = rest.is_empty() && signature.is_empty();
        (is_whole && algorithm == ALGORITHM.as_bytes()).then_some(())?;
        Some(Self { key, namespace, hash, signature: made })
    }
}

/// The bytes that the key signs.
fn signed(namespace: &[u8], hash_name: &[u8], hash: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for string in [namespace, b"", hash_name, hash] {
        wire::put(&mut bytes, string);
    }
    bytes
}

fn armored(blob: &[u8]) -> String {
    let text = STANDARD.encode(blob);
    let mut armored = format!("{BEGIN}\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        armored.push_str(line);
        armored.push('\n');
        rest = after;
    }
    armored.push_str(END);
    armored.push('\n');
    armored
}

fn unarmored(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let body = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok()
}
