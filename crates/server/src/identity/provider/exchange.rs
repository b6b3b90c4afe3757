//! The conversation with the provider (OpenID Connect Core 1.0, section 3.1; RFC 7636).

use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::byte_serialize;
use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::claims::{are_complete, proven};
use super::fetch::{self, FetchError};
use super::known::Known;
use super::metadata::{Found, Metadata, discover};
use super::token::{Expected, TokenMistake, verified};
use super::{CALLBACK, Flow, NotProven, Oidc, OidcMistake, Proven};
use crate::Secret;

/// What is asked for besides `openid`, where the provider knows it.
const SCOPES: [&str; 3] = ["profile", "email", "groups"];

/// A provider of identities that this server trusts.
pub(crate) struct IdentityProvider {
    oidc: Oidc,
    issuer: Url,
    http: Client,
    found: Known<Found>,
}

/// What a browser brings back from the provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Returned {
    /// To be exchanged for tokens.
    pub(crate) code: Option<String>,
    /// What was sent along.
    pub(crate) state: Option<String>,
    /// Who the provider says it is.
    pub(crate) issuer: Option<String>,
    /// Why there is no code.
    pub(crate) error: Option<String>,
}

/// What a code is exchanged for.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

impl IdentityProvider {
    /// Trusts a provider; it is not asked yet.
    ///
    /// # Errors
    /// [`OidcMistake`].
    pub(crate) fn new(oidc: Oidc) -> Result<Self, OidcMistake> {
        let issuer = oidc.checked()?;
        let http = fetch::client().map_err(|error| OidcMistake::Certificates(error.to_string()))?;
        Ok(Self { oidc, issuer, http, found: Known::nothing() })
    }

    /// The host of the provider, for people.
    pub(crate) fn host(&self) -> String {
        self.issuer.host_str().unwrap_or_default().to_owned()
    }

