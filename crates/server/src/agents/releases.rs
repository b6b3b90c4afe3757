//! The signed releases of all clusters, as they are now.

use std::collections::HashMap;
use std::sync::Arc;

use api::agent::Statement;
use arc_swap::ArcSwap;
use axum::http::HeaderValue;
use model::{ClusterUid, ObjectId};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::AgentKeys;

/// How many hexadecimal digits of its digest name a release.
const TAG: usize = 16;

/// A statement with its signature.
#[derive(Debug)]
pub(crate) struct SignedRelease {
    /// What it says.
    pub(crate) statement: Statement,
    /// The bytes that are signed.
    pub(crate) text: Vec<u8>,
    /// The signature.
    pub(crate) signature: String,
    /// What names it.
    pub(crate) etag: HeaderValue,
    /// The tree.
    pub(crate) tree: ObjectId,
}

/// The releases of one moment. It is never altered.
#[derive(Debug, Default)]
pub(crate) struct ReleaseTable {
    /// By the identities of clusters.
    pub(crate) by_uid: HashMap<ClusterUid, Arc<SignedRelease>>,
    /// The identities, by the present names of clusters.
    pub(crate) by_name: HashMap<String, ClusterUid>,
    /// How many changed at once when this became the present table.
    pub(crate) n_changed: usize,
}

/// The releases of a server; streams wait for the next table.
pub(crate) struct Releases {
    table: ArcSwap<ReleaseTable>,
    keys: ArcSwap<AgentKeys>,
    version: watch::Sender<u64>,
}

impl SignedRelease {
    /// A statement whose text is signed; nothing if a text is no statement.
    pub(crate) fn new(text: Vec<u8>, signature: String) -> Option<Self> {
        let statement: Statement = serde_json::from_slice(&text).ok()?;
        let digest = Sha256::digest(&text);
        let tag: String = digest.iter().take(TAG / 2).map(|byte| format!("{byte:02x}")).collect();
        Some(Self {
            tree: statement.tree.parse().ok()?,
            etag: format!("\"{tag}\"").parse().ok()?,
            statement,
            text,
            signature,
        })
    }
}

impl ReleaseTable {
    /// The release of a cluster, by its present name.
    pub(crate) fn of(&self, name: &str) -> Option<(ClusterUid, Arc<SignedRelease>)> {
        let uid = *self.by_name.get(name)?;
        Some((uid, Arc::clone(self.by_uid.get(&uid)?)))
    }
}

impl Releases {
    /// No releases yet.
    pub(crate) fn new() -> Self {
        let (version, _) = watch::channel(0);
        Self { table: ArcSwap::default(), keys: ArcSwap::default(), version }
    }

    /// The releases as they are now.
    pub(crate) fn table(&self) -> Arc<ReleaseTable> {
        self.table.load_full()
    }

    /// The keys of agents that count now.
    pub(crate) fn keys(&self) -> Arc<AgentKeys> {
        self.keys.load_full()
    }

    /// Told whenever releases changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Puts newer releases in place.
    pub(super) fn put(&self, table: ReleaseTable) {
        self.table.store(Arc::new(table));
        self.version.send_modify(|version| *version += 1);
    }

    /// Puts newer keys in place.
    pub(super) fn put_keys(&self, keys: AgentKeys) {
        self.keys.store(Arc::new(keys));
    }
}
