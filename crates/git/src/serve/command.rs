//! What a client that pushes asks for, before it sends its pack:
//! <https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer>.

use std::collections::HashMap;
use std::io::Read;

use model::ObjectId;

use super::packet::{Packet, PacketReader, line};
use super::{PushLimits, ServeError};
use crate::refs::check_name;

/// How many options a push may have, and how many bytes each.
const OPTIONS: (usize, usize) = (64, 4096);

/// A push before its pack.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) commands: Vec<Command>,
    pub(super) report: Option<Version>,
    pub(super) is_banded: bool,
    pub(super) is_atomic: bool,
    /// Whether the client's history is cut off.
    pub(super) is_shallow: bool,
    /// What the person gave with `git push -o`.
    pub(super) options: Vec<String>,
    has_options: bool,
}

/// The version of the report that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    /// It can say that another ref than the one that was named has moved.
    V2,
}

/// One ref that shall move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// As it was sent; what is no UTF-8 is replaced.
    pub(super) name: String,
    /// Where the client saw it; nothing if it was not there.
    pub(super) old: Option<ObjectId>,
    /// Where it shall be; nothing to remove it.
    pub(super) new: Option<ObjectId>,
    /// Why it cannot be, whatever the repository holds.
    pub(super) fault: Option<String>,
}

impl Request {
    /// Reads everything before the pack. A request without commands is a client that looks whether
    /// it may push.
    ///
    /// # Errors
    /// If it is not of the protocol or passes a limit.
    pub(super) fn read<R: Read>(
        packets: &mut PacketReader<R>,
        limits: &PushLimits,
    ) -> Result<Self, ServeError> {
        let mut request = Self::default();
        loop {
            match packets.next()? {
                Some(Packet::Data(bytes)) => request.take(line(&bytes), limits)?,
                Some(Packet::Flush) => break,
                None if request.commands.is_empty() && !request.is_shallow => break,
                _ => return Err(malformed("the commands do not end")),
            }
        }
        if request.has_options {
            request.read_options(packets)?;
        }
        request.refuse_twice();
        Ok(request)
    }

    fn take(&mut self, text: &[u8], limits: &PushLimits) -> Result<(), ServeError> {
        if let Some(id) = text.strip_prefix(b"shallow ") {
            parse_id(id)?;
            self.is_shallow = true;
            return Ok(());
        }
        if text.starts_with(b"push-cert") {
            return Err(malformed("a signed push is not supported: leave out `--signed`"));
        }
        let (command, capabilities) = match text.iter().position(|byte| *byte == 0) {
            Some(end) if self.commands.is_empty() => (&text[..end], &text[end + 1..]),
            Some(_) => return Err(malformed("a command holds a zero byte")),
            None => (text, &[][..]),
        };
        self.set(&String::from_utf8_lossy(capabilities))?;
        self.commands.push(Command::parse(command)?);
        if self.commands.len() > limits.refs {
            return Err(ServeError::TooLarge { unit: "refs", limit: limits.refs as u64 });
        }
        Ok(())
    }

    fn set(&mut self, capabilities: &str) -> Result<(), ServeError> {
        for word in capabilities.split([' ', '\n']) {
            match word {
                "report-status" => self.report = self.report.or(Some(Version::V1)),
                "report-status-v2" => self.report = Some(Version::V2),
                "side-band-64k" => self.is_banded = true,
                "atomic" => self.is_atomic = true,
                "push-options" => self.has_options = true,
                _ => match word.strip_prefix("object-format=") {
                    None | Some("sha1") => {}
                    Some(_) => return Err(malformed("the ids of objects here are SHA-1")),
                },
            }
        }
        Ok(())
    }

    fn read_options<R: Read>(&mut self, packets: &mut PacketReader<R>) -> Result<(), ServeError> {
        let (most, longest) = OPTIONS;
        while let Some(packet) = packets.next()? {
            match packet {
                Packet::Data(bytes) if bytes.len() <= longest && self.options.len() < most => {
                    self.options.push(String::from_utf8_lossy(line(&bytes)).into_owned());
                }
                Packet::Flush => return Ok(()),
                _ => return Err(malformed("the push has too many options, or one is too long")),
            }
        }
        Err(malformed("the options do not end"))
    }

    /// No two commands may be about one ref, or about a ref and what would be its folder.
    fn refuse_twice(&mut self) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for command in &self.commands {
            *counts.entry(command.name.clone()).or_default() += 1;
        }
        for command in &mut self.commands {
            let mut above = command.name.match_indices('/').map(|(end, _)| &command.name[..end]);
            if counts.get(&command.name).is_some_and(|count| *count > 1) {
                command.fault = Some("it is named twice".to_owned());
            } else if let Some(other) = above.find(|above| counts.contains_key(*above)) {
                command.fault = Some(format!("`{other}` is in its way"));
            }
        }
    }
}