    /// Whether the provider can be asked; it is asked if that is not known.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) async fn reach(&self) -> Result<(), NotProven> {
        self.found().await.map(drop)
    }

    /// Where a browser goes to sign in. `own` is the address of this server as the browser knows
    /// it, as in `https://fleet.example`.
    ///
    /// # Errors
    /// The provider cannot be asked.
    pub(crate) async fn begin(&self, flow: &Flow, own: &str) -> Result<String, NotProven> {
        let found = self.found().await?;
        let known = SCOPES.into_iter().filter(|scope| found.metadata.knows_scope(scope));
        let scopes: Vec<&str> = std::iter::once("openid").chain(known).collect();
        let mut url = found.metadata.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.oidc.client_id)
            .append_pair("redirect_uri", &self.redirect(own))
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", flow.state().reveal())
            .append_pair("nonce", flow.nonce().reveal())
            .append_pair("code_challenge", &api::code_challenge(flow.verifier().reveal()))
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Who signed in, by what a browser brings back.
    ///
    /// # Errors
    /// [`NotProven`].
    pub(crate) async fn finish(
        &self,
        flow: &Flow,
        own: &str,
        returned: Returned,
    ) -> Result<Proven, NotProven> {
        let begun = Instant::now();
        if Secret::new(returned.state.unwrap_or_default()) != flow.state() {
            return Err(NotProven::NotBegun);
        }
        let found = self.found().await?;
        self.check_issuer(returned.issuer.as_deref(), &found.metadata)?;
        let code = match (returned.code, returned.error) {
            (Some(code), None) => code,
            (_, Some(error)) => return Err(NotProven::Refused(shortened(&error))),
            (None, None) => return Err(NotProven::Refused("it gave no code".to_owned())),
        };
        let tokens = self.exchange(&found.metadata, flow, own, &code).await?;
        let mut claims = self.claims(&found, flow, &tokens.id_token, begun).await?;
        if !are_complete(&self.oidc, &claims) {
            for (claim, value) in self.user_info(&found.metadata, &tokens, &claims).await? {
                claims.entry(claim).or_insert(value);
            }
        }
        proven(&self.oidc, &claims)
    }

    /// An answer that says from whom it is must be from whom was asked: else a code of one
    /// provider would be given to another.
    fn check_issuer(&self, said: Option<&str>, metadata: &Metadata) -> Result<(), NotProven> {
        match said {
            Some(said) if said == self.oidc.issuer => Ok(()),
            None if !metadata.authorization_response_iss_parameter_supported => Ok(()),
            _ => Err(NotProven::OtherProvider),
        }
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        own: &str,
        code: &str,
    ) -> Result<Tokens, NotProven> {
        let request = self.request_of_tokens(metadata, flow, own, code);
        let (status, said) = fetch::json(request).await.map_err(|error| unreachable(&error))?;
        if status != StatusCode::OK {
            let why = said.get("error").and_then(Value::as_str).unwrap_or("it gave no tokens");
            return Err(NotProven::Refused(shortened(why)));
        }
        // What it sent may hold tokens, and is not told.
        serde_json::from_value(said)
            .map_err(|_| NotProven::Unfit("its answer holds no tokens".to_owned()))
    }

    fn request_of_tokens(
        &self,
        metadata: &Metadata,
        flow: &Flow,
        own: &str,
        code: &str,
    ) -> RequestBuilder {
        let (redirect, verifier) = (self.redirect(own), flow.verifier());
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &redirect)
            .append_pair("code_verifier", verifier.reveal());
        let request = self.http.post(metadata.token_endpoint.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let id = self.oidc.client_id.as_str();
        match &self.oidc.client_secret {
            Some(secret) if metadata.takes_basic() => {
                request.header("authorization", basic(id, secret).reveal()).body(form.finish())
            }
            Some(secret) => {
                form.append_pair("client_id", id).append_pair("client_secret", secret.reveal());
                request.body(form.finish())
            }
            None => request.body(form.append_pair("client_id", id).finish()),
        }
    }

    /// The claims of the token, after all checks. A key that is not known may be new.
    async fn claims(
        &self,
        found: &Found,
        flow: &Flow,
        token: &str,
        begun: Instant,
    ) -> Result<Map<String, Value>, NotProven> {
        let nonce = flow.nonce();
        let expected = Expected {
            issuer: &self.oidc.issuer,
            client_id: &self.oidc.client_id,
            nonce: &nonce,
            now: Timestamp::now().as_millisecond() as f64 / 1_000.0,
        };
        match verified(token, &found.keys, &expected) {
            Err(mistake) if mistake.may_be_new_key() => {
                let fetch = || discover(&self.http, &self.oidc.issuer);
                let found = self.found.since(Some(begun), fetch).await?;
                verified(token, &found.keys, &expected).map_err(NotProven::from)
            }
            checked => checked.map_err(NotProven::from),
        }
    }

    /// What the provider says of the person besides. It is asked only where the token lacks the
    /// name or the groups; a provider that has nothing to ask says nothing.
    async fn user_info(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, NotProven> {
        let Some(place) = &metadata.userinfo_endpoint else { return Ok(Map::new()) };
        let request = self.http.get(place.clone()).bearer_auth(&tokens.access_token);
        let (status, said) = fetch::json(request).await.map_err(|error| unreachable(&error))?;
        let unfit = |why: &str| Err(NotProven::Unfit(why.to_owned()));
        match said {
            Value::Object(said) if status == StatusCode::OK => match said.get("sub") {
                // Section 5.3.2: else it may be about somebody else.
                Some(subject) if claims.get("sub") == Some(subject) => Ok(said),
                _ => unfit("its user info is about somebody else"),
            },
            _ => unfit("its user info cannot be read"),
        }
    }

    async fn found(&self) -> Result<Arc<Found>, NotProven> {
        self.found.current(|| discover(&self.http, &self.oidc.issuer)).await
    }

    /// Where the provider sends the browser back to.
    fn redirect(&self, own: &str) -> String {
        self.oidc.redirect.clone().unwrap_or_else(|| format!("{own}{CALLBACK}"))
    }
}

/// How a client proves itself (RFC 6749, section 2.3.1: both parts are encoded as in forms).
fn basic(id: &str, secret: &Secret) -> Secret {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret.reveal()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair)))
}

fn unreachable(error: &FetchError) -> NotProven {
    NotProven::Unreachable { why: fetch::causes(error), retry_after: 1 }
}

impl From<TokenMistake> for NotProven {
    fn from(mistake: TokenMistake) -> Self {
        Self::Unfit(mistake.to_string())
    }
}

/// What somebody else wrote, so much of it as fits into a message.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
