//! `res-edge confirm`: shows what waits for a person, and lets exactly that pass.

use api::{ForeignCluster, NewConfirmation, Waiting};
use model::Digest;

use super::Outcome;
use super::operate::Order;
use super::publish::{self, Output};
use crate::delivery::{AuthorArguments, DeliveryArguments};
use crate::error::CommandError;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// How many items are named.
const NAMED: usize = 20;

/// Shows what waits for a person, or with its digest lets exactly that pass. If anything else
/// waits by then, nothing passes.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 nothing waits; 3 something does.

Examples:
  res-edge confirm --context prod
  res-edge confirm 8f4e...2a --context prod")]
pub(crate) struct Arguments {
    /// The digest of what was shown
    #[arg(value_name = "DIGEST")]
    plan: Option<Digest>,
    #[command(flatten)]
    delivery: DeliveryArguments,
    #[command(flatten)]
    author: AuthorArguments,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "text|json", hide_default_value = true)]
    output: Output,
    #[command(flatten)]
    target: Target,
}

/// Shows what waits, or confirms it.
///
/// # Errors
/// Something else waits, or the ledger or the server cannot be reached.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let Arguments { plan, delivery, author, output, target } = arguments;
    match (target.is_given(), plan) {
        (true, Some(plan)) => {
            let body = NewConfirmation { plan: plan.to_string() };
            Order::post("/api/v1/confirmations", &body).give(target, *output, session)
        }
        (true, None) => show(target, *output, session),
        (false, _) => {
            let release = publish::Arguments::confirming(delivery, author, *plan, *output);
            publish::run(&release, session)
        }
    }
}

fn show(target: &Target, output: Output, session: &mut Session) -> Result<Outcome, CommandError> {
    let remote = Remote::open(target, session)?;
    let waiting: Waiting = remote.get("/api/v1/waiting", session)?;
    if output == Output::Json {
        let text = serde_json::to_string_pretty(&waiting).unwrap_or_default();
        session.terminal.print_line(&text)?;
    } else {
        for line in lines(&waiting) {
            session.terminal.print_line(&line)?;
        }
    }
    let is_waiting = waiting.total > 0 || !waiting.foreign.is_empty();
    Ok(if is_waiting { Outcome::Held } else { Outcome::Done })
}

/// What waits, as text: a reason with its items under it, and then how to let it pass.
fn lines(waiting: &Waiting) -> Vec<String> {
    let mut lines = Vec::new();
    let mut reason = None;
    for item in waiting.items.iter().take(NAMED) {
        if reason != Some(&item.reason) {
            lines.push(format!("held: {}", item.reason));
            reason = Some(&item.reason);
        }
        let verb = if item.new.is_some() { "changes" } else { "goes" };
        lines.push(format!("  {} on {} {verb}", item.part, item.cluster));
    }
    let n_more = waiting.total.saturating_sub(NAMED as u64);
    if n_more > 0 {
        lines.push(format!("  and {n_more} more; `-o json` shows them"));
    }
    for ForeignCluster { cluster, tree, is_adopted } in &waiting.foreign {
        lines.push(match is_adopted {
            true => format!("adopted: {cluster} gets no release until `res-edge resume {cluster}`"),
            false => format!(
                "held: {cluster} holds what someone else wrote ({tree}); keep it with `res-edge \
                 adopt {cluster}`, or write the release over it with `res-edge discard {cluster}`"
            ),
        });
    }
    match (&waiting.plan, lines.is_empty()) {
        (Some(plan), _) => {
            lines.push(String::new());
            lines.push(format!("To let exactly this pass:\n  res-edge confirm {plan}"));
        }
        (None, true) => lines.push("nothing waits".to_owned()),
        (None, false) => {}
    }
    lines
}
