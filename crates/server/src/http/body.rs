//! Bodies of requests.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::Failure;

/// The JSON of a request. Only `application/json` is taken: forms of other sites cannot send it.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let detail = "the body must be JSON, and say so";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Failure::new(status, "unsupported-media-type", detail)
                .hint("send `Content-Type: application/json`"));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| {
            Failure::new(rejection.status(), "unreadable-body", rejection.body_text())
        })?;
        // The message names the place and the field, and never what a secret field holds.
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let what = if error.is_data() { "has not the right fields" } else { "is not JSON" };
            let detail = format!("the body {what}, at line {line}, column {column}");
            Failure::new(StatusCode::BAD_REQUEST, "malformed-body", detail)
                .hint("`/api/docs` shows what it takes")
        })
    }
}
