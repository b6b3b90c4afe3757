//! The ledger through time: steps, histories, what gave a cell its tree, and what was released
//! at an earlier moment. Everything here is read from the ledger alone.

use std::sync::Arc;

use api::{
    Blame, ClusterStep, Page, PastCluster, Problem, SourceCommit, SourceEdit, Step, StepDetail,
};
use axum::extract::{Path, RawQuery, State};
use axum::{Extension, Json};
use git::{LedgerError, RepositoryError, StepRecord, Steps, Subject};
use jiff::Timestamp;
use model::{ApplicationName, ClusterName, Edit, Generation};
use schema::Kind;
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::documents::{no_source, unknown};
use crate::blame;
use crate::catalogue::Catalogue;
use crate::http::AppState;
use crate::http::listing::bad;
use crate::http::problem::Failure;
use crate::identity::Caller;
use crate::records::{Told, step_document, step_of_record};
use crate::sight::Sight;

/// How many steps or clusters a page has, unless it is asked for otherwise.
const PAGE: usize = 100;
/// How many it has at most.
const LARGEST_PAGE: usize = 1_000;

/// What every answer here may be besides.
#[derive(IntoResponses)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes answers")]
enum Problems {
    /// A parameter cannot be used.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(Problem),
    /// Nobody is signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// There is no such thing, or none that the caller may see.
    #[response(status = 404, content_type = "application/problem+json")]
    None(Problem),
    /// The ledger cannot be read at the moment.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        Self::unavailable(&error)
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(steps))
        .routes(routes!(step))
        .routes(routes!(cluster_history))
        .routes(routes!(application_history))
        .routes(routes!(binding_blame))
        .routes(routes!(cluster_released))
}

