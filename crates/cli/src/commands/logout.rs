//! `res-edge logout`: forgets a token.

use super::Outcome;
use crate::contexts::Contexts;
use crate::error::CommandError;
use crate::session::Session;

/// Signs out: forgets the token of a context. The context stays.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge logout")]
pub(crate) struct Arguments {
    /// Context to sign out of; else the current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// Signs out.
///
/// # Errors
/// There is no such context, or the contexts cannot be written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let mut contexts = Contexts::read()?;
    let (name, context) = match &arguments.context {
        Some(name) => contexts.named(name)?,
        None => contexts.current().ok_or_else(|| {
            CommandError::user("no context is in use").hint("name one with `--context NAME`")
        })?,
    };
    let (name, server) = (name.to_owned(), context.server.clone());
    contexts.forget_token(&name);
    contexts.write()?;
    session.terminal.message(&format!("signed out of {server}"));
    Ok(Outcome::Done)
}
