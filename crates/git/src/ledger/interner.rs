//! What the clusters of a ledger have in common, kept once while it is read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::{ApplicationId, ApplicationName, NamespaceName, ObjectId};

/// Namespace documents in the order of names.
pub(super) type Namespaces = Arc<[(NamespaceName, ObjectId)]>;

/// The applications of a cluster.
#[derive(Default)]
pub(super) struct Names {
    /// In order.
    pub(super) names: Vec<ApplicationName>,
    /// For each name, its position in the tree: Git sorts `api-2` before `api`, which is a folder.
    positions: Vec<usize>,
    /// Their numbers, once the names of all clusters are known.
    ids: OnceLock<Arc<[ApplicationId]>>,
}

impl Names {
    /// Reads names that are each ended by NUL, or answers the first that is none.
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let name = |(position, name): (usize, &[u8])| {
            let text = std::str::from_utf8(name).ok();
            let parsed = text.and_then(|text| ApplicationName::parse(text).ok());
            parsed
                .map(|name| (name, position))
                .ok_or_else(|| String::from_utf8_lossy(name).into_owned())
        };
        let names = bytes.strip_suffix(&[0]).unwrap_or_default().split(|byte| *byte == 0);
        let names = names.filter(|name| !name.is_empty()).enumerate().map(name);
        let mut names = names.collect::<Result<Vec<_>, _>>()?;
        names.sort();
        let (names, positions) = names.into_iter().unzip();
        Ok(Self { names, positions, ids: OnceLock::new() })
    }

    /// The names with what stands at their positions in the tree.
    pub(super) fn sorted<'a>(
        &'a self,
        trees: &'a [ObjectId],
    ) -> impl Iterator<Item = (&'a ApplicationName, ObjectId)> {
        self.names.iter().zip(&self.positions).map(|(name, position)| (name, trees[*position]))
    }

    /// The numbers of these applications among all of the ledger.
    pub(super) fn ids(&self, table: &[ApplicationName]) -> Arc<[ApplicationId]> {
        let number = |name: &ApplicationName| {
            table.binary_search(name).unwrap_or_else(|position| position) as u32
        };
        let ids = || self.names.iter().map(|name| ApplicationId(number(name))).collect();
        self.ids.get_or_init(ids).clone()
    }
}

/// Lists by what they were read from. It is filled by many threads at once.
#[derive(Default)]
pub(super) struct Interner {
    names: Mutex<HashMap<Box<[u8]>, Arc<Names>>>,
    namespaces: Mutex<HashMap<ObjectId, Namespaces>>,
}

impl Interner {
    /// The applications whose names, each ended by NUL, stand in a tree in this order; or the
    /// first that cannot be an application's name.
    pub(super) fn names(&self, bytes: &[u8]) -> Result<Arc<Names>, String> {
        let mut lists = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(names) = lists.get(bytes) {
            return Ok(names.clone());
        }
        let names = Arc::new(Names::read(bytes)?);
        lists.insert(bytes.into(), names.clone());
        Ok(names)
    }

    /// What the folder of Namespace documents with this id holds.
    pub(super) fn namespaces<E>(
        &self,
        folder: ObjectId,
        read: impl FnOnce() -> Result<Namespaces, E>,
    ) -> Result<Namespaces, E> {
        let lock = || self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(namespaces) = lock().get(&folder) {
            return Ok(namespaces.clone());
        }
        let namespaces = read()?;
        Ok(lock().entry(folder).or_insert(namespaces).clone())
    }

    /// Every application that some cluster runs, in the order of names.
    pub(super) fn table(&self) -> Vec<ApplicationName> {
        let lists = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table: Vec<ApplicationName> =
            lists.values().flat_map(|list| list.names.iter().cloned()).collect();
        table.sort();
        table.dedup();
        table
    }
}
