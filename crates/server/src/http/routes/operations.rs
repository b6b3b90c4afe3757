//! What people order: holds, stops, rollbacks, confirmations, and decisions about clusters that
//! someone else changed; and what waits for them.

use api::{
    ClusterDecision, ForeignCluster, Hold, NewConfirmation, NewHold, NewRollback, NewStop, Page,
    Waiting, WaitingItem,
};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use model::{ApplicationName, Generation, HoldKind, PlacedKind};
use release::{HeldItem, Part};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::documents::no_source;
use crate::catalogue::Catalogue;
use crate::http::body::Input;
use crate::http::listing::bad;
use crate::http::problem::Failure;
use crate::http::{AppState, audit};
use crate::identity::Caller;
use crate::operate::{OperateError, Operated, Operation};
use crate::sight::Sight;
use crate::{ClusterAct, PublishError};

/// How many items that wait are told at most.
const MOST_ITEMS: usize = 1_000;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 1_000;

/// The longest expression, in bytes.
const LONGEST_EXPRESSION: usize = 8_192;

/// How many applications an order names at most.
const MOST_APPLICATIONS: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(holds, hold))
        .routes(routes!(resume))
        .routes(routes!(stop))
        .routes(routes!(roll_back))
        .routes(routes!(waiting))
        .routes(routes!(confirm))
        .routes(routes!(adopt))
        .routes(routes!(end_adoption))
        .routes(routes!(discard))
}

/// Whether it is only looked at.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Look {
    /// `true` to be told what would be done, and to do nothing.
    #[serde(default, rename = "dryRun")]
    dry_run: bool,
}

/// What gets no release until a person decides, as far as the caller sees it.
#[utoipa::path(get, path = "/api/v1/holds", tag = "operations", responses(
    (status = 200, body = Page<Hold>),
    (status = 404),
))]
async fn holds(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Page<Hold>>, Failure> {
    let snapshot = state.snapshot();
    let catalogue = snapshot.catalogue.as_ref().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    let all = snapshot.released.as_ref().map(|released| api::holds_of(&released.ledger));
    let is_seen = |hold: &Hold| sees_hold(catalogue, &sight, hold);
    let items: Vec<Hold> = all.into_iter().flatten().filter(is_seen).collect();
    Ok(Json(Page { total: items.len() as u64, items, next: None }))
}

/// A hold is seen where one of its clusters is, or a cell of its applications there.
pub(crate) fn sees_hold(catalogue: &Catalogue, sight: &Sight, hold: &Hold) -> bool {
    let fleet = catalogue.fleet();
    if sight.is_everything() || hold.clusters.is_none() {
        return !sight.is_nothing();
    }
    let model::Observed::Known(clusters) = crate::orders::clusters(fleet, hold.clusters.as_deref())
    else {
        return false;
    };
    let ids = hold.applications.iter().filter_map(|name| fleet.application_id(name));
    let ids: Vec<_> = ids.collect();
    let sees_any_cell = |cluster| {
        let mut namespaces = (0..fleet.namespaces.len()).filter_map(|index| sight.on(index));
        namespaces.any(|seen| seen.contains(cluster))
    };
    clusters.iter().any(|cluster| {
        sight.clusters().is_some_and(|seen| seen.contains(cluster))
            || ids.iter().any(|one| sight.cell(fleet, *one, cluster))
            || (hold.applications.is_empty() && sees_any_cell(cluster))
    })
}

/// Holds releases back from some clusters, or from some applications there.
#[utoipa::path(post, path = "/api/v1/holds", tag = "operations", request_body = NewHold,
    params(Look), responses(
    (status = 201, body = api::Operation),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 415),
    (status = 422),
))]
async fn hold(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(look): Query<Look>,
    Input(new): Input<NewHold>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let hold = release::NewHold {
        kind: PlacedKind::Hold,
        clusters: Some(expression(&new.clusters)?),
        applications: applications(&new.applications)?,
        reason: reason(new.reason)?,
        until: new.until,
    };
    order(&state, &caller, Operation::Place(hold, None), look.dry_run, "hold.place").await
}

