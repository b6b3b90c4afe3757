//! What happens, as it is told to who watches, and its form on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that happened. It says that something is to be read again, and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WatchEvent {
    /// `source-taken`, `source-refused`, `step`, `waiting`, `hold-placed`, `hold-ended`,
    /// `cluster-unreachable`, `cluster-held`, `cluster-degraded`, `cluster-recovered`, or
    /// `change-` with what happened to it, as in `change-opened`. Others may come.
    pub kind: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What, in words.
    pub text: String,
    /// Who did it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What it is about: the number of a step or a change, the name of a hold or a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The commit that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// A message of a stream of events, as of
/// <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id; the last one is given as `Last-Event-ID` to go on.
    pub id: Option<String>,
    /// What kind it is.
    pub event: String,
    /// The data.
    pub data: String,
}

/// Reads messages out of the bytes of a stream, however they are cut.
#[derive(Debug, Default)]
pub struct Messages {
    line: Vec<u8>,
    current: Message,
}

/// The longest line that is read, in bytes; the rest of a longer one is left out.
const LONGEST_LINE: usize = 1 << 20;

impl Messages {
    /// Takes bytes, and answers the messages that end in them.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Message> {
        let mut done = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => done.extend(self.end_line()),
                b'\r' => {}
                byte if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                _ => {}
            }
        }
        done
    }

    fn end_line(&mut self) -> Option<Message> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        if line.is_empty() {
            let message = std::mem::take(&mut self.current);
            return (message != Message::default()).then_some(message);
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.current.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.current.event),
            "data" => {
                if !self.current.data.is_empty() {
                    self.current.data.push('\n');
                }
                self.current.data.push_str(value);
            }
            // A comment, which keeps the connection open, and what is not known.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_however_they_are_cut() {
        let text =
            ": open\n\nid: 1-2\nevent: step\ndata: {\"a\":\ndata: 1}\n\n:\n\ndata:x\r\n\r\nid: 3";
        let message = |id: Option<&str>, event: &str, data: &str| Message {
            id: id.map(str::to_owned),
            event: event.to_owned(),
            data: data.to_owned(),
        };
        let expected = [message(Some("1-2"), "step", "{\"a\":\n1}"), message(None, "", "x")];
        for size in 1..text.len() {
            let mut messages = Messages::default();
            let cut = text.as_bytes().chunks(size).flat_map(|bytes| messages.read(bytes));
            assert_eq!(cut.collect::<Vec<_>>(), expected, "in pieces of {size}");
        }
    }
}
