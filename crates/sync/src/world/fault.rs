//! What a cluster answers when it does not do what it was asked for.

/// The class of an answer: what to do about it depends on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The object is not there.
    NotFound,
    /// An object of this name is there already.
    Exists,
    /// Another object, or another state of it, is there.
    Conflict,
    /// We may not.
    Forbidden,
    /// The cluster does not know us.
    Unauthorized,
    /// A quota of its namespace is used up.
    Quota,
    /// The object is not valid, or an admission webhook refuses it.
    Refused,
    /// The cluster does not serve this kind.
    UnknownKind,
    /// What was asked for is too old; start anew.
    Gone,
    /// No answer, or one that says "later".
    Unavailable,
}

impl Fault {
    /// A word in CamelCase for programs.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::Exists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Forbidden => "Forbidden",
            Self::Unauthorized => "Unauthorized",
            Self::Quota => "QuotaExceeded",
            Self::Refused => "Refused",
            Self::UnknownKind => "UnknownKind",
            Self::Gone => "Expired",
            Self::Unavailable => "Unavailable",
        }
    }

    /// Whether the same request may succeed by itself in a moment.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Conflict | Self::Gone | Self::Unavailable)
    }
}

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorldError {
    /// Its class.
    pub fault: Fault,
    /// What the cluster said, as a sentence without a period; values of Secrets are never in it.
    pub message: String,
}

impl WorldError {
    /// An answer of a class.
    #[must_use]
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into() }
    }

    /// Whether it proves that the object is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.fault == Fault::NotFound
    }
}
