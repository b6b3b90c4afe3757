//! What the agent of a cluster and the server say to each other: `/api/v1/agent/...`.
//!
//! ```text
//! enrolment: one-time token, public key, proof ──▶ the key enters the Cluster document
//! challenge ──▶ proof by the key ──▶ session: a token for a quarter of an hour
//! stream: a new release, at once      release: a signed statement and a pack      report: how it is
//! ```
//!
//! In and out: JSON, but for a release (see [`Statement`] and [`RELEASE_MEDIA`]) and the stream,
//! which is server-sent events. Nothing here keeps state. Fields are only ever added, and who
//! reads ignores those it does not know.

mod client;
mod enrolment;
mod release;
mod report;
mod session;
mod stream;

pub use client::{PackChunks, ReleaseAnswer};
pub use enrolment::{
    ClusterJoin, ENROLMENT_NAMESPACE, Enrolment, EnrolmentAnswer, EnrolmentState, JoinKind,
    JoinOptions, enrolment_text,
};
pub use release::{
    Allowance, ClusterIdentity, RELEASE_MAGIC, RELEASE_MEDIA, RELEASE_NAMESPACE, Statement,
    StatementHold, Stopped, Window, frame,
};
pub use report::{
    AgentAlarm, AgentCounts, AgentHold, AgentReport, ApplicationReport, HealthyWord, ReportAnswer,
    SyncedWord, state_digest,
};
pub use session::{
    Challenge, PROOF_NAMESPACE, ServerKey, SessionAnswer, SessionProof, session_text,
};
pub use stream::{AgentEvent, AgentStream, EventReader, Heard, StreamedEvent};
