//! A push to the branch that is released.

use std::fmt::Write as _;

use api::text::count;
use git::serve::{Push, RefUpdate};
use release::access::{Answer, Lack, outstanding};
use tokio::runtime::Handle;

use super::{Decided, Host};
use crate::authorize::person;
use crate::evaluate::{Judged, Pair};
use crate::identity::Caller;

/// How to do the same with others.
const BY_CHANGE: &str = "hint: open a change: `git push origin HEAD:refs/for/main`\n";

/// Decides on a push to `main`, which follows what is there.
pub(super) fn decide(host: &Host, update: &RefUpdate, push: &Push<'_>, caller: &Caller) -> Decided {
    let Some(head) = update.commit else {
        return Decided::refused("it can only be at a commit", "");
    };
    let base = update.old.map(|id| model::CommitId(id.0));
    let compiling = Pair::compile(&host.controller, base, push.repository.clone(), head);
    match Handle::current().block_on(compiling) {
        Ok(pair) => on(&pair, caller),
        Err(error) => {
            Decided::refused("it cannot be read as a source", format!("error: {error}\n"))
        }
    }
}

/// Decides on what was compiled.
fn on(pair: &Pair, caller: &Caller) -> Decided {
    let mistakes = pair.mistakes();
    if !mistakes.new.is_empty() {
        let reason = format!("{} that `main` does not have", mistakes.n_new());
        return Decided::refused(reason, mistakes.text(&mistakes.new));
    }
    let mut text = mistakes.text(&mistakes.known);
    if !mistakes.known.is_empty() {
        let _ = writeln!(text, "warning: `main` has the same errors already");
    }
    match authorize(pair, caller) {
        Ok(()) => {
            text.push_str(&told(pair));
            Decided::accepted(text)
        }
        Err(refused) => refused,
    }
}

/// Whether a caller may merge this without anybody's approval.
fn authorize(pair: &Pair, caller: &Caller) -> Result<(), Decided> {
    if caller.is_administrator {
        return Ok(());
    }
    let Some(judged) = pair.judge() else {
        let reason = "only the administrator may push while no valid source is in use";
        return Err(Decided::refused(reason, ""));
    };
    may_merge(&judged, caller)
}

fn may_merge(judged: &Judged, caller: &Caller) -> Result<(), Decided> {
    let Some(person) = person(caller) else {
        return Err(Decided::refused("no Role can name you", ""));
    };
    let verdict = judged.verdict(&person);
    if let Answer::Refused { lacks, n_lacks } = &verdict.merge {
        let mut text = lacking(lacks, *n_lacks);
        text.push_str(if verdict.propose.is_allowed() { BY_CHANGE } else { "" });
        return Err(Decided::refused("you may not merge this", text));
    }
    let current = (model::CommitId([0; 20]), judged.effect.plan);
    let waits = outstanding(&judged.policies, &judged.meaning, &verdict, &[], &[], current);
    if waits.is_empty() {
        return Ok(());
    }
    let mut text: String = waits.iter().map(|one| format!("error: {one}\n")).collect();
    text.push_str(BY_CHANGE);
    Err(Decided::refused("it needs an approval", text))
}

/// A line for each right that is lacking.
pub(super) fn lacking(lacks: &[Lack], n_lacks: usize) -> String {
    let mut text: String = lacks.iter().map(|lack| format!("error: {lack}\n")).collect();
    if n_lacks > lacks.len() {
        let _ = writeln!(text, "and {} more", n_lacks - lacks.len());
    }
    text
}

/// What the push does, in one line.
fn told(pair: &Pair) -> String {
    match pair.effect() {
        Some(effect) if effect.n_clusters > 0 => format!(
            "{} and {} change\n",
            count(effect.n_clusters, "cluster"),
            count(effect.n_cells, "binding")
        ),
        Some(_) => "nothing changes for any cluster\n".to_owned(),
        None => "nothing is released: the source has errors\n".to_owned(),
    }
}
