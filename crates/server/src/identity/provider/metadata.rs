//! What a provider says about itself (OpenID Connect Discovery 1.0).

use reqwest::{Client, Url};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::fetch::{causes, good, is_safe};
use super::token::Keys;

/// Where the metadata of an issuer are, below its address (section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// What a provider says about itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    /// Where browsers go.
    #[serde(deserialize_with = "address")]
    pub(super) authorization_endpoint: Url,
    /// Where codes are exchanged.
    #[serde(deserialize_with = "address")]
    pub(super) token_endpoint: Url,
    /// Where more is said about a person.
    #[serde(default, deserialize_with = "address_if_any")]
    pub(super) userinfo_endpoint: Option<Url>,
    #[serde(deserialize_with = "address")]
    jwks_uri: Url,
    scopes_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether it says in its answers who it is (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// A provider, as it is found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it says about itself.
    pub(super) metadata: Metadata,
    /// With which keys it signs.
    pub(super) keys: Keys,
}

impl Metadata {
    /// Whether it knows a scope; one that does not say which it knows has the standard's.
    pub(super) fn knows_scope(&self, scope: &str) -> bool {
        match &self.scopes_supported {
            Some(scopes) => scopes.iter().any(|known| known == scope),
            None => scope != "groups",
        }
    }

    /// Whether a client may prove itself by Basic, which is so unless it is said otherwise.
    pub(super) fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|one| one == "client_secret_basic"))
    }

    /// What it must say of itself, so that nothing is sent where others could read it.
    fn check(&self, issuer: &str) -> Result<(), String> {
        if self.issuer != issuer {
            return Err(format!("it calls itself `{}`, and not `{issuer}`", self.issuer));
        }
        let places = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        let mut places = places.into_iter().chain(&self.userinfo_endpoint);
        match places.find(|place| !is_safe(place)) {
            Some(place) => Err(format!("it names `{place}`, which is not HTTPS")),
            None => Ok(()),
        }
    }
}

/// Finds a provider by its issuer.
///
/// # Errors
/// It does not answer, or not as a provider of that name; as text for people.
pub(super) async fn discover(client: &Client, issuer: &str) -> Result<Found, String> {
    let place = format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/'));
    let place = Url::parse(&place).map_err(|error| error.to_string())?;
    let said = good(client, &place).await.map_err(|error| causes(&error))?;
    let metadata: Metadata = read(said, &place)?;
    metadata.check(issuer)?;
    let said = good(client, &metadata.jwks_uri).await.map_err(|error| causes(&error))?;
    let keys = read(said, &metadata.jwks_uri)?;
    Ok(Found { metadata, keys })
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text = String::deserialize(from)?;
    Url::parse(&text).map_err(|error| D::Error::custom(format!("`{text}`: {error}")))
}

fn address_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    address(from).map(Some)
}

fn read<T: DeserializeOwned>(said: Value, place: &Url) -> Result<T, String> {
    serde_json::from_value(said).map_err(|error| format!("`{place}` is not as it must be: {error}"))
}
