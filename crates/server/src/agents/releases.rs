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

/// How many releases may stand beside those that tables share, before they are put together.
const MOST_NEWER: usize = 1_000;

/// The releases of one moment. It is never altered; the next one shares what did not change.
#[derive(Debug, Default)]
pub(crate) struct ReleaseTable {
    /// Most of them, by the identities of clusters.
    most: Arc<HashMap<ClusterUid, Arc<SignedRelease>>>,
    /// Those that count in place of these.
    newer: HashMap<ClusterUid, Arc<SignedRelease>>,
    /// The identities, by the present names of clusters.
    uids: Arc<HashMap<String, ClusterUid>>,
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
    /// A table of these releases, with the present names of clusters.
    pub(super) fn new(
        releases: HashMap<ClusterUid, Arc<SignedRelease>>,
        uids: HashMap<String, ClusterUid>,
        n_changed: usize,
    ) -> Self {
        let newer = HashMap::new();
        Self { most: Arc::new(releases), newer, uids: Arc::new(uids), n_changed }
    }

    /// The table after these releases changed, and nothing else did.
    pub(super) fn with(&self, changed: Vec<(ClusterUid, Arc<SignedRelease>)>) -> Self {
        let n_changed = changed.len();
        let (mut most, mut newer) = (Arc::clone(&self.most), self.newer.clone());
        newer.extend(changed);
        if newer.len() > MOST_NEWER {
            Arc::make_mut(&mut most).extend(newer.drain());
        }
        Self { most, newer, uids: Arc::clone(&self.uids), n_changed }
    }

    /// Whether nothing was ever released, or nobody has looked yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }

    /// The release of a cluster.
    pub(crate) fn get(&self, uid: ClusterUid) -> Option<&Arc<SignedRelease>> {
        self.newer.get(&uid).or_else(|| self.most.get(&uid))
    }

    /// The clusters that have a release.
    pub(super) fn clusters(&self) -> impl Iterator<Item = ClusterUid> {
        self.most.keys().chain(self.newer.keys()).copied()
    }

    /// The identity of a cluster, by its present name.
    pub(crate) fn uid(&self, name: &str) -> Option<ClusterUid> {
        self.uids.get(name).copied()
    }

    /// The present names of clusters.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.uids.keys().map(String::as_str)
    }

    /// The release of a cluster, by its present name.
    pub(crate) fn of(&self, name: &str) -> Option<(ClusterUid, Arc<SignedRelease>)> {
        let uid = self.uid(name)?;
        Some((uid, Arc::clone(self.get(uid)?)))
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
