//! What is served of one source and one ledger.
//!
//! In: an accepted source and what is released. Out: each document as bytes, made once and when it
//! is asked for first; each binding with how it stands. A catalogue is never altered, so that its
//! readers wait for nobody; a newer source or ledger has one of its own.

mod cells;
mod status;

pub(crate) use cells::{Cell, Survey, past_binding};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderValue;
use model::{ApplicationId, Digest, Files, LedgerCluster, Policies, Role, sha256};
use plan::Fleet;
use plan::documents::DocumentId;
use schema::Kind;
use serde_json::{Map, Value};

use crate::identity::Caller;
use crate::sight::Sight;
use crate::snapshot::{Released, Snapshot, Sourced};

/// A document, ready to be sent.
#[derive(Debug)]
pub(crate) struct Served {
    /// The JSON.
    pub(crate) bytes: Bytes,
    /// `"<digest of the document's text>-<digest of the answer>"`: `If-Match` takes the first
    /// part, `If-None-Match` compares the whole.
    pub(crate) etag: HeaderValue,
}

/// The documents of a kind that were asked for.
type Slots = Box<[OnceLock<Arc<Served>>]>;

/// What is served of one source and one ledger.
pub(crate) struct Catalogue {
    sourced: Sourced,
    released: Option<Released>,
    identity: String,
    slots: [OnceLock<Slots>; 6],
    links: OnceLock<Links>,
    policies: OnceLock<Policies>,
    /// By [`Caller::rights_key`].
    sights: Mutex<HashMap<String, Arc<Sight>>>,
}

/// How many callers' sights are kept at most.
const MOST_SIGHTS: usize = 1_000;

/// What of the ledger belongs to what of the fleet.
struct Links {
    /// The position of each cluster in the ledger.
    clusters: Vec<Option<u32>>,
    /// The application of the fleet that each of the ledger is.
    applications: Vec<Option<ApplicationId>>,
}

impl Catalogue {
    /// The catalogue of a snapshot: the one before, if it is about the same; nothing before there
    /// is a source.
    pub(crate) fn next(before: Option<&Arc<Self>>, snapshot: &Snapshot) -> Option<Arc<Self>> {
        let sourced = snapshot.source.as_ref()?;
        let released = snapshot.released.as_ref();
        let identity = identity(sourced, released);
        if let Some(same) = before.filter(|before| before.identity == identity) {
            return Some(Arc::clone(same));
        }
        Some(Arc::new(Self {
            sourced: sourced.clone(),
            released: released.cloned(),
            identity,
            slots: Default::default(),
            links: OnceLock::new(),
            policies: OnceLock::new(),
            sights: Mutex::default(),
        }))
    }

    /// The catalogue of an earlier source and ledger, with Roles of the present. `present` says
    /// whose Roles these are.
    pub(crate) fn past(
        sourced: Sourced,
        released: Released,
        roles: Vec<Role>,
        present: &str,
    ) -> Arc<Self> {
        let mut policies = plan::policies(&sourced.accepted().fleet);
        policies.roles = roles;
        Arc::new(Self {
            identity: format!("{}-{present}", identity(&sourced, Some(&released))),
            sourced,
            released: Some(released),
            slots: Default::default(),
            links: OnceLock::new(),
            policies: OnceLock::from(policies),
            sights: Mutex::default(),
        })
    }

    /// The commits that it is about.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// The fleet.
    pub(crate) fn fleet(&self) -> &Fleet {
        &self.sourced.accepted().fleet
    }

    /// The files of the source.
    pub(crate) fn files(&self) -> &Files {
        &self.sourced.compiled().source.files
    }

    /// What a caller sees of it.
    pub(crate) fn sight(&self, caller: &Caller) -> Arc<Sight> {
        let lock = || self.sights.lock().unwrap_or_else(PoisonError::into_inner);
        let key = caller.rights_key();
        if let Some(sight) = lock().get(&key) {
            return Arc::clone(sight);
        }
        let policies = self.policies.get_or_init(|| plan::policies(self.fleet()));
        let sight = Arc::new(Sight::new(caller, self.fleet(), policies));
        let mut sights = lock();
        if sights.len() >= MOST_SIGHTS {
            sights.clear();
        }
        sights.insert(key, Arc::clone(&sight));
        sight
    }

