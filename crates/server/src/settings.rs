//! How a server is set up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use git::remote::Remote;

use crate::webhook::Provider;
use crate::{CommitStatuses, Oidc, Patience, Secret};

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of its repositories and of its database.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it tells its metrics, to anyone who asks; nowhere if there is no address.
    pub metrics_listen: Option<SocketAddr>,
    /// Its certificate and key; without them it speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Whether a proxy in front of it ends TLS.
    pub behind_proxy: bool,
    /// Where the database is; else a file of SQLite in the data folder.
    pub database: Option<store::Place>,
    /// The administrator's token; else one is made at the first start.
    pub admin_token: Option<Secret>,
    /// The source, if it is elsewhere; else the built-in one.
    pub source: Option<Elsewhere>,
    /// The repository of the ledger, if it is elsewhere; else the built-in one.
    pub ledger: Option<Remote>,
    /// What forges prove themselves by; webhooks of the others are not taken.
    pub webhooks: BTreeMap<Provider, Secret>,
    /// Where it is told what became of commits; nowhere if nothing is named.
    pub commit_statuses: Option<CommitStatuses>,
    /// The provider that knows people, besides those of this server.
    pub oidc: Option<Oidc>,
    /// For how long a client may keep it waiting.
    pub patience: Patience,
    /// How long it may take until a source that nobody announced is seen.
    pub poll: Duration,
    /// What builds templates with kustomize and Helm.
    pub expansion: expand::Settings,
}

/// Files of a certificate and its key, read again when they change.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain of certificates, as PEM.
    pub certificate: PathBuf,
    /// The key, as PEM.
    pub key: PathBuf,
}

/// A branch of a repository elsewhere.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The repository.
    pub remote: Remote,
    /// The branch, without `refs/heads/`.
    pub branch: String,
}

/// Parts of a server that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// The ledger is shared and the database is not.
    #[error("a ledger that is elsewhere needs PostgreSQL, which all servers of it share")]
    LedgerWithoutDatabase,
    /// The ledger is shared and the source is not.
    #[error("a ledger that is elsewhere needs a source that is elsewhere")]
    LedgerWithoutSource,
    /// The database is shared and the ledger is not.
    #[error("PostgreSQL is for several servers, which need a ledger that is elsewhere")]
    DatabaseWithoutLedger,
    /// There is nothing to fetch.
    #[error("webhooks are for a source that is elsewhere; a push to the built-in one is seen")]
    WebhooksWithoutSource,
    /// There is nobody to tell.
    #[error("commit statuses are for a source that is elsewhere, at a forge")]
    StatusesWithoutSource,
}

impl PairError {
    /// What to do next.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::LedgerWithoutDatabase => {
                "give `--database postgres://...`, or leave out `--ledger-url` for one server"
            }
            Self::LedgerWithoutSource => "give `--source-url` too",
            Self::DatabaseWithoutLedger => {
                "give `--source-url` and `--ledger-url`, or leave out `--database` for one server"
            }
            Self::WebhooksWithoutSource => "give `--source-url`, or leave out `--webhook-secret`",
            Self::StatusesWithoutSource => "give `--source-url`, or leave out `--commit-status`",
        }
    }
}

/// An address that is not one of a repository at a forge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is not the address of a repository at {provider}, which is to be told of commits")]
pub struct ForgeMistake {
    /// The forge.
    pub provider: Provider,
    /// The address of the source.
    pub url: String,
}

impl Settings {
    /// Whether the parts go together. One server has its ledger and SQLite in its folder; several
    /// have a source and a ledger elsewhere, and PostgreSQL. Anything between would let two
    /// servers with different knowledge write to one place.
    ///
    /// # Errors
    /// They do not.
    pub fn check(&self) -> Result<(), PairError> {
        let is_shared = matches!(self.database, Some(store::Place::Postgres(_)));
        match (self.ledger.is_some(), is_shared, self.source.is_some()) {
            (true, false, _) => Err(PairError::LedgerWithoutDatabase),
            (true, true, false) => Err(PairError::LedgerWithoutSource),
            (false, true, _) => Err(PairError::DatabaseWithoutLedger),
            (false, false, false) if !self.webhooks.is_empty() => {
                Err(PairError::WebhooksWithoutSource)
            }
            (false, false, false) if self.commit_statuses.is_some() => {
                Err(PairError::StatusesWithoutSource)
            }
            _ => Ok(()),
        }
    }
}
