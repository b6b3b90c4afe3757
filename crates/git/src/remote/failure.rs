//! What can go wrong with a remote, told apart by what to do about it.

use model::CommitId;

use super::RemoteUrl;
use crate::{MoveError, ProgramError, RepositoryError};

/// Why a remote did not do what was asked. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// A ref is not where it was expected; nothing moved.
    #[error("`{name}` of `{url}` was moved by someone else in the meantime")]
    Moved {
        /// The remote.
        url: RemoteUrl,
        /// The first such ref.
        name: String,
    },
    /// The remote does not let us in.
    #[error("`{url}` does not accept the credentials")]
    Authentication {
        /// The remote.
        url: RemoteUrl,
    },
    /// The key of an SSH host is not the known one, or none is known.
    #[error("the host key of `{url}` is not known")]
    HostKey {
        /// The remote.
        url: RemoteUrl,
    },
    /// The host cannot be reached.
    #[error("cannot reach `{url}`: {reason}")]
    Unreachable {
        /// The remote.
        url: RemoteUrl,
        /// What the system said.
        reason: String,
    },
    /// There is no such repository, or we may not know of it.
    #[error("there is no Git repository at `{url}`")]
    Missing {
        /// The remote.
        url: RemoteUrl,
    },
    /// The remote sends us elsewhere.
    #[error("`{url}` redirects to another address, which is not followed")]
    Redirect {
        /// The remote.
        url: RemoteUrl,
    },
    /// It took too long.
    #[error("`{url}` {limit}")]
    Slow {
        /// The remote.
        url: RemoteUrl,
        /// Which limit.
        limit: String,
    },
    /// The remote refuses the new refs.
    #[error("`{url}` refuses the push: {reason}")]
    Refused {
        /// The remote.
        url: RemoteUrl,
        /// What it said.
        reason: String,
    },
    /// A token would be readable on the way.
    #[error("a token is not sent to `{url}` over plain HTTP")]
    Plain {
        /// The remote.
        url: RemoteUrl,
    },
    /// A token for SSH, or a key for HTTP.
    #[error("these credentials cannot be used with `{url}`")]
    Mismatch {
        /// The remote.
        url: RemoteUrl,
    },
    /// Too much for one push.
    #[error("{found} refs are too many for one push to `{url}`; {most} can be moved at once")]
    TooMany {
        /// The remote.
        url: RemoteUrl,
        /// How many.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// The remote cannot move several refs in one transaction; nothing moved.
    #[error("`{url}` cannot move several refs in one transaction")]
    NotAtomic {
        /// The remote.
        url: RemoteUrl,
    },
    /// What was there, or is here, is not part of what is there now.
    #[error("`{name}` of `{url}` does not hold {known}, which was there or is here already")]
    WentBack {
        /// The remote.
        url: RemoteUrl,
        /// The branch.
        name: String,
        /// What it should lead to.
        known: CommitId,
    },
    /// A ref has no possible name, or cannot be moved here.
    #[error(transparent)]
    Refs(#[from] MoveError),
    /// Anything else.
    #[error("`{url}`: {complaint}")]
    Failed {
        /// The remote.
        url: RemoteUrl,
        /// What was said.
        complaint: String,
    },
    /// The `git` program cannot be run.
    #[error(transparent)]
    Program(ProgramError),
    /// The repository of this machine cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl RemoteError {
    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Moved { .. } => "fetch again and decide anew",
            Self::Authentication { .. } => {
                "give a token or key that may read and write this repository, and look whether it \
                 expired"
            }
            Self::HostKey { .. } => {
                "compare the key with the one that the host publishes, and put it into the file of \
                 known hosts"
            }
            Self::Unreachable { .. } => {
                "look at the name, the network and its proxy; then try again"
            }
            Self::Missing { .. } => {
                "make the repository first, or look whether the credentials may see it"
            }
            Self::Redirect { .. } => "give the address that it redirects to",
            Self::Slow { .. } => "try again, or give it more time",
            Self::Refused { .. } => "ask who runs the repository for its rules on branches",
            Self::Plain { .. } => "use `https://`",
            Self::Mismatch { .. } => "use a token with HTTPS, and a key with SSH",
            Self::WentBack { .. } => {
                "somebody removed or rewrote it, or it was never there: push what is here to it, \
                 or look into its protection rules"
            }
            Self::TooMany { .. } => "deliver to a directory, or move them in several pushes",
            _ => return None,
        })
    }

    /// A run of the program that did not come to an end.
    pub(super) fn of_program(url: &RemoteUrl, error: ProgramError) -> Self {
        match error {
            ProgramError::Limit { limit, .. } => Self::Slow { url: url.clone(), limit },
            error => Self::Program(error),
        }
    }

    /// What the program complained about, in the C locale.
    pub(super) fn of_complaint(url: &RemoteUrl, complaint: &str) -> Self {
        let url = url.clone();
        let says = |words: &[&str]| words.iter().any(|word| complaint.contains(word));
        if says(&["Host key verification failed"]) {
            return Self::HostKey { url };
        }
        if says(&[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "Permission denied (",
            "returned error: 401",
            "returned error: 403",
        ]) {
            return Self::Authentication { url };
        }
        if ["301", "302", "303", "307", "308"]
            .iter()
            .any(|code| complaint.contains(&format!("returned error: {code}")))
        {
            return Self::Redirect { url };
        }
        if says(&["not found", "does not appear to be a git repository", "does not exist"])
            && !says(&["Could not resolve"])
        {
            return Self::Missing { url };
        }
        if says(&["not our ref", "Server does not allow request for unadvertised object"]) {
            return Self::Moved { url, name: "a ref".to_owned() };
        }
        let reasons = [
            "Could not resolve",
            "Failed to connect",
            "Couldn't connect",
            "Connection refused",
            "Connection timed out",
            "Connection reset",
            "Network is unreachable",
            "SSL certificate problem",
            "Empty reply from server",
        ];
        let reason = complaint.lines().find(|line| reasons.iter().any(|word| line.contains(word)));
        match reason {
            Some(reason) => Self::Unreachable { url, reason: shown(reason) },
            None => Self::Failed { url, complaint: shown(complaint) },
        }
    }
}

/// Words of others, on one line and without what a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let text = words.join(" ");
    match text.chars().count() {
        0 => "it gave no reason".to_owned(),
        1..=1000 => text,
        _ => text.chars().take(1000).chain("...".chars()).collect(),
    }
}
