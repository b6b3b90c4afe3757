//! Says to each cluster what it is told to run, and signs it.
//!
//! In: the ledger after each step, the source in use, the time. Out: the releases in memory, which
//! wakes who waits for them, and then the same as refs beside the branches. It looks at what the
//! ledger changed since, and at what is due: a step that changes one cluster costs one statement.
//! What it said before a restart it reads from the refs; without them it says it anew.

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
use schema::Same as _;

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
    /// When the first of them is due, or a hold ends by itself; at the latest.
    due: Timestamp,
    /// Whether every cluster has one.
    is_whole: bool,
}

/// Which refs are not at what is said.
enum Behind {
    Nothing,
    /// Those of clusters with these names.
    Some(Vec<String>),
    /// Any of them may be.
    Any,
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
    /// The commit of the source whose keys and rules are in place, and its fleet.
    keys_of: Option<(CommitId, Arc<Fleet>)>,
    rules: Option<Rules>,
    /// The refs as they are; nothing before they were read.
    sides: Option<HashMap<String, Side>>,
    behind: Behind,
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
            behind: Behind::Nothing,
        }
    }

    /// Looks at what is released, and says what is new.
    pub(crate) fn look(
        &mut self,
        sourced: Option<&Sourced>,
        released: Option<&Released>,
        now: Timestamp,
    ) {
        if let Some(sourced) = sourced {
            self.take_keys(sourced);
        }
        let Some(released) = released else { return };
        let fleet = sourced.map(|sourced| &*sourced.accepted().fleet);
        if let Err(error) = self.issue(released, fleet, now) {
            tracing::error!(%error, "releases are not signed");
        }
    }

    /// Puts the keys and the rules of a source in place.
    fn take_keys(&mut self, sourced: &Sourced) {
        let known = self.keys_of.as_ref();
        if known.is_some_and(|(commit, _)| *commit == sourced.commit) {
            return;
        }
        let fleet = &sourced.accepted().fleet;
        if known.is_none_or(|(_, known)| !has_same_keys(known, fleet)) {
            self.releases.put_keys(AgentKeys::of(fleet));
        }
        let rules = Some(Rules::of(fleet));
        if self.rules != rules {
            // They may concern every cluster.
            self.made = None;
            self.rules = rules;
        }
        self.keys_of = Some((sourced.commit, Arc::clone(fleet)));
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
        let (commit, ledger) = (released.commit, Arc::clone(&released.ledger));
        let few = self.few(&ledger, now);
        let round = Round { issuer: self, released, fleet, before: &before, now };
        let (due, is_whole) = match few {
            Some((clusters, due)) => {
                let signed = round.sign(&clusters)?;
                let renewals = signed.iter().map(|one| one.renewal());
                let due = renewals.min().unwrap_or(due).min(due);
                self.put_some(&before, signed);
                (due, true)
            }
            None => {
                let clusters: Vec<_> =
                    ledger.clusters.iter().filter(|one| round.is_concerned(one)).collect();
                let signed = round.sign(&clusters)?;
                self.put_all(&before, &ledger, signed, now)
            }
        };
        self.made = Some(Made { commit, ledger, due, is_whole });
        Ok(())
    }

    /// The clusters that a step changed, where it can concern no other, and when the others are
    /// due; nothing if that is not sure.
    fn few<'l>(
        &self,
        ledger: &'l Ledger,
        now: Timestamp,
    ) -> Option<(Vec<&'l Arc<LedgerCluster>>, Timestamp)> {
        let made = self.made.as_ref().filter(|made| made.is_whole && now < made.due)?;
        let last = &made.ledger;
        let is_alike = last.holds == ledger.holds
            && last.placed == ledger.placed
            && last.clusters.len() == ledger.clusters.len();
        let mut changed = Vec::new();
        for (old, new) in last.clusters.iter().zip(&ledger.clusters).filter(|_| is_alike) {
            if (old.uid, &old.name) != (new.uid, &new.name) {
                return None;
            }
            if !Arc::ptr_eq(old, new) {
                changed.push(new);
            }
        }
        is_alike.then_some((changed, made.due))
    }

    /// Puts what was signed in place of what these clusters were told before.
    fn put_some(&mut self, before: &ReleaseTable, signed: Vec<Signed>) {
        let new: Vec<Signed> = signed.into_iter().filter(|one| one.is_new).collect();
        if new.is_empty() {
            return;
        }
        let names = new.iter().map(|one| one.release.statement.cluster.name.clone());
        match &mut self.behind {
            Behind::Nothing => self.behind = Behind::Some(names.collect()),
            Behind::Some(behind) => behind.extend(names),
            Behind::Any => {}
        }
        self.releases.put(before.with(new.into_iter().map(|one| (one.uid, one.release)).collect()));
    }

    /// Puts what every cluster of the ledger is told in place. Answers when the first is due, and
    /// whether each has a release.
    fn put_all(
        &mut self,
        before: &ReleaseTable,
        ledger: &Ledger,
        signed: Vec<Signed>,
        now: Timestamp,
    ) -> (Timestamp, bool) {
        let n_changed = signed.iter().filter(|one| one.is_new).count();
        let has_left = before.clusters().any(|uid| ledger.position(uid).is_none());
        let signed: HashMap<_, _> = signed.into_iter().map(|one| (one.uid, one.release)).collect();
        let release = |cluster: &Arc<LedgerCluster>| {
            let release = signed.get(&cluster.uid).or_else(|| before.get(cluster.uid))?;
            Some((cluster.uid, Arc::clone(release)))
        };
        let releases: HashMap<_, _> = ledger.clusters.iter().filter_map(release).collect();
        let is_whole = releases.len() == ledger.clusters.len();
        let due = releases.iter().map(|(uid, one)| statement::renewal(&one.statement, *uid));
        let ends = ledger.placed.iter().filter_map(|hold| hold.until).filter(|end| *end > now);
        let due = due.chain(ends).min().unwrap_or(Timestamp::MAX);
        if n_changed > 0 || has_left || before.is_empty() {
            let name = |cluster: &Arc<LedgerCluster>| (cluster.name.to_string(), cluster.uid);
            let uids = ledger.clusters.iter().map(name).collect();
            self.releases.put(ReleaseTable::new(releases, uids, n_changed));
            self.behind = Behind::Any;
        }
        (due, is_whole)
    }

    /// Reads what was said before this start.
    fn read_sides(&mut self) -> Result<(), git::RepositoryError> {
        if self.sides.is_some() {
            return Ok(());
        }
        let key = self.key.public_key();
        let (mut sides, mut releases) = (HashMap::new(), HashMap::new());
        for stored in git::statements(&self.repository)? {
            let ours = stored
                .signed
                .filter(|(text, signature)| key.verify(RELEASE_NAMESPACE, text, signature).is_ok());
            let release = ours.and_then(|(text, signature)| SignedRelease::new(text, signature));
            let etag = release.as_ref().map(|release| release.etag.clone());
            sides.insert(stored.cluster, Side { commit: stored.commit, etag });
            let uid = |release: &SignedRelease| release.statement.cluster.uid.parse().ok();
            if let Some((uid, release)) = release.and_then(|one| Some((uid(&one)?, one))) {
                releases.insert(uid, Arc::new(release));
            }
        }
        self.sides = Some(sides);
        if self.releases.table().clusters().next().is_none() {
            // Nobody is told by it: names are not known before the ledger was looked at.
            self.releases.put(ReleaseTable::new(releases, HashMap::new(), 0));
        }
        Ok(())
    }

    /// Makes the refs equal to what is said. What fails is tried again at the next look.
    pub(crate) fn write_sides(&mut self) {
        let table = self.releases.table();
        let Some(sides) = &mut self.sides else { return };
        let mut edits = match &self.behind {
            Behind::Nothing => return,
            Behind::Some(names) => edits(&table, sides, names.iter().map(String::as_str)),
            Behind::Any => edits(&table, sides, table.names()),
        };
        let gone: Vec<(String, CommitId)> = match &self.behind {
            Behind::Any => gone(&table, sides),
            _ => Vec::new(),
        };
        for (name, commit) in &gone {
            edits.push(StatementEdit { cluster: name, from: Some(*commit), to: None });
        }
        match git::write_statements(&self.repository, &edits) {
            Ok(commits) => {
                for (edit, commit) in edits.iter().zip(commits) {
                    let etag = table.of(edit.cluster).map(|(_, release)| release.etag.clone());
                    match commit {
                        Some(commit) => {
                            drop(sides.insert(edit.cluster.to_owned(), Side { commit, etag }));
                        }
                        None => drop(sides.remove(edit.cluster)),
                    }
                }
                self.behind = Behind::Nothing;
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

/// What to write for the clusters of these names.
fn edits<'t>(
    table: &'t ReleaseTable,
    sides: &HashMap<String, Side>,
    names: impl Iterator<Item = &'t str>,
) -> Vec<StatementEdit<'t>> {
    let edit = |name: &'t str| {
        let release = table.get(table.uid(name)?)?;
        let side = sides.get(name);
        if side.is_some_and(|side| side.etag.as_ref() == Some(&release.etag)) {
            return None;
        }
        let to = (&*release.text, &*release.signature, release.statement.issued);
        let from = side.map(|side| side.commit);
        Some(StatementEdit { cluster: name, from, to: Some(to) })
    };
    names.filter_map(edit).collect()
}

