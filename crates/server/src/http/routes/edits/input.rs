//! What an edit is sent with: its body by media type, and what it is held against.

use api::EditParameters;
use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use axum::http::{HeaderMap, StatusCode, header};
use model::Digest;
use schema::Kind;
use schema::edit::document_text;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Asked;
use crate::edits::{Act, New, Operation, Precondition};
use crate::http::problem::Failure;

const JSON: &str = "application/json";
/// RFC 9512.
const YAML: &str = "application/yaml";
/// RFC 7396.
const MERGE_PATCH: &str = "application/merge-patch+json";
/// RFC 6902.
const JSON_PATCH: &str = "application/json-patch+json";

/// A request to edit a document.
pub(super) struct Input<'a> {
    /// What kind of document.
    pub(super) kind: Kind,
    pub(super) sent: &'a Sent,
}

/// Headers and body as they came.
pub(super) struct Sent {
    headers: HeaderMap,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| {
            Failure::new(rejection.status(), "unreadable-body", rejection.body_text())
        })?;
        Ok(Self { headers, body })
    }
}

impl Input<'_> {
    /// What shall stand in the place of a document.
    pub(super) fn replacement(&self) -> Result<Act, Failure> {
        match self.media() {
            JSON => self.document().map(Act::Replace),
            YAML => self.text().map(|text| Act::ReplaceText(text.to_owned())),
            _ => Err(unsupported(&[JSON, YAML])),
        }
    }

    /// How a document is patched.
    pub(super) fn patch(&self) -> Result<Act, Failure> {
        match self.media() {
            MERGE_PATCH => self.json().map(Act::Merge),
            JSON_PATCH => self.json::<Vec<Operation>>().map(Act::Patch),
            _ => Err(unsupported(&[MERGE_PATCH, JSON_PATCH])),
        }
    }

    /// A document that shall be added.
    pub(super) fn new_document(&self, file: Option<String>) -> Result<New, Failure> {
        let text = match self.media() {
            JSON => document_text(&self.document()?),
            YAML => self.text()?.to_owned(),
            _ => return Err(unsupported(&[JSON, YAML])),
        };
        Ok(New { kind: self.kind, text, file })
    }

    /// What the document must be: by `If-Match`, else by the `resourceVersion` that it is sent
    /// with.
    pub(super) fn precondition(&self, act: &Act) -> Result<Precondition, Failure> {
        let given: Vec<&str> = self
            .sent
            .headers
            .get_all(header::IF_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .map(str::trim)
            .collect();
        if given.contains(&"*") {
            return Ok(Precondition::Any);
        }
        if !given.is_empty() {
            return Ok(Precondition::Versions(given.into_iter().filter_map(version).collect()));
        }
        let said = match act {
            Act::Replace(document) | Act::Merge(document) => document.get("metadata"),
            _ => None,
        };
        let said = said.and_then(|metadata| metadata.get("resourceVersion")?.as_str());
        match said {
            Some(text) => Ok(Precondition::Versions(version(text).into_iter().collect())),
            None => {
                let detail = "an edit says what it is made on";
                let status = StatusCode::PRECONDITION_REQUIRED;
                Err(Failure::new(status, "precondition-required", detail)
                    .hint("send the `ETag` of the document as `If-Match`"))
            }
        }
    }

    /// The media type, without its parameters.
    fn media(&self) -> &str {
        let kind = self.sent.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim()
    }

    /// A document of the kind, which need not be said again.
    fn document(&self) -> Result<Map<String, Value>, Failure> {
        let mut sent: Map<String, Value> = self.json()?;
        let words = [("apiVersion", schema::shape::API_VERSION), ("kind", self.kind.word())];
        let mut document = Map::new();
        // What a document is stands first in it.
        for (key, word) in words {
            document.insert(key.to_owned(), sent.remove(key).unwrap_or_else(|| word.into()));
        }
        document.extend(sent);
        Ok(document)
    }

    fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(&self.sent.body).map_err(|_| bad("the body is not UTF-8"))
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.sent.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let what = if error.is_data() { "is not what this takes" } else { "is not JSON" };
            let detail = format!("the body {what}, at line {line}, column {column}");
            Failure::new(StatusCode::BAD_REQUEST, "malformed-body", detail)
                .hint("`/api/docs` shows what it takes")
        })
    }
}

/// The digest of a document's text in a tag `"<digest>-<digest of an answer>"`, or alone.
fn version(tag: &str) -> Option<Digest> {
    let bare = tag.trim_matches('"');
    bare.split('-').next().unwrap_or_default().parse().ok()
}

/// How the edit is made.
pub(super) fn parameters(asked: Asked) -> Result<EditParameters, Failure> {
    let Query(parameters) = asked.map_err(|rejection| bad(rejection.body_text()))?;
    if parameters.wait.as_deref().is_some_and(|word| word != "released") {
        return Err(bad("`wait` is `released` or left out"));
    }
    Ok(parameters)
}

pub(super) fn bad(detail: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail)
}

fn unsupported(known: &[&str]) -> Failure {
    let detail = "the body is of a media type that is not taken here";
    Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)
        .hint(format!("send `Content-Type: {}`", known.join("` or `")))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn held(headers: &[&str], body: &str) -> Result<Precondition, u16> {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        let sent = Sent { headers: map, body: body.to_owned().into() };
        let input = Input { kind: Kind::Cluster, sent: &sent };
        let act = Act::Replace(input.document().unwrap());
        input.precondition(&act).map_err(|failure| failure.status().as_u16())
    }

    #[test]
    fn an_edit_is_held_against_what_it_says() {
        let digest = model::sha256(b"a");
        let one = Ok(Precondition::Versions(vec![digest]));
        assert_eq!(held(&[&format!("\"{digest}\"")], "{}"), one);
        assert_eq!(held(&[&format!("\"{digest}-0123\"")], "{}"), one);
        assert_eq!(held(&[&format!("W/\"x\", \"{digest}\"")], "{}"), one);
        assert_eq!(held(&["\"x\""], "{}"), Ok(Precondition::Versions(Vec::new())));
        assert_eq!(held(&["*"], "{}"), Ok(Precondition::Any));
        assert_eq!(held(&[], "{}"), Err(428));
        let body = format!("{{\"metadata\": {{\"resourceVersion\": \"{digest}\"}}}}");
        assert_eq!(held(&[], &body), one);
        assert_eq!(held(&["\"x\""], &body), Ok(Precondition::Versions(Vec::new())));
    }
}
