//! What a request carries to say who asks.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Secret;

/// The token that a request carries: as `Bearer`, or as the password of `Basic`, which is what Git
/// sends. The user name of `Basic` says nothing.
///
/// RFC 6750 and RFC 7617; a header that is neither counts as a wrong token and not as none, so
/// that nobody is taken for a stranger by mistake.
pub(crate) fn presented(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(AUTHORIZATION)?;
    let Ok(value) = value.to_str() else { return Some(Secret::new("")) };
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let token = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(rest.trim().to_owned()),
        "basic" => password(rest.trim()),
        _ => None,
    };
    Some(Secret::new(token.unwrap_or_default()))
}

fn password(encoded: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().unwrap());
        presented(&headers).map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn bearer_and_basic_carry_a_token_and_all_else_a_wrong_one() {
        assert_eq!(presented(&HeaderMap::new()), None);
        assert_eq!(token("Bearer re_abc").as_deref(), Some("re_abc"));
        assert_eq!(token("bearer  re_abc").as_deref(), Some("re_abc"));
        // anna:re_abc
        assert_eq!(token("Basic YW5uYTpyZV9hYmM=").as_deref(), Some("re_abc"));
        for wrong in ["Basic", "Basic ???", "Basic YW5uYQ==", "Digest x", "Bearer"] {
            assert_eq!(token(wrong).as_deref(), Some(""), "{wrong}");
        }
    }
}
