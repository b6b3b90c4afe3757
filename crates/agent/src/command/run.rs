//! `run`: the agent on a real cluster, until the process is told to end.

#![allow(rustdoc::bare_urls, reason = "these comments are help texts of the terminal")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use agent::key::open_key;
use agent::link::{GitLink, GitSettings, HttpLink, HttpSettings, WithFallback};
use agent::state::Disk;
use agent::{Agent, Settings};
use anyhow::{Context, bail};
use api::ssh::PublicKey;
use api::{Client, ClientSettings};
use git::remote::{Credentials, RemoteUrl};
use sync::kube::Cluster;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  res-edge-agent run --server https://fleet.example --cluster boston \\
    --release-key 'ssh-ed25519 AAAA...' --join-token-file /etc/res-edge/token

`res-edge cluster join` prints manifests that run this.")]
pub(super) struct Arguments {
    /// The server, as in https://fleet.example
    #[arg(long, env = "RES_EDGE_SERVER", value_name = "URL")]
    server: String,
    /// The name of this cluster when it was joined
    #[arg(long, env = "RES_EDGE_CLUSTER", value_name = "NAME")]
    cluster: String,
    /// The key that signs releases; several, one on a line, while one is replaced
    #[arg(long, env = "RES_EDGE_RELEASE_KEY", value_name = "KEY")]
    release_key: String,
    /// File of the one-time token, needed until the key of this cluster is known
    #[arg(long, env = "RES_EDGE_JOIN_TOKEN_FILE", value_name = "FILE")]
    join_token_file: Option<PathBuf>,
    /// Certificate authority to trust besides those of the system, as PEM
    #[arg(long, env = "RES_EDGE_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Namespace of the agent
    #[arg(long, env = "RES_EDGE_NAMESPACE", value_name = "NAME", default_value = "res-edge")]
    namespace: String,
    /// Look and report only: Flux or Argo CD applies
    #[arg(long, env = "RES_EDGE_REPORT_ONLY")]
    report_only: bool,
    /// Service account that acts in each namespace; empty: the agent acts by its own rights
    #[arg(long, env = "RES_EDGE_SERVICE_ACCOUNT", value_name = "NAME", default_value = "res-edge")]
    service_account: String,
    /// ClusterRole that this account is bound to in each namespace of the release; empty: you make
    /// and bind the accounts
    #[arg(long, env = "RES_EDGE_ACCOUNT_ROLE", value_name = "NAME")]
    #[arg(default_value = "res-edge-applications")]
    account_role: String,
    /// File that says how to reach the cluster; else as kubectl does, or the pod's own account
    #[arg(long, env = "RES_EDGE_KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How often to ask while the server does not tell by itself, in seconds
    #[arg(long, env = "RES_EDGE_POLL", value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    poll: u64,
    /// Git repository to read releases from where the server does not answer; else the one of
    /// the server itself
    #[arg(long, env = "RES_EDGE_GIT_URL", value_name = "URL")]
    git_url: Option<String>,
    /// File with a token for it; else the one of the session, if it is the server's own
    #[arg(long, env = "RES_EDGE_GIT_TOKEN_FILE", value_name = "FILE", requires = "git_url")]
    git_token_file: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, state: &Path) -> anyhow::Result<()> {
    start_log();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let disk = Disk::folder(state)
            .with_context(|| format!("cannot use the folder `{}`", state.display()))?;
        let settings = arguments.settings()?;
        let link = arguments.link(&settings, &disk, state)?;
        let own = arguments.reach(None).await?;
        let world = match arguments.account() {
            Some(account) => arguments.reach(Some(account.to_owned())).await?,
            None => own.clone(),
        };
        let agent = Agent::with_own(world, own, disk, settings).await;
        agent.run(link, told_to_end()).await;
        Ok(())
    })
}

impl Arguments {
    fn settings(&self) -> anyhow::Result<Settings> {
        let lines = self.release_key.lines().filter(|line| !line.trim().is_empty());
        let keys = lines.map(str::parse).collect::<Result<Vec<PublicKey>, _>>();
        let keys = keys.context("--release-key")?;
        if keys.is_empty() {
            bail!("--release-key is empty: `res-edge cluster join` prints it")
        }
        let mut seed = [0; 8];
        getrandom::fill(&mut seed)?;
        let mut settings = Settings::new(&self.cluster, keys, u64::from_ne_bytes(seed));
        settings.namespace.clone_from(&self.namespace);
        settings.is_report_only = self.report_only;
        settings.engine.watch_namespaces_apart = self.account().is_some();
        settings.times.poll = Duration::from_secs(self.poll);
        Ok(settings)
    }

    fn link(&self, settings: &Settings, disk: &Disk, state: &Path) -> anyhow::Result<WithFallback> {
        let authority = self.ca_file.as_ref().map(std::fs::read).transpose();
        let client = Client::new(&ClientSettings {
            server: self.server.clone(),
            token: None,
            authority: authority.context("--ca-file")?,
        })?;
        let release_key = settings.release_keys.first().context("--release-key")?;
        let http = HttpSettings {
            client,
            cluster: self.cluster.clone(),
            release_key: *release_key,
            join_token: self.join_token_file.as_deref().and_then(read_token),
        };
        let key = open_key(disk)?;
        tracing::info!(key = %key.public_key(), cluster = self.cluster, "starting");
        let git = self.git_link(state)?;
        Ok(WithFallback::new(HttpLink::new(http, key), git, self.shares_token()))
    }

    /// The account that acts in namespaces. One that only looks makes no accounts, so there may be
    /// none that it could look as.
    fn account(&self) -> Option<&str> {
        let named = Some(self.service_account.as_str());
        named.filter(|name| !name.is_empty() && !self.report_only)
    }

    async fn reach(&self, account: Option<String>) -> anyhow::Result<Cluster> {
        let settings = sync::kube::Settings {
            kubeconfig: self.kubeconfig.clone(),
            service_account: account,
            account_role: Some(self.account_role.clone()).filter(|role| !role.is_empty()),
            ..sync::kube::Settings::default()
        };
        Cluster::connect(settings).await.context("cannot reach the cluster")
    }

    /// Whether the token of the session is for the repository too: it goes to the server alone.
    fn shares_token(&self) -> bool {
        let server = format!("{}/", self.server.trim_end_matches('/'));
        let is_own = self.git_url.as_ref().is_none_or(|url| url.starts_with(&server));
        is_own && self.git_token_file.is_none()
    }

    fn git_link(&self, state: &Path) -> anyhow::Result<GitLink> {
        let of_server = || format!("{}/git/clusters.git", self.server.trim_end_matches('/'));
        let url = self.git_url.clone().unwrap_or_else(of_server);
        let token = self.git_token_file.as_deref().and_then(read_token);
        let credentials = token.map_or(Credentials::None, |token| Credentials::Token {
            user: "agent".to_owned(),
            token,
        });
        let settings = GitSettings {
            url: RemoteUrl::parse(&url)?,
            authority: self.ca_file.as_deref().map(std::path::absolute).transpose()?,
            cluster: self.cluster.clone(),
            folder: state.join("releases.git"),
        };
        Ok(GitLink::new(settings, credentials))
    }
}

/// A token of a file. A one-time token that is gone is no mistake: it served once.
fn read_token(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The log goes to standard error, as `RES_EDGE_LOG` says (`info` if it does not).
fn start_log() {
    let filter = std::env::var("RES_EDGE_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .json()
        .try_init();
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
