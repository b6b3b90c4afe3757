//! What a demonstration stands on: a server in this process, and simulated clusters.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use agent::report::Standing;
use api::{Client, ClientSettings};
use git::remote::{self, Credentials, RefUpdate, Remote, RemoteUrl};
use model::{CommitId, ObjectId};
use schema::document::Document;
use server::{Controller, Secret, ServeError, Server, Settings};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Demo, scratch_error};
use crate::error::{CommandError, ErrorKind};
use crate::files;
use crate::session::Session;
use crate::simulation::{
    FaultArguments, Key, Plan, Simulation, add_keys, custom_kinds, is_settled, keys_of,
};
use crate::source;

const MAIN: &str = "refs/heads/main";

/// A server that runs beside the story.
pub(super) struct Serving {
    pub(super) url: String,
    pub(super) token: Secret,
    controller: Controller,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ServeError>>,
}

fn of(error: &dyn std::error::Error) -> CommandError {
    CommandError::of(ErrorKind::Unavailable, error)
}

impl Serving {
    /// Starts the server of a demonstration.
    pub(super) async fn start(
        demo: &Demo,
        listen: SocketAddr,
        session: &Session<'_>,
    ) -> Result<Self, CommandError> {
        let token = token(&demo.folder.join("admin-token"))?;
        let settings = Settings {
            data: demo.folder.join("server"),
            listen,
            metrics_listen: None,
            tls: None,
            behind_proxy: false,
            database: None,
            admin_token: Some(token.clone()),
            oidc: None,
            source: None,
            ledger: None,
            webhooks: Default::default(),
            commit_statuses: None,
            patience: server::Patience::default(),
            poll: Duration::from_secs(30),
            expansion: session.expansion.clone(),
        };
        let started = Server::start(settings).await;
        let server = started.map_err(|error| {
            of(&error).hint("`--listen 127.0.0.1:0` takes any port that is free")
        })?;
        let (stop, stopped) = oneshot::channel();
        let (url, controller) = (server.url(), server.controller().clone());
        let ended = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Ok(Self { url, token, controller, stop, ended })
    }

    /// Pushes what the work tree has committed to `main`, and waits until it is released.
    pub(super) async fn push(&self, demo: &Demo) -> Result<CommitId, CommandError> {
        let url = RemoteUrl::parse(&format!("{}/git/source.git", self.url));
        let token = self.token.reveal().to_owned();
        let credentials = Credentials::Token { user: "demo".to_owned(), token };
        let remote = Remote::new(url.map_err(|error| of(&error))?, credentials);
        let remote = remote.map_err(|error| of(&error))?;
        let repository = demo.repository.clone();
        let pushed = tokio::task::spawn_blocking(move || push_main(&repository, &remote)).await;
        let commit = pushed.map_err(|error| of(&error))??;
        self.released(commit).await?;
        Ok(commit)
    }

    /// Waits until a commit of the source is in use and released.
    async fn released(&self, commit: CommitId) -> Result<(), CommandError> {
        let mut refused = None;
        let is_over = |_: &u64| {
            let snapshot = self.controller.snapshot();
            refused = snapshot.refused.clone().filter(|refused| refused.commit == Some(commit));
            let is_used = snapshot.source.as_ref().is_some_and(|source| source.commit == commit);
            refused.is_some() || (is_used && snapshot.released.is_some())
        };
        let gone = self.controller.changes().wait_for(is_over).await.map(drop).is_err();
        match refused {
            Some(refused) => Err(CommandError::user(refused.detail.clone())),
            None if gone => Err(CommandError::new(ErrorKind::Unavailable, "the server ended")),
            None => Ok(()),
        }
    }

    /// The tree of each cluster that is released now, by its name.
    pub(super) fn trees(&self) -> HashMap<String, ObjectId> {
        let released = self.controller.snapshot().released.clone();
        let clusters = released.iter().flat_map(|released| released.ledger.clusters.iter());
        clusters.map(|cluster| (cluster.name.to_string(), cluster.tree)).collect()
    }

    /// Ends the server in order.
    pub(super) async fn stop(self) -> Result<(), CommandError> {
        let _ = self.stop.send(());
        let ended = self.ended.await.map_err(|error| of(&error))?;
        ended.map_err(|error| of(&error))
    }
}

fn push_main(repository: &git::Repository, remote: &Remote) -> Result<CommitId, CommandError> {
    let head = repository.reference("HEAD").map_err(|error| of(&error))?;
    let head = head.ok_or_else(super::gone)?;
    let refs = remote::list(repository, remote, &[MAIN]).map_err(|error| of(&error))?;
    let update = RefUpdate {
        name: MAIN.to_owned(),
        expected: refs.get(MAIN).copied(),
        new: Some(ObjectId(head.0)),
    };
    remote::push(repository, remote, &[update]).map_err(|error| of(&error))?;
    Ok(head)
}

/// The administrator's token of the demonstration, which is made once.
fn token(path: &std::path::Path) -> Result<Secret, CommandError> {
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(Secret::new(text.trim()));
    }
    let secret = Secret::token().map_err(|error| of(&error))?;
    files::write_private(path, secret.reveal().as_bytes())?;
    Ok(secret)
}

/// The folder of the clusters.
fn sites(demo: &Demo) -> PathBuf {
    demo.folder.join("clusters")
}

/// The keys of the clusters of the fleet. New ones are written into their documents; answers
/// whether there were any.
pub(super) fn keys(demo: &Demo) -> Result<(Vec<Key>, bool), CommandError> {
    let source = source::load(&demo.source, None)?;
    let (documents, _) = schema::read_source(&source);
    let names = documents.iter().filter_map(|document| match document {
        Document::Cluster(cluster) => Some(cluster.metadata.name.value.to_string()),
        _ => None,
    });
    let keys = keys_of(names.collect(), Some(&sites(demo)))?;
    let edits = add_keys(&source, &documents, &keys)?;
    for (path, text) in &edits {
        std::fs::write(demo.source.join(path), text).map_err(|error| scratch_error(&error))?;
    }
    Ok((keys, !edits.is_empty()))
}

/// Starts a simulated cluster for each key.
pub(super) async fn clusters(
    demo: &Demo,
    serving: &Serving,
    keys: Vec<Key>,
) -> Result<Simulation, CommandError> {
    let settings = ClientSettings { server: serving.url.clone(), token: None, authority: None };
    let client = Client::new(&settings).map_err(|error| of(&error))?;
    let key = client.release_key().await.map_err(|error| of(&error))?.release_key;
    let plan = Plan {
        client,
        release_key: key.parse().map_err(|error: api::ssh::KeyError| of(&error))?,
        folder: Some(sites(demo)),
        kinds: custom_kinds(&source::load(&demo.source, None)?),
        faults: FaultArguments::default(),
    };
    Simulation::start(&plan, keys).await.map_err(|error| of(&error))
}

/// Whether a cluster runs a tree, and all of it is well.
pub(super) fn runs(standing: &Standing, tree: Option<&ObjectId>) -> bool {
    let runs = standing.release.as_ref().map(|(_, tree)| tree.as_str());
    is_settled(standing) && runs == tree.map(ToString::to_string).as_deref()
}
