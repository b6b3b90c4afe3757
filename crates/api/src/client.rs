//! A client of the API: one connection pool, one token, typed answers.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Problem;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(120);

/// Which server, and as whom.
#[derive(Clone)]
pub struct ClientSettings {
    /// Where the server is, as in `https://fleet.example`.
    pub server: String,
    /// The token; nothing for the few routes that need none.
    pub token: Option<String>,
    /// A certificate authority to trust besides those of the system, as PEM.
    pub authority: Option<Vec<u8>>,
}

/// Why a request was not answered as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL of the server is none.
    #[error("`{0}` is not the address of a server, such as `https://fleet.example`")]
    Address(String),
    /// The certificate authority cannot be read.
    #[error("the certificate authority is not PEM: {0}")]
    Authority(String),
    /// No answer came.
    #[error("cannot reach `{server}`: {why}")]
    Unreachable {
        /// The server.
        server: String,
        /// Why, with its causes.
        why: String,
    },
    /// The server said why it did not.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// What answered is not this API.
    #[error("`{url}` answered {status}, and not as a Res-Edge server does")]
    Strange {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
    },
}

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Url,
    token: Option<String>,
}

impl Client {
    /// A client, which has not connected yet.
    ///
    /// # Errors
    /// The address or the certificate authority is malformed.
    pub fn new(settings: &ClientSettings) -> Result<Self, ClientError> {
        let address = || ClientError::Address(settings.server.clone());
        let server = Url::parse(&settings.server).map_err(|_| address())?;
        if !matches!(server.scheme(), "http" | "https") || !server.has_host() {
            return Err(address());
        }
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .user_agent(concat!("res-edge/", env!("CARGO_PKG_VERSION")))
            // A redirect to another host would take the token there.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &settings.authority {
            let authority = |error: reqwest::Error| ClientError::Authority(error.to_string());
            let certificate = reqwest::Certificate::from_pem(pem).map_err(authority)?;
            http = http.tls_certs_merge([certificate]);
        }
        let unreachable = |error| unreachable(&server, &error);
        let http = http.build().map_err(unreachable)?;
        Ok(Self { http, server, token: settings.token.clone() })
    }

    /// The same client with another token; connections are shared.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// A request to a path such as `/api/v1/status`, to be filled in and given to
    /// [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.server.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        url.set_path(&format!("{}{path}", self.server.path().trim_end_matches('/')));
        url.set_query(query);
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A text as one part of a path, or as a value of a query.
    #[must_use]
    pub fn escape(text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    escaped.push(char::from(byte));
                }
                _ => escaped.push_str(&format!("%{byte:02X}")),
            }
        }
        escaped
    }

    /// A text as several parts of a path, with `/` between them.
    #[must_use]
    pub fn escape_path(text: &str) -> String {
        text.split('/').map(Self::escape).collect::<Vec<_>>().join("/")
    }

    /// Sends a request; an answer that is no success is an error.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let sent = request.send().await;
        let response = sent.map_err(|error| unreachable(&self.server, &error))?;
        if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        Err(problem_of(response).await)
    }

    /// Gets the JSON at a path.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.exchange(self.request(Method::GET, path).timeout(REQUEST)).await
    }

    /// Sends JSON to a path and gets JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, ClientError> {
        self.exchange(self.request(Method::POST, path).json(body).timeout(REQUEST)).await
    }

    /// Sends a request and reads the JSON of the answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn exchange<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        self.read(response).await
    }

    /// Reads an answer as text.
    ///
    /// # Errors
    /// It broke off.
    pub async fn read_text(&self, response: Response) -> Result<String, ClientError> {
        response.text().await.map_err(|error| unreachable(&self.server, &error))
    }

    /// Reads the JSON of an answer.
    ///
    /// # Errors
    /// It is none of this API.
    pub async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        let (url, status) = (response.url().to_string(), response.status().as_u16());
        response.json().await.map_err(|_| ClientError::Strange { url, status })
    }
}

impl ClientError {
    /// The stable name of what went wrong, where the server said it.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

async fn problem_of(response: Response) -> ClientError {
    let (url, status) = (response.url().to_string(), response.status().as_u16());
    match response.json().await {
        Ok(problem) => ClientError::Problem(Box::new(problem)),
        Err(_) => ClientError::Strange { url, status },
    }
}

/// The error of a request that got no answer, with its causes, which `Display` leaves out.
pub(crate) fn unreachable(server: &Url, error: &reqwest::Error) -> ClientError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    ClientError::Unreachable { server: server.to_string(), why: cause.to_string() }
}
