//! Proofs of agents, and the tokens that stand for them for a while.
//!
//! Neither challenges nor tokens are kept: both carry a code that only who has the release key can
//! make. So they outlive a restart, and hold at every server with that key. What a token stands for
//! is the key of its agent, and whether that key counts is asked at each request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use api::agent::{PROOF_NAMESPACE, SessionProof, session_text};
use api::ssh::{KeyError, PublicKey, SigningKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use super::keys::{KeyId, key_id};
use crate::identity::Secret;

/// What the token of an agent starts with.
pub(crate) const AGENT_TOKEN: &str = "rea_";

/// For how long a challenge counts.
pub(crate) const CHALLENGE_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// For how long a session counts.
pub(crate) const SESSION_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// How many challenges that were used are remembered: far more than there are agents in a minute.
const MOST_USED: usize = 200_000;

/// Bytes of a random part and of a code.
const HALF: usize = 16;

/// Why a proof is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// What was sent is no proof at all.
    Malformed,
    /// The challenge is not of this server, is over, or was used.
    Challenge,
    /// The signature does not hold.
    Proof,
    /// So many proofs came in a minute that another cannot be told from a repeated one.
    Busy,
}

/// Makes challenges and tokens.
pub(crate) struct Sessions {
    challenges: hmac::Key,
    tokens: hmac::Key,
    release_key: String,
    used: Mutex<HashMap<[u8; HALF], Timestamp>>,
}

impl Sessions {
    /// The sessions of a server with this release key.
    ///
    /// # Errors
    /// The key gives no secret.
    pub(crate) fn new(key: &SigningKey) -> Result<Self, KeyError> {
        let derive = |purpose| {
            key.derived_secret(purpose).map(|secret| hmac::Key::new(hmac::HMAC_SHA256, &secret))
        };
        Ok(Self {
            challenges: derive("agent challenges")?,
            tokens: derive("agent tokens")?,
            release_key: key.public_key().to_string(),
            used: Mutex::default(),
        })
    }

    /// A challenge.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn challenge(&self, now: Timestamp) -> Result<String, getrandom::Error> {
        let mut nonce = [0; HALF];
        getrandom::fill(&mut nonce)?;
        Ok(sealed(&self.challenges, &nonce, now + CHALLENGE_LIFE))
    }

    /// Whether a proof holds: whose key it is of. The challenge is used up with it.
    pub(crate) fn check(&self, proof: &SessionProof, now: Timestamp) -> Result<PublicKey, Refused> {
        let key: PublicKey = proof.public_key.parse().map_err(|_| Refused::Malformed)?;
        let nonce = opened(&self.challenges, &proof.challenge, now).ok_or(Refused::Challenge)?;
        let text = session_text(&proof.cluster, &self.release_key, &proof.challenge);
        key.verify(PROOF_NAMESPACE, text.as_bytes(), &proof.proof).map_err(|_| Refused::Proof)?;
        self.use_up(nonce, now)?;
        Ok(key)
    }

    fn use_up(&self, nonce: [u8; HALF], now: Timestamp) -> Result<(), Refused> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST_USED {
            used.retain(|_, ends| *ends > now);
        }
        if used.len() >= MOST_USED {
            return Err(Refused::Busy);
        }
        // A challenge that is over is refused for that.
        match used.insert(nonce, now + CHALLENGE_LIFE) {
            None => Ok(()),
            Some(_) => Err(Refused::Challenge),
        }
    }

    /// A token for whoever has this key.
    pub(crate) fn token(&self, key: &PublicKey, now: Timestamp) -> Secret {
        let sealed = sealed(&self.tokens, &key_id(key), now + SESSION_LIFE);
        Secret::new(format!("{AGENT_TOKEN}{sealed}"))
    }

    /// The key that a token stands for, while it does.
    pub(crate) fn key_of(&self, token: &Secret, now: Timestamp) -> Option<KeyId> {
        opened(&self.tokens, token.reveal().strip_prefix(AGENT_TOKEN)?, now)
    }
}