/// Ends a hold, a stop or a rollback, and releases what it held back.
#[utoipa::path(delete, path = "/api/v1/holds/{name}", tag = "operations",
    params(("name" = String, Path, description = "As in `hold-12`."), Look), responses(
    (status = 200, body = api::Operation),
    (status = 403),
    (status = 404),
    (status = 409),
))]
async fn resume(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(look): Query<Look>,
) -> Result<Json<api::Operation>, Failure> {
    let number = name.strip_prefix("hold-").and_then(|number| number.parse().ok());
    let since = Generation(number.ok_or_else(|| {
        let shown: String = name.chars().take(64).collect();
        Failure::not_found(format!("there is no hold `{}`", shown.escape_debug()))
            .hint("`GET /api/v1/holds` lists those that are there")
    })?);
    let done = order(&state, &caller, Operation::Lift(since), look.dry_run, "hold.resume").await?;
    Ok(done.1)
}

/// Stops every release, everywhere, until the hold that this places is ended.
#[utoipa::path(post, path = "/api/v1/stop", tag = "operations", request_body = NewStop,
    params(Look), responses(
    (status = 201, body = api::Operation),
    (status = 400),
    (status = 403),
    (status = 409),
    (status = 415),
    (status = 422),
))]
async fn stop(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(look): Query<Look>,
    Input(new): Input<NewStop>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let hold = release::NewHold {
        kind: PlacedKind::Stop,
        clusters: None,
        applications: Vec::new(),
        reason: reason(new.reason)?,
        until: new.until,
    };
    order(&state, &caller, Operation::Place(hold, None), look.dry_run, "stop").await
}

/// Goes back to what an earlier step gave some clusters, and holds it there.
#[utoipa::path(post, path = "/api/v1/rollbacks", tag = "operations", request_body = NewRollback,
    params(Look), responses(
    (status = 201, body = api::Operation),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 415),
    (status = 422),
))]
async fn roll_back(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(look): Query<Look>,
    Input(new): Input<NewRollback>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let hold = release::NewHold {
        kind: PlacedKind::Rollback,
        clusters: Some(expression(&new.clusters)?),
        applications: applications(&new.applications)?,
        reason: reason(new.reason)?,
        until: new.until,
    };
    let operation = Operation::Place(hold, Some(Generation(new.step)));
    order(&state, &caller, operation, look.dry_run, "rollback").await
}

/// What waits for a person, as far as the caller sees it: what the brakes keep back, with the
/// digest that confirms exactly that, and clusters that someone else changed.
#[utoipa::path(get, path = "/api/v1/waiting", tag = "operations", responses(
    (status = 200, body = Waiting),
    (status = 404),
))]
async fn waiting(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Waiting>, Failure> {
    let snapshot = state.snapshot();
    let catalogue = snapshot.catalogue.as_ref().ok_or_else(no_source)?;
    let sight = catalogue.sight(&caller);
    let Some(waits) = &snapshot.waits else { return Ok(Json(Waiting::default())) };
    let mut told = Waiting::default();
    if let Some(held) = &waits.held {
        let seen: Vec<&HeldItem> =
            held.items.iter().filter(|item| sees_item(catalogue, &sight, item)).collect();
        told.total = seen.len() as u64;
        // Nobody confirms what they do not see.
        told.plan = (seen.len() == held.items.len()).then(|| held.plan.to_string());
        let item = |item: &&HeldItem| WaitingItem {
            cluster: item.name.to_string(),
            part: item.part.to_string(),
            old: item.old.map(|id| id.to_string()),
            new: item.new.map(|id| id.to_string()),
            reason: held.reasons[item.reason].to_string(),
        };
        told.items = seen.iter().take(MOST_ITEMS).map(item).collect();
    }
    let fleet = catalogue.fleet();
    let sees = |name: &str| match fleet.document(model::Kind::Cluster, name) {
        Some(id) => sight.document(fleet, id),
        None => sight.is_everything(),
    };
    let kept = waits.kept.iter().filter(|kept| sees(kept.cluster.as_str()));
    let kept = kept.map(|kept| ForeignCluster {
        cluster: kept.cluster.to_string(),
        tree: kept.tree.to_string(),
        is_adopted: kept.kind == HoldKind::Adopted,
    });
    told.foreign = kept.collect();
    told.on_hold = if sight.is_everything() { waits.n_on_hold as u64 } else { 0 };
    Ok(Json(told))
}

fn sees_item(catalogue: &Catalogue, sight: &Sight, item: &HeldItem) -> bool {
    let fleet = catalogue.fleet();
    let Some(cluster) = fleet.cluster_id(item.name.as_str()) else { return sight.is_everything() };
    let sees_namespace = |index: usize| sight.on(index).is_some_and(|set| set.contains(cluster));
    sight.is_everything()
        || match &item.part {
            Part::Application(name) => sight.cell_of(fleet, name.as_str(), cluster),
            Part::Namespace(name) => {
                fleet.namespace_id(name.as_str()).is_some_and(|id| sees_namespace(id.0 as usize))
            }
            Part::Bootstrap | Part::Cluster => {
                sight.clusters().is_some_and(|seen| seen.contains(cluster))
            }
        }
}

/// Lets exactly what waits pass. If anything else waits by now, nothing does.
#[utoipa::path(post, path = "/api/v1/confirmations", tag = "operations",
    request_body = NewConfirmation, params(Look), responses(
    (status = 201, body = api::Operation),
    (status = 400),
    (status = 403),
    (status = 409),
    (status = 415),
    (status = 422),
))]
async fn confirm(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(look): Query<Look>,
    Input(new): Input<NewConfirmation>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let plan = new.plan.parse().map_err(|_| bad("`plan` is no digest"))?;
    order(&state, &caller, Operation::Confirm(plan), look.dry_run, "confirm").await
}

