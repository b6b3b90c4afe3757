//! What a statement says, and when it is said anew. Pure: every time is an argument.
//!
//! In: the ledger, what was said before, the time. Out: the next statement, or that the one before
//! still holds. Two servers with the same ledger say the same at the same time, and one that
//! starts again says what it said.

use api::agent::{Allowance, ClusterIdentity, Statement, StatementHold, Stopped, Window};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{
    ApplicationId, ClusterId, ClusterSet, ClusterUid, CommitId, Generation, Layout, Ledger,
    LedgerCluster, Observed, PlacedHold, PlacedKind,
};
use plan::Fleet;

/// For how long a statement counts.
const VALIDITY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// After how long it is said anew at the latest.
const RENEWAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Over how long the renewals of clusters are spread, so that they do not come at once.
const SPREAD: SignedDuration = SignedDuration::from_hours(24);

/// For how long a site may hold back a release while no source was ever read.
const MAX_HOLD: Duration = Duration::from_secs(24 * 3_600);

/// The step at which something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The step.
    pub(super) generation: Generation,
    /// When what is said began to be so: the time of the step, or a later one at which a hold
    /// ended by itself.
    pub(super) at: Timestamp,
}

/// What is said of a cluster besides what the ledger says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The commit of its branch with its present tree.
    pub(super) commit: Option<CommitId>,
    /// The commit of the source that its present tree came from.
    pub(super) source: Option<CommitId>,
    /// What may be deleted.
    pub(super) allowances: Vec<Allowance>,
    /// Which applications wait for which.
    pub(super) depends_on: Dependencies,
    /// For how many seconds the site may hold back a release.
    pub(super) max_hold_seconds: u64,
}

/// For each application that waits for others: which these are.
pub(super) type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// What the source in use says about the releases of all clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    depends_on: Dependencies,
    max_hold_seconds: u64,
}

impl Rules {
    /// The rules of a fleet.
    pub(super) fn of(fleet: &Fleet) -> Self {
        let name = |id: &ApplicationId| fleet.applications[id.0 as usize].name.to_string();
        let waiting = fleet.applications.iter().filter(|one| !one.depends_on.is_empty());
        let depends_on = waiting
            .map(|one| (one.name.to_string(), one.depends_on.iter().map(name).collect()))
            .collect();
        Self { depends_on, max_hold_seconds: fleet.max_hold.as_secs() }
    }

    /// Which applications wait for which on a cluster that runs these. What is not there is not
    /// waited for.
    fn dependencies(&self, runs: &BTreeSet<&str>) -> Dependencies {
        let here = self.depends_on.iter().filter(|(name, _)| runs.contains(name.as_str()));
        let here = here.map(|(name, others)| {
            let others = others.iter().filter(|other| runs.contains(other.as_str()));
            (name.clone(), others.cloned().collect::<BTreeSet<String>>())
        });
        here.filter(|(_, others)| !others.is_empty()).collect()
    }
}

/// What the rules say of a cluster. While no source is known, what was said before stays.
pub(super) fn ruled(
    rules: Option<&Rules>,
    before: Option<&Statement>,
    ledger: &Ledger,
    cluster: &LedgerCluster,
) -> (Dependencies, u64) {
    match (rules, before) {
        (Some(rules), _) if rules.depends_on.is_empty() => {
            (Dependencies::new(), rules.max_hold_seconds)
        }
        (Some(rules), _) => {
            let names = &ledger.applications;
            let runs = cluster.cells.iter().map(|cell| names[cell.application.0 as usize].as_str());
            (rules.dependencies(&runs.collect()), rules.max_hold_seconds)
        }
        (None, Some(before)) => (before.depends_on.clone(), before.max_hold_seconds),
        (None, None) => (Dependencies::new(), MAX_HOLD.as_secs()),
    }
}

/// A hold of a person with the clusters that it selects.
pub(super) struct Scoped<'a> {
    /// The hold.
    pub(super) hold: &'a PlacedHold,
    /// Its clusters; where nobody knows, it holds everywhere.
    pub(super) clusters: Observed<ClusterSet>,
}

