//! Repositories elsewhere: what refs they have, and moving objects and refs to and from them.
//!
//! In: an address, who we are there, and a repository of this machine that keeps the objects. Out:
//! refs with their ids, objects in that repository, and refs moved at the remote by
//! compare-and-swap, all or none. The `git` program does the transfer, as stock Git does it. What
//! goes wrong is told apart by what to do about it, and no message holds a secret.
//!
//! Redirects are not followed, since credentials would follow them; the keys of SSH hosts must be
//! known.

mod credentials;
mod failure;
mod mirror;
mod push;
mod url;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use model::ObjectId;

use crate::program::Ran;
use crate::{Repository, program};
pub use credentials::Credentials;
pub use failure::RemoteError;
pub use mirror::{Mirror, Tracked};
pub use push::{RefUpdate, push};
pub use url::{RemoteUrl, Transport, UrlError};

/// How long one transfer may take, if nothing else is said.
pub const TIME: Duration = Duration::from_secs(1800);

/// A repository elsewhere, and who we are there.
#[derive(Clone, Debug)]
pub struct Remote {
    url: RemoteUrl,
    credentials: Credentials,
    /// A file of certificate authorities.
    authority: Option<PathBuf>,
    time: Duration,
}

impl Remote {
    /// A remote with the usual limit of time.
    ///
    /// # Errors
    /// [`RemoteError::Plain`] if a token would travel unencrypted to another machine, and
    /// [`RemoteError::Mismatch`] if the credentials are for another way of reaching it.
    pub fn new(url: RemoteUrl, credentials: Credentials) -> Result<Self, RemoteError> {
        match (&credentials, url.transport()) {
            (Credentials::Token { .. }, Transport::Http) if !url.is_loopback() => {
                Err(RemoteError::Plain { url })
            }
            (Credentials::Token { .. }, Transport::Ssh | Transport::Local)
            | (Credentials::Key { .. }, Transport::Https | Transport::Http | Transport::Local) => {
                Err(RemoteError::Mismatch { url })
            }
            _ => Ok(Self { url, credentials, authority: None, time: TIME }),
        }
    }

    /// The same with another limit for each transfer.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// The same, with a file of certificate authorities as PEM that its certificate may be of.
    /// Those of the system count too where the `git` program looks for them in a folder.
    #[must_use]
    pub fn trusting(self, authority: PathBuf) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &RemoteUrl {
        &self.url
    }

    /// Runs the program with what this remote needs.
    fn run(
        &self,
        repository: &Repository,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<Ran, RemoteError> {
        let authority = self.authority.as_deref();
        let environment = self.credentials.environment(&self.url, authority);
        let ran = program::run_far(repository.git_dir(), arguments, input, self.time, &environment);
        let mut ran = ran.map_err(|error| RemoteError::of_program(&self.url, error))?;
        ran.complaint = self.credentials.hide(&ran.complaint);
        Ok(ran)
    }
}

/// The refs of a remote by their full names, with the objects they point at.
pub type RemoteRefs = BTreeMap<String, ObjectId>;

/// The refs of a remote below these prefixes, such as `refs/heads/`; a whole name is a prefix
/// too. An empty remote has none.
///
/// # Errors
/// If it cannot be asked. That is never taken for no refs.
pub fn list(
    repository: &Repository,
    remote: &Remote,
    prefixes: &[&str],
) -> Result<RemoteRefs, RemoteError> {
    let mut arguments = vec!["ls-remote", "--refs"];
    // A forge has a ref or two for each pull request that there ever was.
    if !prefixes.is_empty() && prefixes.iter().all(|prefix| prefix.starts_with("refs/heads/")) {
        arguments.push("--heads");
    }
    arguments.extend(["--", remote.url.as_str()]);
    let ran = remote.run(repository, &arguments, b"")?;
    if !ran.is_success {
        return Err(RemoteError::of_complaint(&remote.url, &ran.complaint));
    }
    let mut refs = RemoteRefs::new();
    for line in String::from_utf8_lossy(&ran.printed).lines() {
        let parsed = line.split_once('\t').and_then(|(id, name)| Some((id.parse().ok()?, name)));
        let Some((id, name)) = parsed else {
            let answer = "it answered with what is no list of refs".to_owned();
            return Err(RemoteError::Failed { url: remote.url.clone(), complaint: answer });
        };
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            refs.insert(name.to_owned(), id);
        }
    }
    Ok(refs)
}

/// Brings objects, with all that they lead to, from a remote into a repository. They must be
/// those that refs of the remote point at. No ref of the repository moves: the caller says
/// what to do with them, before anything collects garbage.
///
/// # Errors
/// If the remote cannot be asked or does not have them; [`RemoteError::Moved`] if a ref moved
/// after it was listed, so that an object is not offered any more.
pub fn fetch(
    repository: &Repository,
    remote: &Remote,
    ids: &[ObjectId],
) -> Result<(), RemoteError> {
    let reader = repository.reader();
    let missing: Vec<_> = ids.iter().filter(|id| reader.size(**id).is_err()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let input: String = missing.iter().map(|id| format!("{id}\n")).collect();
    let arguments = [
        "-c",
        // Many small packs are merged; loose objects would be synced one by one.
        "fetch.unpackLimit=1",
        "fetch",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--no-recurse-submodules",
        "--stdin",
        "--",
        remote.url.as_str(),
    ];
    let ran = remote.run(repository, &arguments, input.as_bytes())?;
    if ran.is_success {
        return Ok(());
    }
    Err(RemoteError::of_complaint(&remote.url, &ran.complaint))
}
