//! Git over HTTP: <https://git-scm.com/docs/gitprotocol-http>.
//!
//! `/git/source.git` is what people write, `/git/clusters.git` the ledger and what clusters read.
//! Only the loop writes the latter. Errors are text, which `git` shows to its user.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use git::Repository;
use git::serve::{
    Operation, PushLimits, Received, ServeError, Visible, advertise, receive, upload_pack,
};
use model::{ClusterName, CommitId, Verb};
use release::access::Place;
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Handle;

use crate::authorize::{may, may_anywhere};
use crate::controller::SOURCE_REF;
use crate::hosting::Pusher;
use crate::http::problem::Failure;
use crate::http::stream::{Incoming, Outgoing, answer};
use crate::http::{AppState, audit};
use crate::identity::{Caller, Credential, Front};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/git/{repository}/info/refs", get(info_refs))
        .route("/git/{repository}/git-upload-pack", post(fetch))
        .route("/git/{repository}/git-receive-pack", post(push))
}

/// Which repository a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hosted {
    Source,
    Clusters,
}

impl Hosted {
    fn parse(name: &str) -> Result<Self, Failure> {
        match name {
            "source.git" => Ok(Self::Source),
            "clusters.git" => Ok(Self::Clusters),
            _ => Err(Failure::not_found(format!("there is no repository `{name}`"))
                .hint("there are `source.git` and `clusters.git`")),
        }
    }

    fn of(self, state: &AppState) -> Repository {
        match self {
            Self::Source => state.data.source.clone(),
            Self::Clusters => state.data.clusters.clone(),
        }
    }

    /// Which refs a caller sees; an error if none.
    fn visible(self, state: &AppState, caller: &Caller) -> Result<Visible, Failure> {
        if let (Self::Clusters, Credential::Agent(agent)) = (self, &caller.credential) {
            let name = ClusterName::parse(&agent.cluster);
            let name = name.map_err(|_| forbidden("the cluster of this key has no name"))?;
            return Ok(Visible::cluster(&name));
        }
        let snapshot = state.snapshot();
        let is_seen = match self {
            // A clone holds everything that people wrote: Git gives no part of it.
            Self::Source => may_anywhere(&snapshot, caller, &[Verb::Read, Verb::Propose]),
            Self::Clusters => {
                let (kinds, all) = (release::access::PLACING, Place::everywhere());
                may(&snapshot, caller, Verb::Read, kinds, &all).is_allowed()
            }
        };
        match (is_seen, self) {
            (true, _) => Ok(Visible::All),
            (false, Self::Source) => Err(forbidden("you may not read the source")
                .hint("a Role with the verb `read` or `propose` lets you read it")),
            (false, Self::Clusters) => Err(forbidden("you may not read what all clusters run")
                .hint("a Role with the verb `read` within `all` groups and namespaces lets you")),
        }
    }

    fn takes_pushes(self, state: &AppState) -> Result<(), Failure> {
        match self {
            Self::Source => match &state.followed {
                Some(followed) => {
                    Err(forbidden(&format!("this is a copy of the source at {}", followed.url))
                        .hint("push there; it is fetched from there"))
                }
                None => Ok(()),
            },
            Self::Clusters => Err(forbidden("`clusters.git` is written by the server only")
                .hint("push to `source.git`; what clusters read follows from it")),
        }
    }
}

