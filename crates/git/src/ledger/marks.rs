//! `holds/` and `approvals/`: what persons decided, or must decide.

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use model::{
    ApplicationName, Approval, ClusterUid, Digest, Generation, Hold, HoldKind, LedgerCluster,
    PlacedHold, PlacedKind,
};

use super::fields::{Fault, Fields, number, read_mapping};
use super::text::quoted;
use super::{LedgerError, Snapshot};

/// The folder of holds.
pub(super) const HOLDS: &str = "holds";

/// The folder of approvals.
pub(super) const APPROVALS: &str = "approvals";

/// The beginning of the names of holds that a person placed.
const PLACED: &str = "hold-";

/// Reads every hold of a cluster, in the order of cluster uids.
pub(super) fn read_holds(snapshot: &Snapshot<'_>) -> Result<Vec<Hold>, LedgerError> {
    let mut holds = Vec::new();
    for (name, text) in snapshot.documents(HOLDS)? {
        if name.starts_with(PLACED) {
            continue;
        }
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

/// Reads every hold that a person placed, in the order of their steps.
pub(super) fn read_placed(snapshot: &Snapshot<'_>) -> Result<Vec<PlacedHold>, LedgerError> {
    let mut holds = Vec::new();
    for (name, text) in snapshot.documents(HOLDS)? {
        let Some(since) = name.strip_prefix(PLACED) else { continue };
        let since = number(since).map(Generation).ok_or_else(|| "it is no step".to_owned());
        let hold = since.and_then(|since| read_mapping(&text, |fields| placed_hold(since, fields)));
        holds.push(hold.map_err(|fault| snapshot.damaged(&format!("{HOLDS}/{name}.yaml"), fault))?);
    }
    holds.sort_by_key(|hold| hold.since);
    Ok(holds)
}

fn placed_hold(since: Generation, fields: &mut Fields<'_>) -> Result<PlacedHold, Fault> {
    let word = fields.text("kind")?;
    let kind = KINDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind);
    let names = fields.optional_text("applications")?.unwrap_or_default().split_whitespace();
    Ok(PlacedHold {
        since,
        kind: kind.ok_or_else(|| format!("the kind `{word}` is unknown"))?,
        clusters: fields.optional_text("clusters")?.map(str::to_owned),
        applications: names.map(name).collect::<Result<_, Fault>>()?,
        reason: fields.text("reason")?.to_owned(),
        by: fields.text("by")?.to_owned(),
        at: fields.parse("at")?,
        until: fields.optional("until")?,
    })
}

/// The kinds of placed holds, as they are written.
const KINDS: [(PlacedKind, &str); 3] =
    [(PlacedKind::Hold, "hold"), (PlacedKind::Rollback, "rollback"), (PlacedKind::Stop, "stop")];

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

/// The name and text of the file of a hold that a person placed.
pub(super) fn write_placed(hold: &PlacedHold) -> (String, String) {
    let kind = KINDS.iter().find(|(kind, _)| *kind == hold.kind).map_or("hold", |(_, word)| word);
    let mut text = format!("kind: {kind}\n");
    if let Some(clusters) = &hold.clusters {
        let _ = writeln!(text, "clusters: {}", quoted(clusters));
    }
    if !hold.applications.is_empty() {
        let names: Vec<&str> = hold.applications.iter().map(|name| name.as_str()).collect();
        let _ = writeln!(text, "applications: {}", quoted(&names.join(" ")));
    }
    let (reason, by) = (quoted(&hold.reason), quoted(&hold.by));
    let _ = write!(text, "reason: {reason}\nby: {by}\nat: {}\n", quoted(&hold.at.to_string()));
    if let Some(until) = hold.until {
        let _ = writeln!(text, "until: {}", quoted(&until.to_string()));
    }
    (format!("{}.yaml", hold.name()), text)
}

/// The name and text of an approval's file.
pub(super) fn write_approval(approval: &Approval) -> (String, String) {
    let mut text = String::new();
    let by = quoted(&approval.by);
    let _ = write!(text, "by: {by}\ngeneration: {}\n", approval.generation);
    (format!("{}.yaml", approval.plan), text)
}

fn name(text: &str) -> Result<ApplicationName, Fault> {
    ApplicationName::parse(text).map_err(|error| error.to_string())
}
