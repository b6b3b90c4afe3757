//! Why a source cannot become the next step at all.

use std::fmt;

use model::{Cause, CommitId, Digest, FleetUid, Ledger, Observed, Origin, Rendered};

use crate::decide::World;
use crate::difference::{BootstrapChange, Difference};
use crate::step::count;

/// How many names a message lists before it says how many more there are.
const SHOWN: usize = 5;

/// Why nothing is released: the whole source is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The ledger belongs to another fleet.
    OtherFleet {
        /// The ledger's.
        ledger: FleetUid,
        /// The source's.
        source: FleetUid,
    },
    /// The ledger was rendered by another engine.
    OtherEngine {
        /// The ledger's.
        ledger: u32,
        /// The source's.
        source: u32,
    },
    /// Git proves that the source does not follow the one that the ledger runs.
    NotDescended {
        /// What the ledger runs.
        ledger: CommitId,
        /// What was given.
        source: CommitId,
    },
    /// Git cannot tell whether the source follows the one that the ledger runs.
    DescentUnknown {
        /// What the ledger runs.
        ledger: CommitId,
        /// Why Git cannot tell.
        cause: Cause,
    },
    /// The ledger runs a commit, and a folder in no repository has no history.
    NoHistory {
        /// A commit that the ledger ran.
        ledger: CommitId,
    },
    /// The work tree has changes that are in no commit.
    Uncommitted {
        /// Some of the paths.
        changed: Vec<String>,
    },
    /// The plan that was confirmed is not the one that waits.
    ConfirmMismatch {
        /// What was confirmed.
        given: Digest,
        /// What waits; nothing if nothing does.
        expected: Option<Digest>,
    },
    /// Everything was to be released or nothing, and something is broken.
    Broken {
        /// How many cells are broken.
        n_cells: usize,
        /// Some of them, as `application on cluster`.
        cells: Vec<String>,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherFleet { ledger, source } => {
                write!(f, "the ledger belongs to the fleet `{ledger}`, the source is of `{source}`")
            }
            Self::OtherEngine { ledger, source } => {
                write!(
                    f,
                    "the ledger was rendered by engine {ledger}, the source asks for {source}"
                )
            }
            Self::NotDescended { ledger, source } => {
                write!(f, "the source `{source}` does not follow `{ledger}`, which is released")
            }
            Self::DescentUnknown { ledger, cause } => {
                write!(f, "it cannot be proven that the source follows `{ledger}`: {cause}")
            }
            Self::NoHistory { ledger } => {
                write!(f, "the source is a folder without history, and `{ledger}` is released")
            }
            Self::Uncommitted { changed } => {
                write!(f, "the source has changes that are in no commit: {}", listed(changed))
            }
            Self::ConfirmMismatch { given, expected: Some(expected) } => {
                write!(f, "`{given}` was confirmed, but the plan that waits is `{expected}`")
            }
            Self::ConfirmMismatch { given, expected: None } => {
                write!(f, "`{given}` was confirmed, but nothing waits for a confirmation")
            }
            Self::Broken { n_cells, cells } => {
                let are = if *n_cells == 1 { "is" } else { "are" };
                write!(f, "{} {are} broken: {}", count(*n_cells, "cell"), listed(cells))
            }
        }
    }
}

impl Refusal {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherFleet { .. } => {
                "check that the source and the ledger are of one fleet; `metadata.uid` in \
                 `fleet.yaml` names it"
            }
            Self::OtherEngine { .. } => "set `spec.engine` in `fleet.yaml` back to the ledger's",
            Self::NotDescended { .. } => {
                "publish the newest commit of the source's branch; to undo a change, `git revert` \
                 it"
            }
            Self::DescentUnknown { .. } => {
                "fetch the whole history of the source, then publish again"
            }
            Self::NoHistory { .. } => "publish a commit of the source's repository",
            Self::Uncommitted { .. } => "commit the changes, or name the revision to publish",
            Self::ConfirmMismatch { expected: Some(_), .. } => {
                "look at what waits now; if it is what you want, confirm its digest"
            }
            Self::ConfirmMismatch { expected: None, .. } => "publish without a confirmation",
            Self::Broken { .. } => {
                "mend what the diagnostics name, or let everything else be released"
            }
        }
    }
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    if names.len() > SHOWN {
        text.push(format!("{} more", names.len() - SHOWN));
    }
    text.join(", ")
}

/// What refuses the source as a whole, apart from a confirmation that names another plan.
pub(crate) fn refuse(
    ledger: Option<&Ledger>,
    rendered: &Rendered,
    difference: &Difference,
    world: &World,
) -> Option<Refusal> {
    if let Origin::WorkTree { changed, .. } = &rendered.origin {
        return Some(Refusal::Uncommitted { changed: changed.clone() });
    }
    ledger
        .and_then(|ledger| identity(ledger, rendered).or_else(|| descent(ledger, rendered, world)))
        .or_else(|| world.all_or_nothing.then(|| broken(rendered, difference)).flatten())
}

fn identity(ledger: &Ledger, rendered: &Rendered) -> Option<Refusal> {
    if ledger.fleet != rendered.fleet {
        return Some(Refusal::OtherFleet { ledger: ledger.fleet, source: rendered.fleet });
    }
    (ledger.engine != rendered.engine)
        .then_some(Refusal::OtherEngine { ledger: ledger.engine, source: rendered.engine })
}

/// Whether the source may follow the ledger's. Git proves it between commits; a folder without
/// history follows only another such folder.
fn descent(ledger: &Ledger, rendered: &Rendered, world: &World) -> Option<Refusal> {
    // A ledger that once ran a commit has one: no folder ever follows a commit.
    let released = ledger.source_commit?;
    let Some(source) = rendered.origin.commit() else {
        return Some(Refusal::NoHistory { ledger: released });
    };
    if source == released || rendered.source == ledger.source {
        return None;
    }
    match &world.descends {
        Observed::Known(true) => None,
        Observed::Known(false) => Some(Refusal::NotDescended { ledger: released, source }),
        Observed::Unknown(cause) => {
            Some(Refusal::DescentUnknown { ledger: released, cause: cause.clone() })
        }
    }
}

fn broken(rendered: &Rendered, difference: &Difference) -> Option<Refusal> {
    let name = |position: usize| &rendered.clusters[position].name;
    let mut cells: Vec<String> = difference
        .broken(rendered)
        .map(|(cluster, cell)| {
            format!("{} on {}", difference.application(cell.application), name(cluster))
        })
        .collect();
    let bootstrap = |cluster: &&crate::ClusterDifference| {
        matches!(cluster.bootstrap, BootstrapChange::Broken(_))
    };
    let bootstraps = difference.clusters.iter().filter(bootstrap);
    cells.extend(bootstraps.map(|cluster| format!("bootstrap on {}", name(cluster.rendered))));
    cells.extend(difference.waiting.iter().map(|position| format!("new {}", name(*position))));
    (!cells.is_empty()).then_some(Refusal::Broken { n_cells: cells.len(), cells })
}
