//! Errors as answers.

use api::text::Report;
use api::{DiagnosticText, PROBLEM_JSON, Problem};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Diagnostic, Files, Source};

use crate::controller::ControllerGone;
use crate::identity::{Caller, Credential, Overloaded};

/// How many diagnostics an answer holds at most.
const MOST_DIAGNOSTICS: usize = 100;

/// Why a request is not done.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    detail: String,
    hint: Option<String>,
    diagnostics: Vec<DiagnosticText>,
    retry_after: Option<u64>,
    /// Boxed, since most failures have none.
    tag: Option<Box<HeaderValue>>,
}

impl Failure {
    /// A failure with a stable code.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            status,
            code,
            detail,
            hint: None,
            diagnostics: Vec::new(),
            retry_after: None,
            tag: None,
        }
    }

    /// With what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With the mistakes that are the reason.
    pub(crate) fn diagnostics(mut self, diagnostics: Vec<DiagnosticText>) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// With the time after which it may be tried again, in seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// With the `ETag` that the thing has now.
    pub(crate) fn tag(mut self, tag: &str) -> Self {
        self.tag = HeaderValue::from_str(tag).ok().map(Box::new);
        self
    }

    /// Its HTTP status.
    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Nobody was named.
    pub(crate) fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not-signed-in", "this needs a token or a session")
            .hint("send a token as `Authorization: Bearer re_...`, or sign in")
    }

    /// A token or a password that is not valid; which part is wrong is not said.
    pub(crate) fn wrong_credentials() -> Self {
        let detail = "the token is unknown, has ended, or was taken back";
        Self::new(StatusCode::UNAUTHORIZED, "wrong-credentials", detail)
            .hint("ask an administrator for a new one")
    }

    /// The token of an agent that does not count: never a reason to drop anything.
    pub(crate) fn agent_session() -> Self {
        let detail = "the session is over, or its key is in no Cluster document any more";
        Self::new(StatusCode::UNAUTHORIZED, "agent-session", detail)
            .hint("keep running what you have, and prove again who you are")
    }

    /// The route is for others.
    pub(crate) fn not_for(caller: &Caller) -> Self {
        let is_agent = matches!(caller.credential, Credential::Agent(_));
        let detail = match is_agent {
            true => "an agent reads the release of its own cluster, and nothing else",
            false => "this is for agents of clusters",
        };
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// What was sent is well-formed and cannot be.
    pub(crate) fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// A request by cookie that a page of another site may have sent.
    pub(crate) fn forged() -> Self {
        let detail = "this request does not say that a page of this server sent it";
        Self::new(StatusCode::FORBIDDEN, "cross-site", detail).hint(format!(
            "send the header `{}` from a page of this server, or use a token",
            crate::identity::PROOF
        ))
    }

    /// Sign-in under a name is closed for a while.
    pub(crate) fn too_many_attempts(seconds: u64) -> Self {
        let detail = format!("too many attempts to sign in; the next one may be in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail).retry_after(seconds)
    }

    /// There is no such thing, or none that the caller may see.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// Something this server depends on fails. The log has the details.
    pub(crate) fn unavailable(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "unavailable");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string())
            .hint("try again; if it stays so, the server's log says more")
    }
}

impl Failure {
    /// The same as text, which `git` shows to its user line by line.
    pub(crate) fn into_text(self) -> Response {
        let hint = self.hint.map_or_else(String::new, |hint| format!("hint: {hint}\n"));
        let text = format!("{}\n{hint}", self.detail);
        let media = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        (self.status, media, text).into_response()
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<Overloaded> for Failure {
    fn from(error: Overloaded) -> Self {
        Self::unavailable(&error).retry_after(1)
    }
}

impl From<ControllerGone> for Failure {
    fn from(error: ControllerGone) -> Self {
        Self::unavailable(&error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: format!("https://res-edge.dev/problems/{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
            hint: self.hint,
            instance: None,
            diagnostics: self.diagnostics,
        };
        let mut response = (self.status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(tag) = self.tag {
            headers.insert(header::ETAG, *tag);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // Git asks its user for a password only where Basic is offered.
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            let basic = HeaderValue::from_static("Basic realm=\"Res-Edge\", charset=\"UTF-8\"");
            headers.append(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}

/// Diagnostics as they go over the wire: the errors first, so many as an answer may hold.
pub(crate) fn diagnostic_texts<'a>(
    source: &Source,
    diagnostics: impl Iterator<Item = &'a Diagnostic>,
) -> Vec<DiagnosticText> {
    diagnostic_texts_in(&source.files, diagnostics)
}

/// The same, of some files.
pub(crate) fn diagnostic_texts_in<'a>(
    files: &Files,
    diagnostics: impl Iterator<Item = &'a Diagnostic>,
) -> Vec<DiagnosticText> {
    let report = Report { files, clusters: &[] };
    let mut sorted = report.sorted(diagnostics);
    sorted.sort_by_key(|diagnostic| !diagnostic.is_error());
    sorted.iter().take(MOST_DIAGNOSTICS).map(|diagnostic| report.wire(diagnostic)).collect()
}
