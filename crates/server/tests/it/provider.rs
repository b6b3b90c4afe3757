//! A provider of identities that says whatever a test wants, and a browser.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Url};
use serde_json::{Value, json};
use server::{Oidc, Secret};
use sha2::{Digest as _, Sha256};

/// What the provider calls the server, and its secret.
pub(crate) const CLIENT: (&str, &str) = ("res-edge", "the-secret-of-the-client");

/// How a server trusts a provider in these tests.
pub(crate) fn trusting(issuer: &str) -> Oidc {
    Oidc {
        issuer: issuer.to_owned(),
        client_id: CLIENT.0.to_owned(),
        client_secret: Some(Secret::new(CLIENT.1)),
        redirect: None,
        name_claim: "preferred_username".to_owned(),
        groups_claim: "groups".to_owned(),
    }
}

/// What the provider says next.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// The header of the token.
    pub(crate) header: Value,
    /// The claims of the token.
    pub(crate) claims: Value,
    /// With which key it signs, and the name of the key that it publishes.
    pub(crate) key: usize,
    pub(crate) published: usize,
    /// What it answers about the person besides.
    pub(crate) user_info: Value,
    /// What the browser brings back besides the code and the state.
    pub(crate) back: Vec<(&'static str, String)>,
    /// Whether the browser brings the code back.
    pub(crate) has_code: bool,
    /// The digest that the verifier must have.
    challenge: String,
}

/// The provider, until it is dropped.
pub(crate) struct Fake {
    pub(crate) url: String,
    said: Arc<Mutex<Said>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let said = Arc::new(Mutex::new(Said::nothing()));
        let (metadata, keys) = (metadata(&url), Arc::clone(&said));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
            .route("/keys", get(async move || Json(public_key(keys.lock().unwrap().published))))
            .route("/token", post(token))
            .route("/userinfo", get(user_info))
            .with_state(Arc::clone(&said));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, said, task }
    }

    /// What the provider says of anna, besides what a test changes, to a browser that was sent to
    /// an address.
    pub(crate) fn say(&self, sent_to: &Url, change: impl FnOnce(&mut Said)) -> Said {
        let asked: HashMap<_, _> = sent_to.query_pairs().into_owned().collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut said = Said::nothing();
        said.challenge = asked["code_challenge"].clone();
        said.back = vec![("iss", self.url.clone())];
        said.claims = json!({
            "iss": self.url, "sub": "7", "aud": "res-edge", "exp": now + 300, "iat": now,
            "nonce": asked["nonce"], "preferred_username": "anna", "groups": ["pets"],
        });
        said.user_info = json!({ "sub": "7" });
        change(&mut said);
        *self.said.lock().unwrap() = said.clone();
        said
    }
}

impl Said {
    fn nothing() -> Self {
        Self {
            header: json!({ "alg": "EdDSA", "kid": "key-0" }),
            claims: json!({}),
            key: 0,
            published: 0,
            user_info: json!({}),
            back: Vec::new(),
            has_code: true,
            challenge: String::new(),
        }
    }

    /// Signs with another key, which it publishes or not.
    pub(crate) fn with_key(&mut self, key: usize, published: usize) {
        (self.key, self.published) = (key, published);
        self.header["kid"] = format!("key-{published}").into();
    }

    fn token(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&self.header), part(&self.claims));
        if self.header["alg"] == "none" {
            return format!("{text}.");
        }
        let signature = key(self.key).sign(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn metadata(url: &str) -> Value {
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "groups"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// A key made for these tests alone.
fn key(at: usize) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[at as u8 + 1; 32]).unwrap()
}

fn public_key(at: usize) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key(at).public_key().as_ref());
    json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": format!("key-{at}"), "x": x },
    ]})
}

async fn token(
    State(said): State<Arc<Mutex<Said>>>,
    Form(sent): Form<HashMap<String, String>>,
) -> (axum::http::StatusCode, Json<Value>) {
    let said = said.lock().unwrap().clone();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&sent["code_verifier"]));
    if challenge != said.challenge || sent["code"] != "the-code" {
        let refusal = json!({ "error": "invalid_grant" });
        return (axum::http::StatusCode::BAD_REQUEST, Json(refusal));
    }
    let answer = json!({
        "access_token": "an-access-token", "token_type": "Bearer", "id_token": said.token(),
    });
    (axum::http::StatusCode::OK, Json(answer))
}

async fn user_info(State(said): State<Arc<Mutex<Said>>>) -> Json<Value> {
    Json(said.lock().unwrap().user_info.clone())
}

/// A browser: it keeps cookies for each host, and shows where it is sent.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: HashMap<(String, String), String>,
}

/// What a browser was answered.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<Url>,
    pub(crate) cookies: Vec<String>,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Browser {
    /// Goes to an address, and follows no redirect.
    pub(crate) async fn go(&mut self, url: &str) -> Page {
        self.ask(Method::GET, url, &[]).await
    }

    /// Sends a form, and follows no redirect.
    pub(crate) async fn send(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        self.ask(Method::POST, url, form).await
    }

    async fn ask(&mut self, method: Method, url: &str, form: &[(&str, &str)]) -> Page {
        let url = Url::parse(url).unwrap();
        let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or_default());
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let own = self.cookies.iter().filter(|((of, _), _)| *of == host);
        let pairs: Vec<String> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = client.request(method, url.clone()).header(COOKIE, pairs.join("; "));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = match form {
            [] => request,
            _ => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body),
        };
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        let cookies: Vec<String> =
            headers.get_all(SET_COOKIE).iter().map(|it| it.to_str().unwrap().to_owned()).collect();
        for cookie in &cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let place = (host.clone(), name.to_owned());
            match value {
                "" => self.cookies.remove(&place),
                value => self.cookies.insert(place, value.to_owned()),
            };
        }
        let location = headers.get(LOCATION).map(|to| url.join(to.to_str().unwrap()).unwrap());
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Page { status, location, cookies, text, json }
    }

    /// Goes to an address and wherever it is sent from there, until it is sent to a server, and
    /// answers the address there.
    pub(crate) async fn follow(&mut self, mut url: Url, server: &str) -> Url {
        for _ in 0..10 {
            let page = self.go(url.as_str()).await;
            url = page.location.unwrap_or_else(|| panic!("{url}: {} {}", page.status, page.json));
            if url.as_str().starts_with(server) {
                return url;
            }
        }
        panic!("the browser is sent around in circles: {url}");
    }
}
