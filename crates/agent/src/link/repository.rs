//! The way to the centre by stock Git: the cluster's own branch, and the statement beside it.
//!
//! The statement stands in `refs/releases/<name>`: a commit with the files `statement.json` and
//! `statement.json.sig`. It is verified as one that came over HTTP. This way tells nothing and
//! takes no reports.

use std::future::pending;
use std::path::PathBuf;

use api::agent::{AgentEvent, AgentReport, ReportAnswer, Statement};
use git::remote::{self, Credentials, Remote, RemoteError, RemoteUrl};
use git::{ReceivedObjects, Repository, stored_tree};
use model::{CommitId, ObjectId};

use super::{Have, Link, LinkError, Parcel};
use crate::state::KeptRelease;

/// How an agent reaches its branch.
#[derive(Clone, Debug)]
pub struct GitSettings {
    /// The repository of the clusters.
    pub url: RemoteUrl,
    /// The name of the cluster.
    pub cluster: String,
    /// Certificate authorities that its certificate may be of, as a file of PEM.
    pub authority: Option<PathBuf>,
    /// A folder for what is fetched.
    pub folder: PathBuf,
}

/// The way by Git.
pub struct GitLink {
    settings: GitSettings,
    credentials: Credentials,
}

impl GitLink {
    /// A way that has not connected yet.
    #[must_use]
    pub fn new(settings: GitSettings, credentials: Credentials) -> Self {
        Self { settings, credentials }
    }

    /// Takes other credentials, such as a newer token.
    pub fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = credentials;
    }
}

impl Link for GitLink {
    async fn release(&mut self, have: &Have) -> Result<Option<Parcel>, LinkError> {
        let (settings, credentials) = (self.settings.clone(), self.credentials.clone());
        let have = have.clone();
        let fetched =
            tokio::task::spawn_blocking(move || fetch(&settings, credentials, &have)).await;
        fetched.unwrap_or_else(|error| Err(LinkError::Unreachable(error.to_string())))
    }

    async fn listen(&mut self, _have: &Have) -> Result<AgentEvent, LinkError> {
        pending().await
    }

    async fn report(&mut self, _report: &AgentReport) -> Result<ReportAnswer, LinkError> {
        Err(LinkError::Unreachable("Git takes no reports".to_owned()))
    }
}

/// Fetches the statement and, where it names another tree than the one that is here, the branch.
fn fetch(
    settings: &GitSettings,
    credentials: Credentials,
    have: &Have,
) -> Result<Option<Parcel>, LinkError> {
    let repository = open(settings)?;
    let remote = Remote::new(settings.url.clone(), credentials).map_err(of_remote)?;
    let remote = match &settings.authority {
        Some(file) => remote.trusting(file.clone()),
        None => remote,
    };
    let branch = format!("refs/heads/clusters/{}", settings.cluster);
    let release = format!("refs/releases/{}", settings.cluster);
    let refs = remote::list(&repository, &remote, &[&branch, &release]).map_err(of_remote)?;
    let said = *refs.get(&release).ok_or(LinkError::NoRelease)?;
    let etag = format!("\"git-{said}\"");
    if have.etag.as_deref() == Some(&etag) {
        return Ok(None);
    }
    remote::fetch(&repository, &remote, &[said]).map_err(of_remote)?;
    let kept = read_statement(&repository, said, etag)?;
    let statement: Statement = serde_json::from_str(&kept.statement)
        .map_err(|error| LinkError::Strange(error.to_string()))?;
    let tree = statement
        .tree
        .parse()
        .map_err(|_| LinkError::Strange(format!("`{}` is no id of a tree", statement.tree)))?;
    let objects = match have.tree == Some(tree) {
        true => ReceivedObjects::new(),
        false => fetch_tree(&repository, &remote, refs.get(&branch).copied(), tree)?,
    };
    Ok(Some(Parcel { kept, pack: Vec::new(), objects }))
}

/// The tree of the statement: the branch may be ahead of it for a moment, and then the next look
/// finds both.
fn fetch_tree(
    repository: &Repository,
    remote: &Remote,
    branch: Option<ObjectId>,
    tree: ObjectId,
) -> Result<ReceivedObjects, LinkError> {
    let head = branch.ok_or(LinkError::NoRelease)?;
    remote::fetch(repository, remote, &[head]).map_err(of_remote)?;
    stored_tree(repository, tree).map_err(|error| LinkError::Unreachable(error.to_string()))
}

fn read_statement(
    repository: &Repository,
    commit: ObjectId,
    etag: String,
) -> Result<KeptRelease, LinkError> {
    let strange = |error: git::RepositoryError| LinkError::Strange(error.to_string());
    let root = repository.commit(CommitId(commit.0)).map_err(strange)?.tree;
    let entries = repository.tree(root).map_err(strange)?;
    let file = |name: &str| {
        let entry = entries.iter().find(|entry| entry.name_text() == Some(name));
        let missing = || LinkError::Strange(format!("the release has no `{name}`"));
        let bytes = repository.blob(entry.ok_or_else(missing)?.id).map_err(strange)?;
        String::from_utf8(bytes).map_err(|_| LinkError::Strange(format!("`{name}` is no text")))
    };
    Ok(KeptRelease {
        statement: file("statement.json")?,
        signature: file("statement.json.sig")?,
        etag,
    })
}

fn open(settings: &GitSettings) -> Result<Repository, LinkError> {
    let failed = |error: String| LinkError::Strange(error);
    match settings.folder.exists() {
        true => Repository::open(&settings.folder).map_err(|error| failed(error.to_string())),
        false => git::init_bare(&settings.folder).map_err(|error| failed(error.to_string())),
    }
}

fn of_remote(error: RemoteError) -> LinkError {
    LinkError::Unreachable(error.to_string())
}
