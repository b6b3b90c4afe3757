//! How simulated clusters become known: their keys enter the Cluster documents, all in one commit.
//!
//! A real cluster joins by a token and a change of its own; for thousands that exist for an hour
//! one push says the same.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use agent::key::open_key;
use agent::state::Disk;
use api::ssh::SigningKey;
use git::remote::{self, Credentials, RefUpdate, Remote as GitRemote, RemoteUrl};
use git::{CommitRecord, Expected, FileEdit, Repository, edit_files};
use model::{CommitId, FileId, ObjectId, Source};
use schema::document::{ClusterDocument, Document, Kind};
use schema::edit::{
    Action, Change, DocumentEdit, DocumentRef, EditError, Identity, PathPart, edit, edit_documents,
    encode, split_documents,
};

use super::faults::once;
use super::site_folder;
use crate::error::{CommandError, ErrorKind};

const MAIN: &str = "refs/heads/main";

/// The key of a simulated cluster.
pub(crate) struct Key {
    /// The cluster.
    pub(crate) cluster: String,
    /// Its key.
    pub(crate) key: SigningKey,
}

/// The keys of clusters: of their folders, or new ones.
///
/// # Errors
/// A key cannot be made or read.
pub(crate) fn keys_of(names: Vec<String>, folder: Option<&Path>) -> Result<Vec<Key>, CommandError> {
    let failed = |error: &dyn std::error::Error| CommandError::of(ErrorKind::Unavailable, error);
    let key = |cluster: String| {
        let disk = match folder {
            Some(folder) => Disk::folder(&site_folder(folder, &cluster)),
            None => Ok(Disk::memory()),
        };
        let key = open_key(&disk.map_err(|error| failed(&error))?);
        Ok(Key { cluster, key: key.map_err(|error| failed(&error))? })
    };
    once(names).into_iter().map(key).collect()
}

/// The files of a source with these keys in the documents of their clusters: those that differ.
///
/// # Errors
/// A document is written in a way that cannot be edited.
pub(crate) fn add_keys(
    source: &Source,
    documents: &[Document],
    keys: &[Key],
) -> Result<Vec<(String, String)>, CommandError> {
    let lines = keys.iter().map(|key| (key.cluster.as_str(), key.key.public_key().to_string()));
    let lines: BTreeMap<&str, String> = lines.collect();
    let mut by_file: BTreeMap<FileId, Vec<(&ClusterDocument, &str)>> = BTreeMap::new();
    for document in documents {
        let Document::Cluster(cluster) = document else { continue };
        let Some(line) = lines.get(cluster.metadata.name.value.as_str()) else { continue };
        if !cluster.agent_keys.iter().any(|known| known.value.starts_with(line)) {
            by_file.entry(cluster.metadata.name.span.file).or_default().push((cluster, line));
        }
    }
    let files =
        by_file.into_iter().filter_map(|(file, added)| Some((source.files.get(file)?, added)));
    let edited = files.map(|(file, added)| {
        let text = String::from_utf8_lossy(&file.bytes);
        let edited = with_keys(&text, &added).map_err(|error| {
            let path = &file.path;
            CommandError::user(format!("cannot add keys to the clusters of `{path}`: {error}"))
                .hint("write `agent: {keys: [...]}` into each document by hand")
        });
        Ok((file.path.to_string(), edited?))
    });
    edited.collect()
}

/// The text of a file with a key more in each of these clusters.
fn with_keys(text: &str, added: &[(&ClusterDocument, &str)]) -> Result<String, EditError> {
    let parts = split_documents(text).into_iter().filter_map(|part| {
        let identity = Identity::of_text(part).ok().flatten()?;
        (identity.kind == Kind::Cluster).then_some((identity.name, part))
    });
    // What becomes of a document is tried on its own text: a file may hold thousands.
    let parts: HashMap<String, &str> = parts.collect();
    let edits = added.iter().map(|(cluster, line)| {
        let own = parts.get(cluster.metadata.name.value.as_str()).copied().unwrap_or(text);
        let change = change(own, cluster, line);
        (change.document.clone(), DocumentEdit::Changes(vec![change]))
    });
    edit_documents(text, &edits.collect::<Vec<_>>())
}

