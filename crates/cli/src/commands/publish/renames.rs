//! Documents that may have been renamed since the last release without saying so.
//!
//! The ledger knows names and trees, so what documents said before is read from the source of the
//! last release. This is a question to a person and decides nothing: where that source cannot be
//! read any more, nothing is asked.

use git::Loader;
use model::{CommitId, LikelyRename, Renamed};
use plan::{Accepted, Changes, Side};

use crate::source::Understood;

/// The clusters and applications that went since the source of a commit, each with the one that
/// came and says nearly the same.
pub(super) fn since(
    commit: CommitId,
    loader: &mut Loader,
    understood: &Understood,
) -> Vec<LikelyRename> {
    let Ok(source) = loader.load(Some(&commit.to_string())) else { return Vec::new() };
    let (documents, _) = schema::read_source(&source);
    let Ok((fleet, _)) = plan::assemble(&source, documents) else { return Vec::new() };
    let Accepted { fleet: present, .. } = understood.accepted();
    let base = Side { fleet: &fleet, source: &source };
    let head = Side { fleet: present, source: understood.source() };
    let mut found = Changes::new(base, head).likely_renames();
    // A group has no identity in the ledger.
    found.retain(|one| one.kind != Renamed::Group);
    found
}