fn forbidden(detail: &str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

#[derive(Deserialize)]
struct Asked {
    service: Option<String>,
}

/// What a client is told first.
async fn info_refs(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let begin = || {
        let hosted = Hosted::parse(&name)?;
        let operation = asked.service.as_deref().and_then(Operation::parse);
        let operation = operation.ok_or_else(|| {
            let detail = "only Git's smart protocol is spoken here";
            Failure::new(StatusCode::FORBIDDEN, "dumb-protocol", detail).hint("use a newer `git`")
        })?;
        let visible = hosted.visible(&state, &caller)?;
        if operation == Operation::Push {
            hosted.takes_pushes(&state)?;
        }
        Ok((hosted.of(&state), operation, visible))
    };
    let (repository, operation, visible) = match begin() {
        Ok(begun) => begun,
        Err(failure) => return Failure::into_text(failure),
    };
    let protocol = protocol(&headers);
    let advertised = tokio::task::spawn_blocking(move || {
        advertise(&repository, operation, protocol.as_deref(), &visible)
    });
    match advertised.await {
        Ok(Ok(bytes)) => {
            ([(header::CONTENT_TYPE, operation.advertisement_type())], bytes).into_response()
        }
        Ok(Err(error)) => failure(&error),
        Err(_) => crate::http::answer::panicked(Box::new(())),
    }
}

/// A clone or a fetch.
async fn fetch(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let begun = begin(&state, &caller, &name, &headers, body, Operation::Fetch);
    let (hosted, visible, incoming) = match begun {
        Ok(begun) => begun,
        Err(failure) => return failure.into_text(),
    };
    let (repository, protocol) = (hosted.of(&state), protocol(&headers));
    let media = Operation::Fetch.result_type();
    let serve = move |outgoing: &mut Outgoing| {
        upload_pack(&repository, protocol.as_deref(), &visible, incoming.open(), outgoing)
    };
    answer(media, serve, |error| failure(&error)).await
}

/// A push. What moved stays moved, whether or not the client hears of it.
async fn push(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let begun = begin(&state, &caller, &name, &headers, body, Operation::Push);
    let (hosted, _, incoming) = match begun {
        Ok(begun) => begun,
        Err(failure) => return failure.into_text(),
    };
    if let Err(failure) = hosted.takes_pushes(&state) {
        return failure.into_text();
    }
    let (repository, media) = (hosted.of(&state), Operation::Push.result_type());
    let pusher = Pusher { caller, url: url_of(&state, &headers) };
    let serve = move |outgoing: &mut Outgoing| {
        let mut held = Vec::new();
        let decide = |push: &git::serve::Push<'_>| state.host.decide(push, &pusher, &mut held);
        let limits = PushLimits::default();
        match receive(&repository, &limits, incoming.open(), &mut *outgoing, decide) {
            Ok(received) => {
                if received.moved.iter().any(|step| step.name == SOURCE_REF) {
                    state.controller.wake();
                }
                for step in &received.moved {
                    state.host.register.has_moved_ref(&step.name);
                }
                record(&state, &pusher.caller, &name, &received);
                Ok(())
            }
            // The client was told in the protocol.
            Err(error) if outgoing.has_written() => {
                tracing::error!(%error, "a push was not taken");
                Ok(())
            }
            Err(error) => Err(error),
        }
    };
    let answered = answer(media, serve, |error| failure(&error)).await;
    if answered.status().is_success() {
        // What moved and what did not stands in a row of its own.
        audit::told();
    }
    answered
}

/// Keeps what a push moved, and what it was refused.
fn record(state: &AppState, caller: &Caller, repository: &str, received: &Received) {
    let id = |id: Option<CommitId>| id.map(|id| id.to_string());
    let moved = received
        .moved
        .iter()
        .map(|step| json!({ "ref": step.name, "from": id(step.from), "to": id(step.to) }));
    let refused = received.refused.iter();
    let refused = refused.map(|(name, why)| json!({ "ref": name, "why": why }));
    let details = json!({
        "moved": moved.collect::<Vec<_>>(), "refused": refused.collect::<Vec<_>>(),
    });
    let recording = state.record(caller, "git.push", repository, details);
    if let Err(failure) = Handle::current().block_on(recording) {
        tracing::error!(?failure, "a push is not recorded");
    }
}

/// The server as its client calls it.
fn url_of(state: &AppState, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("{}://{host}", if state.front == Front::Https { "https" } else { "http" })
}

fn begin(
    state: &AppState,
    caller: &Caller,
    name: &str,
    headers: &HeaderMap,
    body: Body,
    operation: Operation,
) -> Result<(Hosted, Visible, Incoming), Failure> {
    let hosted = Hosted::parse(name)?;
    let visible = hosted.visible(state, caller)?;
    let media = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    if media != Some(operation.request_type().as_bytes()) {
        let detail = format!("this takes `{}`", operation.request_type());
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail));
    }
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    let incoming = Incoming::new(body, encoding).ok_or_else(|| {
        let detail = "only `gzip` is taken as the encoding of a body";
        Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding", detail)
    })?;
    Ok((hosted, visible, incoming))
}

fn protocol(headers: &HeaderMap) -> Option<String> {
    headers.get("git-protocol").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn failure(error: &ServeError) -> Response {
    let failure = match error {
        ServeError::Malformed(_) => {
            Failure::new(StatusCode::BAD_REQUEST, "not-git", error.to_string())
        }
        ServeError::TooLarge { .. } => {
            Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", error.to_string())
        }
        ServeError::Client(_) => {
            Failure::new(StatusCode::REQUEST_TIMEOUT, "client-gone", error.to_string())
        }
        _ => Failure::unavailable(error),
    };
    failure.into_text()
}
