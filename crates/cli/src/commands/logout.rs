//! `res-edge logout`: forgets a token.

use super::Outcome;
use crate::contexts::Contexts;
use crate::error::CommandError;
use crate::remote::Remote;
use crate::session::Session;

/// Signs out: forgets the token of a context, and takes it back if `login` made it. The context
/// stays.
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
    let (name, context) = (name.to_owned(), context.clone());
    let server = &context.server;
    contexts.forget_token(&name);
    contexts.write()?;
    if let (Some(token), true) = (&context.token_name, context.token.is_some()) {
        let taken_back = Remote::to(&context).and_then(|remote| remote.revoke(token, session));
        if let Err(error) = taken_back {
            let why = error.message();
            session.terminal.message(&format!("warning: `{token}` was not taken back: {why}"));
        }
    }
    session.terminal.message(&format!("signed out of {server}"));
    Ok(Outcome::Done)
}