/// Keeps what someone else wrote into a cluster's folder or branch, which then gets no release
/// until the adoption ends.
#[utoipa::path(post, path = "/api/v1/adoptions", tag = "operations",
    request_body = ClusterDecision, responses(
    (status = 201, body = api::Operation),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 415),
    (status = 422),
))]
async fn adopt(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Input(new): Input<ClusterDecision>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let operation = on_cluster(new, ClusterAct::Adopt)?;
    order(&state, &caller, operation, false, "cluster.adopt").await
}

/// Ends an adoption: the cluster goes back to its release.
#[utoipa::path(delete, path = "/api/v1/adoptions/{cluster}", tag = "operations",
    params(("cluster" = String, Path, description = "The cluster.")), responses(
    (status = 200, body = api::Operation),
    (status = 403),
    (status = 404),
    (status = 409),
))]
async fn end_adoption(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(cluster): Path<String>,
) -> Result<Json<api::Operation>, Failure> {
    let operation = on_cluster(ClusterDecision { cluster, tree: None }, ClusterAct::Resume)?;
    Ok(order(&state, &caller, operation, false, "cluster.resume").await?.1)
}

/// Writes the release over what someone else wrote into a cluster's folder or branch.
#[utoipa::path(post, path = "/api/v1/discards", tag = "operations",
    request_body = ClusterDecision, responses(
    (status = 201, body = api::Operation),
    (status = 400),
    (status = 403),
    (status = 404),
    (status = 409),
    (status = 415),
    (status = 422),
))]
async fn discard(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Input(new): Input<ClusterDecision>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let operation = on_cluster(new, ClusterAct::Discard)?;
    order(&state, &caller, operation, false, "cluster.discard").await
}

/// Has the loop do what is ordered, and keeps a record of it.
async fn order(
    state: &AppState,
    caller: &Caller,
    operation: Operation,
    is_dry_run: bool,
    action: &str,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let (who, what) = (caller.clone(), operation.clone());
    let done = state.controller.act(move |desk| desk.operate(&who, &what, is_dry_run)).await??;
    if !is_dry_run {
        let (object, mut details) = told(&operation, &done);
        details["step"] = json!(done.step.as_ref().map(|(step, _)| step.0));
        state.record(caller, action, &object, details).await?;
    } else {
        audit::told();
    }
    Ok((StatusCode::CREATED, Json(wire(&done, is_dry_run))))
}

