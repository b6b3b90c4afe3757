//! How the key of an agent becomes known.

use std::time::Duration;

use api::agent::{Enrolment, EnrolmentAnswer, EnrolmentState};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::agents::{EnrolError, Enrolled};
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::http::{AppState, REQUEST_ID, wait};

/// How long an agent waits for its merged key to be in use.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks to let an agent in with the key that it made. It may be asked again and again.
#[utoipa::path(post, path = "/api/v1/agent/enrolment", tag = "agents", request_body = Enrolment,
    responses(
    (status = 200, body = EnrolmentAnswer),
    (status = 400),
    (status = 401),
    (status = 403),
    (status = 404),
    (status = 409),
))]
pub(super) async fn enrol(
    State(state): State<AppState>,
    headers: HeaderMap,
    Input(enrolment): Input<Enrolment>,
) -> Result<Json<EnrolmentAnswer>, Failure> {
    let enrolments = &state.agents.enrolments;
    let checked = enrolments.check(&enrolment, Timestamp::now()).await?;
    let joiner = state.callers.of_subject(&checked.join.joiner).await?;
    let joiner = joiner.ok_or(EnrolError::NotAllowed)?;
    let (digest, is_first) = (checked.digest, checked.join.change.is_none());
    let fingerprint = checked.key.fingerprint();
    let agents = state.agents.clone();
    let entered = tokio::task::spawn_blocking(move || agents.enrolments.enter(&checked, &joiner));
    let enrolled = entered.await.map_err(|error| Failure::unavailable(&error))??;
    let change = match &enrolled {
        Enrolled::Accepted => None,
        Enrolled::Merged(number, _) | Enrolled::Waits(number) => Some(*number),
    };
    if let Some(number) = change.filter(|_| is_first) {
        state.store.set_join_change(digest, number).await?;
        let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        let object = format!("cluster:{}", enrolment.cluster);
        let details = json!({"key": fingerprint, "change": number});
        state.record_as("agent", id, "agent.enrol", &object, details).await?;
    }
    if let Enrolled::Merged(_, commit) = enrolled {
        // It may take longer: then the agent asks again.
        let _ = wait::for_source(&state, commit, PATIENCE).await;
    }
    let table = state.agents.releases.table();
    let counts = state.agents.enrolments.counts(&enrolment.cluster, &enrolment.public_key);
    Ok(Json(EnrolmentAnswer {
        state: if counts { EnrolmentState::Accepted } else { EnrolmentState::Pending },
        uid: table.uid(&enrolment.cluster).map(|uid| uid.to_string()),
        change: change.map(u64::from),
        release_key: state.agents.release_key.clone(),
    }))
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        let detail = error.to_string();
        let plain = |status, code| Self::new(status, code, detail.clone());
        match error {
            EnrolError::Token => plain(StatusCode::UNAUTHORIZED, "join-token")
                .hint("`res-edge cluster join` makes a new one"),
            EnrolError::Key => plain(StatusCode::BAD_REQUEST, "malformed-key"),
            EnrolError::Proof => plain(StatusCode::UNAUTHORIZED, "wrong-proof"),
            EnrolError::NoCluster(_) => plain(StatusCode::NOT_FOUND, "not-found"),
            EnrolError::OthersKey => {
                plain(StatusCode::CONFLICT, "others-key").hint("each cluster has a key of its own")
            }
            EnrolError::NotAllowed => plain(StatusCode::FORBIDDEN, "forbidden")
                .hint("join the cluster again as somebody who may propose edits of it"),
            EnrolError::Closed(_) => plain(StatusCode::CONFLICT, "closed")
                .hint("reopen the change, or join the cluster again"),
            EnrolError::Document(..) => plain(StatusCode::CONFLICT, "document")
                .hint("write the key into `spec.agent.keys` of the Cluster document"),
            EnrolError::Review(error) => error.into(),
            EnrolError::Register(error) => error.into(),
            EnrolError::Store(error) => error.into(),
        }
    }
}
