//! Says to each cluster what it is told to run, and signs it.
//!
//! In: the ledger after each step, the source in use, the time. Out: the releases in memory, which
//! wakes who waits for them, and then the same as refs beside the branches. It looks at what the
//! ledger changed since, and at what is due. What it said before a restart it reads from the refs;
//! without them it says it anew.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use api::agent::{Allowance, RELEASE_NAMESPACE, Statement};
use api::ssh::SigningKey;
use git::{Given, LedgerError, Repository, StatementEdit};
use jiff::Timestamp;
use model::{ClusterUid, CommitId, Generation, Ledger, LedgerCluster, ObjectKey, Observed};
use plan::Fleet;
use rayon::prelude::*;

use super::statement::{self, Facts, Head, Rules, Scoped};
use super::{AgentKeys, ReleaseTable, Releases, SignedRelease};
use crate::orders;
use crate::snapshot::{Released, Sourced};

/// How many objects one statement allows to be deleted at most.
const MOST_ALLOWANCES: usize = 5_000;

/// What the last statements were made of.
struct Made {
    commit: CommitId,
    ledger: Arc<Ledger>,
    /// When the first of them is due, or a hold ends by itself.
    due: Timestamp,
}

/// Where the ref of a cluster is, and with which release.
struct Side {
    commit: CommitId,
    etag: Option<axum::http::HeaderValue>,
}

/// Signs what clusters are told to run.
pub(crate) struct Issuer {
    key: Arc<SigningKey>,
    repository: Repository,
    releases: Arc<Releases>,
    made: Option<Made>,
    /// The commit of the source whose keys and rules are in place.
    keys_of: Option<CommitId>,
    rules: Option<Rules>,
    /// The refs as they are; nothing before they were read.
    sides: Option<HashMap<String, Side>>,
    are_sides_behind: bool,
}

impl Issuer {
    /// Issues the releases of the ledger of a repository.
    pub(crate) fn new(
        key: &Arc<SigningKey>,
        repository: &Repository,
        releases: &Arc<Releases>,
    ) -> Self {
        Self {
            key: Arc::clone(key),
            repository: repository.clone(),
            releases: Arc::clone(releases),
            made: None,
            keys_of: None,
            rules: None,
            sides: None,
            are_sides_behind: false,
        }
    }

    /// Looks at what is released, and says what is new.
    pub(crate) fn look(
        &mut self,
        sourced: Option<&Sourced>,
        released: Option<&Released>,
        now: Timestamp,
    ) {
        if let Some(sourced) = sourced.filter(|one| self.keys_of != Some(one.commit)) {
            let fleet = &sourced.accepted().fleet;
            self.releases.put_keys(AgentKeys::of(fleet));
            let rules = Some(Rules::of(fleet));
            if self.rules != rules {
                // They may concern every cluster.
                self.made = None;
                self.rules = rules;
            }
            self.keys_of = Some(sourced.commit);
        }
        let Some(released) = released else { return };
        let fleet = sourced.map(|sourced| &*sourced.accepted().fleet);
        if let Err(error) = self.issue(released, fleet, now) {
            tracing::error!(%error, "releases are not signed");
        }
    }

    fn issue(
        &mut self,
        released: &Released,
        fleet: Option<&Fleet>,
        now: Timestamp,
    ) -> Result<(), IssueError> {
        let is_same = |made: &Made| made.commit == released.commit && now < made.due;
        if self.made.as_ref().is_some_and(is_same) {
            return Ok(());
        }
        self.read_sides()?;
        let before = self.releases.table();
        let ledger = &released.ledger;
        let round = Round { issuer: self, released, fleet, before: &before, now };
        let signed = round.sign()?;
        let n_changed = signed.iter().filter(|(_, _, is_new)| *is_new).count();
        let has_left = before.by_uid.keys().any(|uid| ledger.position(*uid).is_none());
        if n_changed > 0 || has_left || before.by_name.is_empty() {
            let by_uid = signed.iter().map(|(uid, one, _)| (*uid, Arc::clone(one))).collect();
            let name = |cluster: &Arc<LedgerCluster>| (cluster.name.to_string(), cluster.uid);
            let by_name = ledger.clusters.iter().map(name).collect();
            self.releases.put(ReleaseTable { by_uid, by_name, n_changed });
            self.are_sides_behind = true;
        }
        let due = signed.iter().map(|(uid, one, _)| statement::renewal(&one.statement, *uid));
        let ends = ledger.placed.iter().filter_map(|hold| hold.until).filter(|end| *end > now);
        let due = due.chain(ends).min().unwrap_or(Timestamp::MAX);
        self.made = Some(Made { commit: released.commit, ledger: Arc::clone(ledger), due });
        Ok(())
    }