/// What a statement would say, without its generation and times.
pub(super) fn draft(
    ledger: &Ledger,
    cluster: &LedgerCluster,
    id: Option<ClusterId>,
    holds: &[Scoped<'_>],
    facts: Facts,
    now: Timestamp,
) -> Statement {
    let concerns = |scoped: &&Scoped<'_>| match (&scoped.clusters, id) {
        (Observed::Known(clusters), Some(id)) => clusters.contains(id),
        _ => true,
    };
    let active = |scoped: &&Scoped<'_>| scoped.hold.is_active(now);
    let active: Vec<&Scoped<'_>> = holds.iter().filter(active).filter(concerns).collect();
    let of_persons = active.iter().filter(|one| one.hold.kind != PlacedKind::Stop);
    let stop = active.iter().find(|one| one.hold.kind == PlacedKind::Stop);
    let of_cluster = ledger.holds.iter().filter(|hold| hold.cluster == cluster.uid);
    let of_cluster = of_cluster.map(|hold| {
        let hold = api::Hold::of_cluster(hold, &cluster.name);
        StatementHold {
            name: hold.name,
            reason: hold.reason,
            by: "res-edge".to_owned(),
            applications: Vec::new(),
            until: None,
        }
    });
    Statement {
        api_version: schema::shape::API_VERSION.to_owned(),
        kind: "Release".to_owned(),
        fleet: ledger.fleet.to_string(),
        cluster: ClusterIdentity { uid: cluster.uid.to_string(), name: cluster.name.to_string() },
        generation: 0,
        tree: cluster.tree.to_string(),
        layout: match ledger.layout {
            Layout::Manifests => "manifests".to_owned(),
            Layout::Flux => "flux".to_owned(),
        },
        commit: facts.commit.map(|commit| commit.to_string()),
        source: facts.source.map(|commit| commit.to_string()),
        allowances: facts.allowances,
        holds: of_persons.map(|one| told(one.hold)).chain(of_cluster).collect(),
        windows: Vec::<Window>::new(),
        stopped: stop.map(|one| Stopped {
            reason: one.hold.reason.clone(),
            by: one.hold.by.clone(),
            since: one.hold.at,
        }),
        depends_on: facts.depends_on,
        max_hold_seconds: facts.max_hold_seconds,
        issued: Timestamp::UNIX_EPOCH,
        expires: Timestamp::UNIX_EPOCH,
    }
}

fn told(hold: &PlacedHold) -> StatementHold {
    StatementHold {
        name: hold.name(),
        reason: hold.reason.clone(),
        by: hold.by.clone(),
        applications: hold.applications.iter().map(ToString::to_string).collect(),
        until: hold.until,
    }
}

/// The statement that follows the one before; nothing where that one still holds.
pub(super) fn next(
    before: Option<&Statement>,
    draft: Statement,
    head: Head,
    uid: ClusterUid,
    now: Timestamp,
) -> Option<Statement> {
    let is_same = before.is_some_and(|before| says_the_same(before, &draft));
    let start = match before {
        Some(before) if is_same && now < renewal(before, uid) => return None,
        Some(before) if is_same => before.issued,
        _ => head.at,
    };
    let mut issued = latest(start, period(uid), now);
    let mut generation = head.generation.0;
    if let Some(before) = before {
        // What was said is never taken back by something that looks older.
        generation = generation.max(before.generation);
        if issued <= before.issued {
            issued = now.max(before.issued + SignedDuration::from_millis(1));
        }
    }
    Some(Statement { generation, issued, expires: issued + VALIDITY, ..draft })
}

/// When a statement is said anew, if nothing changes before.
pub(super) fn renewal(statement: &Statement, uid: ClusterUid) -> Timestamp {
    statement.issued + period(uid)
}

fn says_the_same(before: &Statement, draft: &Statement) -> bool {
    let said = Statement {
        generation: draft.generation,
        issued: draft.issued,
        expires: draft.expires,
        ..before.clone()
    };
    said == *draft
}

