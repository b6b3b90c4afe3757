//! What was decided on a push, and what became of it.

use super::Push;
use crate::RefMove;

/// What was decided on a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// For each update of the push, in its order. One that has none is refused.
    pub refs: Vec<RefVerdict>,
    /// What the person reads, line by line, after `remote: `.
    pub text: String,
    /// Refs that move with those that are accepted, or not at all.
    pub also: Vec<RefMove>,
}

/// What was decided on one ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefVerdict {
    /// It moves.
    Accepted,
    /// Another ref moves in its place. The client is told that the push succeeded, and which ref
    /// moved, if it can understand that.
    Redirected(RefMove),
    /// It does not move, for a reason of one line.
    Refused(String),
}

impl Verdict {
    /// Everything moves.
    #[must_use]
    pub fn accepted(push: &Push<'_>) -> Self {
        Self { refs: vec![RefVerdict::Accepted; push.updates.len()], ..Self::default() }
    }

    /// Nothing moves, for a reason of one line and a text of any length.
    #[must_use]
    pub fn refused(push: &Push<'_>, reason: &str, text: String) -> Self {
        let refs = vec![RefVerdict::Refused(reason.to_owned()); push.updates.len()];
        Self { refs, text, also: Vec::new() }
    }
}

/// What became of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The refs that moved, durably.
    pub moved: Vec<RefMove>,
    /// The refs that were pushed to and did not move, with the reasons that the client was given.
    pub refused: Vec<(String, String)>,
    /// Whether the client was still there to hear it.
    pub is_answered: bool,
}
