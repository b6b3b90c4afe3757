//! What agents say of their clusters.

use api::agent::{AgentReport, ReportAnswer};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;

use super::{agent, no_release};
use crate::http::AppState;
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::identity::Caller;

/// The longest sentence that is kept, in characters.
const LONGEST_MESSAGE: usize = 500;

/// The longest word that is kept.
const LONGEST_WORD: usize = 64;

/// How many applications one report may name.
const MOST_APPLICATIONS: usize = 10_000;

/// How many alarms.
const MOST_ALARMS: usize = 32;

/// Takes how the agent's own cluster is.
#[utoipa::path(post, path = "/api/v1/agent/report", tag = "agents", request_body = AgentReport,
    responses(
    (status = 200, body = ReportAnswer),
    (status = 400),
    (status = 403),
    (status = 404, description = "Nothing is released to the cluster yet."),
    (status = 422),
))]
pub(super) async fn report(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Input(report): Input<AgentReport>,
) -> Result<Json<ReportAnswer>, Failure> {
    let agent = agent(&caller)?;
    let uid = agent.uid.ok_or_else(|| no_release(agent))?;
    let report = limited(report)?;
    let time = Timestamp::now();
    let counts = state.agents.presence.take(uid, &report, time);
    Ok(Json(ReportAnswer { send_all: !counts, time }))
}

/// A report within its limits: sentences are cut, and what cannot be is refused.
fn limited(mut report: AgentReport) -> Result<AgentReport, Failure> {
    let n = report.applications.len().max(report.gone.len());
    if n > MOST_APPLICATIONS || report.alarms.len() > MOST_ALARMS {
        return Err(Failure::invalid("too-large", "the report names too much at once"));
    }
    let words = report.applications.iter().flat_map(|one| {
        [Some(&one.name), Some(&one.reason), one.tree.as_ref()].into_iter().flatten()
    });
    let words = words.chain(&report.gone).chain(report.alarms.iter().map(|one| &one.reason));
    let words = words.chain([&report.state, &report.agent]).chain(report.tree.as_ref());
    if let Some(long) = words.into_iter().find(|word| word.len() > LONGEST_WORD) {
        let start: String = long.chars().take(20).collect();
        let detail = format!("`{start}...` is longer than {LONGEST_WORD} bytes");
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "too-long", detail));
    }
    let cut = |text: &mut String| *text = text.chars().take(LONGEST_MESSAGE).collect();
    report.applications.iter_mut().filter_map(|one| one.message.as_mut()).for_each(cut);
    report.alarms.iter_mut().for_each(|one| cut(&mut one.message));
    if let Some(hold) = &mut report.hold {
        cut(&mut hold.reason);
        hold.by.iter_mut().for_each(cut);
    }
    Ok(report)
}
