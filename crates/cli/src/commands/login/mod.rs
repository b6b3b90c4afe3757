//! `res-edge login`: signs in to a server, and keeps that for the commands to come.

#![allow(rustdoc::bare_urls, reason = "these comments are help texts of the terminal")]

mod browser;

use std::path::{Path, PathBuf};

use api::{Login, MadeToken, NewToken, Whoami};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use server::Secret;

use super::Outcome;
use crate::contexts::{Context, Contexts};
use crate::error::{CommandError, ErrorKind};
use crate::prompt;
use crate::remote::{Remote, Target, is_readable_on_the_way};
use crate::session::Session;

/// In how many days a token ends that a password was given for.
const DAYS: u16 = 30;

/// What browsers send from pages of the server.
const PROOF: &str = "x-res-edge-csrf";

/// Signs in to a server, with a token, with a browser, or with a name and a password, and uses that
/// server from now on. Secrets are asked for, or are lines of standard input. What is kept stands in
/// XDG_CONFIG_HOME/res-edge/contexts.json, for you alone; a password is never kept.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge login https://fleet.example --sso
  res-edge login https://fleet.example --user anna
  res-edge login https://fleet.example --token-file token.txt --name prod")]
pub(crate) struct Arguments {
    /// The server, as in https://fleet.example
    #[arg(value_name = "URL")]
    server: String,
    /// What to call the context; else the server's host and port
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Sign in with this name and a password; a token is made that ends after 30 days
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    user: Option<String>,
    /// Sign in with a browser, at the provider of identities that the server trusts; a token is
    /// made that ends after 30 days
    #[arg(long, conflicts_with_all = ["user", "token_file"])]
    sso: bool,
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
    let whoami = match &arguments.user {
        Some(user) => with_password(user, &mut context, session)?,
        None if arguments.sso => with_browser(&mut context, session)?,
        None => with_token(arguments, &mut context, session)?,
    };
    context.user = Some(whoami.name.clone());
    let name = arguments.name.clone().unwrap_or_else(|| host(&context.server));
    session.terminal.message(&format!("signed in to {} as {}", context.server, whoami.name));
    contexts.put(&name, context);
    contexts.write()?;
    session.terminal.message(&format!("context `{name}` is in use"));
    Ok(Outcome::Done)
}

/// Signs in with a token that was given, or that is asked for.
fn with_token(
    arguments: &Arguments,
    context: &mut Context,
    session: &mut Session,
) -> Result<Whoami, CommandError> {
    let target = Target { token_file: arguments.token_file.clone(), ..Target::default() };
    context.token = Some(match target.token()? {
        Some(token) => token,
        None => prompt::secret("token", session.terminal)?,
    });
    let whoami = Remote::to(context)?.get("/api/v1/whoami", session);
    whoami.map_err(|error| match error.kind() {
        ErrorKind::User => error.hint("ask an administrator of the server for a token"),
        _ => error,
    })
}

/// Signs in with a browser.
fn with_browser(context: &mut Context, session: &mut Session) -> Result<Whoami, CommandError> {
    browser::token(context, session)?;
    Remote::to(context)?.get("/api/v1/whoami", session)
}

/// Signs in with a password, and has a token made in its place: a session is for browsers.
fn with_password(
    user: &str,
    context: &mut Context,
    session: &mut Session,
) -> Result<Whoami, CommandError> {
    let password = prompt::secret("password", session.terminal)?;
    let remote = Remote::to(context)?;
    let login = Login { name: user.to_owned(), password: password.reveal().to_owned() };
    let signed_in = async {
        let client = remote.client();
        let request = client.request(Method::POST, "/auth/login").json(&login);
        let response = client.send(request).await?;
        let cookie = cookie(response.headers());
        let whoami: Whoami = client.read(response).await?;
        let new = NewToken {
            name: format!("login-{}", Timestamp::now().as_millisecond()),
            is_for_program: false,
            days: Some(DAYS),
            scope: None,
        };
        let by_cookie = |path: &str| {
            let request = client.request(Method::POST, path).header(PROOF, "1");
            request.header("cookie", cookie.as_str())
        };
        let made: MadeToken = client.exchange(by_cookie("/api/v1/tokens").json(&new)).await?;
        client.send(by_cookie("/auth/logout")).await?;
        Ok((whoami, made))
    };
    let answer = remote.wait(signed_in, session);
    let (whoami, made) = answer?;
    context.token = Some(Secret::new(made.text));
    context.token_name = Some(made.token.name);
    Ok(whoami)
}

/// The session that an answer begins, as a browser sends it back.
fn cookie(headers: &HeaderMap) -> String {
    let cookies = headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.filter_map(|cookie| cookie.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
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
