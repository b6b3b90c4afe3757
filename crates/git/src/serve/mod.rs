//! What a smart HTTP server answers to `git clone`, `git fetch` and `git push`.
//!
//! In: a repository, what a client sent, and which refs it may see. Out: the bytes of the answer,
//! and the refs that a push moved. The HTTP around it is the caller's: it unpacks
//! `Content-Encoding: gzip`, ends a client that sends nothing, and authenticates
//! (<https://git-scm.com/docs/gitprotocol-http>). What a push may do is decided by the caller too,
//! on objects that are not in the repository yet.
//!
//! A fetch is answered by stock `git upload-pack`. A push is taken here: the `git` program reads
//! the pack and checks it in a quarantine, and the refs are moved as everywhere in this room.

mod advertise;
mod command;
mod fetch;
mod index_pack;
mod packet;
mod process;
mod quarantine;
mod receive;
mod report;
mod request;
mod update;
mod verdict;
mod visible;

use std::io;
use std::path::PathBuf;

use crate::{ProgramError, RepositoryError};

pub use advertise::advertise;
pub use fetch::upload_pack;
pub use receive::receive;
pub use update::{Push, RefUpdate, UpdateKind};
pub use verdict::{Received, RefVerdict, Verdict};
pub use visible::Visible;

/// What a client wants of the server, as the parameter `service` of `info/refs` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To fetch.
    Fetch,
    /// To push.
    Push,
}

impl Operation {
    /// What the service of this name is for; nothing if there is no such service.
    #[must_use]
    pub fn parse(service: &str) -> Option<Self> {
        [Self::Fetch, Self::Push].into_iter().find(|operation| operation.service() == service)
    }

    /// The name of the service for it, which is also the last part of the path that requests go to.
    #[must_use]
    pub fn service(self) -> &'static str {
        match self {
            Self::Fetch => "git-upload-pack",
            Self::Push => "git-receive-pack",
        }
    }

    /// The media type of what `advertise` answers.
    #[must_use]
    pub fn advertisement_type(self) -> String {
        format!("application/x-{}-advertisement", self.service())
    }

    /// The media type that a request must have.
    #[must_use]
    pub fn request_type(self) -> String {
        format!("application/x-{}-request", self.service())
    }

    /// The media type of the answer to a request.
    #[must_use]
    pub fn result_type(self) -> String {
        format!("application/x-{}-result", self.service())
    }
}

/// How much a push may bring, and take to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushLimits {
    /// Bytes that are sent.
    pub bytes: u64,
    /// Objects in its pack.
    pub objects: u32,
    /// Bytes of one file, unpacked.
    pub file: u64,
    /// Refs that it names.
    pub refs: usize,
    /// Bytes of memory for reading the pack.
    pub memory: u64,
    /// Seconds for reading the pack, without what the client takes to send it after that.
    pub seconds: u64,
}

impl Default for PushLimits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            objects: 1_000_000,
            file: 64 << 20,
            refs: 1_000,
            memory: 2 << 30,
            seconds: 300,
        }
    }
}

/// Why a client was not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What the client sent is not of the protocol: status 400.
    #[error("the request is not of Git's protocol: {0}")]
    Malformed(String),
    /// What the client sent is too large: status 413.
    #[error("the request has more than {limit} {unit}")]
    TooLarge {
        /// Of what.
        unit: &'static str,
        /// How many it may have.
        limit: u64,
    },
    /// The client went away, or could not be read from or written to.
    #[error("the connection to the client broke: {0}")]
    Client(io::Error),
    /// A file cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The `git` program failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The refs could not be moved, by no fault of the client.
    #[error(transparent)]
    Refs(#[from] crate::MoveError),
}
