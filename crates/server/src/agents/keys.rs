//! The keys of agents, as the source that is in use has them.

use std::collections::HashMap;

use api::ssh::PublicKey;
use plan::Fleet;

/// The first half of the digest of a key, to find it by.
pub(crate) type KeyId = [u8; 16];

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyOwner {
    /// A cluster, by its name.
    Cluster(String),
    /// It stands in the documents of several clusters, and so proves none.
    Several,
}

/// The keys of a source.
#[derive(Debug, Default)]
pub(crate) struct AgentKeys {
    owners: HashMap<KeyId, KeyOwner>,
}

/// What a key is found by.
pub(crate) fn key_id(key: &PublicKey) -> KeyId {
    let mut id = [0; 16];
    id.copy_from_slice(&key.digest()[..16]);
    id
}

impl AgentKeys {
    /// The keys of a fleet. Keys of other algorithms are of no agent.
    pub(crate) fn of(fleet: &Fleet) -> Self {
        let mut owners = HashMap::new();
        for cluster in &fleet.clusters {
            for key in &cluster.document.agent_keys {
                let Ok(key) = key.value.parse::<PublicKey>() else { continue };
                let owner = KeyOwner::Cluster(cluster.name.to_string());
                let found = owners.entry(key_id(&key)).or_insert_with(|| owner.clone());
                if *found != owner {
                    *found = KeyOwner::Several;
                }
            }
        }
        Self { owners }
    }

    /// Whose key this is.
    pub(crate) fn owner(&self, key: KeyId) -> Option<&KeyOwner> {
        self.owners.get(&key)
    }
}