/// Adds a key where there are some, or everything around it.
fn change(text: &str, cluster: &ClusterDocument, line: &str) -> Change {
    let name = cluster.metadata.name.value.as_str();
    let document = DocumentRef::Named { kind: Kind::Cluster, name: name.into() };
    let at = |keys: &[&str]| keys.iter().map(|key| PathPart::Key((*key).into())).collect();
    let scalar = encode(&model::Scalar { text: line.into(), kind: model::ScalarKind::String });
    let insert = |path: &[&str], key: &str, value: String| Change {
        document: document.clone(),
        path: at(path),
        action: Action::Insert { key: key.into(), value: value.into() },
    };
    let tries = [
        Change {
            document: document.clone(),
            path: at(&["spec", "agent", "keys"]),
            action: Action::Append(scalar.clone().into()),
        },
        insert(&["spec", "agent"], "keys", format!("[{scalar}]")),
        insert(&["spec"], "agent", format!("{{keys: [{scalar}]}}")),
        insert(&[], "spec", format!("{{agent: {{keys: [{scalar}]}}}}")),
    ];
    // The first that can be made: how much of it is there already is what tells them apart.
    let [.., last] = &tries;
    let last = last.clone();
    tries
        .into_iter()
        .find(|one| edit(text, None, std::slice::from_ref(one)).is_ok())
        .unwrap_or(last)
}

/// The source of a server, fetched to be edited.
pub(crate) struct Fetched {
    /// A repository that goes away with the process.
    pub(crate) repository: Repository,
    /// The commit of `main`.
    pub(crate) commit: CommitId,
    remote: GitRemote,
}

impl Fetched {
    /// Fetches `main` of the built-in source into a new repository.
    ///
    /// # Errors
    /// It cannot be fetched, or is empty.
    pub(crate) fn new(server: &str, token: &str, folder: &Path) -> Result<Self, CommandError> {
        let failed =
            |error: &dyn std::error::Error| CommandError::of(ErrorKind::Unavailable, error);
        let url = RemoteUrl::parse(&format!("{server}/git/source.git"));
        let url = url.map_err(|error| failed(&error))?;
        let credentials =
            Credentials::Token { user: "simulate".to_owned(), token: token.to_owned() };
        let remote = GitRemote::new(url, credentials).map_err(|error| failed(&error))?;
        let repository = git::init_bare(folder).map_err(|error| failed(&error))?;
        let refs = remote::list(&repository, &remote, &[MAIN]).map_err(|error| failed(&error))?;
        let main = refs.get(MAIN).ok_or_else(|| {
            CommandError::user("the server has no source yet")
                .hint(format!("push one to `{server}/git/source.git`, branch main"))
        })?;
        remote::fetch(&repository, &remote, &[*main]).map_err(|error| failed(&error))?;
        Ok(Self { repository, commit: CommitId(main.0), remote })
    }

    /// Commits edits on `main` and pushes them; answers the commit that `main` is then.
    ///
    /// # Errors
    /// The server does not take it.
    pub(crate) fn push(
        &self,
        edits: Vec<(String, String)>,
        message: &str,
    ) -> Result<CommitId, CommandError> {
        let failed =
            |error: &dyn std::error::Error| CommandError::of(ErrorKind::Unavailable, error);
        let edits: Vec<FileEdit> = edits
            .into_iter()
            .map(|(path, text)| FileEdit {
                path,
                content: Some(text.into_bytes()),
                expected: Expected::Any,
            })
            .collect();
        let person = "res-edge simulate <simulate@res-edge.example>".to_owned();
        let record = CommitRecord {
            author: person.clone(),
            committer: person,
            message: git::commit_message(message, "", &[]),
            at: jiff::Timestamp::now(),
        };
        let made = edit_files(&self.repository, self.commit, &edits, &record);
        let Some(made) = made.map_err(|error| failed(&error))? else { return Ok(self.commit) };
        let update = RefUpdate {
            name: MAIN.to_owned(),
            expected: Some(ObjectId(self.commit.0)),
            new: Some(ObjectId(made.commit.0)),
        };
        let pushed = remote::push(&self.repository, &self.remote, &[update]);
        pushed.map_err(|error| failed(&error))?;
        Ok(made.commit)
    }
}

/// Makes the keys known to a server: one commit on its source, if any of them is new.
///
/// # Errors
/// The source cannot be edited, or the server does not take it.
pub(crate) fn join(
    fetched: &Fetched,
    source: &Source,
    documents: &[Document],
    keys: &[Key],
) -> Result<CommitId, CommandError> {
    let edits = add_keys(source, documents, keys)?;
    fetched.push(edits, &format!("join {} simulated clusters", keys.len()))
}
