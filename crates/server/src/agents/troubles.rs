//! Which clusters are in trouble, told when that changes: held by their sites, degraded, or not to
//! be reached.
//!
//! In: what all clusters said, and the clock of the server. Out: events. A cluster that is on its
//! way to a release is in no trouble, so that a release to all of them tells nothing. What a server
//! finds at its start was told before.

use std::collections::HashMap;

use api::ClusterWord;
use jiff::Timestamp;
use model::ClusterUid;

use super::actual::word;
use super::{Presence, ReleaseTable};
use crate::events::Events;

/// Clusters by what is wrong with them, as it was told.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    told: Option<HashMap<ClusterUid, ClusterWord>>,
}

impl Troubles {
    /// Looks at all clusters, and tells what is new.
    pub(super) fn look(
        &mut self,
        presence: &Presence,
        releases: &ReleaseTable,
        events: &Events,
        now: Timestamp,
    ) {
        let found = presence.look(|all| {
            let words = all.iter().filter_map(|(uid, seen)| {
                let released = releases.get(*uid)?;
                Some((*uid, word(Some(seen), Some(released.tree), now)))
            });
            words.filter(|(_, word)| is_trouble(*word)).collect()
        });
        for (uid, word) in self.changes(found) {
            if let Some(release) = releases.get(uid) {
                events.tell_cluster(&release.statement.cluster.name, word, now);
            }
        }
    }

    /// What is to be told after it was found who is in trouble now; nothing of a cluster that is in
    /// none any more.
    fn changes(
        &mut self,
        found: HashMap<ClusterUid, ClusterWord>,
    ) -> Vec<(ClusterUid, Option<ClusterWord>)> {
        let told = self.told.take();
        let found = self.told.insert(found);
        let Some(told) = told else { return Vec::new() };
        let new = found.iter().filter(|(uid, word)| told.get(uid) != Some(word));
        let new = new.map(|(uid, word)| (*uid, Some(*word)));
        let gone = told.keys().filter(|uid| !found.contains_key(uid)).map(|uid| (*uid, None));
        new.chain(gone).collect()
    }
}

fn is_trouble(word: ClusterWord) -> bool {
    matches!(word, ClusterWord::Unreachable | ClusterWord::Held | ClusterWord::Degraded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_told_once_and_nothing_at_the_start() {
        let uid = |n| ClusterUid([n; 16]);
        let mut troubles = Troubles::default();
        let mut told = |found: &[(u8, ClusterWord)]| {
            let found = found.iter().map(|(n, word)| (uid(*n), *word)).collect();
            let mut told = troubles.changes(found);
            told.sort();
            told
        };
        assert_eq!(told(&[(1, ClusterWord::Held)]), []);
        let (held, degraded) = (ClusterWord::Held, ClusterWord::Degraded);
        assert_eq!(told(&[(1, held), (2, degraded)]), [(uid(2), Some(degraded))]);
        assert_eq!(told(&[(1, held), (2, degraded)]), []);
        let next = [(uid(1), None), (uid(2), Some(ClusterWord::Unreachable))];
        assert_eq!(told(&[(2, ClusterWord::Unreachable)]), next);
    }
}
