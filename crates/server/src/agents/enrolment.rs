//! Enrolment: the key of an agent enters the Cluster document by a change.
//!
//! In: a one-time token, a key with a proof, and the rights that whoever joined the cluster has
//! now. Out: a change in their name, merged where the Roles let them, or waiting. The token only
//! says who joins which cluster; what lets the agent in is the document.

use std::sync::Arc;

use api::agent::{ENROLMENT_NAMESPACE, Enrolment, enrolment_text};
use api::ssh::PublicKey;
use git::{CommitRecord, Expected, FileEdit, commit_message, edit_files};
use jiff::Timestamp;
use model::{CommitId, Kind};
use schema::edit::{Action, DocumentRef, PathPart, edit, encode};
use store::{Join, Store, StoreError};

use super::KeyOwner;
use super::keys::key_id;
use super::releases::Releases;
use crate::authorize::person;
use crate::changes::{Actor, Event, Merger, NotMerged, RegisterError, ReviewError, Status, Style};
use crate::hosting::Host;
use crate::identity::{Caller, Secret};
use crate::snapshot::Sourced;

/// How an enrolment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Enrolled {
    /// The key counts.
    Accepted,
    /// Its change is merged, and is being taken into use.
    Merged(u32, CommitId),
    /// Its change waits for an approval.
    Waits(u32),
}

/// Why an enrolment is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrolError {
    /// The token is not one for this cluster and this key, now.
    #[error("the one-time token is unknown, has ended, or is for another cluster or key")]
    Token,
    /// The public key is none that is used here.
    #[error("the public key is no Ed25519 key in OpenSSH form")]
    Key,
    /// The signature does not hold.
    #[error("the proof does not hold: it must be signed by the key that is sent, for this server")]
    Proof,
    /// Nothing is known of the cluster.
    #[error("there is no cluster `{0}` in the source that is in use")]
    NoCluster(String),
    /// The key stands in the document of another cluster.
    #[error("this key is that of another cluster")]
    OthersKey,
    /// Whoever joined the cluster may not do that any more.
    #[error("whoever joined the cluster may not propose this any more")]
    NotAllowed,
    /// Somebody closed the change.
    #[error("change {0}, which brings this key, was closed")]
    Closed(u32),
    /// The document cannot be edited.
    #[error("the document of `{0}` cannot be edited: {1}")]
    Document(String, String),
    /// The change cannot be looked at.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// The change cannot be written.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token with the key that came with it, checked.
pub(crate) struct Checked {
    /// The token.
    pub(crate) join: Join,
    /// What it is found by.
    pub(crate) digest: model::Digest,
    /// The key.
    pub(crate) key: PublicKey,
}

/// Takes enrolments.
pub(crate) struct Enrolments {
    /// The key that signs releases, in OpenSSH form.
    pub(crate) release_key: String,
    pub(crate) store: Store,
    pub(crate) host: Host,
    pub(crate) releases: Arc<Releases>,
}

impl Enrolments {
    /// Checks the token, the key and the proof, and binds the token to the key.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub(crate) async fn check(
        &self,
        enrolment: &Enrolment,
        now: Timestamp,
    ) -> Result<Checked, EnrolError> {
        let key: PublicKey = enrolment.public_key.parse().map_err(|_| EnrolError::Key)?;
        let digest = Secret::new(enrolment.token.as_str()).digest();
        let join = self.store.join(digest).await?.ok_or(EnrolError::Token)?;
        if join.cluster != enrolment.cluster || now >= join.expires {
            return Err(EnrolError::Token);
        }
        let text = enrolment_text(&enrolment.cluster, &self.release_key, &enrolment.token);
        let holds = key.verify(ENROLMENT_NAMESPACE, text.as_bytes(), &enrolment.proof);
        holds.map_err(|_| EnrolError::Proof)?;
        match self.store.bind_join(digest, &key.to_string()).await? {
            true => Ok(Checked { join, digest, key }),
            false => Err(EnrolError::Token),
        }
    }

    /// Has the key enter the document, in the name of whoever joined the cluster. It blocks.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub(crate) fn enter(&self, checked: &Checked, joiner: &Caller) -> Result<Enrolled, EnrolError> {
        let cluster = &checked.join.cluster;
        match self.releases.keys().owner(key_id(&checked.key)) {
            Some(KeyOwner::Cluster(owner)) if owner == cluster => return Ok(Enrolled::Accepted),
            Some(_) => return Err(EnrolError::OthersKey),
            None => {}
        }
        let number = match checked.join.change {
            Some(number) => number,
            None => self.propose(cluster, &checked.key, joiner)?,
        };
        let change = self.host.register.find(number)?.change;
        match change.status {
            Status::Merged(commit) => Ok(Enrolled::Merged(number, commit)),
            Status::Closed => Err(EnrolError::Closed(number)),
            Status::Open if checked.join.merges => self.merge(number, joiner),
            Status::Open => Ok(Enrolled::Waits(number)),
        }
    }

    /// Whether a key counts for a cluster now.
    pub(crate) fn counts(&self, cluster: &str, key: &str) -> bool {
        let Ok(key) = key.parse::<PublicKey>() else { return false };
        let keys = self.releases.keys();
        matches!(keys.owner(key_id(&key)), Some(KeyOwner::Cluster(owner)) if owner == cluster)
    }

    /// Opens the change.
    fn propose(&self, cluster: &str, key: &PublicKey, joiner: &Caller) -> Result<u32, EnrolError> {
        let snapshot = self.host.controller.snapshot();
        let missing = || EnrolError::NoCluster(cluster.to_owned());
        let sourced = snapshot.source.as_ref().ok_or_else(missing)?;
        let edit = document_edit(sourced, cluster, key)?;
        let actor = Actor::of(joiner);
        let title = format!("Join cluster {cluster}");
        let text = format!("The agent of the cluster proved that it has this key:\n\n    {key}");
        let who = crate::changes::signature(&actor);
        let record = CommitRecord {
            author: who.clone(),
            committer: who,
            message: commit_message(&title, &text, &[]),
            at: Timestamp::now(),
        };
        let failed = |why: String| EnrolError::Document(cluster.to_owned(), why);
        let made = edit_files(&self.host.source, sourced.commit, &[edit], &record);
        let made = made.map_err(|error| failed(error.to_string()))?;
        let made = made.ok_or_else(|| failed("the key stands there already".to_owned()))?;
        let review = self.host.reviews.of(made.commit)?;
        let person = person(joiner).ok_or(EnrolError::NotAllowed)?;
        let may = |judged: &crate::evaluate::Judged| judged.verdict(&person).propose.is_allowed();
        if !review.judged.as_ref().is_some_and(may) {
            return Err(EnrolError::NotAllowed);
        }
        let event = Event::Opened { title, text, topic: None, head: made.commit };
        Ok(self.host.register.open(&actor.does(event), made.commit)?.number)
    }

    /// Merges the change, if whoever joined the cluster may.
    fn merge(&self, number: u32, joiner: &Caller) -> Result<Enrolled, EnrolError> {
        let merger = Merger {
            register: &self.host.register,
            reviews: &self.host.reviews,
            repository: &self.host.source,
        };
        match merger.merge(number, None, Style::Squash, joiner) {
            Ok((_, commit)) => {
                self.host.controller.wake();
                Ok(Enrolled::Merged(number, commit))
            }
            Err(NotMerged::Register(error)) => Err(error.into()),
            Err(NotMerged::Review(error)) => Err(error.into()),
            // Whoever may merge it does so another time.
            Err(reason) => {
                tracing::info!(number, %reason, "the change of an enrolment waits");
                Ok(Enrolled::Waits(number))
            }
        }
    }
}

