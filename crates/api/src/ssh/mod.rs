//! Keys and signatures as OpenSSH writes them, for Ed25519 alone.
//!
//! In: texts that people and other programs may have written. Out: keys, and whether a signature
//! holds. The server signs releases with them, agents prove with them who they are, and stock
//! `ssh-keygen -Y verify` reads what is made here. Signing knows no time: whether a signed text is
//! too old is said by what stands in it.

mod key;
mod signature;
mod wire;

pub use key::{KeyError, PublicKey, SigningKey};
pub use signature::SignatureError;
