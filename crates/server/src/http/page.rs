//! Pages for people: HTML without scripts, and without anything from elsewhere.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A page with what it may do.
#[derive(Clone)]
pub(crate) struct HtmlPage {
    html: String,
    policy: HeaderValue,
}

impl HtmlPage {
    /// A page that has this style sheet, and whose forms go to `targets`, as the directive
    /// `form-action` names them.
    pub(crate) fn new(html: String, style: &str, targets: &str) -> Self {
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; \
             form-action {targets}; frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy);
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self { html, policy }
    }

    /// The page as an answer. Other sites learn nothing of its address; this one does, since a
    /// form says nothing of where it came from under `no-referrer`.
    pub(crate) fn answer(&self) -> Response {
        let mut response = Html(self.html.clone()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        response
    }
}

/// A text as it stands in HTML, between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