/// How often the statement of a cluster is said anew.
fn period(uid: ClusterUid) -> SignedDuration {
    let share = i64::from(u16::from_be_bytes([uid.0[0], uid.0[1]]));
    RENEWAL - SignedDuration::from_secs(SPREAD.as_secs() * share / i64::from(u16::MAX))
}

/// The last of the times `start`, `start + period`, ... that is not in the future.
fn latest(start: Timestamp, period: SignedDuration, now: Timestamp) -> Timestamp {
    let passed = now.duration_since(start).as_secs().max(0);
    let periods = passed / period.as_secs().max(1);
    start + SignedDuration::from_secs(periods * period.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: ClusterUid = ClusterUid([0; 16]);

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + day * 24 * 3_600).unwrap()
    }

    fn said(tree: &str) -> Statement {
        Statement {
            api_version: String::new(),
            kind: String::new(),
            fleet: String::new(),
            cluster: ClusterIdentity { uid: String::new(), name: String::new() },
            generation: 0,
            tree: tree.to_owned(),
            layout: String::new(),
            commit: None,
            source: None,
            allowances: Vec::new(),
            holds: Vec::new(),
            windows: Vec::new(),
            stopped: None,
            depends_on: Dependencies::new(),
            max_hold_seconds: 0,
            issued: Timestamp::UNIX_EPOCH,
            expires: Timestamp::UNIX_EPOCH,
        }
    }

    fn at_step(generation: u32, at: Timestamp) -> Head {
        Head { generation: Generation(generation), at }
    }

    #[test]
    fn a_statement_stays_until_it_says_something_else_or_half_its_time_is_over() {
        let first = next(None, said("a"), at_step(1, day(0)), UID, day(0)).unwrap();
        assert_eq!((first.generation, first.issued, first.expires), (1, day(0), day(14)));
        let again = |tree, step, now| next(Some(&first), said(tree), step, UID, now);
        assert_eq!(again("a", at_step(2, day(1)), day(6)), None, "another step, the same");
        let renewed = again("a", at_step(2, day(1)), day(8)).unwrap();
        assert_eq!((renewed.generation, renewed.issued), (2, day(7)));
        let other = again("b", at_step(3, day(2)), day(2)).unwrap();
        assert_eq!((other.generation, other.issued), (3, day(2)));
    }

    #[test]
    fn servers_that_know_nothing_of_each_other_say_the_same() {
        let step = at_step(4, day(0));
        let one = next(None, said("a"), step, UID, day(20)).unwrap();
        let other = next(None, said("a"), step, UID, day(15)).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.issued, day(14), "and it is not over when it is said");
        let renewed = next(None, said("a"), step, UID, day(7)).unwrap();
        let kept = next(None, said("a"), step, UID, day(0)).unwrap();
        let followed = next(Some(&kept), said("a"), step, UID, day(7)).unwrap();
        assert_eq!(renewed, followed);
    }

    #[test]
    fn nothing_that_follows_looks_older() {
        let before = next(None, said("a"), at_step(9, day(5)), UID, day(5)).unwrap();
        // A ledger that was set back, or a clock.
        let after = next(Some(&before), said("b"), at_step(3, day(1)), UID, day(2)).unwrap();
        assert!(after.generation >= before.generation && after.issued > before.issued);
        let stopped = next(Some(&before), said("b"), at_step(9, day(5)), UID, day(5)).unwrap();
        assert!(stopped.issued > before.issued);
    }

    #[test]
    fn renewals_do_not_come_at_once() {
        assert_eq!(period(ClusterUid([0; 16])), RENEWAL);
        assert_eq!(period(ClusterUid([255; 16])), RENEWAL - SPREAD);
    }

    #[test]
    fn an_application_waits_for_what_its_cluster_runs() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let depends_on = [("web", set(&["gateway", "store"])), ("store", set(&["disks"]))];
        let depends_on = depends_on.map(|(name, others)| (name.to_owned(), others)).into();
        let rules = Rules { depends_on, max_hold_seconds: 60 };
        let here = rules.dependencies(&["web", "store"].into());
        assert_eq!(here, [("web".to_owned(), set(&["store"]))].into());
    }
}