impl Command {
    /// `<old id> <new id> <name>`, with zeros for no id.
    fn parse(text: &[u8]) -> Result<Self, ServeError> {
        let (Some(old), Some(b' '), Some(new), Some(b' ')) =
            (text.get(..40), text.get(40), text.get(41..81), text.get(81))
        else {
            return Err(malformed("a command is not two ids and a name"));
        };
        let (old, new) = (parse_id(old)?, parse_id(new)?);
        let name = String::from_utf8_lossy(&text[82..]).into_owned();
        let fault = match check_name(&name) {
            Err(crate::MoveError::Name { reason, .. }) => Some(reason),
            _ if name.contains('\u{fffd}') => Some("its name is not UTF-8".to_owned()),
            _ if old.is_none() && new.is_none() => Some("there is no such ref".to_owned()),
            _ => None,
        };
        Ok(Self { name, old, new, fault })
    }
}

/// An id; nothing if it is all zeros.
fn parse_id(text: &[u8]) -> Result<Option<ObjectId>, ServeError> {
    let id = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    let id: ObjectId = id.ok_or_else(|| malformed("an id is not forty hexadecimal digits"))?;
    Ok(Some(id).filter(|id| id.0 != [0; 20]))
}

pub(super) fn malformed(text: &str) -> ServeError {
    ServeError::Malformed(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::packet::append;
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn read(lines: &[&str]) -> Result<Request, ServeError> {
        let mut bytes = Vec::new();
        for text in lines {
            match *text {
                "flush" => bytes.extend_from_slice(b"0000"),
                text => append(&mut bytes, text.as_bytes()),
            }
        }
        let limits = PushLimits { refs: 3, ..PushLimits::default() };
        Request::read(&mut PacketReader::new(bytes.as_slice(), 1 << 20), &limits)
    }

    #[test]
    fn commands_capabilities_and_options_are_read() {
        let first =
            format!("{ZERO} {A} refs/heads/x\0 report-status-v2 side-band-64k push-options");
        let second = format!("{A} {ZERO} refs/heads/y");
        let request = read(&[&first, &second, "flush", "title=one", "flush"]).unwrap();
        let id = Some(A.parse().unwrap());
        let command =
            |name: &str, old, new| Command { name: name.to_owned(), old, new, fault: None };
        let commands = [command("refs/heads/x", None, id), command("refs/heads/y", id, None)];
        assert_eq!(request.commands, commands);
        assert_eq!((request.report, request.is_banded), (Some(Version::V2), true));
        assert_eq!(request.options, ["title=one"]);
    }

    #[test]
    fn a_client_may_ask_whether_it_may_push() {
        assert!(read(&["flush"]).unwrap().commands.is_empty());
        assert!(read(&[]).unwrap().commands.is_empty());
    }

    #[test]
    fn refs_that_cannot_be_are_at_fault_alone() {
        let line = |name: &str| format!("{ZERO} {A} {name}\0 report-status");
        for name in
            ["HEAD", "refs/heads/a..b", "refs/heads/\u{fffd}", "", "refs/heads/HEAD", "../x"]
        {
            let request = read(&[&line(name), "flush"]).unwrap();
            assert!(request.commands[0].fault.is_some(), "{name}");
        }
        let above = format!("{ZERO} {A} refs/heads/x/y");
        let request = read(&[&line("refs/heads/x"), &above, "flush"]).unwrap();
        let faults: Vec<_> =
            request.commands.iter().map(|command| command.fault.is_some()).collect();
        assert_eq!(faults, [false, true]);
        let twice = [&line("refs/heads/x"), &format!("{ZERO} {A} refs/heads/x"), "flush"];
        let request = read(&twice.map(|line| line as &str)).unwrap();
        assert!(request.commands.iter().all(|command| command.fault.is_some()));
    }

    #[test]
    fn what_is_not_of_the_protocol_is_refused() {
        let good = format!("{ZERO} {A} refs/heads/x");
        let cases: [&[&str]; 8] = [
            &["hello", "flush"],
            &[&good],
            &[&format!("{ZERO} {A}"), "flush"],
            &[&format!("{ZERO}\t{A} refs/heads/x"), "flush"],
            &[&format!("{} {A} refs/heads/x", "g".repeat(40)), "flush"],
            &[&format!("{good}\0 object-format=sha256"), "flush"],
            &["push-cert\0", "flush"],
            &[&good, &format!("{good}\0x"), "flush"],
        ];
        for lines in cases {
            let refused = read(lines);
            assert!(matches!(refused, Err(ServeError::Malformed(_))), "{lines:?}: {refused:?}");
        }
        let many: Vec<String> = (0..4).map(|n| format!("{ZERO} {A} refs/heads/{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(matches!(read(&many), Err(ServeError::TooLarge { limit: 3, .. })));
    }

    proptest! {
        #![proptest_config(testkit::cases(256))]

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = PacketReader::new(bytes.as_slice(), 200);
            let _ = Request::read(&mut reader, &PushLimits::default());
            let mut packet = Vec::new();
            append(&mut packet, &bytes);
            packet.extend_from_slice(b"0000");
            let mut reader = PacketReader::new(packet.as_slice(), 1000);
            let _ = Request::read(&mut reader, &PushLimits::default());
        }
    }
}
