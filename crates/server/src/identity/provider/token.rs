//! ID tokens: signed statements about a person (OpenID Connect Core 1.0, section 3.1.3.7).
//!
//! In: the text of a token, the keys of its issuer, and what must stand in it. Out: its claims, or
//! the check that failed. The algorithm of the token only chooses among keys of its own kind; one
//! by the secret that provider and server share is none, and neither is `none`.

use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Secret;

/// By how many seconds two clocks may differ.
const SKEW: f64 = 60.0;

/// The longest token that is read, in bytes.
const LONGEST: usize = 64 * 1_024;

/// The keys that an issuer publishes (RFC 7517). Those of other kinds are there and never match.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// What must stand in a token.
pub(super) struct Expected<'a> {
    /// Who says it.
    pub(super) issuer: &'a str,
    /// To whom.
    pub(super) client_id: &'a str,
    /// About which sign-in.
    pub(super) nonce: &'a Secret,
    /// Now, in seconds since 1970.
    pub(super) now: f64,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenMistake {
    /// It cannot be read.
    #[error("the token cannot be read")]
    Malformed,
    /// It is signed in a way that proves nothing, or is not known.
    #[error("the token is not signed in a way that can be checked")]
    Algorithm,
    /// No key of the issuer is the one that it names.
    #[error("the token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// The signature is of another text or by another key.
    #[error("the signature of the token is wrong")]
    Signature,
    /// The issuer.
    #[error("the token was issued by somebody else")]
    Issuer,
    /// The audience.
    #[error("the token is for another client, or for others too")]
    Audience,
    /// The time.
    #[error("the token has ended, or has not begun; compare the clocks")]
    Time,
    /// The nonce.
    #[error("the token is of another sign-in")]
    Nonce,
    /// The subject.
    #[error("the token does not say about whom it is")]
    Subject,
}

impl TokenMistake {
    /// Whether newer keys may make it right.
    pub(super) fn may_be_new_key(self) -> bool {
        matches!(self, Self::UnknownKey | Self::Signature)
    }
}

