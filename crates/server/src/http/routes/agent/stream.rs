//! What agents are told at once.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use model::ClusterUid;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{agent, no_release};
use crate::agents::{Agent, Agents, Message, ReleaseTable};
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// How often something is sent at least.
const HEARTBEAT: Duration = Duration::from_secs(25);

/// For how long a stream is open at most: then the agent proves again who it is.
const LONGEST: Duration = Duration::from_secs(3_600);

/// How many events may wait for an agent. One that takes none is given up.
const EVENTS: usize = 8;

/// Over how many milliseconds agents are told of one step, for each agent that it concerns: five
/// thousand in a second.
const SPREAD: f64 = 0.2;

type Events = mpsc::Sender<Result<Event, Infallible>>;

/// New releases for the agent's own cluster, as server-sent events.
///
/// With `Last-Event-ID`, the `ETag` of the release that it has, it is told at once of another one.
#[utoipa::path(get, path = "/api/v1/agent/stream", tag = "agents", responses(
    (status = 200, content_type = "text/event-stream"),
    (status = 403),
    (status = 404, description = "Nothing is released to the cluster yet."),
))]
pub(super) async fn stream(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let agent = agent(&caller)?.clone();
    let uid = agent.uid.ok_or_else(|| no_release(&agent))?;
    let told = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let (events, waiting) = mpsc::channel(EVENTS);
    let agents = Arc::clone(&state.agents);
    tokio::spawn(async move {
        let listener = Listener { agents, agent, uid, events, told };
        // Whoever went away hears nothing of it.
        let _ = tokio::time::timeout(LONGEST, listener.listen()).await;
    });
    let keep_alive = KeepAlive::new().interval(HEARTBEAT).text("");
    Ok(Sse::new(ReceiverStream::new(waiting)).keep_alive(keep_alive).into_response())
}

/// One stream.
struct Listener {
    agents: Arc<Agents>,
    agent: Agent,
    uid: ClusterUid,
    events: Events,
    /// The release that the agent knows of.
    told: Option<String>,
}

/// The stream ends.
struct Ended;

impl Listener {
    async fn listen(mut self) -> Result<(), Ended> {
        let _listening = self.agents.presence.listens(self.uid, Timestamp::now());
        let mut changes = self.agents.releases.changes();
        let mut messages = self.agents.presence.messages();
        let mut closing = self.agents.closing();
        self.send(Event::default().retry(retry(self.uid))).await?;
        let mut is_first = true;
        loop {
            let table = self.agents.releases.table();
            self.tell(&table, is_first).await?;
            is_first = false;
            let is_asked = tokio::select! {
                changed = changes.changed() => changed.map(|()| false).map_err(|_| Ended)?,
                // Who missed messages looks by itself before long.
                message = messages.recv() => {
                    matches!(message, Ok(Message::Sync(clusters)) if clusters.contains(&self.uid))
                }
                _ = closing.changed() => return Ok(()),
                () = self.events.closed() => return Ok(()),
            };
            if is_asked {
                self.send(Event::default().event("sync").data("{}")).await?;
            }
        }
    }

    /// Tells of the release, if it is another than the agent knows of.
    async fn tell(&mut self, table: &ReleaseTable, is_first: bool) -> Result<(), Ended> {
        // A key that counts no more ends the stream, and a cluster may have another name by now.
        self.agent = self.agents.agent(self.agent.key).ok_or(Ended)?;
        let Some((uid, release)) = table.of(&self.agent.cluster) else { return Err(Ended) };
        let tag = release.etag.to_str().unwrap_or_default();
        if uid != self.uid || self.told.as_deref() == Some(tag) {
            return if uid == self.uid { Ok(()) } else { Err(Ended) };
        }
        if !is_first {
            tokio::time::sleep(spread(self.uid, table.n_changed)).await;
        }
        self.told = Some(tag.to_owned());
        let data = format!("{{\"generation\":{}}}", release.statement.generation);
        self.send(Event::default().event("release").id(tag).data(data)).await
    }

    async fn send(&self, event: Event) -> Result<(), Ended> {
        let sent = tokio::time::timeout(HEARTBEAT, self.events.send(Ok(event))).await;
        sent.map_err(|_| Ended)?.map_err(|_| Ended)
    }
}

/// A share of one that differs between clusters.
fn share(uid: ClusterUid) -> f64 {
    f64::from(u16::from_be_bytes([uid.0[14], uid.0[15]])) / f64::from(u16::MAX)
}

/// How long an agent waits before it connects again: between one and fifteen seconds.
fn retry(uid: ClusterUid) -> Duration {
    Duration::from_millis(1_000 + (share(uid) * 14_000.0) as u64)
}

/// How long an agent is told later than the first one, where a step concerns many.
fn spread(uid: ClusterUid, n_changed: usize) -> Duration {
    Duration::from_millis((share(uid) * SPREAD * n_changed as f64) as u64)
}
