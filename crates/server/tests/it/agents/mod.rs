//! The server's side of agents: enrolment, proofs, releases, streams, reports.

mod kit;
mod releases;
mod status;
mod trust;

pub(crate) use kit::TestAgent;
