//! What a client is told first: the refs, and what the server can do.

use super::process::Streaming;
use super::visible::{Tip, tips};
use super::{Operation, ServeError, Visible, packet};
use crate::Repository;

/// What `super::receive` can do, as `git` asks for it:
/// <https://git-scm.com/docs/gitprotocol-capabilities>.
const CAPABILITIES: &str = concat!(
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta ",
    "push-options object-format=sha1 agent=res-edge/",
    env!("CARGO_PKG_VERSION")
);

/// The version of the protocol that a client asks for. Anything else in the header is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    V0,
    V1,
    V2,
}

impl Protocol {
    /// From the header `Git-Protocol`, such as `version=2`; several are separated by `:`, and the
    /// highest counts.
    pub(super) fn of(header: Option<&str>) -> Self {
        let asks = |version: &str| header.unwrap_or_default().split(':').any(|one| one == version);
        match () {
            () if asks("version=2") => Self::V2,
            () if asks("version=1") => Self::V1,
            () => Self::V0,
        }
    }

    pub(super) fn setting(self) -> Option<&'static str> {
        match self {
            Self::V0 => None,
            Self::V1 => Some("version=1"),
            Self::V2 => Some("version=2"),
        }
    }
}

/// The answer to `GET info/refs?service=…`. `protocol` is the header `Git-Protocol` of the
/// request, if it had one.
///
/// # Errors
/// If the refs cannot be read, or the `git` program fails.
pub fn advertise(
    repository: &Repository,
    operation: Operation,
    protocol: Option<&str>,
    visible: &Visible,
) -> Result<Vec<u8>, ServeError> {
    match operation {
        Operation::Fetch => for_fetch(repository, Protocol::of(protocol), visible),
        Operation::Push => Ok(for_push(&tips(repository, visible)?)),
    }
}

fn for_fetch(
    repository: &Repository,
    protocol: Protocol,
    visible: &Visible,
) -> Result<Vec<u8>, ServeError> {
    let mut answer = match protocol {
        Protocol::V2 => Vec::new(),
        Protocol::V0 | Protocol::V1 => opening(Operation::Fetch),
    };
    let streaming = Streaming::upload_pack(repository, protocol, visible, true)?;
    streaming.run(std::io::empty(), &mut answer)?;
    Ok(answer)
}

/// The line that older versions of the protocol begin with over HTTP.
fn opening(operation: Operation) -> Vec<u8> {
    let mut answer = Vec::new();
    packet::append(&mut answer, format!("# service={}\n", operation.service()).as_bytes());
    answer.extend_from_slice(b"0000");
    answer
}

/// Pushing has one version of the protocol.
fn for_push(tips: &[Tip]) -> Vec<u8> {
    let mut answer = opening(Operation::Push);
    if tips.is_empty() {
        let line = format!("{} capabilities^{{}}\0{CAPABILITIES}\n", "0".repeat(40));
        packet::append(&mut answer, line.as_bytes());
    }
    for (index, Tip { name, id }) in tips.iter().enumerate() {
        let line = match index {
            0 => format!("{id} {name}\0{CAPABILITIES}\n"),
            _ => format!("{id} {name}\n"),
        };
        packet::append(&mut answer, line.as_bytes());
    }
    answer.extend_from_slice(b"0000");
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_are_taken_from_the_header() {
        let cases = [
            (None, Protocol::V0),
            (Some("version=2"), Protocol::V2),
            (Some("version=1:version=2"), Protocol::V2),
            (Some("version=1"), Protocol::V1),
            (Some("version=3"), Protocol::V0),
            (Some("x=y\nversion=2"), Protocol::V0),
        ];
        for (header, expected) in cases {
            assert_eq!(Protocol::of(header), expected, "{header:?}");
        }
    }
}
