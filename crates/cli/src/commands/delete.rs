//! `res-edge delete`: a document of a server goes.

use api::Edited;
use reqwest::Method;

use super::Outcome;
use crate::document::{EditArguments, NamedArguments, tell};
use crate::error::CommandError;
use crate::prompt;
use crate::remote::{Remote, Target};
use crate::session::Session;

/// Removes a document from a server's source, after asking. What that does to clusters is released
/// as any change is: brakes hold deletions until a person confirms them.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 done; 1 it would add errors; 2 failed; 3 it waits for somebody.

Examples:
  res-edge delete application dogs-cats
  res-edge delete application dogs-cats --dry-run    only say what it would do")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: NamedArguments,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    how: EditArguments,
    #[command(flatten)]
    target: Target,
}

/// Runs `delete`.
///
/// # Errors
/// There is no such document, the person says no, or the server refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let named = arguments.named.named()?;
    let remote = Remote::open(&arguments.target, session)?;
    let written = remote.must_be_written(&named, session)?;
    let shown = named.shown();
    if !arguments.yes && !arguments.how.dry_run {
        let tried = EditArguments { dry_run: true, ..arguments.how.clone() };
        let edited = delete(&named.path(), &written.tag, &tried, &remote, session)?;
        let clusters = edited.effect.map_or(0, |effect| effect.clusters);
        let n = usize::try_from(clusters).unwrap_or(usize::MAX);
        let question = format!("delete {shown}? {} would change", api::text::count(n, "cluster"));
        if !prompt::confirm(&question, session.terminal)? {
            session.terminal.message("nothing was changed");
            return Ok(Outcome::Done);
        }
    }
    let edited = delete(&named.path(), &written.tag, &arguments.how, &remote, session)?;
    Ok(tell(&shown, &edited, &remote, session))
}

fn delete(
    path: &str,
    tag: &str,
    how: &EditArguments,
    remote: &Remote,
    session: &mut Session,
) -> Result<Edited, CommandError> {
    let request = remote.edit(Method::DELETE, path, how).header("if-match", tag);
    remote.wait(remote.client().exchange(request), session)
}
