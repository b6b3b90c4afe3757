//! How connections are taken: nobody may hold one and do nothing with it.
//!
//! In: an accepted connection. Out: the same, which sends small answers at once, and ends where
//! its client takes nothing of an answer for too long. Streams that are silent because nothing
//! happens stay: their heartbeats are taken.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

/// For how long a client may keep the server waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From an accepted connection until its first request is there, without its body.
    pub first_request: Duration,
    /// Between two parts of the body of a push.
    pub next_part: Duration,
    /// Until a client takes more of an answer.
    pub unread: Duration,
}

impl Default for Patience {
    /// Half a minute for a request, a minute for more of it: what a satellite link with a lost
    /// packet or two still keeps.
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { first_request: minute / 2, next_part: minute, unread: minute }
    }
}

/// Takes connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acceptor(pub(crate) Patience);

impl<S> Accept<TcpStream, S> for Acceptor {
    type Stream = Pin<Box<TimeoutStream<TcpStream>>>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(stream.set_nodelay(true).map(|()| {
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(self.0.unread));
            (Box::pin(stream), service)
        }))
    }
}
