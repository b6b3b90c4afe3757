//! `res-edge change`: proposed edits of a server's source, from their opening to their merge.

mod create;
mod show;

use api::{
    ApproveChange, Change, ChangeChecks, ChangeFilter, ChangeStatus, Client, CommentText,
    MergeChange, Page,
};
use clap::ValueEnum;
use reqwest::Method;
use serde_json::Value;

use super::Outcome;
use crate::error::{CommandError, ErrorKind};
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
use crate::remote::{Remote, Target};
use crate::session::Session;

/// Opens changes at a server, shows what they do, approves and merges them.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "\
Exit code: 0 done; 1 the change has errors or conflicts; 2 failed; 3 a merge waits for approvals.

Examples:
  res-edge change create             propose the commit that you are on
  res-edge change preview 7          what change 7 does to the whole fleet
  res-edge change approve 7
  res-edge change merge 7 --wait")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Act {
    /// Propose a commit of the repository of --source: the one that you are on, or another
    Create(create::Arguments),
    /// List changes, newest first
    List {
        /// Only those with this status
        #[arg(long, value_enum, value_name = "open|merged|closed", hide_possible_values = true)]
        status: Option<Status>,
        /// Only those of this author, as in user:anna
        #[arg(long, value_name = "SUBJECT")]
        author: Option<String>,
        #[command(flatten)]
        listing: ListingArguments,
        #[command(flatten)]
        target: Target,
    },
    /// Show a change: what it does, what it waits for, what happened to it
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        format: Format,
        #[command(flatten)]
        target: Target,
    },
    /// Show what a change does to the whole fleet
    Preview {
        #[command(flatten)]
        which: Which,
        /// Output format
        #[arg(short, long, value_parser = ["markdown", "json"], default_value = "markdown")]
        #[arg(
            value_name = "markdown|json",
            hide_possible_values = true,
            hide_default_value = true
        )]
        output: String,
        #[command(flatten)]
        target: Target,
    },
    /// Approve exactly what a change does now
    Approve {
        #[command(flatten)]
        which: Which,
        /// Approve only this head, as `change show` says it
        #[arg(long, value_name = "COMMIT")]
        head: Option<String>,
        /// Take your approval back
        #[arg(long, conflicts_with = "head")]
        withdraw: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Merge a change into `main`
    Merge {
        #[command(flatten)]
        which: Which,
        /// Merge only this head
        #[arg(long, value_name = "COMMIT")]
        head: Option<String>,
        /// Make one commit of it
        #[arg(long)]
        squash: bool,
        /// Wait until it is released
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Give a change up
    Close {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        target: Target,
    },
    /// Take a closed change up again
    Reopen {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        target: Target,
    },
    /// Say something about a change
    Comment {
        #[command(flatten)]
        which: Which,
        /// What
        text: String,
        #[command(flatten)]
        target: Target,
    },
}

/// Which change.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Which {
    /// Number of the change
    number: u32,
}

/// How one change is written.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Format {
    /// Output format
    #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
    #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
}

impl Format {
    pub(super) fn is_json(&self) -> bool {
        self.output == "json"
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    Open,
    Merged,
    Closed,
}

/// Runs `change`.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    match &arguments.act {
        Act::Create(arguments) => create::run(arguments, session),
        Act::List { status, author, listing, target } => {
            list(*status, author.as_deref(), *listing, target, session)
        }
        Act::Show { which, format, target } => {
            let remote = Remote::open(target, session)?;
            show::run(which.number, format, &remote, session)
        }
        Act::Preview { which, output, target } => {
            let remote = Remote::open(target, session)?;
            preview(which.number, output, &remote, session)
        }
        Act::Approve { which, head, withdraw, target } => {
            let remote = Remote::open(target, session)?;
            match withdraw {
                true => {
                    this(which.number, Method::DELETE, "approval", "not approved", &remote, session)
                }
                false => approve(which.number, head.as_deref(), &remote, session),
            }
        }
        Act::Merge { which, head, squash, wait, target } => {
            let remote = Remote::open(target, session)?;
            let merge = MergeChange { head: head.clone(), squash: *squash };
            self::merge(which.number, &merge, *wait, &remote, session)
        }
        Act::Close { which, target } => {
            let remote = Remote::open(target, session)?;
            this(which.number, Method::POST, "close", "closed", &remote, session)
        }
        Act::Reopen { which, target } => {
            let remote = Remote::open(target, session)?;
            this(which.number, Method::POST, "reopen", "open again", &remote, session)
        }
        Act::Comment { which, text, target } => {
            let remote = Remote::open(target, session)?;
            let path = format!("{}/events", path(which.number));
            let body = CommentText { text: text.clone() };
            remote.wait(remote.client().post::<Change>(&path, &body), session)?;
            Ok(Outcome::Done)
        }
    }
}

/// The path of a change.
pub(crate) fn path(number: u32) -> String {
    format!("/api/v1/changes/{number}")
}

/// Where a person or a program finds a change.
pub(super) fn url(number: u32, remote: &Remote) -> String {
    format!("{}{}", remote.client().server(), path(number))
}

fn list(
    status: Option<Status>,
    author: Option<&str>,
    listing: ListingArguments,
    target: &Target,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let remote = Remote::open(target, session)?;
    let status = status.map(|status| match status {
        Status::Open => ChangeStatus::Open,
        Status::Merged => ChangeStatus::Merged,
        Status::Closed => ChangeStatus::Closed,
    });
    let filter = ChangeFilter { status, author: author.map(str::to_owned), ..Default::default() };
    let changes = all(filter, &remote, session)?;
    listing::write(changes.into_iter().map(Row), listing, session.terminal)?;
    Ok(Outcome::Done)
}

