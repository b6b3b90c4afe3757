//! `serve`: the server, until the process is told to end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git::remote::Remote;
use server::{CommitStatuses, Elsewhere, Provider, Secret, Server, Settings, Tls};

use super::Outcome;
use crate::delivery::elsewhere::{Secrets, address};
use crate::error::{CommandError, ErrorKind};
use crate::log::{self, Log};
use crate::oidc::OidcFlags;
use crate::session::Session;
use crate::signals::told_to_end;

/// The shortest administrator's token that is taken from a file.
const SHORTEST_TOKEN: usize = 32;

/// The shortest secret of webhooks.
const SHORTEST_SECRET: usize = 16;

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
    /// Collector to send traces to, as OTLP over HTTP; off unless given
    #[arg(long, value_name = "URL", value_parser = log::collector)]
    otlp_endpoint: Option<reqwest::Url>,
    #[command(flatten)]
    oidc: OidcFlags,
    #[command(flatten)]
    elsewhere: ElsewhereArguments,
}

/// Repositories that are elsewhere.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Repositories elsewhere")]
struct ElsewhereArguments {
    /// Repository of the source, as https:// or ssh:// URL; else a built-in one
    #[arg(long, value_name = "URL", hide_env_values = true)]
    source_url: Option<String>,
    /// Branch that is released
    #[arg(long, value_name = "BRANCH", default_value = "main", requires = "source_url")]
    source_branch: String,
    /// File with a token for it, as TOKEN or USER:TOKEN
    #[arg(long, value_name = "FILE", requires = "source_url")]
    source_token_file: Option<PathBuf>,
    /// Private key for it, with --known-hosts
    #[arg(long, value_name = "FILE", requires = "source_url")]
    source_key: Option<PathBuf>,
    /// Repository of the ledger, which several servers share; else a built-in one
    #[arg(long, value_name = "URL", hide_env_values = true)]
    ledger_url: Option<String>,
    /// File with a token for it
    #[arg(long, value_name = "FILE", requires = "ledger_url")]
    ledger_token_file: Option<PathBuf>,
    /// Private key for it
    #[arg(long, value_name = "FILE", requires = "ledger_url")]
    ledger_key: Option<PathBuf>,
    /// File with the known keys of SSH hosts
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<PathBuf>,
    /// File with the secret of webhooks of github, gitlab, gitea, bitbucket or azure
    #[arg(long, value_name = "FORGE=FILE", value_delimiter = ',', value_parser = forge_file)]
    webhook_secret: Vec<(Provider, PathBuf)>,
    /// File with a token to tell that forge what became of each commit
    #[arg(long, value_name = "FORGE=FILE", value_parser = forge_file)]
    commit_status: Option<(Provider, PathBuf)>,
}

impl ElsewhereArguments {
    fn source(&self) -> Result<Option<Elsewhere>, CommandError> {
        let (token, key) = (&self.source_token_file, &self.source_key);
        let remote = self.remote(self.source_url.as_ref(), token, key)?;
        Ok(remote.map(|remote| Elsewhere { remote, branch: self.source_branch.clone() }))
    }

    fn ledger(&self) -> Result<Option<Remote>, CommandError> {
        self.remote(self.ledger_url.as_ref(), &self.ledger_token_file, &self.ledger_key)
    }

    fn remote(
        &self,
        url: Option<&String>,
        token: &Option<PathBuf>,
        key: &Option<PathBuf>,
    ) -> Result<Option<Remote>, CommandError> {
        let (token, key) = (token.as_deref(), key.as_deref());
        let secrets = Secrets { token, key, known_hosts: self.known_hosts.as_deref() };
        url.map(|url| secrets.remote(&address(url)?)).transpose()
    }

    fn webhooks(&self) -> Result<BTreeMap<Provider, Secret>, CommandError> {
        let secret = |(provider, path): &(Provider, PathBuf)| {
            let what = format!("the secret of webhooks of {provider}");
            Ok((*provider, read_secret(&what, path, SHORTEST_SECRET)?))
        };
        self.webhook_secret.iter().map(secret).collect()
    }

