//! The journal: what an agent must know before it may act.

use jiff::Timestamp;
use model::Generation;
use serde::{Deserialize, Serialize};

use crate::will::Will;

/// How many events are remembered.
const EVENTS: usize = 64;

/// A release as it is kept: with its signature, so that it is verified again at each start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptRelease {
    /// The bytes that were signed.
    pub statement: String,
    /// Their signature.
    pub signature: String,
    /// What to ask the server with.
    pub etag: String,
}

/// Something that a person may want to know later, above all what happened without a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When, by the clock of the cluster.
    pub time: Timestamp,
    /// A word in `CamelCase`.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

/// What an agent remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Journal {
    /// The uid of the cluster, from the first statement that was accepted.
    pub cluster: Option<String>,
    /// The uid of the fleet.
    pub fleet: Option<String>,
    /// The highest generation that was ever accepted.
    pub generation: u32,
    /// What the cluster runs.
    pub current: Option<KeptRelease>,
    /// What it is to run once the site lets it.
    pub waiting: Option<KeptRelease>,
    /// What the site wants.
    pub will: Will,
    /// What happened, the newest last.
    pub events: Vec<Event>,
}

impl Journal {
    /// The highest generation that was ever accepted.
    #[must_use]
    pub fn highest(&self) -> Generation {
        Generation(self.generation)
    }

    /// The newest release that was accepted.
    #[must_use]
    pub fn newest(&self) -> Option<&KeptRelease> {
        self.waiting.as_ref().or(self.current.as_ref())
    }

    /// Notes an event; of many, the newest are remembered. One that repeats the last is not noted
    /// again.
    pub fn note(&mut self, event: Event) {
        let same = |last: &Event| (&last.reason, &last.message) == (&event.reason, &event.message);
        if !self.events.last().is_some_and(same) {
            self.events.push(event);
            let n = self.events.len();
            self.events.drain(..n.saturating_sub(EVENTS));
        }
    }

    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // A struct of texts, numbers and times has a form as JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From bytes.
    ///
    /// # Errors
    /// They are none of a journal.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| format!("the journal is damaged: {error}"))
    }
}
