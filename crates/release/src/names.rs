//! Who is who: clusters and applications of a render found again in the ledger.
//!
//! A present name wins; a former name counts only where the present one is not in the ledger
//! and the former one is not in the render. Two applications that ran beside each other on some
//! cluster are two, whatever one of them says later: the other one goes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{ApplicationId, ApplicationName, Ledger, LedgerCluster, Rendered, RenderedCluster};

/// For each cluster of the render, its position in the ledger.
pub(crate) fn match_clusters(
    known: &[Arc<LedgerCluster>],
    rendered: &[Arc<RenderedCluster>],
) -> Vec<Option<usize>> {
    let positions: HashMap<&str, usize> =
        known.iter().enumerate().map(|(index, cluster)| (cluster.name.as_str(), index)).collect();
    let present: HashSet<&str> = rendered.iter().map(|c| c.name.as_str()).collect();
    let mut taken = HashSet::new();
    let find = |cluster: &Arc<RenderedCluster>| {
        positions.get(cluster.name.as_str()).copied().or_else(|| {
            let former = cluster.former_name.as_ref()?.as_str();
            let index = positions.get(former).copied()?;
            // Two documents that claim one former name: the first keeps the identity.
            (!present.contains(former) && taken.insert(index)).then_some(index)
        })
    };
    rendered.iter().map(find).collect()
}

/// Whether two lists of clusters hold the same identities in the same places, so that what was
/// matched is matched still.
pub(crate) fn same_places<T>(
    old: &[Arc<T>],
    new: &[Arc<T>],
    is_same: impl Fn(&T, &T) -> bool,
) -> bool {
    let mut pairs = old.iter().zip(new);
    old.len() == new.len() && pairs.all(|(old, new)| Arc::ptr_eq(old, new) || is_same(old, new))
}

/// The names of applications of both sides in one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApplicationTable {
    /// The names, in order.
    pub(crate) names: Vec<ApplicationName>,
    /// For each application of the ledger, its position in `names`.
    pub(crate) ledger: Vec<u32>,
    /// For each application of the render, its position in `names`.
    pub(crate) rendered: Vec<u32>,
    /// For each name, the name that it was renamed to.
    pub(crate) renamed_to: Vec<Option<u32>>,
}

impl ApplicationTable {
    /// The place in the table of an application of the ledger.
    pub(crate) fn in_ledger(&self, id: ApplicationId) -> ApplicationId {
        ApplicationId(self.ledger[id.0 as usize])
    }

    /// The place in the table of an application of the render.
    pub(crate) fn in_render(&self, id: ApplicationId) -> ApplicationId {
        ApplicationId(self.rendered[id.0 as usize])
    }

    pub(crate) fn new(ledger: Option<&Ledger>, rendered: &Rendered) -> Self {
        let before = ledger.map_or(&[][..], |ledger| &ledger.applications);
        let after = rendered.applications.iter().map(|(name, _)| name);
        let mut names: Vec<ApplicationName> = before.iter().chain(after).cloned().collect();
        names.sort();
        names.dedup();
        let position = |name: &ApplicationName| {
            names.binary_search(name).expect("the table holds every name of both sides") as u32
        };
        let mut renamed_to = vec![None; names.len()];
        for (name, former) in &rendered.applications {
            let Some(former) = former else { continue };
            let is_free = rendered.applications.binary_search_by(|(n, _)| n.cmp(former)).is_err();
            if let (true, Ok(index)) = (is_free, names.binary_search(former))
                && !ledger.is_some_and(|ledger| ran_beside(ledger, former, name))
            {
                renamed_to[index].get_or_insert(position(name));
            }
        }
        Self {
            ledger: before.iter().map(position).collect(),
            rendered: rendered.applications.iter().map(|(name, _)| position(name)).collect(),
            renamed_to,
            names,
        }
    }
}

/// Whether two applications are released on one cluster.
fn ran_beside(ledger: &Ledger, one: &ApplicationName, other: &ApplicationName) -> bool {
    let find = |name| ledger.applications.binary_search(name).map(|at| ApplicationId(at as u32));
    let (Ok(one), Ok(other)) = (find(one), find(other)) else { return false };
    ledger.clusters.iter().any(|cluster| {
        let runs = |id| cluster.cells.applications().binary_search(id).is_ok();
        runs(&one) && runs(&other)
    })
}
