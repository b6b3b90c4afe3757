//! The release of the cluster that asks.

use api::agent::{RELEASE_MEDIA, frame};
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use git::Given;
use jiff::Timestamp;
use model::{ClusterUid, ObjectId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{agent, no_release};
use crate::agents::SignedRelease;
use crate::http::AppState;
use crate::http::conditional::is_known;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// How many bytes a release may bring at once, unpacked.
const LARGEST: u64 = 512 << 20;

/// What the agent has.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Have {
    /// The id of the tree that it has whole; one that this cluster was never given counts as none.
    have: Option<String>,
}

/// The signed release of the agent's own cluster, with a pack of what it lacks.
#[utoipa::path(get, path = "/api/v1/agent/release", tag = "agents", params(Have), responses(
    (status = 200, content_type = "application/vnd.res-edge.release.v1"),
    (status = 304, description = "The agent has it already, by its `If-None-Match`."),
    (status = 403),
    (status = 404, description = "Nothing is released to the cluster yet."),
))]
pub(super) async fn release(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(have): Query<Have>,
) -> Result<Response, Failure> {
    let agent = agent(&caller)?;
    let found = state.agents.releases.table().of(&agent.cluster);
    let (uid, release) = found.ok_or_else(|| no_release(agent))?;
    state.agents.presence.heard(uid, Timestamp::now());
    if is_known(&headers, &release.etag) {
        // Thirty thousand ask this every minute: nothing more than must be.
        let tag = [(header::ETAG, release.etag.clone())];
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    let have = have.have.as_deref().and_then(|have| have.parse().ok());
    let working = state.clone();
    let body = tokio::task::spawn_blocking(move || body(&working, uid, &release, have));
    body.await.map_err(|error| Failure::unavailable(&error))?
}

fn body(
    state: &AppState,
    uid: ClusterUid,
    release: &SignedRelease,
    have: Option<ObjectId>,
) -> Result<Response, Failure> {
    let clusters = &state.data.clusters;
    let was_given = |tree: ObjectId| -> Result<bool, Failure> {
        if tree == release.tree {
            return Ok(true);
        }
        let given = Given::open(clusters).map_err(|error| Failure::unavailable(&error))?;
        let given = given.map(|given| given.gave(uid, tree)).transpose();
        Ok(given.map_err(|error| Failure::unavailable(&error))?.unwrap_or(false))
    };
    let have = match have {
        Some(tree) if was_given(tree)? => Some(tree),
        _ => None,
    };
    let pack = git::tree_pack(clusters, release.tree, have, LARGEST);
    let pack = pack.map_err(|error| Failure::unavailable(&error))?;
    let mut body = frame(&release.text, &release.signature);
    body.extend_from_slice(&pack);
    let kind = HeaderValue::from_static(RELEASE_MEDIA);
    Ok(([(header::CONTENT_TYPE, kind), (header::ETAG, release.etag.clone())], body).into_response())
}