/// The refs of names that no cluster has any more.
fn gone(table: &ReleaseTable, sides: &HashMap<String, Side>) -> Vec<(String, CommitId)> {
    let gone = sides.iter().filter(|(name, _)| table.uid(name).is_none());
    gone.map(|(name, side)| (name.clone(), side.commit)).collect()
}

/// Whether the keys of agents stand in the same documents of the same names.
fn has_same_keys(known: &Fleet, fleet: &Fleet) -> bool {
    let mut pairs = known.clusters.iter().zip(&fleet.clusters);
    known.same_clusters(fleet)
        && pairs.all(|(old, new)| {
            let (old, new) = (&old.document, &new.document);
            Arc::ptr_eq(old, new) || old.agent_keys.same(&new.agent_keys)
        })
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

/// What a cluster is told.
struct Signed {
    uid: ClusterUid,
    release: Arc<SignedRelease>,
    /// Whether it was told something else before.
    is_new: bool,
}

impl Signed {
    fn new(uid: ClusterUid, release: Arc<SignedRelease>, is_new: bool) -> Self {
        Self { uid, release, is_new }
    }

    fn renewal(&self) -> Timestamp {
        statement::renewal(&self.release.statement, self.uid)
    }
}

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
    /// What these clusters are told.
    fn sign(&self, clusters: &[&Arc<LedgerCluster>]) -> Result<Vec<Signed>, IssueError> {
        let placed = &self.released.ledger.placed;
        let holds: Vec<Scoped<'_>> = placed.iter().map(|hold| self.scoped(hold)).collect();
        let past = self.past(clusters)?;
        let signed = clusters.par_iter().map(|cluster| self.sign_one(cluster, &holds, &past));
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
        let Some(before) = self.before.get(cluster.uid) else { return true };
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
        let before = self.before.get(cluster.uid);
        let appeared = cluster.since.0.saturating_sub(1);
        Generation(before.map_or(appeared, |before| before.statement.generation.max(appeared)))
    }

    fn sign_one(
        &self,
        cluster: &LedgerCluster,
        holds: &[Scoped<'_>],
        past: &Past<'_>,
    ) -> Result<Option<Signed>, IssueError> {
        let before = self.before.get(cluster.uid);
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
            return Ok(before.map(|before| Signed::new(cluster.uid, Arc::clone(before), false)));
        };
        let text = serde_json::to_vec(&next).unwrap_or_default();
        let signature = self.issuer.key.sign(RELEASE_NAMESPACE, &text);
        let release = SignedRelease::new(text, signature);
        Ok(release.map(|release| Signed::new(cluster.uid, Arc::new(release), true)))
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