/// The edit that writes a key into the document of a cluster.
fn document_edit(
    sourced: &Sourced,
    cluster: &str,
    key: &PublicKey,
) -> Result<FileEdit, EnrolError> {
    let fleet = &sourced.accepted().fleet;
    let id = fleet.cluster_id(cluster);
    let id = id.ok_or_else(|| EnrolError::NoCluster(cluster.to_owned()))?;
    let failed = |why: &str| EnrolError::Document(cluster.to_owned(), why.to_owned());
    let file = fleet.clusters[id.index()].document.metadata.span.file;
    let file = sourced.compiled().source.files.get(file);
    let file = file.ok_or_else(|| failed("its file is not there"))?;
    let text = std::str::from_utf8(&file.bytes).map_err(|_| failed("its file is not text"))?;
    let edited = with_key(text, cluster, &key.to_string()).map_err(|why| failed(&why))?;
    Ok(FileEdit {
        path: file.path.to_string(),
        content: Some(edited.into_bytes()),
        expected: Expected::File(file.id),
    })
}

/// A text with a key in the document of a cluster, whatever of `spec.agent.keys` is there.
fn with_key(text: &str, cluster: &str, key: &str) -> Result<String, String> {
    let scalar = model::Scalar::string(key);
    let key = encode(&scalar);
    let path = |keys: &[&str]| keys.iter().map(|key| PathPart::Key((*key).into())).collect();
    let insert = |key: &str, value: String| Action::Insert { key: key.into(), value: value.into() };
    let ways: [(Vec<PathPart>, Action); 4] = [
        (path(&["spec", "agent", "keys"]), Action::Append(key.as_str().into())),
        (path(&["spec", "agent"]), insert("keys", format!("[{key}]"))),
        (path(&["spec"]), insert("agent", format!("{{keys: [{key}]}}"))),
        (path(&[]), insert("spec", format!("{{agent: {{keys: [{key}]}}}}"))),
    ];
    let document = DocumentRef::Named { kind: Kind::Cluster, name: cluster.into() };
    let mut failure = String::new();
    for (path, action) in ways {
        let change = schema::edit::Change { document: document.clone(), path, action };
        match edit(text, None, &[change]) {
            Ok(edited) => return Ok(edited),
            Err(error) => failure = error.to_string(),
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAA";

    #[test]
    fn a_key_enters_whatever_is_there() {
        let head = "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: boston}\n";
        let with = |spec: &str| with_key(&format!("{head}{spec}"), "boston", KEY).unwrap();
        let cases = ["spec: {}\n", "spec:\n  agent: {}\n", "spec:\n  agent:\n    keys: [a]\n", ""];
        let edited: Vec<String> = cases.iter().map(|spec| with(spec).replace(head, "")).collect();
        insta::assert_snapshot!(edited.join("--\n"), @"
        spec: {agent: {keys: [ssh-ed25519 AAAA]}}
        --
        spec:
          agent: {keys: [ssh-ed25519 AAAA]}
        --
        spec:
          agent:
            keys: [a, ssh-ed25519 AAAA]
        --
        spec: {agent: {keys: [ssh-ed25519 AAAA]}}
        ");
        assert!(with_key(head, "lyon", KEY).is_err());
    }
}
