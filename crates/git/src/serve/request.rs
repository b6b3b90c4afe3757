//! A request to fetch, of a client that may not see everything.
//!
//! Git's protocol lets a client ask for any object by its id
//! (<https://git-scm.com/docs/gitprotocol-v2#_fetch>), and believes what it says that it has: an
//! object that is sent as a delta against one that it only claims to have tells about that one, and
//! for a history that it claims to be cut off it is sent the rest. So what is wanted must be
//! reached from what the client may see, and what it has counts only if it is.

use std::collections::HashSet;
use std::io::Read;

use model::ObjectId;

use super::packet::{Packet, PacketReader, line};
use super::visible::reached;
use super::{ServeError, Visible};
use crate::Repository;

/// A request that was looked through.
pub(super) enum Checked {
    /// What of it can be passed on.
    Passed(Vec<u8>),
    /// Why it is refused, for the client.
    Refused(String),
}

/// One line of a request.
enum Asked {
    Want(ObjectId),
    /// What the client says to have.
    Have(ObjectId),
    /// Where the client's history is cut off.
    Shallow(ObjectId),
    Other,
    Refused(String),
}

type Kind = fn(ObjectId) -> Asked;

/// The lines that name an object, by their starts.
const KINDS: [(&str, Kind); 3] =
    [("want ", Asked::Want), ("have ", Asked::Have), ("shallow ", Asked::Shallow)];

impl Asked {
    fn of(packet: &Packet) -> Self {
        let Packet::Data(bytes) = packet else { return Self::Other };
        let text = line(bytes);
        // As Git reads these lines: an id of forty digits, whatever follows.
        for (start, kind) in KINDS {
            if let Some(id) = text.strip_prefix(start.as_bytes()) {
                return id_of(id).map_or_else(|| Self::Refused("not an id".to_owned()), kind);
            }
        }
        let word = text.split(|byte| matches!(byte, b' ' | b'=')).next().unwrap_or_default();
        match word {
            b"command" if !matches!(text, b"command=ls-refs" | b"command=fetch") => {
                Self::Refused("that command is not for you".to_owned())
            }
            // Both name refs that may be hidden.
            b"want-ref" | b"deepen-not" => {
                Self::Refused(format!("{} is not for you", String::from_utf8_lossy(word)))
            }
            _ => Self::Other,
        }
    }
}

fn id_of(text: &[u8]) -> Option<ObjectId> {
    std::str::from_utf8(text.get(..40)?).ok()?.parse().ok()
}

/// Looks a whole request through: refuses what may not be wanted, and leaves out what may not be
/// known of.
///
/// # Errors
/// If it is not of the protocol or too large, or the repository cannot be read.
pub(super) fn check<R: Read>(
    repository: &Repository,
    visible: &Visible,
    input: &mut PacketReader<R>,
) -> Result<Checked, ServeError> {
    let mut packets = Vec::new();
    while let Some(packet) = input.next()? {
        packets.push((Asked::of(&packet), packet));
    }
    let id = |(asked, _): &(Asked, Packet)| match asked {
        Asked::Want(id) | Asked::Have(id) | Asked::Shallow(id) => Some(*id),
        Asked::Other | Asked::Refused(_) => None,
    };
    let asked: HashSet<ObjectId> = packets.iter().filter_map(id).collect();
    let reached = if asked.is_empty() { asked } else { reached(repository, visible, asked)? };
    let mut request = Vec::new();
    for (asked, packet) in &packets {
        match asked {
            // As `git upload-pack` says it.
            Asked::Want(id) if !reached.contains(id) => {
                return Ok(Checked::Refused(format!("upload-pack: not our ref {id}")));
            }
            Asked::Refused(reason) => {
                return Ok(Checked::Refused(format!("upload-pack: {reason}")));
            }
            // One that nobody has in its place, since the client waits for an answer to it.
            Asked::Have(id) if !reached.contains(id) => {
                let nobodys = ObjectId([0; 20]);
                Packet::Data(format!("have {nobodys}\n").into_bytes()).append_to(&mut request);
            }
            Asked::Shallow(id) if !reached.contains(id) => {}
            _ => packet.append_to(&mut request),
        }
    }
    Ok(Checked::Passed(request))
}
