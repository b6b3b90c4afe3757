//! The applications of one cluster, as released, in few bytes.
//!
//! A fleet has millions of cells, and most of what a cell says it says together with others: the
//! clusters of a fleet run the same applications, and the cells of a cluster were released by few
//! steps. So a cluster keeps a list of applications that it shares, the ids of its trees, and runs
//! of equal releases: 20 bytes for each cell, and 41 where cells have listeners.

use std::fmt;
use std::sync::Arc;

use crate::{ApplicationId, Fragment, Generation, ObjectId};

/// One application on one cluster, as released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerCell {
    /// The application, in [`crate::Ledger::applications`].
    pub application: ApplicationId,
    /// What it contributes to the cluster's tree.
    pub fragment: Fragment,
    /// The step that released this tree.
    pub released: Generation,
    /// Since which step the cell is stale: its template or a value is broken, and it keeps its
    /// last tree.
    pub stale: Option<Generation>,
}

/// Which step released a cell, and since which it is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The step that released the tree.
    pub released: Generation,
    /// Since which step the cell is stale.
    pub stale: Option<Generation>,
}

/// The cells of one cluster, in the order of [`ApplicationId`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cells {
    applications: Arc<[ApplicationId]>,
    trees: Arc<[ObjectId]>,
    /// One for each cell, or none at all.
    listeners: Arc<[Option<ObjectId>]>,
    /// How many cells have each release, with no two equal ones after each other.
    releases: Arc<[(u32, Release)]>,
}

impl Cells {
    /// The cells of these applications, each with its fragment and release, under a list of
    /// applications that other clusters have too.
    ///
    /// Answers nothing if there are not as many fragments and releases as applications.
    #[must_use]
    pub fn new(
        applications: Arc<[ApplicationId]>,
        fragments: impl IntoIterator<Item = Fragment>,
        releases: impl IntoIterator<Item = (u32, Release)>,
    ) -> Option<Self> {
        let mut trees = Vec::with_capacity(applications.len());
        let mut listeners = Vec::new();
        for fragment in fragments {
            if fragment.listener.is_some() && listeners.is_empty() {
                listeners.reserve_exact(applications.len());
                listeners.resize(trees.len(), None);
            }
            if fragment.listener.is_some() || !listeners.is_empty() {
                listeners.push(fragment.listener);
            }
            trees.push(fragment.tree);
        }
        let mut runs = Runs::default();
        releases.into_iter().for_each(|(count, release)| runs.push(count, release));
        let fits = trees.len() == applications.len() && runs.n_cells == trees.len();
        fits.then(|| Self {
            applications,
            trees: trees.into(),
            listeners: listeners.into(),
            releases: runs.runs.into(),
        })
    }

    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.trees.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// Every cell, in order.
    #[must_use]
    pub fn iter(&self) -> CellsIter<'_> {
        CellsIter { cells: self, position: 0, run: 0, left: 0 }
    }

    /// The cell of an application.
    #[must_use]
    pub fn get(&self, application: ApplicationId) -> Option<LedgerCell> {
        let position = self.applications.binary_search(&application).ok()?;
        self.iter().nth(position)
    }

    /// The applications, a list that clusters share.
    #[must_use]
    pub fn applications(&self) -> &Arc<[ApplicationId]> {
        &self.applications
    }

    /// How many cells, one after the other, have the same release.
    #[must_use]
    pub fn releases(&self) -> &[(u32, Release)] {
        &self.releases
    }

    /// The same cells under other numbers of their applications; nothing if there are not as many.
    #[must_use]
    pub fn renumbered(&self, applications: Arc<[ApplicationId]>) -> Option<Self> {
        (applications.len() == self.len()).then(|| Self { applications, ..self.clone() })
    }

    /// These cells, under a list of their applications that other clusters have too; none if they
    /// are not as many.
    #[must_use]
    pub fn of(applications: Arc<[ApplicationId]>, cells: &[LedgerCell]) -> Self {
        let fragments = cells.iter().map(|cell| cell.fragment);
        let release = |cell: &LedgerCell| Release { released: cell.released, stale: cell.stale };
        let releases = cells.iter().map(|cell| (1, release(cell)));
        Self::new(applications, fragments, releases).unwrap_or_default()
    }
}

/// Runs of equal releases, as they come.
#[derive(Default)]
struct Runs {
    runs: Vec<(u32, Release)>,
    n_cells: usize,
}

impl Runs {
    fn push(&mut self, count: u32, release: Release) {
        match self.runs.last_mut() {
            Some((n, last)) if *last == release => *n += count,
            _ if count > 0 => self.runs.push((count, release)),
            _ => {}
        }
        self.n_cells += count as usize;
    }
}

impl FromIterator<LedgerCell> for Cells {
    fn from_iter<T: IntoIterator<Item = LedgerCell>>(cells: T) -> Self {
        let cells: Vec<LedgerCell> = cells.into_iter().collect();
        Self::of(cells.iter().map(|cell| cell.application).collect(), &cells)
    }
}

impl<'a> IntoIterator for &'a Cells {
    type Item = LedgerCell;
    type IntoIter = CellsIter<'a>;

    fn into_iter(self) -> CellsIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// The cells of one cluster, one after the other.
#[derive(Clone, Debug)]
pub struct CellsIter<'a> {
    cells: &'a Cells,
    position: usize,
    /// The run after the one at hand.
    run: usize,
    /// How many cells of the run at hand are left.
    left: u32,
}

impl Iterator for CellsIter<'_> {
    type Item = LedgerCell;

    fn next(&mut self) -> Option<LedgerCell> {
        let tree = *self.cells.trees.get(self.position)?;
        if self.left == 0 {
            self.left = self.cells.releases[self.run].0;
            self.run += 1;
        }
        self.left -= 1;
        let Release { released, stale } = self.cells.releases[self.run - 1].1;
        let application = self.cells.applications[self.position];
        let listener = self.cells.listeners.get(self.position).copied().flatten();
        self.position += 1;
        Some(LedgerCell { application, fragment: Fragment { tree, listener }, released, stale })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.cells.len() - self.position;
        (left, Some(left))
    }
}

impl ExactSizeIterator for CellsIter<'_> {}
