//! What columns hold, as values.

use jiff::Timestamp;

/// A time from a column. What is no time there was never written by this program, and counts as
/// 1970.
pub(crate) fn from_milliseconds(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

/// Whether a row was refused since another one has its key.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}
