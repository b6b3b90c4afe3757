//! What the server tells an agent at once: `GET /api/v1/agent/stream`, server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::time::Duration;

use reqwest::Response;
use serde::{Deserialize, Serialize};

use crate::ClientError;

/// How long an event may be.
const LONGEST: usize = 64 << 10;

/// What an agent is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum AgentEvent {
    /// There is a release that the agent has not seen: the id of the event is its `ETag`.
    Release {
        /// Its generation.
        generation: u32,
    },
    /// Someone asks the agent to look at the cluster now.
    Sync {},
    /// The server lost what it knew: say everything.
    Report {},
}

/// One event as it stands on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamedEvent {
    /// Its kind; empty for none.
    pub name: String,
    /// Its text.
    pub data: String,
    /// The last id that was said, to be sent as `Last-Event-ID`.
    pub id: Option<String>,
}

/// Takes bytes as they come, and gives whole events.
#[derive(Debug, Default)]
pub struct EventReader {
    line: Vec<u8>,
    name: String,
    data: String,
    has_data: bool,
    id: Option<String>,
    retry: Option<Duration>,
}

impl EventReader {
    /// Takes bytes, and gives the events that they complete; an event that is too long is left out.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<StreamedEvent> {
        let mut events = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.end_line(&line));
                }
                _ if self.line.len() >= LONGEST => {}
                byte => self.line.push(*byte),
            }
        }
        events
    }

    /// How long to wait before the next connection, if the server said so.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The last id that was said.
    #[must_use]
    pub fn last_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn end_line(&mut self, line: &[u8]) -> Option<StreamedEvent> {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" => self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry),
            "data" if self.data.len() + value.len() < LONGEST => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<StreamedEvent> {
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        let has_data = std::mem::take(&mut self.has_data);
        has_data.then(|| StreamedEvent { name, data, id: self.id.clone() })
    }
}

/// What is heard on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An event.
    Event(AgentEvent),
    /// That the server is there.
    Sign,
    /// The server ends the stream.
    End,
}

/// A stream that is open.
pub struct AgentStream {
    response: Response,
    reader: EventReader,
    waiting: std::collections::VecDeque<StreamedEvent>,
}

impl AgentStream {
    pub(super) fn new(response: Response) -> Self {
        Self {
            response,
            reader: EventReader::default(),
            waiting: std::collections::VecDeque::new(),
        }
    }

    /// The next event; nothing when the server ends the stream.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Option<AgentEvent>, ClientError> {
        loop {
            match self.hear().await? {
                Heard::Event(event) => return Ok(Some(event)),
                Heard::Sign => {}
                Heard::End => return Ok(None),
            }
        }
    }

    /// The next event or sign of life. Who waits here sets a limit of its own, a little above
    /// [`AgentStream::SILENCE`]. May be dropped and called again.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn hear(&mut self) -> Result<Heard, ClientError> {
        while let Some(event) = self.waiting.pop_front() {
            if let Some(event) = parse(&event) {
                return Ok(Heard::Event(event));
            }
        }
        let chunk = self.response.chunk().await;
        let broken = |error| crate::client::unreachable(self.response.url(), &error);
        let Some(bytes) = chunk.map_err(broken)? else { return Ok(Heard::End) };
        self.waiting.extend(self.reader.push(&bytes));
        Ok(Heard::Sign)
    }

    /// The server sends something at least this often.
    pub const SILENCE: Duration = Duration::from_secs(30);

    /// The last id that was said, to open the next stream with.
    #[must_use]
    pub fn last_id(&self) -> Option<&str> {
        self.reader.last_id()
    }

    /// How long to wait before the next connection: different for each agent.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.reader.retry()
    }
}

/// What an event says; nothing for one that is newer than this program.
fn parse(event: &StreamedEvent) -> Option<AgentEvent> {
    #[derive(Deserialize)]
    struct Release {
        generation: u32,
    }
    match event.name.as_str() {
        "release" => {
            let release: Release = serde_json::from_str(&event.data).ok()?;
            Some(AgentEvent::Release { generation: release.generation })
        }
        "sync" => Some(AgentEvent::Sync {}),
        "report" => Some(AgentEvent::Report {}),
        _ => None,
    }
}