/// What the record says of an order: on what, and more of it.
fn told(operation: &Operation, done: &Operated) -> (String, Value) {
    match operation {
        Operation::Place(hold, back) => {
            let name = done.hold.as_ref().map_or_else(String::new, model::PlacedHold::name);
            let applications: Vec<&str> =
                hold.applications.iter().map(ApplicationName::as_str).collect();
            let details = json!({
                "clusters": hold.clusters, "applications": applications, "reason": hold.reason,
                "until": hold.until, "to": back.map(|step| step.0),
            });
            (name, details)
        }
        Operation::Lift(since) => (format!("hold-{since}"), json!({})),
        Operation::Confirm(plan) => (format!("plan:{plan}"), json!({})),
        Operation::OnCluster { cluster, seen, .. } => {
            (format!("cluster:{cluster}"), json!({ "tree": seen.map(|id| id.to_string()) }))
        }
    }
}

fn wire(done: &Operated, is_dry_run: bool) -> api::Operation {
    let clamped = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    api::Operation {
        step: done.step.as_ref().map(|(step, _)| step.0),
        subject: done.step.as_ref().and_then(|(_, subject)| subject.clone()),
        hold: done.hold.as_ref().map(Hold::from),
        clusters_changed: clamped(done.n_changed),
        on_hold: clamped(done.waits.n_on_hold),
        is_waiting: done.waits.is_waiting(),
        is_dry_run,
    }
}

fn on_cluster(new: ClusterDecision, act: ClusterAct) -> Result<Operation, Failure> {
    let seen = new.tree.map(|tree| tree.parse()).transpose();
    let seen = seen.map_err(|_| bad("`tree` is no id of a tree"))?;
    Ok(Operation::OnCluster { cluster: new.cluster, act, seen })
}

fn expression(text: &str) -> Result<String, Failure> {
    match text.len() <= LONGEST_EXPRESSION {
        true => Ok(text.to_owned()),
        false => Err(bad(format!("an expression has at most {LONGEST_EXPRESSION} bytes"))),
    }
}

fn applications(names: &[String]) -> Result<Vec<ApplicationName>, Failure> {
    if names.len() > MOST_APPLICATIONS {
        return Err(bad(format!("an order names at most {MOST_APPLICATIONS} applications")));
    }
    let parse = |name: &String| {
        ApplicationName::parse(name)
            .map_err(|error| Failure::invalid("unfit-name", error.to_string()))
    };
    names.iter().map(parse).collect()
}

fn reason(text: String) -> Result<String, Failure> {
    match text.chars().count() <= LONGEST_REASON {
        true => Ok(text),
        false => Err(bad(format!("a reason has at most {LONGEST_REASON} characters"))),
    }
}

impl From<OperateError> for Failure {
    fn from(error: OperateError) -> Self {
        let detail = error.to_string();
        let forbidden = |detail| Self::new(StatusCode::FORBIDDEN, "forbidden", detail);
        match error {
            OperateError::NoSource => Self::new(StatusCode::CONFLICT, "no-source", detail)
                .hint("push one to `main`; while there is none, nothing is released"),
            OperateError::Nobody => {
                forbidden(detail).hint("a Role with the verb `operate` lets you")
            }
            OperateError::NotAllowed(_) => forbidden(detail),
            OperateError::NotWaiting => Self::new(StatusCode::CONFLICT, "stale", detail)
                .hint("look at it again: `GET /api/v1/waiting`"),
            OperateError::Publish(error) => error.into(),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, error.to_string());
        let failure = match &error {
            PublishError::Refused(_) => conflict("not-released"),
            PublishError::NothingToRollBack(_) | PublishError::Cluster(_) => {
                conflict("nothing-to-do")
            }
            PublishError::OtherTree(_) => conflict("stale"),
            PublishError::NothingReleased => conflict("nothing-released"),
            PublishError::NoSuchStep(_)
            | PublishError::NoSuchCluster { .. }
            | PublishError::Order(release::OrderError::NoSuchHold(_)) => {
                Self::not_found(error.to_string())
            }
            PublishError::Order(_) => Self::invalid("unfit-order", error.to_string()),
            PublishError::Scope { .. } => Self::invalid("unfit-scope", error.to_string()),
            _ => Self::unavailable(&error),
        };
        error.hint().into_iter().fold(failure, Self::hint)
    }
}