    /// Reads what was said before this start.
    fn read_sides(&mut self) -> Result<(), git::RepositoryError> {
        if self.sides.is_some() {
            return Ok(());
        }
        let key = self.key.public_key();
        let (mut sides, mut table) = (HashMap::new(), ReleaseTable::default());
        for stored in git::statements(&self.repository)? {
            let ours = stored
                .signed
                .filter(|(text, signature)| key.verify(RELEASE_NAMESPACE, text, signature).is_ok());
            let release = ours.and_then(|(text, signature)| SignedRelease::new(text, signature));
            let etag = release.as_ref().map(|release| release.etag.clone());
            sides.insert(stored.cluster, Side { commit: stored.commit, etag });
            let uid = |release: &SignedRelease| release.statement.cluster.uid.parse().ok();
            if let Some((uid, release)) = release.and_then(|one| Some((uid(&one)?, one))) {
                table.by_uid.insert(uid, Arc::new(release));
            }
        }
        self.sides = Some(sides);
        if self.releases.table().by_uid.is_empty() {
            // Nobody is told by it: names are not known before the ledger was looked at.
            self.releases.put(table);
        }
        Ok(())
    }

    /// Makes the refs equal to what is said. What fails is tried again at the next look.
    pub(crate) fn write_sides(&mut self) {
        let Some(sides) = self.sides.as_mut().filter(|_| self.are_sides_behind) else { return };
        let table = self.releases.table();
        let mut edits = Vec::new();
        for (name, uid) in &table.by_name {
            let Some(release) = table.by_uid.get(uid) else { continue };
            let side = sides.get(name);
            if side.is_some_and(|side| side.etag.as_ref() == Some(&release.etag)) {
                continue;
            }
            let to = (&*release.text, &*release.signature, release.statement.issued);
            let from = side.map(|side| side.commit);
            edits.push(StatementEdit { cluster: name, from, to: Some(to) });
        }
        let gone = sides.iter().filter(|(name, _)| !table.by_name.contains_key(*name));
        let gone: Vec<(String, CommitId)> =
            gone.map(|(name, side)| (name.clone(), side.commit)).collect();
        for (name, commit) in &gone {
            edits.push(StatementEdit { cluster: name, from: Some(*commit), to: None });
        }
        match git::write_statements(&self.repository, &edits) {
            Ok(commits) => {
                for (edit, commit) in edits.iter().zip(commits) {
                    let release = table
                        .by_name
                        .get(edit.cluster)
                        .and_then(|uid| table.by_uid.get(uid).map(|release| release.etag.clone()));
                    match commit {
                        Some(commit) => drop(
                            sides.insert(edit.cluster.to_owned(), Side { commit, etag: release }),
                        ),
                        None => drop(sides.remove(edit.cluster)),
                    }
                }
                self.are_sides_behind = false;
            }
            Err(error) => {
                tracing::error!(%error, "signed releases are not written beside the branches");
                // Somebody moved them: they are read again.
                self.sides = None;
                self.made = None;
            }
        }
    }
}

/// Why releases are not signed.
#[derive(Debug, thiserror::Error)]
enum IssueError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Repository(#[from] git::RepositoryError),
}

/// One look at the ledger.
struct Round<'a> {
    issuer: &'a Issuer,
    released: &'a Released,
    fleet: Option<&'a Fleet>,
    before: &'a ReleaseTable,
    now: Timestamp,
}

/// A cluster, its release, and whether that is new.
type Signed = (ClusterUid, Arc<SignedRelease>, bool);

/// What is looked up of the ledger's past, for all clusters of a round.
struct Past<'a> {
    given: Option<Given<'a>>,
    branches: HashMap<String, CommitId>,
    sources: HashMap<Generation, Option<CommitId>>,
    /// The steps after which a person confirmed something.
    confirmed: HashMap<Generation, bool>,
    head: Head,
}