/// Bytes with their end and a code, as text.
fn sealed(key: &hmac::Key, bytes: &[u8; HALF], ends: Timestamp) -> String {
    let mut text = bytes.to_vec();
    text.extend_from_slice(&seconds(ends).to_be_bytes());
    let code = hmac::sign(key, &text);
    text.extend_from_slice(&code.as_ref()[..HALF]);
    URL_SAFE_NO_PAD.encode(text)
}

/// The bytes that were sealed, if they were and are not over.
fn opened(key: &hmac::Key, text: &str, now: Timestamp) -> Option<[u8; HALF]> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 2 * HALF + 4)?;
    let (said, code) = bytes.split_at(HALF + 4);
    let expected = hmac::sign(key, said);
    let is_ours = subtle::ConstantTimeEq::ct_eq(&expected.as_ref()[..HALF], code);
    let (bytes, ends) = said.split_first_chunk::<HALF>()?;
    let ends = u32::from_be_bytes(*ends.first_chunk()?);
    (bool::from(is_ours) && seconds(now) < ends).then_some(*bytes)
}

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_second()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn proof(sessions: &Sessions, key: &SigningKey, challenge: &str) -> SessionProof {
        let text = session_text("boston", &sessions.release_key, challenge);
        SessionProof {
            cluster: "boston".to_owned(),
            public_key: key.public_key().to_string(),
            challenge: challenge.to_owned(),
            proof: key.sign(PROOF_NAMESPACE, text.as_bytes()),
        }
    }

    #[test]
    fn a_proof_counts_once_soon_and_here() {
        let (server, agent) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let sessions = Sessions::new(&server).unwrap();
        let challenge = sessions.challenge(at(0)).unwrap();
        let good = proof(&sessions, &agent, &challenge);
        assert_eq!(sessions.check(&good, at(59)), Ok(agent.public_key()));
        assert_eq!(sessions.check(&good, at(59)), Err(Refused::Challenge), "a second time");
        let late = proof(&sessions, &agent, &sessions.challenge(at(0)).unwrap());
        assert_eq!(sessions.check(&late, at(60)), Err(Refused::Challenge));
        let fresh = || proof(&sessions, &agent, &sessions.challenge(at(0)).unwrap());
        let mut other = fresh();
        other.cluster = "lyon".to_owned();
        assert_eq!(sessions.check(&other, at(0)), Err(Refused::Proof), "for another cluster");
        let mut other = fresh();
        other.public_key = SigningKey::generate().unwrap().public_key().to_string();
        assert_eq!(sessions.check(&other, at(0)), Err(Refused::Proof), "of another key");
        let elsewhere = Sessions::new(&SigningKey::generate().unwrap()).unwrap();
        assert_eq!(elsewhere.check(&fresh(), at(0)), Err(Refused::Challenge));
        let mut made_up = fresh();
        made_up.challenge = elsewhere.challenge(at(0)).unwrap();
        assert_eq!(sessions.check(&made_up, at(0)), Err(Refused::Challenge));
    }

    #[test]
    fn a_token_stands_for_a_key_for_a_quarter_of_an_hour_and_over_restarts() {
        let (server, agent) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let sessions = Sessions::new(&server).unwrap();
        let token = sessions.token(&agent.public_key(), at(0));
        let id = key_id(&agent.public_key());
        assert_eq!(sessions.key_of(&token, at(899)), Some(id));
        assert_eq!(sessions.key_of(&token, at(900)), None);
        let again = Sessions::new(&server).unwrap();
        assert_eq!(again.key_of(&token, at(1)), Some(id));
        let elsewhere = Sessions::new(&SigningKey::generate().unwrap()).unwrap();
        assert_eq!(elsewhere.key_of(&token, at(1)), None);
        let text = token.reveal();
        for position in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[position] = if bytes[position] == b'A' { b'Q' } else { b'A' };
            let altered = Secret::new(String::from_utf8(bytes).unwrap());
            assert_eq!(sessions.key_of(&altered, at(1)), None, "{position}");
        }
        let challenge = sessions.challenge(at(0)).unwrap();
        assert_eq!(sessions.key_of(&Secret::new(format!("rea_{challenge}")), at(1)), None);
    }
}
