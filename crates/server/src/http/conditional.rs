//! Answers that a client may have already: RFC 9110, sections 8.8.3 and 13.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Whether a client has the answer of this tag already.
pub(crate) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let Ok(etag) = etag.to_str() else { return false };
    let given = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = given.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

/// An answer that was made from a snapshot: JSON with its tag, to be asked for again each time.
pub(crate) fn json(etag: &HeaderValue, bytes: Bytes) -> Response {
    let kind = HeaderValue::from_static("application/json");
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    tagged(response, etag)
}

/// A text of a media type, instead of JSON, with its tag.
pub(crate) fn text(etag: &HeaderValue, media: &'static str, text: String) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    tagged(response, etag)
}

/// Whether a client would rather have another media type than JSON.
pub(crate) fn prefers(headers: &HeaderMap, media: &str) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.split([',', ';']).any(|one| one.trim() == media))
}

/// The answer to a client that has it already.
pub(crate) fn not_modified(etag: &HeaderValue) -> Response {
    tagged(StatusCode::NOT_MODIFIED.into_response(), etag)
}

fn tagged(mut response: Response, etag: &HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("authorization, cookie, accept"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_alone_in_a_list_and_weakly() {
        let etag = HeaderValue::from_static("\"a\"");
        let rows = [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ];
        for (given, expected) in rows {
            let headers =
                HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(given))]);
            assert_eq!(is_known(&headers, &etag), expected, "{given}");
        }
        assert!(!is_known(&HeaderMap::new(), &etag));
    }
}
