//! The agents of clusters: who they are, what they are told, and what they say.
//!
//! ```text
//! ledger, source ──Issuer──▶ signed statements ──▶ Releases (memory, wakes streams), refs/releases/*
//! one-time token ──Enrolments──▶ a change of the Cluster document ──▶ AgentKeys of the source in use
//! proof by a key ──Sessions──▶ token ──▶ the cluster of that key, asked again at each request
//! reports ──Presence──▶ memory, and the database behind it
//! ```
//!
//! In: the ledger, the source, requests of agents. Out: signed releases, and how clusters are. An
//! agent is known by a key that stands in the source that is in use, and by nothing else: nothing
//! of the database lets one in. What is told is a projection of the ledger, made again at any time.

mod actual;
mod enrolment;
mod issuer;
mod keys;
mod log;
mod presence;
mod release_key;
mod releases;
mod sessions;
mod statement;
mod tally;
mod troubles;

pub(crate) use actual::{
    of_cell as actual_of_cell, report as cluster_report, word as cluster_word,
};
pub(crate) use enrolment::{EnrolError, Enrolled, Enrolments};
pub(crate) use issuer::Issuer;
pub(crate) use keys::{AgentKeys, KeyOwner};
pub(crate) use presence::{Message, Presence};
pub(crate) use release_key::open as open_release_key;
pub(crate) use releases::{ReleaseTable, Releases, SignedRelease};
pub(crate) use sessions::{AGENT_TOKEN, CHALLENGE_LIFE, Refused, SESSION_LIFE, Sessions};
pub(crate) use tally::Tally;

use std::sync::Arc;

use api::ssh::{KeyError, SigningKey};
use jiff::Timestamp;
use model::ClusterUid;
use store::{Store, StoreError};
use tokio::sync::watch;

use crate::hosting::Host;
use crate::identity::{Caller, Credential, Secret};
use enrolment::Crowd;
use keys::KeyId;

/// The identity of an agent: its key, and the cluster whose document that key stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agent {
    /// What its key is found by.
    pub(crate) key: KeyId,
    /// The present name of its cluster.
    pub(crate) cluster: String,
    /// The identity of its cluster; nothing before its first release.
    pub(crate) uid: Option<ClusterUid>,
}

/// Why agents cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgentsError {
    /// The release key.
    #[error("the release key cannot be used: {0}")]
    Key(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All that serves agents.
pub(crate) struct Agents {
    /// The key that signs releases, in OpenSSH form.
    pub(crate) release_key: String,
    /// Proofs and tokens.
    pub(crate) sessions: Sessions,
    /// What clusters are told.
    pub(crate) releases: Arc<Releases>,
    /// What clusters say.
    pub(crate) presence: Arc<Presence>,
    /// How agents are let in.
    pub(crate) enrolments: Enrolments,
    closing: watch::Sender<bool>,
}

impl Agents {
    /// What serves the agents of a server with this release key.
    ///
    /// # Errors
    /// [`AgentsError`].
    pub(crate) async fn new(
        key: &SigningKey,
        releases: &Arc<Releases>,
        store: &Store,
        host: &Host,
    ) -> Result<Self, AgentsError> {
        let release_key = key.public_key().to_string();
        Ok(Self {
            sessions: Sessions::new(key)?,
            releases: Arc::clone(releases),
            presence: Arc::new(Presence::load(store).await?),
            enrolments: Enrolments {
                release_key: release_key.clone(),
                store: store.clone(),
                host: host.clone(),
                releases: Arc::clone(releases),
                crowd: Crowd::default(),
            },
            release_key,
            closing: watch::channel(false).0,
        })
    }

    /// Ends every stream, since the server stops.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Told when the server stops.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// The agent of a key, if that key counts now.
    pub(crate) fn agent(&self, key: KeyId) -> Option<Agent> {
        let keys = self.releases.keys();
        let Some(KeyOwner::Cluster(cluster)) = keys.owner(key) else { return None };
        let uid = self.releases.table().uid(cluster);
        Some(Agent { key, cluster: cluster.clone(), uid })
    }

    /// The agent that carries a token, as a caller.
    pub(crate) fn caller(&self, token: &Secret, now: Timestamp) -> Option<Caller> {
        let agent = self.agent(self.sessions.key_of(token, now)?)?;
        let subject = match agent.uid {
            Some(uid) => format!("agent:{uid}"),
            None => format!("agent:{}", agent.cluster),
        };
        Some(Caller {
            name: subject,
            // No Role names an agent: it has its own routes and no other right.
            subjects: Vec::new(),
            is_administrator: false,
            has_fleet: false,
            credential: Credential::Agent(agent),
            scope: None,
            others: Vec::new(),
            request: String::new(),
        })
    }
}

/// What the key of an agent is found by.
pub(crate) use keys::key_id;
