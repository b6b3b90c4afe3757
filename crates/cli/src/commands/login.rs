//! `res-edge login`: signs in to a server, and keeps that for the commands to come.

use std::path::{Path, PathBuf};

use api::Whoami;

use super::Outcome;
use crate::contexts::{Context, Contexts};
use crate::error::{CommandError, ErrorKind};
use crate::prompt;
use crate::remote::{Remote, Target, is_readable_on_the_way};
use crate::session::Session;

/// Signs in to a server with a token, which is asked for if it is not given, and uses that server
/// from now on. What is kept stands in XDG_CONFIG_HOME/res-edge/contexts.json, for you alone.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge login https://fleet.example
  res-edge login https://fleet.example --token-file token.txt --name prod")]
pub(crate) struct Arguments {
    /// The server, as in https://fleet.example
    #[arg(value_name = "URL")]
    server: String,
    /// What to call the context; else the server's host and port
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// File with a token, - for standard input; else RES_EDGE_TOKEN, else it is asked for
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Trust this certificate authority too, as PEM
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Signs in.
///
/// # Errors
/// The server cannot be reached or does not know the token, or the context cannot be kept.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let server = arguments.server.trim_end_matches('/').to_owned();
    refuse_plain_http(&server)?;
    let mut contexts = Contexts::read()?;
    let authority = arguments.ca_file.as_deref().map(authority).transpose()?;
    let mut context = Context { server, authority, ..Context::default() };
    // An address that is none is said before a secret is asked for.
    Remote::to(&context)?;
    let target = Target { token_file: arguments.token_file.clone(), ..Target::default() };
    context.token = Some(match target.token()? {
        Some(token) => token,
        None => prompt::secret("token", session.terminal)?,
    });
    let whoami: Whoami = Remote::to(&context)?.get("/api/v1/whoami", session).map_err(|error| {
        match error.kind() {
            ErrorKind::User => error.hint("ask an administrator of the server for a token"),
            _ => error,
        }
    })?;
    context.user = Some(whoami.name.clone());
    let name = arguments.name.clone().unwrap_or_else(|| host(&context.server));
    session.terminal.message(&format!("signed in to {} as {}", context.server, whoami.name));
    contexts.put(&name, context);
    contexts.write()?;
    session.terminal.message(&format!("context `{name}` is in use"));
    Ok(Outcome::Done)
}

/// Nothing secret is sent where others on the way can read it.
fn refuse_plain_http(server: &str) -> Result<(), CommandError> {
    if !is_readable_on_the_way(server) {
        return Ok(());
    }
    Err(CommandError::user(format!(
        "`{server}` is not HTTPS, so others on the way could read what is sent"
    ))
    .hint("use `https://`; plain HTTP is for this machine alone"))
}

fn authority(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|error| {
        CommandError::user(format!("cannot read the authority `{}`: {error}", path.display()))
    })
}

/// The host and port of an address, which name a context.
fn host(server: &str) -> String {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}
