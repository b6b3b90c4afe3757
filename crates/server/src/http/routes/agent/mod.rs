//! What agents ask and say. Each route is about the cluster of the key that asks, and about no
//! other: none takes the name of one.

mod enrolment;
mod join;
mod log;
mod release;
mod report;
mod session;
mod status;
mod stream;

use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::agents::Agent;
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::identity::{Caller, Credential};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(session::key))
        .routes(routes!(session::challenge))
        .routes(routes!(session::begin))
        .routes(routes!(enrolment::enrol))
        .routes(routes!(release::release))
        .routes(routes!(stream::stream))
        .routes(routes!(report::report))
        .routes(routes!(join::join))
        .routes(routes!(status::summary))
        .routes(routes!(status::reports))
        .routes(routes!(status::cluster_report_of))
        .routes(routes!(status::sync))
        .routes(routes!(log::log))
}

/// The agent that asks.
///
/// # Errors
/// It is none.
fn agent(caller: &Caller) -> Result<&Agent, Failure> {
    match &caller.credential {
        Credential::Agent(agent) => Ok(agent),
        _ => {
            Err(Failure::new(StatusCode::FORBIDDEN, "forbidden", "this is for agents of clusters")
                .hint("an agent proves with its key which cluster it is of"))
        }
    }
}

/// Nothing is released to the cluster of an agent. It keeps running what it has.
fn no_release(agent: &Agent) -> Failure {
    let detail = format!("nothing is released to `{}` yet", agent.cluster);
    Failure::new(StatusCode::NOT_FOUND, "no-release", detail)
        .hint("keep running what you have, and ask again")
}
