//! A one-time token for the agent of one cluster.

use std::collections::BTreeSet;

use api::agent::{ClusterJoin, JoinKind, JoinOptions};
use axum::Extension;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use model::{ObjectId, Verb};
use serde_json::json;
use store::NewJoin;

use super::status::{check, find};
use crate::http::AppState;
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::http::routes::documents::no_source;
use crate::identity::{Caller, Secret};

/// For how many hours a token is valid, if nobody says.
const HOURS: u16 = 24;

/// For how many hours at most.
const MOST_HOURS: u16 = 720;

/// Makes a one-time token for the agent of a cluster, which is shown this once.
#[utoipa::path(post, path = "/api/v1/clusters/{name}/join", tag = "agents",
    params(("name" = String, Path, description = "The cluster.")), request_body = JoinOptions,
    responses(
    (status = 201, body = ClusterJoin),
    (status = 403),
    (status = 404),
    (status = 422),
))]
pub(super) async fn join(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Input(options): Input<JoinOptions>,
) -> Result<(StatusCode, Json<ClusterJoin>), Failure> {
    let hours = options.hours.unwrap_or(HOURS);
    if !(1..=MOST_HOURS).contains(&hours) {
        let detail = format!("`hours` is between 1 and {MOST_HOURS}");
        return Err(Failure::invalid("invalid-value", detail));
    }
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    let id = find(&catalogue, &sight, &name)?;
    check(&state, &caller, Verb::Propose, id)?;
    let merges = check(&state, &caller, Verb::Merge, id).is_ok();
    let secret = Secret::token().map_err(|error| Failure::unavailable(&error))?;
    let now = Timestamp::now();
    let expires = now + SignedDuration::from_hours(i64::from(hours));
    let join = NewJoin {
        digest: secret.digest(),
        cluster: name.clone(),
        joiner: caller.join_subject(),
        merges,
        expires,
    };
    state.store.add_join(&join, now).await?;
    let details = json!({"expires": expires.to_string()});
    state.record(&caller, "cluster.join", &format!("cluster:{name}"), details).await?;
    let working = state.clone();
    let kinds = tokio::task::spawn_blocking(move || kinds(&working)).await;
    let kinds = kinds.map_err(|error| Failure::unavailable(&error))??;
    Ok((
        StatusCode::CREATED,
        Json(ClusterJoin {
            cluster: name,
            token: secret.reveal().to_owned(),
            expires,
            release_key: state.agents.release_key.clone(),
            kinds: kinds.into_iter().collect(),
        }),
    ))
}

/// The kinds of objects that the fleet uses, by namespace: of each application, those of one of its
/// trees.
fn kinds(state: &AppState) -> Result<BTreeSet<JoinKind>, Failure> {
    let mut kinds = BTreeSet::new();
    let snapshot = state.snapshot();
    let Some(released) = &snapshot.released else { return Ok(kinds) };
    let mut looked_at = BTreeSet::new();
    let unread = |error: git::RepositoryError| Failure::unavailable(&error);
    let reader = state.data.clusters.reader();
    for cluster in &released.ledger.clusters {
        for cell in &cluster.cells {
            if looked_at.insert(cell.application) {
                collect(&reader, cell.fragment.tree, "", &mut kinds).map_err(unread)?;
            }
        }
    }
    Ok(kinds)
}

fn collect(
    reader: &git::Reader<'_>,
    tree: ObjectId,
    prefix: &str,
    kinds: &mut BTreeSet<JoinKind>,
) -> Result<(), git::RepositoryError> {
    for entry in reader.tree(tree)? {
        let Some(name) = entry.name_text() else { continue };
        let path = format!("{prefix}{name}");
        if entry.kind == git::TreeEntryKind::Tree {
            collect(reader, entry.id, &format!("{path}/"), kinds)?;
        } else if let Some(key) = schema::objects::object_key(&path) {
            let model::ObjectKey { group, kind, namespace, .. } = key;
            kinds.insert(JoinKind { group, kind, namespace });
        }
    }
    Ok(())
}
