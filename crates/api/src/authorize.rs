//! How a program comes by a token that acts as a person who is signed in with a browser.
//!
//! The program listens on loopback and sends the browser to [`AUTHORIZE`] with a challenge. Once
//! the person agrees, the browser brings a code, and the program exchanges it with the verifier of
//! that challenge: OAuth 2.0 for native apps (RFC 8252, section 7.3) with PKCE (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// Where the browser is sent.
pub const AUTHORIZE: &str = "/auth/authorize";

/// What a program brings for a token: `POST /auth/token`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeExchange {
    /// What the browser brought.
    #[schema(max_length = 128)]
    pub code: String,
    /// What the program began with.
    #[schema(max_length = 128)]
    pub code_verifier: String,
}

/// The challenge of a verifier, by the method `S256` of RFC 7636, section 4.2: 43 characters.
#[must_use]
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The path with its query to which a program that listens on a port of loopback sends a browser.
#[must_use]
pub fn authorize_path(port: u16, challenge: &str) -> String {
    format!("{AUTHORIZE}?port={port}&code_challenge={challenge}")
}

/// What a program and the page both show, so that a person sees that they belong together: eight
/// hexadecimal digits, as in `3F2A-91BC`.
#[must_use]
pub fn check_text(challenge: &str) -> String {
    let digest = Sha256::digest(challenge);
    format!("{:02X}{:02X}-{:02X}{:02X}", digest[0], digest[1], digest[2], digest[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = code_challenge(verifier);
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(check_text(&challenge).len(), 9);
    }
}
