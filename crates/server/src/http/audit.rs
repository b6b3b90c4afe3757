//! The one way into the audit record.
//!
//! Routes say themselves what was done. Whatever changes something and says nothing, such as what
//! was refused, leaves a row all the same: its route, its path and how it was answered.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Deed;

use super::AppState;
use super::problem::Failure;
use super::rules::is_recorded;
use crate::identity::Caller;

/// The longest text of an object that is kept.
const LONGEST: usize = 512;

tokio::task_local! {
    /// Whether the request that is being answered needs no other row.
    static IS_TOLD: AtomicBool;
}

/// Says of the request that is being answered that nothing more needs to be recorded of it.
pub(crate) fn told() {
    // Outside of a request there is nothing to say.
    let _ = IS_TOLD.try_with(|told| told.store(true, Ordering::Relaxed));
}

/// Sees to it that a request which may change something leaves a row.
pub(crate) async fn of_each(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let caller = request.extensions().get::<Caller>().cloned();
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let is_recorded = is_recorded(request.method(), &path);
    let (Some(caller), Some(route), true) = (caller, route, is_recorded) else {
        return next.run(request).await;
    };
    let action = format!("{} {route}", request.method());
    let answered = async move {
        let response = next.run(request).await;
        (response, IS_TOLD.with(|told| told.load(Ordering::Relaxed)))
    };
    let (response, is_told) = IS_TOLD.scope(AtomicBool::new(false), answered).await;
    if !is_told {
        let details = json!({ "status": response.status().as_u16() });
        // What was done is done: that it could not be recorded is told to who watches the server.
        if let Err(failure) = state.record(&caller, &action, &path, details).await {
            tracing::error!(?failure, action, path, "not recorded");
        }
    }
    response
}

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
        told();
        Ok(())
    }
}
