//! Bodies that come and go bit by bit, for functions that block.
//!
//! A client that sends nothing, or takes nothing, for [`SILENCE`] is given up.

use std::io::{self, Read, Write};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use flate2::read::MultiGzDecoder;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// How many bytes of an answer are sent at once.
const CHUNK: usize = 64 << 10;

/// How many chunks may wait for the client.
const CHUNKS: usize = 16;

/// The body of a request.
pub(crate) struct Incoming {
    chunks: Chunks,
    is_packed: bool,
}

impl Incoming {
    /// A body, of which nothing is read yet. `encoding` is the header `Content-Encoding`; nothing
    /// if it is not one that is understood.
    pub(crate) fn new(body: Body, encoding: Option<&[u8]>) -> Option<Self> {
        let is_packed = match encoding {
            None | Some(b"identity") => false,
            Some(b"gzip" | b"x-gzip") => true,
            Some(_) => return None,
        };
        let (stream, runtime) = (body.into_data_stream(), Handle::current());
        Some(Self { chunks: Chunks { stream, runtime, rest: Bytes::new() }, is_packed })
    }

    /// Reads it, unpacked. To be called in a thread that may block: this may read already.
    pub(crate) fn open(self) -> Box<dyn Read + Send> {
        match self.is_packed {
            true => Box::new(MultiGzDecoder::new(self.chunks)),
            false => Box::new(self.chunks),
        }
    }
}

/// The chunks of a body, read in a thread that may block.
struct Chunks {
    stream: BodyDataStream,
    runtime: Handle,
    rest: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            let next = wait(&self.runtime, self.stream.next())?;
            match next {
                None => return Ok(0),
                Some(chunk) => self.rest = chunk.map_err(io::Error::other)?,
            }
        }
        let n = buffer.len().min(self.rest.len());
        buffer[..n].copy_from_slice(&self.rest.split_to(n));
        Ok(n)
    }
}

/// Waits in a thread that may block.
fn wait<T>(runtime: &Handle, future: impl Future<Output = T>) -> io::Result<T> {
    let waited = runtime.block_on(async { timeout(SILENCE, future).await });
    waited.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the client was silent for long"))
}

/// What goes to the client: written in a thread that may block.
pub(crate) struct Outgoing {
    chunks: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
    buffer: Vec<u8>,
    has_written: bool,
}

impl Outgoing {
    /// Whether anything was written yet.
    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }

    fn send(&mut self, chunk: io::Result<Bytes>) -> io::Result<()> {
        let sent = wait(&self.runtime, self.chunks.send(chunk))?;
        sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the client went away"))
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.has_written = true;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::take(&mut self.buffer);
        self.send(Ok(chunk.into()))
    }
}

/// Answers with what a function writes, which runs in a thread of its own to its end, whatever
/// the client does. If it fails before it has written, that is the answer; if it fails later, the
/// connection is cut, so that nobody takes a part for the whole.
pub(crate) async fn answer<E: std::error::Error + Send + 'static>(
    media: String,
    write: impl FnOnce(&mut Outgoing) -> Result<(), E> + Send + 'static,
    failure: impl FnOnce(E) -> Response,
) -> Response {
    let (chunks, mut written) = mpsc::channel(CHUNKS);
    let runtime = Handle::current();
    let task = tokio::task::spawn_blocking(move || {
        let mut outgoing = Outgoing { chunks, runtime, buffer: Vec::new(), has_written: false };
        let ended = write(&mut outgoing);
        // Who is gone hears nothing of it.
        let _ = match &ended {
            Ok(()) => outgoing.flush(),
            Err(error) => outgoing.send(Err(io::Error::other(error.to_string()))),
        };
        ended
    });
    match written.recv().await {
        Some(Ok(first)) => {
            let first = tokio_stream::once(Ok(first));
            let body = Body::from_stream(first.chain(ReceiverStream::new(written)));
            let media = HeaderValue::from_str(&media);
            let media = media.unwrap_or(HeaderValue::from_static("application/octet-stream"));
            ([(header::CONTENT_TYPE, media)], body).into_response()
        }
        Some(Err(_)) | None => match task.await {
            Ok(Ok(())) => ([(header::CONTENT_TYPE, media)], Body::empty()).into_response(),
            Ok(Err(error)) => failure(error),
            Err(_) => super::answer::panicked(Box::new(())),
        },
    }
}
