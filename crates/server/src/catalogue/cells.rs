//! Each application on each cluster: what the source renders, and what is released.

use api::BindingState;
use model::{
    ApplicationId, ApplicationName, Cell as RenderedCell, ClusterId, Fragment, Generation, Hold,
    LedgerCell, ObjectId,
};
use plan::documents::Binding;

use super::Catalogue;
use crate::sight::Sight;

/// One application on one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The application.
    pub(crate) application: ApplicationId,
    /// The cluster.
    pub(crate) cluster: ClusterId,
    /// How it stands.
    pub(crate) state: BindingState,
    /// What is rendered.
    pub(crate) desired: Option<ObjectId>,
    /// What is released.
    pub(crate) released: Option<LedgerCell>,
}

/// How many cells stand in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(super) released: u32,
    pub(super) waiting: u32,
    pub(super) held: u32,
    pub(super) stale: u32,
    pub(super) broken: u32,
}

/// How the cells of each application stand, as one walk over all cells finds it.
pub(crate) struct Survey {
    pub(super) applications: Vec<Summary>,
}

impl Summary {
    fn add(&mut self, state: BindingState) {
        let count = match state {
            BindingState::Released => &mut self.released,
            BindingState::Waiting => &mut self.waiting,
            BindingState::Held => &mut self.held,
            BindingState::Stale => &mut self.stale,
            BindingState::Broken => &mut self.broken,
        };
        *count += 1;
    }
}

impl Catalogue {
    /// How the cells stand that someone sees.
    pub(super) fn survey<'a>(&self, sight: &'a Sight) -> &'a Survey {
        sight.survey(|| {
            let fleet = self.fleet();
            let mut applications = vec![Summary::default(); fleet.applications.len()];
            for cluster in self.clusters() {
                self.each_cell(cluster, &mut |cell| {
                    if sight.cell(fleet, cell.application, cluster) {
                        applications[cell.application.0 as usize].add(cell.state);
                    }
                });
            }
            Survey { applications }
        })
    }

    /// The clusters of the fleet, in order.
    pub(crate) fn clusters(&self) -> impl Iterator<Item = ClusterId> + use<> {
        (0..self.fleet().clusters.len() as u32).map(ClusterId)
    }

    /// The cells of a cluster in the order of applications: those that are placed there, and
    /// those that are released there still.
    pub(crate) fn each_cell(&self, cluster: ClusterId, found: &mut dyn FnMut(Cell)) {
        let rendered = &self.sourced.accepted().rendered.clusters[cluster.index()];
        let in_ledger = self.ledger_cluster(cluster);
        let hold = self.hold(cluster).is_some();
        let names = &self.links().applications;
        let known = |cell: LedgerCell| {
            let application = (*names.get(cell.application.0 as usize)?)?;
            Some((application, cell))
        };
        let released = in_ledger.into_iter().flat_map(|cluster| &cluster.cells);
        let mut released = released.filter_map(known).peekable();
        let mut cell = |application, desired: Option<&RenderedCell>, released| {
            let (state, desired) = standing(desired, released, hold);
            found(Cell { application, cluster, state, desired, released });
        };
        for (application, desired) in &rendered.cells {
            while let Some((gone, old)) = released.next_if(|(next, _)| next < application) {
                cell(gone, None, Some(old));
            }
            let old = released.next_if(|(next, _)| next == application).map(|(_, old)| old);
            cell(*application, Some(desired), old);
        }
        for (gone, old) in released {
            cell(gone, None, Some(old));
        }
    }

    /// One cell; nothing where the application is neither placed nor released.
    pub(crate) fn cell(&self, application: ApplicationId, cluster: ClusterId) -> Option<Cell> {
        let mut wanted = None;
        self.each_cell(cluster, &mut |cell| {
            if cell.application == application {
                wanted = Some(cell);
            }
        });
        wanted
    }

    /// What holds a cluster.
    pub(super) fn hold(&self, cluster: ClusterId) -> Option<&Hold> {
        let uid = self.ledger_cluster(cluster)?.uid;
        let holds = &self.released.as_ref()?.ledger.holds;
        holds.iter().find(|hold| hold.cluster == uid)
    }

    /// What a query asks of a cell.
    pub(crate) fn binding<'a>(&'a self, cell: &Cell) -> Binding<'a> {
        Binding {
            fleet: self.fleet(),
            application: cell.application,
            cluster: cell.cluster,
            state: Some(cell.state.word()),
            released: cell.released.map(|released| released.released.0),
        }
    }

    /// A cell on the wire.
    pub(crate) fn wire(&self, cell: &Cell) -> api::Binding {
        let fleet = self.fleet();
        let application = &fleet.applications[cell.application.0 as usize];
        let cluster = &fleet.clusters[cell.cluster.index()].name;
        let stale = |Generation(generation)| api::StaleSince { generation };
        api::Binding {
            api_version: schema::shape::API_VERSION.to_owned(),
            kind: "Binding".to_owned(),
            metadata: api::BindingMetadata { name: format!("{}.{cluster}", application.name) },
            spec: api::BindingSpec {
                cluster: cluster.to_string(),
                application: application.name.to_string(),
                namespace: Some(application.document.namespace.value.to_string()),
                template: Some(application.document.template.value.to_string()),
            },
            status: api::BindingStatus {
                state: cell.state,
                desired: cell.desired.map(|tree| api::Tree { tree: tree.to_string() }),
                released: cell.released.map(released_tree),
                stale: cell.released.and_then(|cell| cell.stale).map(stale),
                actual: None,
            },
        }
    }
}

/// A binding as a step left it, from the ledger alone.
pub(crate) fn past_binding(
    application: &ApplicationName,
    past: &git::PastCluster,
    cell: LedgerCell,
) -> api::Binding {
    let cluster = &past.cluster.name;
    let state = match (&past.hold, cell.stale) {
        (Some(_), _) => BindingState::Held,
        (None, Some(_)) => BindingState::Stale,
        (None, None) => BindingState::Released,
    };
    api::Binding {
        api_version: schema::shape::API_VERSION.to_owned(),
        kind: "Binding".to_owned(),
        metadata: api::BindingMetadata { name: format!("{application}.{cluster}") },
        spec: api::BindingSpec {
            cluster: cluster.to_string(),
            application: application.to_string(),
            namespace: None,
            template: None,
        },
        status: api::BindingStatus {
            state,
            desired: None,
            released: Some(released_tree(cell)),
            stale: cell.stale.map(|Generation(generation)| api::StaleSince { generation }),
            actual: None,
        },
    }
}

fn released_tree(cell: LedgerCell) -> api::ReleasedTree {
    api::ReleasedTree { tree: cell.fragment.tree.to_string(), generation: cell.released.0 }
}

fn standing(
    desired: Option<&RenderedCell>,
    released: Option<LedgerCell>,
    is_held: bool,
) -> (BindingState, Option<ObjectId>) {
    let tree = |fragment: &Fragment| Some(fragment.tree);
    match (desired, released) {
        (Some(RenderedCell::Broken(_)), Some(_)) => (BindingState::Stale, None),
        (Some(RenderedCell::Broken(_)), None) => (BindingState::Broken, None),
        (Some(RenderedCell::Tree(new)), Some(old)) if *new == old.fragment && !is_held => {
            (BindingState::Released, tree(new))
        }
        (Some(RenderedCell::Tree(new)), _) if is_held => (BindingState::Held, tree(new)),
        (Some(RenderedCell::Tree(new)), _) => (BindingState::Waiting, tree(new)),
        // It is placed no more, and runs on: its removal waits.
        (None, _) => (BindingState::Held, None),
    }
}
