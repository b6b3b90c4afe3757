//! When being on the way becomes a failure.

use jiff::{SignedDuration, Timestamp};

use super::{Health, State};

/// How long an object may be on the way if nothing else is said; Kubernetes gives a Deployment
/// as long (`progressDeadlineSeconds`, 600).
pub const DEFAULT_DEADLINE: SignedDuration = SignedDuration::from_mins(10);

/// The health of an object that has been on the way since `since`.
///
/// A clock that went backwards gives it more time and never less.
#[must_use]
pub fn past_deadline(
    health: Health,
    since: Timestamp,
    now: Timestamp,
    deadline: SignedDuration,
) -> Health {
    let late = health.state == State::InProgress && now.duration_since(since) > deadline;
    if !late {
        return health;
    }
    let message = format!("not ready after {deadline:#}: {}: {}", health.reason, health.message);
    Health::failed("ProgressDeadlineExceeded", message)
}
