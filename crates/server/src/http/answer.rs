//! Answers that belong to no route.

use std::any::Any;

use axum::http::{Method, StatusCode, Uri};
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

/// A fault of this program. What it was stands in the log and not in the answer.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    let detail = "the server made a mistake";
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        .hint("please report it with the request id")
        .into_response()
}