/// The claims of a token, after every check.
///
/// # Errors
/// The first check that fails.
pub(super) fn verified(
    token: &str,
    keys: &Keys,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, TokenMistake> {
    let claims = signed(token, keys)?;
    check(&claims, expected)?;
    Ok(claims)
}

/// The claims of a token that its issuer signed.
fn signed(token: &str, keys: &Keys) -> Result<Map<String, Value>, TokenMistake> {
    let (message, signature) = token.rsplit_once('.').ok_or(TokenMistake::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(TokenMistake::Malformed)?;
    if token.len() > LONGEST {
        return Err(TokenMistake::Malformed);
    }
    let header: Header = part(header)?;
    let scheme = Scheme::of(&header.alg).ok_or(TokenMistake::Algorithm)?;
    // What a token says must be understood is not understood here (RFC 7515, section 4.1.11).
    if header.crit.is_some() {
        return Err(TokenMistake::Algorithm);
    }
    let signature = bytes(signature).ok_or(TokenMistake::Malformed)?;
    let mut fitting = keys.keys.iter().filter(|key| key.fits(&scheme, &header)).peekable();
    if fitting.peek().is_none() {
        return Err(TokenMistake::UnknownKey);
    }
    if !fitting.any(|key| key.has_signed(&scheme, message.as_bytes(), &signature)) {
        return Err(TokenMistake::Signature);
    }
    part(claims)
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, TokenMistake> {
    let bytes = bytes(text).ok_or(TokenMistake::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenMistake::Malformed)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// How a signature is made (RFC 7518, section 3.1; RFC 8037).
enum Scheme {
    Rsa(&'static RsaParameters),
    Ecdsa(&'static EcdsaVerificationAlgorithm, &'static str),
    Ed25519,
}

impl Scheme {
    fn of(algorithm: &str) -> Option<Self> {
        Some(match algorithm {
            "RS256" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Ecdsa(&signature::ECDSA_P256_SHA256_FIXED, "P-256"),
            "ES384" => Self::Ecdsa(&signature::ECDSA_P384_SHA384_FIXED, "P-384"),
            "ES512" => Self::Ecdsa(&signature::ECDSA_P521_SHA512_FIXED, "P-521"),
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ => return None,
        })
    }

    /// The kind of a key, and its curve.
    fn kind(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Rsa(_) => ("RSA", None),
            Self::Ecdsa(_, curve) => ("EC", Some(curve)),
            Self::Ed25519 => ("OKP", Some("Ed25519")),
        }
    }
}

impl Key {
    fn fits(&self, scheme: &Scheme, header: &Header) -> bool {
        let (kind, curve) = scheme.kind();
        let is_named = header.kid.is_none() || self.kid == header.kid;
        let is_for_this = self.alg.as_ref().is_none_or(|alg| *alg == header.alg);
        let is_to_sign = self.purpose.as_ref().is_none_or(|purpose| purpose == "sig");
        let is_of_kind = self.kty == kind && (curve.is_none() || self.crv.as_deref() == curve);
        is_named && is_for_this && is_to_sign && is_of_kind
    }

    fn has_signed(&self, scheme: &Scheme, message: &[u8], signature: &[u8]) -> bool {
        let number = |text: &Option<String>| text.as_deref().and_then(bytes).unwrap_or_default();
        let checked = match scheme {
            Scheme::Rsa(parameters) => {
                let key = RsaPublicKeyComponents { n: number(&self.n), e: number(&self.e) };
                key.verify(parameters, message, signature)
            }
            Scheme::Ecdsa(algorithm, _) => {
                // An uncompressed point (SEC 1, section 2.3.3).
                let point = [vec![4], number(&self.x), number(&self.y)].concat();
                UnparsedPublicKey::new(*algorithm, point).verify(message, signature)
            }
            Scheme::Ed25519 => UnparsedPublicKey::new(&signature::ED25519, number(&self.x))
                .verify(message, signature),
        };
        checked.is_ok()
    }
}

fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), TokenMistake> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    let must = |holds: bool, mistake| if holds { Ok(()) } else { Err(mistake) };
    must(text("iss") == Some(expected.issuer), TokenMistake::Issuer)?;
    must(is_for(claims, expected.client_id), TokenMistake::Audience)?;
    must(is_at(claims, expected.now), TokenMistake::Time)?;
    let nonce = Secret::new(text("nonce").unwrap_or_default());
    must(nonce == *expected.nonce, TokenMistake::Nonce)?;
    must(text("sub").is_some_and(|subject| !subject.is_empty()), TokenMistake::Subject)
}

/// Whether claims are for a client and for nobody else.
fn is_for(claims: &Map<String, Value>, client_id: &str) -> bool {
    let is_audience = match claims.get("aud") {
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|one| one == client_id),
        Some(one) => one == client_id,
        None => false,
    };
    is_audience && claims.get("azp").is_none_or(|party| party == client_id)
}

/// Whether a moment is within the time of claims.
fn is_at(claims: &Map<String, Value>, now: f64) -> bool {
    let time = |claim: &str| claims.get(claim).and_then(Value::as_f64);
    let is_begun = |claim: &str| time(claim).is_none_or(|at| at <= now + SKEW);
    time("exp").is_some_and(|ends| now < ends + SKEW) && is_begun("nbf") && is_begun("iat")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _};
    use serde_json::json;

    use super::*;

    fn encoded(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn keys(key: Value) -> Keys {
        serde_json::from_value(json!({ "keys": [{ "kty": "future" }, key] })).unwrap()
    }

    fn token(algorithm: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let header = json!({ "alg": algorithm, "kid": "a" }).to_string();
        let claims = json!({ "sub": "7" }).to_string();
        let message = format!("{}.{}", encoded(header.as_bytes()), encoded(claims.as_bytes()));
        let signature = sign(message.as_bytes());
        format!("{message}.{}", encoded(&signature))
    }

    #[test]
    fn signatures_of_rsa_keys_are_checked() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        // A list (4 bytes) of a number (5 bytes before its 256) and another (2 before its 3).
        let listed = pair.public_key().as_ref();
        let (n, e) = (encoded(&listed[9..265]), encoded(&listed[267..]));
        let known = keys(json!({ "kty": "RSA", "kid": "a", "n": n, "e": e }));
        for (algorithm, padding) in [
            ("RS256", &signature::RSA_PKCS1_SHA256 as &'static dyn signature::RsaEncoding),
            ("RS512", &signature::RSA_PKCS1_SHA512),
            ("PS384", &signature::RSA_PSS_SHA384),
        ] {
            let sign = |message: &[u8]| {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            };
            let good = token(algorithm, sign);
            assert_eq!(signed(&good, &known).unwrap()["sub"], "7", "{algorithm}");
            // Claims of another token under this signature.
            let other = good.replace(&encoded(br#"{"sub":"7"}"#), &encoded(br#"{"sub":"8"}"#));
            assert_eq!(signed(&other, &known), Err(TokenMistake::Signature));
        }
    }

    #[test]
    fn signatures_of_elliptic_keys_are_checked() {
        let schemes: [(&str, &str, &'static EcdsaSigningAlgorithm); 2] = [
            ("ES256", "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            ("ES384", "P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        ];
        for (algorithm, curve, signing) in schemes {
            let pair = EcdsaKeyPair::generate(signing).unwrap();
            let point = pair.public_key().as_ref()[1..].to_vec();
            let (x, y) = point.split_at(point.len() / 2);
            let key = json!({
                "kty": "EC", "crv": curve, "kid": "a", "x": encoded(x), "y": encoded(y),
            });
            let sign = |message: &[u8]| {
                pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
            };
            let good = token(algorithm, sign);
            assert!(signed(&good, &keys(key.clone())).is_ok(), "{algorithm}");
            for (field, value) in [("kid", "b"), ("use", "enc"), ("alg", "RS256"), ("crv", "P-521")]
            {
                let mut other = key.clone();
                other[field] = value.into();
                let refused = signed(&good, &keys(other));
                assert_eq!(refused, Err(TokenMistake::UnknownKey), "{field}");
            }
        }
    }

    #[test]
    fn what_is_no_token_is_said_to_be_none() {
        let none = keys(json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }));
        for text in ["", ".", "..", "a.b.c", "e30.e30.e30", "\u{1f600}.\u{1f600}.\u{1f600}"] {
            assert_eq!(signed(text, &none), Err(TokenMistake::Malformed), "{text}");
        }
        for algorithm in ["none", "HS256", "RS1", "", "rs256"] {
            let token = token(algorithm, |_| Vec::new());
            assert_eq!(signed(&token, &none), Err(TokenMistake::Algorithm), "{algorithm}");
        }
        let unsigned = token("RS256", |_| Vec::new());
        assert_eq!(signed(&unsigned, &none), Err(TokenMistake::UnknownKey), "it names a key");
    }

    #[test]
    fn clocks_may_differ_a_little() {
        let at = |claims: Value, now: f64| is_at(claims.as_object().unwrap(), now);
        assert!(at(json!({ "exp": 1000 }), 1059.0));
        assert!(!at(json!({ "exp": 1000 }), 1060.0));
        assert!(at(json!({ "exp": 2000, "iat": 1000, "nbf": 1000 }), 941.0));
        assert!(!at(json!({ "exp": 2000, "iat": 1000 }), 939.0));
        assert!(!at(json!({ "exp": 2000, "nbf": 1000 }), 939.0));
        assert!(!at(json!({}), 1.0) && !at(json!({ "exp": "2000" }), 1.0));
    }
}
