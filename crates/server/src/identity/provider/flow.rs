//! A sign-in that was begun, as the browser keeps it.
//!
//! The browser keeps one random text. `state`, `nonce` and the verifier of PKCE are made from it
//! by hashing, so that no server has to remember anything, and another server can end what this one
//! began. Whoever reads the state in an address learns nothing about the text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::Secret;

/// How long the place is at most to which the browser returns.
const LONGEST_PATH: usize = 1_024;

/// A sign-in that was begun.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    secret: Secret,
    /// The page to return to.
    pub(crate) to: String,
}

impl Flow {
    /// Begins one.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn begin(to: &str) -> Result<Self, getrandom::Error> {
        Ok(Self { secret: Secret::session()?, to: to.to_owned() })
    }

    /// What the browser keeps.
    pub(crate) fn kept(&self) -> Secret {
        Secret::new(format!("{}.{}", self.secret.reveal(), URL_SAFE_NO_PAD.encode(&self.to)))
    }

    /// The sign-in that a browser kept; nothing if that cannot be one.
    pub(crate) fn of_kept(kept: &Secret) -> Option<Self> {
        let (secret, to) = kept.reveal().split_once('.')?;
        let to = String::from_utf8(URL_SAFE_NO_PAD.decode(to).ok()?).ok()?;
        let is_whole = secret.len() >= 43 && own_path(&to).is_some();
        is_whole.then(|| Self { secret: Secret::new(secret), to })
    }

    /// What comes back with the browser, so that nobody is signed in by another's link.
    pub(crate) fn state(&self) -> Secret {
        self.made("state")
    }

    /// What stands in the token, so that no other token is taken.
    pub(super) fn nonce(&self) -> Secret {
        self.made("nonce")
    }

    /// What proves that who exchanges the code began the sign-in: RFC 7636.
    pub(super) fn verifier(&self) -> Secret {
        self.made("verifier")
    }

    fn made(&self, what: &str) -> Secret {
        let text = format!("res-edge {what}\n{}", self.secret.reveal());
        Secret::new(URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
    }
}

/// A page of this server, where it is one: a browser that is sent there goes nowhere else.
/// Browsers take `//` and `/\` for the beginning of another host.
pub(crate) fn own_path(text: &str) -> Option<&str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_own = text.starts_with('/') && !text.starts_with("//");
    (is_own && is_plain && text.len() <= LONGEST_PATH).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_browser_keeps_is_what_was_begun() {
        let flow = Flow::begin("/clusters?filter=a").unwrap();
        let again = Flow::of_kept(&flow.kept()).unwrap();
        assert_eq!(again.to, "/clusters?filter=a");
        assert!(again.state() == flow.state() && again.verifier() == flow.verifier());
        let all = [flow.state(), flow.nonce(), flow.verifier(), flow.secret.clone()];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.reveal().len(), 43);
            assert!(all[..at].iter().all(|other| other != one));
        }
        assert!(Flow::begin("/").unwrap().state() != Flow::begin("/").unwrap().state());
    }

    #[test]
    fn what_was_never_begun_is_none() {
        let evil = URL_SAFE_NO_PAD.encode("//evil.example");
        for kept in ["", ".", "short.Lw", &format!("{}.{evil}", "a".repeat(43)), "x.%"] {
            assert!(Flow::of_kept(&Secret::new(kept)).is_none(), "{kept}");
        }
    }

    proptest! {
        #![proptest_config(testkit::cases(200))]

        #[test]
        fn a_browser_stays_on_this_server(text in r"[/\\a-z:.@?#\t\n %]{0,12}") {
            if let Some(path) = own_path(&text) {
                let base = reqwest::Url::parse("https://fleet.example/auth").unwrap();
                let url = base.join(path).unwrap();
                prop_assert_eq!(url.origin(), base.origin(), "{}", path);
            }
        }
    }
}
