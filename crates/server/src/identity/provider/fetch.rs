//! One request to the provider, with limits of time and of bytes.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde_json::Value;

/// How long one answer may take.
const TIME: Duration = Duration::from_secs(10);

/// How many bytes one answer may have: metadata and keys have a few thousand.
const BYTES: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// It cannot be sent, or nothing comes back.
    #[error("it does not answer")]
    Failed(#[from] reqwest::Error),
    /// What comes back is too long.
    #[error("its answer has more than {BYTES} bytes")]
    TooLong,
    /// What comes back is no JSON.
    #[error("its answer at `{0}` is no JSON (status {1})")]
    Malformed(Url, u16),
    /// It says that it failed.
    #[error("`{0}` answers {1}")]
    Status(Url, u16),
}

/// What asks the provider. No redirect is followed, so that no secret goes elsewhere.
///
/// # Errors
/// The system's certificates cannot be read.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    Client::builder().timeout(TIME).redirect(Policy::none()).build()
}

/// Whether nobody on the way reads what goes to an address: HTTPS, or this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_near = match bare.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => host == "localhost",
    };
    match url.scheme() {
        "https" => !host.is_empty(),
        "http" => is_near,
        _ => false,
    }
}

/// Sends a request, and answers the status with the JSON.
pub(super) async fn json(request: RequestBuilder) -> Result<(StatusCode, Value), FetchError> {
    let mut response = request.header("accept", "application/json").send().await?;
    let (status, url) = (response.status(), response.url().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > BYTES {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    match serde_json::from_slice(&body) {
        Ok(json) => Ok((status, json)),
        Err(_) => Err(FetchError::Malformed(url, status.as_u16())),
    }
}

/// The JSON of a good answer.
pub(super) async fn good(client: &Client, url: &Url) -> Result<Value, FetchError> {
    match json(client.get(url.clone())).await? {
        (StatusCode::OK, json) => Ok(json),
        (status, _) => Err(FetchError::Status(url.clone(), status.as_u16())),
    }
}

/// An error with its causes: the first one alone says little.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
