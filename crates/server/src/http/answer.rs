//! Answers that belong to no route.

use std::any::Any;

use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Failure;

/// There is no such path.
pub(crate) async fn no_such_path(uri: Uri) -> Failure {
    Failure::not_found(format!("there is nothing at `{}`", uri.path()))
        .hint("`/api/docs` lists what there is")
}

/// The path is there, and does not take this method.
pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Failure {
    let detail = format!("`{}` does not take {method}", uri.path());
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
        .hint("`/api/docs` lists what it takes")
}

/// How many bytes of a refusal in plain text are read.
const LONGEST_TEXT: usize = 8_192;

/// Has a path or a query that cannot be read look like what routes refuse themselves: the framework
/// answers these in plain text.
pub(crate) async fn as_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let media = response.headers().get(header::CONTENT_TYPE);
    let is_text = media.is_some_and(|media| media.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if !status.is_client_error() || !is_text {
        return response;
    }
    let text = axum::body::to_bytes(response.into_body(), LONGEST_TEXT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let why = text.rsplit_once("string: ").map_or(text.as_ref(), |(_, why)| why);
    Failure::new(status, "bad-request", format!("the path or the query cannot be read: {why}"))
        .hint("`/api/docs` shows what it takes")
        .into_response()
}

/// A fault of this program. What it was stands in the log and not in the answer.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    let detail = "the server made a mistake";
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        .hint("please report it with the request id")
        .into_response()
}