    /// A document as bytes, as someone sees it; nothing where it is not seen. What everyone sees
    /// alike is made once, when it is asked for first.
    pub(crate) fn served(&self, id: DocumentId, sight: &Sight) -> Option<Arc<Served>> {
        if !sight.is_everything() {
            return serve(&self.document(id, sight)?).map(Arc::new);
        }
        let slots = self.slots[id.kind as usize].get_or_init(|| {
            (0..self.fleet().n_documents(id.kind)).map(|_| OnceLock::new()).collect()
        });
        let slot = slots.get(id.index as usize)?;
        if let Some(served) = slot.get() {
            return Some(Arc::clone(served));
        }
        let served = Arc::new(serve(&self.document(id, sight)?)?);
        Some(Arc::clone(slot.get_or_init(|| served)))
    }

    /// A document as JSON, with what the fleet and the ledger say of it, as someone sees it;
    /// nothing where it is not seen.
    pub(crate) fn document(&self, id: DocumentId, sight: &Sight) -> Option<Map<String, Value>> {
        if !sight.document(self.fleet(), id) {
            return None;
        }
        let mut document = plan::documents::document_json(self.fleet(), self.files(), id)?;
        if let Value::Object(status) =
            document.entry("status").or_insert_with(|| Value::Object(Map::new()))
        {
            if !sight.is_everything() {
                self.narrow(id, sight, status);
            }
            status.extend(self.status(id, sight));
        }
        Some(document)
    }

    fn links(&self) -> &Links {
        self.links.get_or_init(|| Links::new(self.fleet(), self.released.as_ref()))
    }

    /// A cluster of the fleet as it is in the ledger.
    pub(crate) fn ledger_cluster(&self, cluster: model::ClusterId) -> Option<&LedgerCluster> {
        let position = (*self.links().clusters.get(cluster.index())?)?;
        let released = self.released.as_ref()?;
        released.ledger.clusters.get(position as usize).map(|cluster| &**cluster)
    }
}

impl Links {
    fn new(fleet: &Fleet, released: Option<&Released>) -> Self {
        let mut clusters = vec![None; fleet.clusters.len()];
        let Some(Released { ledger, .. }) = released else {
            return Self { clusters, applications: Vec::new() };
        };
        for (position, cluster) in ledger.clusters.iter().enumerate() {
            if let Some(id) = fleet.cluster_id(cluster.name.as_str()) {
                clusters[id.index()] = u32::try_from(position).ok();
            }
        }
        let applications = ledger.applications.iter();
        let applications = applications.map(|name| fleet.application_id(name.as_str())).collect();
        Self { clusters, applications }
    }
}

fn identity(sourced: &Sourced, released: Option<&Released>) -> String {
    match released {
        Some(released) => format!("{}-{}", sourced.commit, released.commit),
        None => sourced.commit.to_string(),
    }
}

fn serve(document: &Map<String, Value>) -> Option<Served> {
    let bytes = serde_json::to_vec(document).ok()?;
    let version = document.get("metadata")?.get("resourceVersion")?.as_str()?;
    let etag = format!("\"{version}-{}\"", short_digest(&bytes));
    Some(Served { bytes: bytes.into(), etag: HeaderValue::from_str(&etag).ok()? })
}

/// The first half of a digest: enough to tell answers apart.
pub(crate) fn short_digest(bytes: &[u8]) -> String {
    let Digest(whole) = sha256(bytes);
    whole[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The word of a kind in paths of the API.
pub(crate) fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Fleet => "fleet",
        Kind::Cluster => "clusters",
        Kind::Group => "groups",
        Kind::Namespace => "namespaces",
        Kind::Application => "applications",
        Kind::Role => "roles",
    }
}
