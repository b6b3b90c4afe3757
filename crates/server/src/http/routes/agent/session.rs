//! Challenges, proofs, and the key that releases are signed with.

use api::agent::{Challenge, ServerKey, SessionAnswer, SessionProof};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, response::IntoResponse};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::agents::{CHALLENGE_LIFE, Refused, SESSION_LIFE, key_id};
use crate::http::body::Input;
use crate::http::problem::Failure;
use crate::http::{AppState, REQUEST_ID};

/// After how long without a word a return is recorded.
const AWAY: SignedDuration = SignedDuration::from_hours(24);

/// The key that signs releases.
#[utoipa::path(get, path = "/api/v1/agent/key", tag = "agents", responses(
    (status = 200, body = ServerKey),
))]
pub(super) async fn key(State(state): State<AppState>) -> Json<ServerKey> {
    Json(ServerKey { release_key: state.agents.release_key.clone() })
}

/// A text to sign, which counts once and for a minute.
#[utoipa::path(post, path = "/api/v1/agent/challenge", tag = "agents", responses(
    (status = 200, body = Challenge),
))]
pub(super) async fn challenge(State(state): State<AppState>) -> Result<Json<Challenge>, Failure> {
    let time = Timestamp::now();
    let challenge = state.agents.sessions.challenge(time);
    let challenge = challenge.map_err(|error| Failure::unavailable(&error))?;
    Ok(Json(Challenge { challenge, seconds: seconds(CHALLENGE_LIFE), time }))
}

/// Begins a session with a proof: the answer's token counts for a quarter of an hour.
#[utoipa::path(post, path = "/api/v1/agent/session", tag = "agents", request_body = SessionProof,
    responses(
    (status = 200, body = SessionAnswer),
    (status = 400),
    (status = 401),
))]
pub(super) async fn begin(
    State(state): State<AppState>,
    headers: HeaderMap,
    Input(proof): Input<SessionProof>,
) -> Result<impl IntoResponse, Failure> {
    let time = Timestamp::now();
    let agents = &state.agents;
    let key = agents.sessions.check(&proof, time).map_err(refused)?;
    if state.snapshot().source.is_none() {
        let detail = "no source is in use yet, so no key can be looked up";
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "no-source", detail)
            .hint("keep running what you have, and ask again")
            .retry_after(5));
    }
    let agent = agents.agent(key_id(&key)).ok_or_else(unknown_key)?;
    if let Some(uid) = agent.uid {
        let last = agents.presence.last_heard(uid);
        if last.is_none_or(|last| time.duration_since(last) >= AWAY) {
            let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
            let details = json!({
                "cluster": agent.cluster, "key": key.fingerprint(),
                "lastHeard": last.map(|last| last.to_string()),
            });
            let (actor, object) = (format!("agent:{uid}"), format!("cluster:{}", agent.cluster));
            state.record_as(&actor, id, "agent.return", &object, details).await?;
        }
        agents.presence.heard(uid, time);
    }
    Ok(Json(SessionAnswer {
        token: agents.sessions.token(&key, time).reveal().to_owned(),
        seconds: seconds(SESSION_LIFE),
        uid: agent.uid.map(|uid| uid.to_string()),
        cluster: agent.cluster,
        time,
    }))
}

fn seconds(life: SignedDuration) -> u32 {
    u32::try_from(life.as_secs()).unwrap_or_default()
}

/// What an agent is told whose key or token does not count: never that it has anything to drop.
const KEEP_ON: &str = "keep running what you have, keep the key, and try again later";

fn refused(refused: Refused) -> Failure {
    let unauthorized =
        |code, detail: &str| Failure::new(StatusCode::UNAUTHORIZED, code, detail).hint(KEEP_ON);
    match refused {
        Refused::Malformed => {
            let detail = "the public key is no Ed25519 key in OpenSSH form";
            Failure::new(StatusCode::BAD_REQUEST, "malformed-key", detail)
        }
        Refused::Challenge => unauthorized(
            "challenge",
            "the challenge is of another server, is over, or was used; ask for a new one",
        ),
        Refused::Proof => unauthorized(
            "wrong-proof",
            "the proof does not hold: it must be signed by the key that is sent, for this server",
        ),
        Refused::Busy => {
            let detail = "too many proofs at once";
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(30)
        }
    }
}

fn unknown_key() -> Failure {
    let detail = "this key stands in the document of no cluster, or of several, in the source \
                  that is in use";
    Failure::new(StatusCode::UNAUTHORIZED, "unknown-key", detail).hint(KEEP_ON)
}