/// The steps of the ledger, the newest first. `continue` goes on with older ones, and never ends:
/// steps are never altered.
#[utoipa::path(
    get, path = "/api/v1/steps", tag = "ledger",
    params(
        ("limit" = Option<u32>, Query, description = "How many.", minimum = 1, maximum = 1000),
        ("continue" = Option<u32>, Query, description = "What the page before gave."),
    ),
    responses((status = 200, description = "A page of steps.", body = Page<Step>), Problems)
)]
async fn steps(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Step>>, Failure> {
    let asked = Asked::read(query.as_deref(), &["limit", "continue"])?;
    catalogue_of(&state, &caller)?;
    reading(state, move |state, steps| {
        let last = steps.last().0;
        let newest = asked.next.map_or(last, |next| next.min(last as usize) as u32);
        let numbers = (1..=newest).rev().take(asked.limit);
        let records = numbers.map(|number| steps.record(&state.data.clusters, Generation(number)));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        let items: Vec<Step> = records
            .into_iter()
            .flatten()
            .map(|record| step_document(record, Told::default()))
            .collect();
        let rest = newest.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        let next = (rest > 0).then(|| rest.to_string());
        Ok(Json(Page { items, total: u64::from(last), next }))
    })
    .await
}

/// One step, with the clusters that it changed.
#[utoipa::path(
    get, path = "/api/v1/steps/{generation}", tag = "ledger",
    params(
        ("generation" = u32, Path, description = "The number of the step."),
        ("limit" = Option<u32>, Query, description = "How many clusters.", minimum = 1,
            maximum = 1000),
        ("continue" = Option<u32>, Query, description = "What the page before gave."),
    ),
    responses((status = 200, description = "The step.", body = StepDetail), Problems)
)]
async fn step(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(generation): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<StepDetail>, Failure> {
    let asked = Asked::read(query.as_deref(), &["limit", "continue"])?;
    let (catalogue, sight) = catalogue_of(&state, &caller)?;
    let missing = no_step(&generation);
    let number = generation.parse().map(Generation).map_err(|_| no_step(&generation))?;
    reading(state, move |state, steps| {
        let record = steps.record(&state.data.clusters, number)?.ok_or(missing)?;
        let (skip, limit) = (asked.next.unwrap_or(0), asked.limit);
        let (total, changed) = steps.clusters(&state.data.clusters, number, skip, limit)?;
        let end = skip + changed.len();
        let next = (end < total && !changed.is_empty()).then(|| end.to_string());
        let items: Vec<ClusterStep> =
            changed.into_iter().filter_map(|one| cluster_step(&catalogue, &sight, one)).collect();
        let total = if sight.is_everything() { total } else { items.len() };
        let clusters = Page { items, total: total as u64, next };
        Ok(Json(StepDetail { step: step_document(record, Told::default()), clusters }))
    })
    .await
}

fn no_step(generation: &str) -> Failure {
    let shown: String = generation.chars().take(20).collect();
    Failure::not_found(format!("the ledger has no step `{shown}`"))
        .hint("`GET /api/v1/steps` lists them")
}

/// What a step did to a cluster, as far as it may be told.
fn cluster_step(
    catalogue: &Catalogue,
    sight: &Sight,
    changed: git::ClusterStep,
) -> Option<ClusterStep> {
    let mut told = Told::new(&changed.changes);
    if !sight.is_everything() {
        let fleet = catalogue.fleet();
        let id = fleet.document(Kind::Cluster, changed.name.as_str())?;
        if !sight.document(fleet, id) {
            return None;
        }
        told.keep(|name| sees_cell(catalogue, sight, name, changed.name.as_str()));
        if told.is_empty() {
            return None;
        }
    }
    let Told { added, updated, removed, other } = told;
    Some(ClusterStep { cluster: changed.name.to_string(), added, updated, removed, other })
}

fn sees_cell(catalogue: &Catalogue, sight: &Sight, application: &str, cluster: &str) -> bool {
    let fleet = catalogue.fleet();
    let on = fleet.cluster_id(cluster);
    sight.is_everything() || on.is_some_and(|on| sight.cell_of(fleet, application, on))
}

/// What each step did to a cluster, the newest first.
#[utoipa::path(
    get, path = "/api/v1/clusters/{name}/history", tag = "ledger",
    params(
        ("name" = String, Path, description = "The cluster, by the name it has or had last."),
        ("limit" = Option<u32>, Query, description = "How many.", minimum = 1, maximum = 1000),
        ("continue" = Option<u32>, Query, description = "What the page before gave."),
    ),
    responses((status = 200, description = "A page of steps.", body = Page<Step>), Problems)
)]
async fn cluster_history(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Step>>, Failure> {
    let (catalogue, sight) = catalogue_of(&state, &caller)?;
    seen(&catalogue, &sight, Kind::Cluster, &name)?;
    let missing = unknown(&catalogue, &sight, Kind::Cluster, &name);
    let Ok(parsed) = ClusterName::parse(&name) else { return Err(missing) };
    let may_tell = move |application: &str| sees_cell(&catalogue, &sight, application, &name);
    history(state, Subject::Cluster(parsed), query, may_tell, missing).await
}

/// What each step did to an application, the newest first.
#[utoipa::path(
    get, path = "/api/v1/applications/{name}/history", tag = "ledger",
    params(
        ("name" = String, Path, description = "The application."),
        ("limit" = Option<u32>, Query, description = "How many.", minimum = 1, maximum = 1000),
        ("continue" = Option<u32>, Query, description = "What the page before gave."),
    ),
    responses((status = 200, description = "A page of steps.", body = Page<Step>), Problems)
)]
async fn application_history(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Step>>, Failure> {
    let (catalogue, sight) = catalogue_of(&state, &caller)?;
    seen(&catalogue, &sight, Kind::Application, &name)?;
    let missing = unknown(&catalogue, &sight, Kind::Application, &name);
    let Ok(parsed) = ApplicationName::parse(&name) else { return Err(missing) };
    let may_tell = move |cluster: &str| sees_cell(&catalogue, &sight, &name, cluster);
    history(state, Subject::Application(parsed), query, may_tell, missing).await
}

async fn history(
    state: AppState,
    subject: Subject,
    query: Option<String>,
    may_tell: impl Fn(&str) -> bool + Send + 'static,
    missing: Failure,
) -> Result<Json<Page<Step>>, Failure> {
    let asked = Asked::read(query.as_deref(), &["limit", "continue"])?;
    reading(state, move |state, _| {
        let records = git::history(&state.data.clusters, &subject)?;
        if records.is_empty() {
            return Err(missing);
        }
        let told = records.iter().filter_map(|record| {
            let mut told = Told::new(&record.changes);
            told.keep(&may_tell);
            (!told.is_empty()).then(|| step_of_record(record, told))
        });
        let all: Vec<Step> = told.collect();
        let (skip, total) = (asked.next.unwrap_or(0), all.len());
        let items: Vec<Step> = all.into_iter().skip(skip).take(asked.limit).collect();
        let end = skip.saturating_add(items.len());
        let next = (end < total).then(|| end.to_string());
        Ok(Json(Page { items, total: total as u64, next }))
    })
    .await
}

/// What gave a binding the tree that is released: the step, the commit of the source, and the
/// edits of documents and templates on which the difference depends.
#[utoipa::path(
    get, path = "/api/v1/bindings/{application}/{cluster}/blame", tag = "ledger",
    params(
        ("application" = String, Path, description = "The application."),
        ("cluster" = String, Path, description = "The cluster."),
        ("asOf" = Option<String>, Query, description = "A step, or a time as of RFC 3339."),
    ),
    responses((status = 200, description = "What gave it its tree.", body = Blame), Problems)
)]
async fn binding_blame(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((application, cluster)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Blame>, Failure> {
    let asked = Asked::read(query.as_deref(), &["asOf"])?;
    let (catalogue, sight) = catalogue_of(&state, &caller)?;
    let names = ApplicationName::parse(&application).ok().zip(ClusterName::parse(&cluster).ok());
    let missing = Failure::not_found(format!("`{application}` was not released on `{cluster}`"))
        .hint("`GET /api/v1/bindings` lists what is released");
    let names = names.filter(|_| sees_cell(&catalogue, &sight, &application, &cluster));
    let Some((application, cluster)) = names else { return Err(missing) };
    reading(state, move |state, steps| {
        let now = asked.moment(&state, steps)?;
        blame_of(&state, steps, now, &application, &cluster)?.map(Json).ok_or(missing)
    })
    .await
}

fn blame_of(
    state: &AppState,
    steps: &Steps,
    now: Generation,
    application: &ApplicationName,
    cluster: &ClusterName,
) -> Result<Option<Blame>, Failure> {
    let ledger = &state.data.clusters;
    let Some(past) = steps.cluster(ledger, now, cluster)? else { return Ok(None) };
    let Some(cell) = past.cell(application) else { return Ok(None) };
    let Some(record) = steps.record(ledger, cell.released)? else { return Ok(None) };
    let before = previous(state, steps, &record, application, &past.cluster)?;
    let found = match (record.source_commit, before.commit) {
        (Some(after), Some(commit)) => blame::edits(&blame::Question {
            source: &state.data.source,
            ledger,
            commits: (after, commit),
            trees: (cell.fragment.tree, before.tree),
            application,
            cluster: before.name.as_str(),
        }),
        (_, None) => Err("it was released by the first step of this ledger".to_owned()),
        (None, _) => Err("the source of the step was no commit".to_owned()),
    };
    let (edits, unknown) = match found {
        Ok(edits) => (edits, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Ok(Some(Blame {
        application: application.to_string(),
        cluster: cluster.to_string(),
        tree: cell.fragment.tree.to_string(),
        source: source_commit(state, &record),
        step: step_document(record, Told::default()),
        edits: edits.into_iter().map(wire_edit).collect(),
        unknown,
    }))
}

/// The cell before the step that gave it its tree.
struct Before {
    commit: Option<model::CommitId>,
    tree: Option<model::ObjectId>,
    /// The cluster's name at the step.
    name: ClusterName,
}

fn previous(
    state: &AppState,
    steps: &Steps,
    record: &StepRecord,
    application: &ApplicationName,
    cluster: &model::LedgerCluster,
) -> Result<Before, Failure> {
    let ledger = &state.data.clusters;
    let before = Generation(record.generation.0 - 1);
    let earlier = steps.record(ledger, before)?;
    let past = steps.cluster_of(ledger, before, cluster.uid)?;
    let at_step = steps.cluster_of(ledger, record.generation, cluster.uid)?;
    Ok(Before {
        commit: earlier.and_then(|earlier| earlier.source_commit),
        tree: past.and_then(|past| past.cell(application)).map(|cell| cell.fragment.tree),
        name: at_step.map_or_else(|| cluster.name.clone(), |past| past.cluster.name),
    })
}

/// The commit of the source, if the repository still has it.
fn source_commit(state: &AppState, record: &StepRecord) -> Option<SourceCommit> {
    let commit = record.source_commit?;
    let info = state.data.source.commit(commit).ok()?;
    Some(SourceCommit {
        commit: commit.to_string(),
        author: info.author.clone(),
        time: info.time,
        subject: info.subject().to_owned(),
        change: info.trailer("Change").map(str::to_owned),
    })
}

fn wire_edit(edit: Edit) -> SourceEdit {
    let place = edit.place;
    SourceEdit {
        subject: edit.subject,
        line: place.as_ref().map(|place| place.line as u64),
        file: place.map(|place| place.path),
        before: edit.before,
        after: edit.after,
    }
}

/// What a cluster was told to run after a step, or at a time.
#[utoipa::path(
    get, path = "/api/v1/clusters/{name}/released", tag = "ledger",
    params(
        ("name" = String, Path, description = "The cluster, by the name it had then."),
        ("asOf" = Option<String>, Query,
            description = "A step, or a time as of RFC 3339; the last step if absent."),
    ),
    responses((status = 200, description = "What it was told to run.", body = PastCluster), Problems)
)]
async fn cluster_released(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<PastCluster>, Failure> {
    let asked = Asked::read(query.as_deref(), &["asOf"])?;
    let (catalogue, sight) = catalogue_of(&state, &caller)?;
    seen(&catalogue, &sight, Kind::Cluster, &name)?;
    let missing = Failure::not_found(format!("nothing was released to `{name}` then"))
        .hint("`GET /api/v1/clusters/{name}/history` lists its steps");
    let Ok(parsed) = ClusterName::parse(&name) else { return Err(missing) };
    reading(state, move |state, steps| {
        let ledger = &state.data.clusters;
        let now = asked.moment(&state, steps)?;
        let past = steps.cluster(ledger, now, &parsed)?;
        let Some((past, record)) = past.zip(steps.record(ledger, now)?) else {
            return Err(missing);
        };
        let bindings = past.cluster.cells.iter().filter_map(|cell| {
            let application = past.applications.get(cell.application.0 as usize)?;
            sees_cell(&catalogue, &sight, application.as_str(), &name)
                .then(|| crate::catalogue::past_binding(application, &past, cell))
        });
        Ok(Json(PastCluster {
            cluster: past.cluster.name.to_string(),
            uid: past.cluster.uid.to_string(),
            tree: past.cluster.tree.to_string(),
            bindings: bindings.collect(),
            step: step_document(record, Told::default()),
        }))
    })
    .await
}

/// The catalogue, and what the caller sees of it; who sees nothing sees no ledger.
fn catalogue_of(
    state: &AppState,
    caller: &Caller,
) -> Result<(Arc<Catalogue>, Arc<Sight>), Failure> {
    let catalogue = state.catalogue().ok_or_else(no_source)?;
    let sight = catalogue.sight(caller);
    match sight.is_nothing() {
        true => Err(Failure::not_found("there is nothing that you may see")
            .hint("a Role with the verb `read` shows the ledger of what it covers")),
        false => Ok((catalogue, sight)),
    }
}

/// Refuses a document that is in the fleet and not seen. What left the fleet is told of to those
/// who see everything.
fn seen(catalogue: &Catalogue, sight: &Sight, kind: Kind, name: &str) -> Result<(), Failure> {
    let fleet = catalogue.fleet();
    let is_seen = fleet.document(kind, name).is_some_and(|id| sight.document(fleet, id));
    match is_seen || sight.is_everything() {
        true => Ok(()),
        false => Err(unknown(catalogue, sight, kind, name)),
    }
}

/// Reads of the ledger, in a thread that may wait for the disk.
async fn reading<T: Send + 'static>(
    state: AppState,
    read: impl FnOnce(AppState, &Steps) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let reading = move || {
        let steps = state.steps()?;
        read(state, &steps)
    };
    let read = tokio::task::spawn_blocking(reading).await;
    read.map_err(|error| Failure::unavailable(&error))?
}

/// What is asked for.
struct Asked {
    limit: usize,
    next: Option<usize>,
    as_of: Option<String>,
}

impl Asked {
    fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Failure> {
        let mut asked = Self { limit: PAGE, next: None, as_of: None };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let number = |least: usize, most: usize| {
                let number = value.parse().ok().filter(|n| (least..=most).contains(n));
                number.ok_or_else(|| {
                    bad(format!("`{name}` is a whole number from {least} to {most}"))
                })
            };
            match &*name {
                _ if !known.contains(&&*name) => {
                    return Err(bad(format!("there is no parameter `{name}`"))
                        .hint(format!("known here are `{}`", known.join("`, `"))));
                }
                "limit" => asked.limit = number(1, LARGEST_PAGE)?,
                "continue" => asked.next = Some(number(0, u32::MAX as usize)?),
                _ => asked.as_of = Some(value.into_owned()),
            }
        }
        Ok(asked)
    }

    /// The step that is meant: the last one, one by number, or the last one at a time.
    fn moment(&self, state: &AppState, steps: &Steps) -> Result<Generation, Failure> {
        match &self.as_of {
            None => Ok(steps.last()),
            Some(text) => step_of(state, steps, text),
        }
    }
}

/// The step that `asOf` means: one by number, or the last one at a time.
pub(in crate::http) fn step_of(
    state: &AppState,
    steps: &Steps,
    text: &str,
) -> Result<Generation, Failure> {
    if let Ok(number) = text.parse::<u32>() {
        let is_there = number > 0 && number <= steps.last().0;
        return if is_there { Ok(Generation(number)) } else { Err(no_step(text)) };
    }
    let time: Timestamp = text.parse().map_err(|_| {
        bad("`asOf` is a step or a time").hint("write `42`, or `2026-03-01T06:00:00Z`")
    })?;
    let step = steps.at(&state.data.clusters, time)?;
    step.ok_or_else(|| {
        Failure::not_found(format!("nothing was released yet at {time}"))
            .hint("`GET /api/v1/steps` says when the first step was")
    })
}
