//! The one way into the audit record.

use jiff::Timestamp;
use serde_json::Value;
use store::Deed;

use super::AppState;
use super::problem::Failure;
use crate::identity::Caller;

/// The longest text of an object that is kept.
const LONGEST: usize = 512;

impl AppState {
    /// Keeps what a caller did with something, before the answer says that it is done.
    ///
    /// `details` holds no secrets.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn record(
        &self,
        caller: &Caller,
        action: &str,
        object: &str,
        details: Value,
    ) -> Result<(), Failure> {
        self.record_as(caller.subject(), &caller.request, action, object, details).await
    }

    /// The same, where nobody is signed in yet.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn record_as(
        &self,
        actor: &str,
        request: &str,
        action: &str,
        object: &str,
        details: Value,
    ) -> Result<(), Failure> {
        let deed = Deed {
            actor: actor.to_owned(),
            action: action.to_owned(),
            object: object.chars().take(LONGEST).collect(),
            request: request.chars().take(LONGEST).collect(),
            details: details.to_string(),
        };
        self.store.record(&deed, Timestamp::now()).await?;
        Ok(())
    }
}
