//! How a server is set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::Secret;

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
