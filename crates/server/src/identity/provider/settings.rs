//! How a server is set up to trust a provider.

use reqwest::Url;

use super::fetch::is_safe;
use crate::Secret;

/// How a server is set up to trust a provider of identities.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// What the provider is called, letter by letter as its own metadata call it: an URL.
    pub issuer: String,
    /// What the provider calls this server.
    pub client_id: String,
    /// How this server proves to the provider who it is; a public client has none.
    pub client_secret: Option<Secret>,
    /// Where the provider sends browsers back to; else the host that a browser asked for, with
    /// `/auth/oidc/callback`.
    pub redirect: Option<String>,
    /// The claim that names a person. It must be one that the provider never gives to another
    /// person, and that people cannot choose.
    pub name_claim: String,
    /// The claim that lists the groups of a person.
    pub groups_claim: String,
}

/// Why settings of a provider cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcMistake {
    /// The issuer.
    #[error("the issuer `{0}` is no https:// URL (http:// is for loopback alone)")]
    Issuer(String),
    /// Where browsers are sent back to.
    #[error(
        "`{0}` cannot be where the provider sends browsers back to: it must be an https:// URL \
         that ends with `/auth/oidc/callback` (http:// is for loopback alone)"
    )]
    Redirect(String),
    /// The authorities that the system trusts.
    #[error("the system's certificate authorities cannot be read: {0}")]
    Certificates(String),
    /// Something is empty.
    #[error("the {0} is empty")]
    Empty(&'static str),
}

impl Oidc {
    /// The issuer as an address, if all settings can be used.
    ///
    /// # Errors
    /// [`OidcMistake`].
    pub(super) fn checked(&self) -> Result<Url, OidcMistake> {
        let texts = [
            (&self.client_id, "client id of the provider"),
            (&self.name_claim, "claim that names a person"),
            (&self.groups_claim, "claim that lists groups"),
        ];
        if let Some((_, what)) = texts.iter().find(|(text, _)| text.trim().is_empty()) {
            return Err(OidcMistake::Empty(what));
        }
        let address = |text: &str| Url::parse(text).ok().filter(is_safe);
        if let Some(redirect) = &self.redirect
            && address(redirect).is_none_or(|url| url.path() != super::CALLBACK)
        {
            return Err(OidcMistake::Redirect(redirect.clone()));
        }
        address(&self.issuer).ok_or_else(|| OidcMistake::Issuer(self.issuer.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(issuer: &str, redirect: Option<&str>) -> String {
        let oidc = Oidc {
            issuer: issuer.to_owned(),
            client_id: "res-edge".to_owned(),
            client_secret: None,
            redirect: redirect.map(str::to_owned),
            name_claim: "sub".to_owned(),
            groups_claim: "groups".to_owned(),
        };
        oidc.checked().err().map_or_else(|| "fits".to_owned(), |mistake| mistake.to_string())
    }

    #[test]
    fn addresses_that_others_could_read_are_refused() {
        let good = "https://id.example/realms/fleet";
        let back = |host: &str| format!("{host}/auth/oidc/callback");
        assert_eq!(mistake(good, Some(&back("https://fleet.example"))), "fits");
        assert_eq!(mistake("http://127.0.0.1:3000", Some(&back("http://localhost:7080"))), "fits");
        for issuer in ["http://id.example", "id.example", "", "ftp://id.example"] {
            assert!(mistake(issuer, None).starts_with("the issuer"), "{issuer}");
        }
        for redirect in [&back("http://fleet.example"), "https://fleet.example/other", "/"] {
            assert!(mistake(good, Some(redirect)).contains("browsers back"), "{redirect}");
        }
    }
}
