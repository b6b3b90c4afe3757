//! Answering a fetch.

use std::io::{Read, Write};

use super::advertise::Protocol;
use super::packet::{self, PacketReader};
use super::process::Streaming;
use super::request::{self, Checked};
use super::{ServeError, Visible};
use crate::Repository;

/// How many bytes a request to fetch may have: what a client wants and has, by id.
const REQUEST: u64 = 32 << 20;

/// The answer to `POST git-upload-pack`: runs `git upload-pack` on what the client asked for.
/// `protocol` is the header `Git-Protocol`, if there was one.
///
/// It returns when the program ended, the client went, or its time was up; and never before
/// `input` ended or failed, so the caller ends a client that sends nothing.
///
/// # Errors
/// If the request is not of the protocol or too large, the client went, or the program failed.
/// What a client may not fetch is answered in the protocol, and no error.
pub fn upload_pack(
    repository: &Repository,
    protocol: Option<&str>,
    visible: &Visible,
    input: impl Read + Send,
    mut output: impl Write + Send,
) -> Result<(), ServeError> {
    let streaming = Streaming::upload_pack(repository, Protocol::of(protocol), visible, false)?;
    let mut input = PacketReader::new(input, REQUEST);
    if *visible == Visible::All {
        return streaming.run(&mut input, output).map_err(|error| input.explain(error));
    }
    match request::check(repository, visible, &mut input)? {
        Checked::Passed(request) => streaming.run(request.as_slice(), output),
        Checked::Refused(reason) => {
            let mut answer = Vec::new();
            packet::append(&mut answer, format!("ERR {reason}\n").as_bytes());
            output.write_all(&answer).and_then(|()| output.flush()).map_err(ServeError::Client)
        }
    }
}
