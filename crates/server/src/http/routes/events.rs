//! A stream of what happens, for who watches.
//!
//! It is read from the last events, by place: what a slow client has not taken costs no memory.
//! Who watches is asked again at each heartbeat, so that what is taken back ends the stream.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Kind, Verb};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::authorize::may_anywhere;
use crate::events::{About, EventId, Since};
use crate::http::AppState;
use crate::http::limits::identity;
use crate::http::listing::bad;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// How often something is sent, so that neither side takes the other for gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a client may take nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// How many messages may be on their way to a client.
const ON_THE_WAY: usize = 16;

/// How many streams one caller has at most.
const MOST_OF_ONE: usize = 10;

/// How many streams there are at most.
const MOST: usize = 1_000;

/// In how many milliseconds a client comes back that lost its connection.
const RETRY: u32 = 3_000;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(events))
}

/// The streams that are open, by who has them.
#[derive(Default)]
pub(crate) struct Streams(Mutex<HashMap<String, usize>>);

/// One open stream; it is counted until this is dropped.
struct Open {
    streams: Arc<Streams>,
    who: String,
}

impl Streams {
    fn open(self: &Arc<Self>, who: String) -> Result<Open, Failure> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(&who).copied().unwrap_or(0);
        if own >= MOST_OF_ONE || open.values().sum::<usize>() >= MOST {
            let detail = format!("there are too many streams; you have {own}");
            let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-streams", detail);
            return Err(failure.retry_after(HEARTBEAT.as_secs()));
        }
        open.insert(who.clone(), own + 1);
        Ok(Open { streams: Arc::clone(self), who })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = open.get_mut(&self.who) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.who);
            }
        }
    }
}

/// One message of the stream, by the fields of
/// <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes answers")]
struct SentEvent {
    /// `ready`, `reset`, or the kind of what happened.
    event: String,
    /// What `Last-Event-ID` takes.
    id: Option<String>,
    /// A `WatchEvent` as JSON; an empty object of `ready` and `reset`.
    data: String,
    /// In how many milliseconds to come back after a lost connection.
    retry: Option<u32>,
}

/// What happens from now on, or after `Last-Event-ID`, as server-sent events: `ready` first, then
/// an event for each thing that the caller may see. `reset` says that some were forgotten, so that
/// all is to be read again. Lines with `:` keep the connection open.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(
    ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event seen."),
), responses(
    (status = 200, description = "Events, for as long as the client takes them.",
        body = SentEvent, content_type = "text/event-stream"),
    (status = 400),
    (status = 403),
))]
async fn events(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if !sees(&state, &caller, &About::Change) {
        let failure = Failure::new(StatusCode::FORBIDDEN, "forbidden", "you may not see events");
        return Err(failure.hint("a Role with the verb `read` or `propose` lets you see them"));
    }
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let last = last.map(str::parse::<EventId>).transpose();
    let last = last.map_err(|()| bad("`Last-Event-ID` is not what an event gave"))?;
    let open = state.streams.open(identity(&caller))?;
    let (messages, sent) = mpsc::channel(ON_THE_WAY);
    tokio::spawn(Watcher { state, caller, messages, _open: open }.run(last));
    let body = Body::from_stream(ReceiverStream::new(sent).map(Ok::<_, Infallible>));
    let kind = HeaderValue::from_static("text/event-stream");
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    // Proxies that gather an answer before they hand it on would show nothing for ever.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Whether a caller sees now what an event is about.
fn sees(state: &AppState, caller: &Caller, about: &About) -> bool {
    let snapshot = state.snapshot();
    let sees_anything = || may_anywhere(&snapshot, caller, &[Verb::Read, Verb::Propose]);
    match (about, &snapshot.catalogue) {
        (About::Hold(hold), Some(catalogue)) => {
            super::operations::sees_hold(catalogue, &catalogue.sight(caller), hold)
        }
        (About::Cluster(name), Some(catalogue)) => {
            let (fleet, sight) = (catalogue.fleet(), catalogue.sight(caller));
            fleet.document(Kind::Cluster, name).is_some_and(|id| sight.document(fleet, id))
        }
        (About::Hold(_) | About::Cluster(_), None) => caller.is_administrator,
        _ => sees_anything(),
    }
}

/// One who watches.
struct Watcher {
    state: AppState,
    caller: Caller,
    messages: mpsc::Sender<Bytes>,
    _open: Open,
}

/// The client is gone, or takes nothing.
struct Gone;

impl Watcher {
    async fn run(self, last: Option<EventId>) {
        let mut closed = self.state.events.closed();
        tokio::select! {
            // Whatever ended it, the client comes back if it wants more.
            _ = self.watch(last) => {}
            () = async { drop(closed.wait_for(|is_closed| *is_closed).await) } => {}
        }
    }

    async fn watch(&self, last: Option<EventId>) -> Result<(), Gone> {
        let mut changes = self.state.events.changes();
        let mut next = last.unwrap_or_else(|| self.state.events.now());
        self.send(format!("retry: {RETRY}\nid: {next}\nevent: ready\ndata: {{}}\n\n")).await?;
        let mut beat = Instant::now() + HEARTBEAT;
        loop {
            changes.mark_unchanged();
            next = self.send_since(next).await?;
            tokio::select! {
                changed = changes.changed() => changed.map_err(|_| Gone)?,
                () = tokio::time::sleep_until(beat) => {
                    self.ask_again().await?;
                    self.send(":\n\n".to_owned()).await?;
                    beat = Instant::now() + HEARTBEAT;
                }
            }
        }
    }

    /// Sends what came after an id; answers the id of the last of it.
    async fn send_since(&self, last: EventId) -> Result<EventId, Gone> {
        let happened = match self.state.events.since(last) {
            Since::All(happened) => happened,
            Since::Gap(next) => {
                self.send(format!("id: {next}\nevent: reset\ndata: {{}}\n\n")).await?;
                return Ok(next);
            }
        };
        let mut next = last;
        for one in happened {
            next = one.id;
            if sees(&self.state, &self.caller, &one.about) {
                let data = serde_json::to_string(&one.event).unwrap_or_default();
                let kind = &one.event.kind;
                self.send(format!("id: {next}\nevent: {kind}\ndata: {data}\n\n")).await?;
            }
        }
        Ok(next)
    }

    async fn send(&self, text: String) -> Result<(), Gone> {
        let sent = timeout(SILENCE, self.messages.send(text.into())).await;
        sent.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    /// Whether the caller may still be here.
    async fn ask_again(&self) -> Result<(), Gone> {
        match self.state.callers.is_still(&self.caller).await {
            Ok(true) => Ok(()),
            // Without a database nobody knows; the client comes back and is asked anew.
            Ok(false) | Err(_) => Err(Gone),
        }
    }
}
