//! Requests that are sent twice and done once.
//!
//! A client that does not know whether its request arrived sends it again with the same
//! `Idempotency-Key`, and gets the answer of the first time
//! (draft-ietf-httpapi-idempotency-key-header). The same key with another request is a mistake.
//! Answers are kept in memory for a day: what was done stands in Git, and its compare-and-swap is
//! what makes it safe; the key only saves a client from asking what happened.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::Digest;

use super::problem::Failure;
use super::{AppState, LARGEST_BODY, limits};
use crate::identity::Caller;

/// The header with the client's own key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is the one of the first time.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long a key may be.
const LONGEST_KEY: usize = 255;
/// For how long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How many answers are kept at most; then the oldest go.
const MOST_KEPT: usize = 20_000;
/// How large an answer may be to be kept: 256 KiB.
const LARGEST_KEPT: usize = 256 << 10;

/// Whose key.
type Key = (String, String);

/// What is known of a request with a key.
enum Known {
    /// It is being done.
    Begun(Digest),
    /// It was done, and this was the answer; nothing where it is told only once.
    Done(Digest, Option<Answer>),
}

/// Marks an answer that holds a secret, and so is told only once.
#[derive(Clone, Copy)]
pub(crate) struct ToldOnce;

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// The requests that were sent with a key.
#[derive(Default)]
pub(crate) struct Idempotency {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    known: HashMap<Key, Known>,
    ages: VecDeque<(Instant, Key)>,
}

/// What to do with a request.
enum Turn {
    First,
    Again(Answer),
    Told,
    Busy,
    Other,
}

impl Idempotency {
    fn begin(&self, key: &Key, request: Digest, now: Instant) -> Turn {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.forget_old(now);
        match kept.known.get(key) {
            None => {
                kept.known.insert(key.clone(), Known::Begun(request));
                kept.ages.push_back((now, key.clone()));
                Turn::First
            }
            Some(Known::Begun(known) | Known::Done(known, _)) if *known != request => Turn::Other,
            Some(Known::Begun(_)) => Turn::Busy,
            Some(Known::Done(_, Some(answer))) => Turn::Again(answer.clone()),
            Some(Known::Done(_, None)) => Turn::Told,
        }
    }

    fn end(&self, key: &Key, request: Digest, ended: Option<Option<Answer>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match ended {
            Some(answer) => {
                kept.known.insert(key.clone(), Known::Done(request, answer));
            }
            None => {
                kept.known.remove(key);
            }
        }
    }
}

impl Kept {
    fn forget_old(&mut self, now: Instant) {
        while let Some((since, _)) = self.ages.front() {
            let is_over = now.saturating_duration_since(*since) > KEPT;
            if !is_over && self.ages.len() < MOST_KEPT {
                return;
            }
            if let Some((_, key)) = self.ages.pop_front() {
                self.known.remove(&key);
            }
        }
    }
}

/// A request that is being done: whatever happens to it, its key does not stay busy.
struct Doing<'a> {
    idempotency: &'a Idempotency,
    key: Key,
    request: Digest,
    /// Nothing while it may be tried again; else the answer, unless that is told only once.
    ended: Option<Option<Answer>>,
}

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        self.idempotency.end(&self.key, self.request, self.ended.take());
    }
}

/// Does a request that has a key once.
pub(crate) async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>();
    let (Some(caller), Some(key)) = (caller, request.headers().get(KEY)) else {
        return next.run(request).await;
    };
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let who = limits::identity(caller);
    let key = match key.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST_KEY => (who, key.to_owned()),
        _ => return wrong_key().into_response(),
    };
    match with_key(&state, key, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn with_key(
    state: &AppState,
    key: Key,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.map_err(|_| too_large())?;
    let said = format!("{} {}\n", parts.method, parts.uri);
    let digest = model::sha256(&[said.as_bytes(), &body].concat());
    match state.idempotency.begin(&key, digest, Instant::now()) {
        Turn::Other => return Err(another_request(&key.1)),
        Turn::Busy => return Err(busy(&key.1)),
        Turn::Again(answer) => return Ok(answer.replay()),
        Turn::Told => return Err(told_once(&key.1)),
        Turn::First => {}
    }
    let mut doing = Doing { idempotency: &state.idempotency, key, request: digest, ended: None };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|_| too_large())?;
    // What failed for now may be tried again with the same key.
    let may_pass = parts.status.is_server_error() || parts.status == StatusCode::TOO_MANY_REQUESTS;
    if parts.extensions.get::<ToldOnce>().is_some() {
        doing.ended = Some(None);
    } else if !may_pass && body.len() <= LARGEST_KEPT {
        let (status, headers) = (parts.status, parts.headers.clone());
        doing.ended = Some(Some(Answer { status, headers, body: body.clone() }));
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

impl Answer {
    fn replay(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        *response.headers_mut() = self.headers;
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }
}

fn wrong_key() -> Failure {
    let detail = format!("an `Idempotency-Key` has 1 to {LONGEST_KEY} characters of ASCII");
    Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail).hint("a new UUID is a good key")
}

fn too_large() -> Failure {
    let detail = format!("a request has at most {LARGEST_BODY} bytes");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}

fn another_request(key: &str) -> Failure {
    let detail = format!("the key `{key}` was used for another request");
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", detail)
        .hint("make a new key for each request, and keep it only to send the same one again")
}

fn told_once(key: &str) -> Failure {
    let detail = format!("the request with the key `{key}` was done, and its answer is told once");
    Failure::new(StatusCode::CONFLICT, "told-once", detail)
        .hint("if the answer was lost, take back what was made, and make another one")
}

fn busy(key: &str) -> Failure {
    let detail = format!("the request with the key `{key}` is being done");
    Failure::new(StatusCode::CONFLICT, "key-busy", detail).hint("wait, and send it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &'static str) -> Answer {
        let body = Bytes::from_static(text.as_bytes());
        Answer { status: StatusCode::OK, headers: HeaderMap::new(), body }
    }

    fn word(turn: Turn) -> &'static str {
        match turn {
            Turn::First => "first",
            Turn::Again(_) => "again",
            Turn::Busy => "busy",
            Turn::Told => "told",
            Turn::Other => "other",
        }
    }

    #[test]
    fn a_key_is_for_one_request_and_for_a_day() {
        let idempotency = Idempotency::default();
        let start = Instant::now();
        let key = |name: &str| ("user:anna".to_owned(), name.to_owned());
        let begin = |name: &str, body: &[u8], now| {
            word(idempotency.begin(&key(name), model::sha256(body), now))
        };
        assert_eq!(begin("a", b"1", start), "first");
        assert_eq!(begin("a", b"1", start), "busy");
        assert_eq!(begin("a", b"2", start), "other");
        idempotency.end(&key("a"), model::sha256(b"1"), Some(Some(answer("done"))));
        assert_eq!(begin("a", b"1", start), "again");
        assert_eq!(begin("b", b"1", start), "first");
        idempotency.end(&key("b"), model::sha256(b"1"), None);
        assert_eq!(begin("b", b"1", start), "first", "what failed may be tried again");
        idempotency.end(&key("b"), model::sha256(b"1"), Some(None));
        assert_eq!(begin("b", b"1", start), "told", "a secret is not kept");
        let later = start + KEPT + Duration::from_secs(1);
        assert_eq!(begin("a", b"2", later), "first");
    }
}