    fn commit_statuses(&self) -> Result<Option<CommitStatuses>, CommandError> {
        let statuses = self.commit_status.as_ref().map(|(provider, path)| {
            let what = format!("the token for commit statuses of {provider}");
            let token = read_secret(&what, path, SHORTEST_SECRET)?;
            Ok(CommitStatuses { provider: *provider, token })
        });
        statuses.transpose()
    }
}

fn forge_file(text: &str) -> Result<(Provider, PathBuf), String> {
    let (forge, file) = text.split_once('=').ok_or("write `FORGE=FILE`, as in `github=secret`")?;
    Ok((forge.parse().map_err(|error: server::UnknownProvider| error.to_string())?, file.into()))
}

/// Runs `serve`.
///
/// # Errors
/// The server cannot start, or its listener fails.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let settings = arguments.settings(session)?;
    let collector = arguments.otlp_endpoint.as_ref();
    let _log = Log::start(session.terminal.colours_messages(), collector)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        CommandError::new(ErrorKind::Unavailable, format!("cannot start threads: {error}"))
    })?;
    runtime.block_on(async {
        let failure = |error: &server::ServeError| {
            let shown = CommandError::of(ErrorKind::Unavailable, error);
            error.hint().into_iter().fold(shown, CommandError::hint)
        };
        let server = Server::start(settings).await.map_err(|error| failure(&error))?;
        welcome(&server, arguments.elsewhere.source_url.as_ref(), session)?;
        server.run(told_to_end()).await.map_err(|error| failure(&error))
    })?;
    session.terminal.message("stopped");
    Ok(Outcome::Done)
}

impl Arguments {
    fn settings(&self, session: &Session) -> Result<Settings, CommandError> {
        let admin_token = self
            .admin_token_file
            .as_ref()
            .map(|path| read_secret("the administrator's token", path, SHORTEST_TOKEN));
        let admin_token = admin_token.transpose()?;
        let tls = self.tls_cert.clone().zip(self.tls_key.clone());
        Ok(Settings {
            data: self.data.clone(),
            listen: self.listen,
            metrics_listen: self.metrics_listen,
            tls: tls.map(|(certificate, key)| Tls { certificate, key }),
            behind_proxy: self.behind_proxy,
            database: self.database.clone(),
            admin_token,
            source: self.elsewhere.source()?,
            ledger: self.elsewhere.ledger()?,
            webhooks: self.elsewhere.webhooks()?,
            commit_statuses: self.elsewhere.commit_statuses()?,
            oidc: self.oidc.settings()?,
            patience: server::Patience::default(),
            poll: self.poll,
            expansion: session.expansion.clone(),
        })
    }
}

/// What the operator reads after the start.
fn welcome(
    server: &Server,
    source: Option<&String>,
    session: &mut Session,
) -> Result<(), CommandError> {
    let url = server.url();
    session.terminal.message(&format!("listening on {url}"));
    if let Some(address) = server.metrics_address() {
        session.terminal.message(&format!("metrics on http://{address}/metrics"));
    }
    if let Some(token) = server.new_token() {
        session.terminal.message("the administrator's token, which is shown only now:");
        session.terminal.print_line(token.reveal())?;
        if let Some(source) = source {
            session.terminal.message(&format!("the source is fetched from {source}"));
        } else {
            session
                .terminal
                .message(&format!("push a source to {url}/git/source.git, branch main"));
            session.terminal.message("user name: any, password: the token");
        }
    }
    session.terminal.flush()
}

/// A secret from a file, without white space around it.
fn read_secret(what: &str, path: &Path, shortest: usize) -> Result<Secret, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::user(format!("cannot read {what} from `{shown}`: {error}"))
    })?;
    let text = text.trim();
    if text.chars().count() < shortest {
        let message = format!("{what} in `{shown}` has less than {shortest} characters");
        return Err(CommandError::user(message).hint("make one with `openssl rand -hex 32`"));
    }
    Ok(Secret::new(text))
}