impl Round<'_> {
    fn sign(&self) -> Result<Vec<Signed>, IssueError> {
        let ledger = &self.released.ledger;
        let holds: Vec<Scoped<'_>> = ledger.placed.iter().map(|hold| self.scoped(hold)).collect();
        let concerned: Vec<&Arc<LedgerCluster>> =
            ledger.clusters.iter().filter(|cluster| self.is_concerned(cluster)).collect();
        let past = self.past(&concerned)?;
        let concerned: BTreeSet<ClusterUid> = concerned.iter().map(|one| one.uid).collect();
        let sign = |cluster: &Arc<LedgerCluster>| -> Result<Option<Signed>, IssueError> {
            let before = self.before.by_uid.get(&cluster.uid);
            match (before, concerned.contains(&cluster.uid)) {
                (Some(before), false) => Ok(Some((cluster.uid, Arc::clone(before), false))),
                _ => self.sign_one(cluster, &holds, &past),
            }
        };
        let signed = ledger.clusters.par_iter().map(sign);
        Ok(signed.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn scoped<'h>(&self, hold: &'h model::PlacedHold) -> Scoped<'h> {
        let clusters = match self.fleet {
            Some(fleet) => orders::clusters(fleet, hold.clusters.as_deref()),
            None => Observed::Unknown(model::Cause("no source is in use".to_owned())),
        };
        Scoped { hold, clusters }
    }

    /// Whether a cluster may be told something else than before.
    fn is_concerned(&self, cluster: &Arc<LedgerCluster>) -> bool {
        let Some(before) = self.before.by_uid.get(&cluster.uid) else { return true };
        let Some(made) = &self.issuer.made else { return true };
        let ledger = &self.released.ledger;
        let is_same = made
            .ledger
            .position(cluster.uid)
            .is_some_and(|position| Arc::ptr_eq(&made.ledger.clusters[position], cluster));
        let has_ended = |hold: &model::PlacedHold| hold.until.is_some_and(|end| end <= self.now);
        !is_same
            || made.ledger.holds != ledger.holds
            || made.ledger.placed != ledger.placed
            || ledger.placed.iter().any(has_ended)
            || statement::renewal(&before.statement, cluster.uid) <= self.now
    }

    fn past(&self, concerned: &[&Arc<LedgerCluster>]) -> Result<Past<'_>, IssueError> {
        let repository = &self.issuer.repository;
        let names: Vec<&str> = concerned.iter().map(|cluster| cluster.name.as_str()).collect();
        let branches = git::cluster_branches(repository, &names)?;
        let given = Given::open(repository)?;
        let (mut sources, mut confirmed) = (HashMap::new(), HashMap::new());
        for cluster in concerned {
            let Some(given) = &given else { continue };
            if let Entry::Vacant(new) = sources.entry(cluster.changed) {
                new.insert(given.source(cluster.changed)?);
            }
            if let Entry::Vacant(new) = confirmed.entry(self.since(cluster)) {
                let is_confirmed = given.confirmed_since(*new.key())?;
                new.insert(is_confirmed);
            }
        }
        let info = repository.commit(self.released.commit)?;
        let ended = self.released.ledger.placed.iter().filter_map(|hold| hold.until);
        let at = ended.filter(|end| *end <= self.now).fold(info.time, Timestamp::max);
        let head = Head { generation: self.released.ledger.generation, at };
        Ok(Past { given, branches, sources, confirmed, head })
    }

    /// The step up to which the allowances of a cluster are known.
    fn since(&self, cluster: &LedgerCluster) -> Generation {
        let before = self.before.by_uid.get(&cluster.uid);
        let appeared = cluster.since.0.saturating_sub(1);
        Generation(before.map_or(appeared, |before| before.statement.generation.max(appeared)))
    }

    fn sign_one(
        &self,
        cluster: &LedgerCluster,
        holds: &[Scoped<'_>],
        past: &Past<'_>,
    ) -> Result<Option<Signed>, IssueError> {
        let before = self.before.by_uid.get(&cluster.uid);
        let said = before.map(|before| &before.statement);
        let ledger = &self.released.ledger;
        let rules = self.issuer.rules.as_ref();
        let (depends_on, max_hold_seconds) = statement::ruled(rules, said, ledger, cluster);
        let facts = Facts {
            commit: self.branch(cluster, past)?,
            source: past.sources.get(&cluster.changed).copied().flatten(),
            allowances: self.allowances(cluster, said, past)?,
            depends_on,
            max_hold_seconds,
        };
        let id = self.fleet.and_then(|fleet| fleet.cluster_id(cluster.name.as_str()));
        let draft = statement::draft(ledger, cluster, id, holds, facts, self.now);
        let Some(next) = statement::next(said, draft, past.head, cluster.uid, self.now) else {
            return Ok(before.map(|before| (cluster.uid, Arc::clone(before), false)));
        };
        let text = serde_json::to_vec(&next).unwrap_or_default();
        let signature = self.issuer.key.sign(RELEASE_NAMESPACE, &text);
        let release = SignedRelease::new(text, signature);
        Ok(release.map(|release| (cluster.uid, Arc::new(release), true)))
    }

    /// The commit of the branch of a cluster, if it holds its present tree.
    fn branch(
        &self,
        cluster: &LedgerCluster,
        past: &Past<'_>,
    ) -> Result<Option<CommitId>, IssueError> {
        let Some(commit) = past.branches.get(cluster.name.as_str()) else { return Ok(None) };
        let tree = self.issuer.repository.commit(*commit)?.tree;
        Ok((tree == cluster.tree).then_some(*commit))
    }

    fn allowances(
        &self,
        cluster: &LedgerCluster,
        before: Option<&Statement>,
        past: &Past<'_>,
    ) -> Result<Vec<Allowance>, IssueError> {
        let known = before.map_or(&[][..], |before| &before.allowances);
        let since = self.since(cluster);
        let is_confirmed = past.confirmed.get(&since).copied().unwrap_or(false);
        let Some(given) = past.given.as_ref().filter(|_| is_confirmed || !known.is_empty()) else {
            return Ok(Vec::new());
        };
        let known: BTreeSet<ObjectKey> = known.iter().map(ObjectKey::from).collect();
        let layout = self.released.ledger.layout;
        let allowed = given.allowances(layout, cluster.uid, since, known)?;
        if allowed.len() > MOST_ALLOWANCES {
            tracing::warn!(cluster = %cluster.name, n = allowed.len(), "too many allowances");
        }
        Ok(allowed.iter().take(MOST_ALLOWANCES).map(Allowance::from).collect())
    }
}
