//! `serve`: the server, until the process is told to end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use server::{Secret, Server, Settings, Tls};

use super::Outcome;
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// The shortest administrator's token that is taken from a file.
const SHORTEST_TOKEN: usize = 32;

/// Arguments of `serve`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder for its repositories and its database, made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7080")]
    listen: SocketAddr,
    /// Address to tell metrics on, to anyone who asks; off unless given
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
    /// Certificate to serve HTTPS with, read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Say that a proxy in front of it serves HTTPS
    #[arg(long, conflicts_with = "tls_cert")]
    behind_proxy: bool,
    /// Database, as `postgres://...`; else a file in the data folder
    #[arg(long, value_name = "URL", hide_env_values = true)]
    database: Option<store::Place>,
    /// File with the administrator's token, of 32 or more characters; else one is made and shown once
    #[arg(long, value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// How long a source that nobody announced may go unseen
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = crate::duration::duration)]
    poll: Duration,
}

/// Runs `serve`.
///
/// # Errors
/// The server cannot start, or its listener fails.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let settings = arguments.settings(session)?;
    start_log(session);
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        CommandError::new(ErrorKind::Unavailable, format!("cannot start threads: {error}"))
    })?;
    runtime.block_on(async {
        let failure = |error: &server::ServeError| CommandError::of(ErrorKind::Unavailable, error);
        let server = Server::start(settings).await.map_err(|error| failure(&error))?;
        welcome(&server, session)?;
        server.run(told_to_end()).await.map_err(|error| failure(&error))
    })?;
    session.terminal.message("stopped");
    Ok(Outcome::Done)
}

impl Arguments {
    fn settings(&self, session: &Session) -> Result<Settings, CommandError> {
        let admin_token = self.admin_token_file.as_ref().map(admin_token).transpose()?;
        let tls = self.tls_cert.clone().zip(self.tls_key.clone());
        Ok(Settings {
            data: self.data.clone(),
            listen: self.listen,
            metrics_listen: self.metrics_listen,
            tls: tls.map(|(certificate, key)| Tls { certificate, key }),
            behind_proxy: self.behind_proxy,
            database: self.database.clone(),
            admin_token,
            poll: self.poll,
            expansion: session.expansion.clone(),
        })
    }
}

/// Has the server's log go to standard error, as `RES_EDGE_LOG` says (`info` if it does not).
fn start_log(session: &Session) {
    let filter = std::env::var("RES_EDGE_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second server in one process, as in tests, keeps the log of the first.
    let _ = match session.terminal.colours_messages() {
        true => log.compact().try_init(),
        false => log.json().try_init(),
    };
}

/// What the operator reads after the start.
fn welcome(server: &Server, session: &mut Session) -> Result<(), CommandError> {
    let url = server.url();
    session.terminal.message(&format!("listening on {url}"));
    if let Some(address) = server.metrics_address() {
        session.terminal.message(&format!("metrics on http://{address}/metrics"));
    }
    if let Some(token) = server.new_token() {
        session.terminal.message("the administrator's token, which is shown only now:");
        session.terminal.print_line(token.reveal())?;
        session.terminal.message(&format!("push a source to {url}/git/source.git, branch main"));
        session.terminal.message("user name: any, password: the token");
    }
    session.terminal.flush()
}

fn admin_token(path: &PathBuf) -> Result<Secret, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::user(format!("cannot read the administrator's token from `{shown}`: {error}"))
    })?;
    let text = text.trim();
    if text.chars().count() < SHORTEST_TOKEN {
        let message = format!("the token in `{shown}` has less than {SHORTEST_TOKEN} characters");
        return Err(CommandError::user(message).hint("make one with `openssl rand -hex 32`"));
    }
    Ok(Secret::new(text))
}

/// Done when the process gets SIGINT or SIGTERM.
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        },
        // Without a handler SIGTERM ends the process at once, which is safe too.
        Err(_) => drop(interrupt.await),
    }
}