/// Every change that a filter accepts.
pub(super) fn all(
    mut filter: ChangeFilter,
    remote: &Remote,
    session: &mut Session,
) -> Result<Vec<Change>, CommandError> {
    let mut changes = Vec::new();
    loop {
        let client = remote.client();
        let request = client.request(Method::GET, &format!("/api/v1/changes?{}", query(&filter)));
        let mut page: Page<Change> = remote.wait(client.exchange(request), session)?;
        changes.append(&mut page.items);
        match page.next {
            Some(next) => filter.from = Some(next),
            None => return Ok(changes),
        }
    }
}

fn query(filter: &ChangeFilter) -> String {
    let status = filter.status.map(|status| word(status).to_owned());
    let pairs = [("status", status), ("author", filter.author.clone())];
    let pairs = pairs.into_iter().chain([("continue", filter.from.clone())]);
    let given =
        pairs.filter_map(|(name, value)| Some(format!("{name}={}", Client::escape(&value?))));
    given.chain(["limit=1000".to_owned()]).collect::<Vec<_>>().join("&")
}

/// What became of a change, in a word.
pub(super) fn word(status: ChangeStatus) -> &'static str {
    match status {
        ChangeStatus::Open => "open",
        ChangeStatus::Merged => "merged",
        ChangeStatus::Closed => "closed",
    }
}

fn preview(
    number: u32,
    output: &str,
    remote: &Remote,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let client = remote.client();
    let request = client.request(Method::GET, &format!("{}/preview", path(number)));
    let text = match output {
        "json" => {
            let document: Value = remote.wait(client.exchange(request), session)?;
            format!("{}\n", serde_json::to_string_pretty(&document).unwrap_or_default())
        }
        _ => {
            let request = request.header("accept", "text/markdown");
            remote.text(request, session)?
        }
    };
    session.terminal.print(&text)?;
    Ok(Outcome::Done)
}

fn approve(
    number: u32,
    head: Option<&str>,
    remote: &Remote,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let checks: ChangeChecks = remote.get(&format!("{}/checks", path(number)), session)?;
    if head.is_some_and(|head| head != checks.head) {
        let message = format!("change {number} has another head by now: {}", checks.head);
        return Err(CommandError::new(ErrorKind::Conflict, message)
            .hint(format!("look at it again with `res-edge change preview {number}`")));
    }
    let Some(effect) = checks.effect else {
        return Err(CommandError::user(format!("change {number} cannot be rendered"))
            .hint(format!("`res-edge change show {number}` has its errors")));
    };
    let body = ApproveChange { head: checks.head.clone(), plan: effect.plan };
    let client = remote.client();
    let request = client.request(Method::PUT, &format!("{}/approval", path(number))).json(&body);
    let change: Change = remote.wait(client.exchange(request), session)?;
    let what = format!("approved change {number} at {}", short(&change.head));
    session.terminal.message(&what);
    Ok(Outcome::Done)
}

fn merge(
    number: u32,
    merge: &MergeChange,
    wait: bool,
    remote: &Remote,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let wait = if wait { "?wait=released&timeout=100" } else { "" };
    let merging = format!("{}/merge{wait}", path(number));
    let request = remote.client().post::<Change>(&merging, merge);
    let change = match remote.try_wait(request, session) {
        Err(problem) if problem.code() == Some("waits-for-approval") => {
            let detail = problem.to_string();
            session.terminal.message(&detail);
            return Ok(Outcome::Held);
        }
        answer => answer.map_err(|error| remote.failure(error, session.terminal))?,
    };
    let commit = change.merged.as_deref().map(short).unwrap_or_default();
    session.terminal.message(&format!("merged change {number} as {commit}"));
    Ok(Outcome::Done)
}

/// Does something to a change that takes no words.
fn this(
    number: u32,
    method: Method,
    act: &str,
    done: &str,
    remote: &Remote,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let client = remote.client();
    let request = client.request(method, &format!("{}/{act}", path(number)));
    let _: Change = remote.wait(client.exchange(request), session)?;
    session.terminal.message(&format!("change {number} is {done}"));
    Ok(Outcome::Done)
}

/// The first digits of a commit.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

struct Row(Change);

impl Item for Row {
    const COLUMNS: &'static [Column] = &[
        column("NUMBER"),
        column("STATUS"),
        column("TITLE"),
        column("AUTHOR"),
        column("UPDATED"),
        wide("APPROVED BY"),
        wide("HEAD"),
        wide("MERGED"),
    ];

    fn reference(&self) -> String {
        format!("change/{}", self.0.number)
    }

    fn cells(&self) -> Vec<String> {
        let change = &self.0;
        let approvers: Vec<&str> = change.approvals.iter().map(|one| one.by.as_str()).collect();
        vec![
            change.number.to_string(),
            word(change.status).to_owned(),
            api::text::printable(&change.title),
            change.author.clone(),
            // To the second, as Git tells it: all rows are as wide then.
            format!("{:.0}", change.updated),
            approvers.join(","),
            short(&change.head).to_owned(),
            change.merged.as_deref().map(short).unwrap_or_default().to_owned(),
        ]
    }

    fn document(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
