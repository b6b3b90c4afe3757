//! Pkt-lines, in which everything but packs is sent:
//! <https://git-scm.com/docs/gitprotocol-common>.

use std::io::{self, Read, Write};

use super::ServeError;

/// How many bytes a pkt-line may have, its length among them.
const MOST: usize = 65_520;

/// One pkt-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// Some bytes.
    Data(Vec<u8>),
    /// `0000`, the end of a message.
    Flush,
    /// `0001`, between sections of a message.
    Delimiter,
    /// `0002`, the end of a response.
    End,
}

impl Packet {
    /// Appends the packet as it is sent.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Data(bytes) => append(out, bytes),
            Self::Flush => out.extend_from_slice(b"0000"),
            Self::Delimiter => out.extend_from_slice(b"0001"),
            Self::End => out.extend_from_slice(b"0002"),
        }
    }
}

/// Appends bytes, of which there must be few enough, as one pkt-line.
pub(super) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    debug_assert!(bytes.len() <= MOST - 4, "a pkt-line has at most {MOST} bytes");
    out.extend_from_slice(format!("{:04x}", bytes.len() + 4).as_bytes());
    out.extend_from_slice(bytes);
}

/// A line of text without the line break that it may end with.
pub(super) fn line(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}

/// Reads pkt-lines, and after them what else was sent, up to a number of bytes.
pub(super) struct PacketReader<R> {
    input: R,
    limit: u64,
    left: u64,
}

impl<R: Read> PacketReader<R> {
    /// Nothing is read yet.
    pub(super) fn new(input: R, limit: u64) -> Self {
        Self { input, limit, left: limit }
    }

    /// The next packet; nothing at the end of what was sent.
    ///
    /// # Errors
    /// If it is cut off, is not one, or passes the limit.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, ServeError> {
        let mut length = [0; 4];
        match self.fill(&mut length)? {
            0 => return Ok(None),
            4 => {}
            _ => return Err(cut_off()),
        }
        let text = std::str::from_utf8(&length).ok();
        let is_hex = length.iter().all(u8::is_ascii_hexdigit);
        let length = text.filter(|_| is_hex).and_then(|text| usize::from_str_radix(text, 16).ok());
        match length {
            Some(0) => Ok(Some(Packet::Flush)),
            Some(1) => Ok(Some(Packet::Delimiter)),
            Some(2) => Ok(Some(Packet::End)),
            Some(length @ 4..=MOST) => {
                let mut bytes = vec![0; length - 4];
                if self.fill(&mut bytes)? < bytes.len() {
                    return Err(cut_off());
                }
                Ok(Some(Packet::Data(bytes)))
            }
            _ => Err(ServeError::Malformed("a line does not start with its length".to_owned())),
        }
    }

    /// Fills a buffer, or as much of it as there is.
    ///
    /// # Errors
    /// If the client cannot be read from, or the limit is passed.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ServeError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error(error)),
            }
        }
        Ok(filled)
    }

    /// Reads to the end and forgets it, so that a client that is still sending reads the answer.
    pub(super) fn drain(&mut self) {
        // Whoever sends more than all that may be sent is not waited for.
        let _ = io::copy(&mut (&mut self.input).take(self.limit), &mut io::sink());
    }

    /// The same error, with the limit if that is what was passed while someone else read on.
    pub(super) fn explain(&self, error: ServeError) -> ServeError {
        match error {
            ServeError::Client(error) => self.error(error),
            error => error,
        }
    }

    /// What an error of [`Read`] means.
    fn error(&self, error: io::Error) -> ServeError {
        match error.kind() {
            io::ErrorKind::FileTooLarge => {
                ServeError::TooLarge { unit: "bytes", limit: self.limit }
            }
            _ => ServeError::Client(error),
        }
    }
}

impl<R: Read> Read for PacketReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte more than is left tells the end of what was sent from too much of it.
        let most = buffer.len().min(usize::try_from(self.left + 1).unwrap_or(usize::MAX));
        let n = self.input.read(&mut buffer[..most])?;
        if n as u64 > self.left {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.left -= n as u64;
        Ok(n)
    }
}

fn cut_off() -> ServeError {
    ServeError::Malformed("it is cut off".to_owned())
}

/// Writes in bands, where the client can tell the answer from text for people:
/// <https://git-scm.com/docs/gitprotocol-pack#_packfile_data>.
pub(super) struct Bands<W> {
    output: W,
    is_banded: bool,
}

/// A stretch of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Band {
    /// For the program.
    Answer = 1,
    /// For the person; each line is shown after `remote: `.
    Text = 2,
}

impl<W: Write> Bands<W> {
    /// Whether the client asked for bands; without them it cannot be shown any text.
    pub(super) fn new(output: W, is_banded: bool) -> Self {
        Self { output, is_banded }
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// If the client cannot be written to.
    pub(super) fn write(&mut self, band: Band, bytes: &[u8]) -> io::Result<()> {
        if !self.is_banded {
            return if band == Band::Answer { self.output.write_all(bytes) } else { Ok(()) };
        }
        for chunk in bytes.chunks(MOST - 5) {
            let mut packet = Vec::with_capacity(chunk.len() + 5);
            append(&mut packet, &[&[band as u8], chunk].concat());
            self.output.write_all(&packet)?;
        }
        Ok(())
    }

    /// Ends the answer.
    ///
    /// # Errors
    /// If the client cannot be written to.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.is_banded {
            self.output.write_all(b"0000")?;
        }
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limit: u64) -> Result<Vec<Packet>, ServeError> {
        let mut reader = PacketReader::new(bytes, limit);
        std::iter::from_fn(|| reader.next().transpose()).collect()
    }

    #[test]
    fn packets_are_read_as_they_were_written() {
        let packets = [
            Packet::Data(b"one\n".to_vec()),
            Packet::Delimiter,
            Packet::Data(Vec::new()),
            Packet::Flush,
            Packet::End,
        ];
        let mut bytes = Vec::new();
        packets.iter().for_each(|packet| packet.append_to(&mut bytes));
        assert_eq!(bytes, b"0008one\n0001000400000002");
        assert_eq!(read(&bytes, 100).unwrap(), packets);
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for bytes in
            [&b"0003"[..], b"00", b"000g", b"+004", b"fff1", b"0008on", b" 008one\n", b"ffff"]
        {
            let refused = read(bytes, 100_000);
            assert!(matches!(refused, Err(ServeError::Malformed(_))), "{bytes:?}: {refused:?}");
        }
    }

    #[test]
    fn more_than_the_limit_is_refused_and_the_limit_is_not() {
        assert_eq!(read(b"0008one\n", 8).unwrap().len(), 1);
        assert!(matches!(read(b"0008one\n", 7), Err(ServeError::TooLarge { limit: 7, .. })));
    }

    #[test]
    fn long_texts_are_cut_into_packets() {
        let mut out = Vec::new();
        let mut bands = Bands::new(&mut out, true);
        bands.write(Band::Text, &vec![b'a'; MOST]).unwrap();
        bands.finish().unwrap();
        let size = |packet: Packet| match packet {
            Packet::Data(bytes) => bytes.len(),
            _ => 0,
        };
        let sizes: Vec<_> = read(&out, 1 << 20).unwrap().into_iter().map(size).collect();
        assert_eq!(sizes, [MOST - 4, 6, 0]);
    }
}
