//! `holds/` and `approvals/`: what persons decided, or must decide.

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use model::{Approval, ClusterUid, Digest, Generation, Hold, HoldKind, LedgerCluster};

use super::fields::{Fault, Fields, read_mapping};
use super::text::quoted;
use super::{LedgerError, Snapshot};

/// The folder of holds.
pub(super) const HOLDS: &str = "holds";

/// The folder of approvals.
pub(super) const APPROVALS: &str = "approvals";

/// Reads every hold, in the order of cluster uids.
pub(super) fn read_holds(snapshot: &Snapshot<'_>) -> Result<Vec<Hold>, LedgerError> {
    let mut holds = Vec::new();
    for (name, text) in snapshot.documents(HOLDS)? {
        let hold = key::<ClusterUid>(&name)
            .and_then(|cluster| read_mapping(&text, |fields| hold(cluster, fields)));
        holds.push(hold.map_err(|fault| snapshot.damaged(&format!("{HOLDS}/{name}.yaml"), fault))?);
    }
    holds.sort_by_key(|hold| hold.cluster);
    Ok(holds)
}

fn hold(cluster: ClusterUid, fields: &mut Fields<'_>) -> Result<Hold, Fault> {
    let kind = match fields.text("kind")? {
        "foreign" => HoldKind::Foreign,
        "adopted" => HoldKind::Adopted,
        word => return Err(format!("the kind `{word}` is unknown")),
    };
    let since = Generation(fields.number("since")?);
    Ok(Hold { cluster, kind, tree: fields.parse("tree")?, since })
}

/// A hold of no cluster of the ledger is a damage: it would hold nothing.
pub(super) fn check_holds(
    snapshot: &Snapshot<'_>,
    holds: &[Hold],
    clusters: &[Arc<LedgerCluster>],
) -> Result<(), LedgerError> {
    let known = |hold: &&Hold| clusters.binary_search_by_key(&hold.cluster, |c| c.uid).is_ok();
    match holds.iter().find(|hold| !known(hold)) {
        Some(hold) => Err(snapshot
            .damaged(&format!("{HOLDS}/{}.yaml", hold.cluster), "the ledger has no such cluster")),
        None => Ok(()),
    }
}

/// Reads every approval, in the order of plan digests.
pub(super) fn read_approvals(snapshot: &Snapshot<'_>) -> Result<Vec<Approval>, LedgerError> {
    let mut approvals = Vec::new();
    for (name, text) in snapshot.documents(APPROVALS)? {
        let approval = key::<Digest>(&name)
            .and_then(|plan| read_mapping(&text, |fields| approval(plan, fields)));
        let damaged = |fault| snapshot.damaged(&format!("{APPROVALS}/{name}.yaml"), fault);
        approvals.push(approval.map_err(damaged)?);
    }
    approvals.sort_by_key(|approval| approval.plan);
    Ok(approvals)
}

fn approval(plan: Digest, fields: &mut Fields<'_>) -> Result<Approval, Fault> {
    let by = fields.text("by")?.to_owned();
    Ok(Approval { plan, by, generation: Generation(fields.number("generation")?) })
}

fn key<T: FromStr<Err: std::fmt::Display>>(name: &str) -> Result<T, Fault> {
    name.parse().map_err(|error: T::Err| error.to_string())
}

/// The name and text of a hold's file.
pub(super) fn write_hold(hold: &Hold) -> (String, String) {
    let kind = match hold.kind {
        HoldKind::Foreign => "foreign",
        HoldKind::Adopted => "adopted",
    };
    let tree = quoted(&hold.tree.to_string());
    let text = format!("kind: {kind}\ntree: {tree}\nsince: {}\n", hold.since);
    (format!("{}.yaml", hold.cluster), text)
}

/// The name and text of an approval's file.
pub(super) fn write_approval(approval: &Approval) -> (String, String) {
    let mut text = String::new();
    let by = quoted(&approval.by);
    let _ = write!(text, "by: {by}\ngeneration: {}\n", approval.generation);
    (format!("{}.yaml", approval.plan), text)
}
