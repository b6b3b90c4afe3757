//! Enrolment: the key of an agent enters the Cluster document by a change.
//!
//! In: a one-time token, a key with a proof, and the rights that whoever joined the cluster has
//! now. Out: a change in their name, merged where the Roles let them, or waiting. The token only
//! says who joins which cluster; what lets the agent in is the document. Keys that come while one
//! is being entered enter together, so that a thousand sites that are set up on one day cost some
//! commits and not a thousand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use api::agent::{ENROLMENT_NAMESPACE, Enrolment, enrolment_text};
use api::ssh::PublicKey;
use git::{CommitRecord, Expected, FileEdit, commit_message, edit_files};
use jiff::Timestamp;
use model::{CommitId, Kind};
use schema::edit::{Action, DocumentRef, PathPart, edit, encode};
use store::{Join, Store, StoreError};
use tokio::runtime::Handle;

use super::KeyOwner;
use super::keys::key_id;
use super::releases::Releases;
use crate::authorize::person;
use crate::changes::{Actor, Event, Merger, NotMerged, RegisterError, ReviewError, Status, Style};
use crate::hosting::Host;
use crate::identity::{Caller, Secret};
use crate::snapshot::Sourced;

/// How many keys enter together at most.
const MOST_TOGETHER: usize = 256;

/// How long those that come next wait for those before to be in use.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// A key that waits to enter together with others.
struct Waiting {
    cluster: String,
    key: PublicKey,
    /// Whose change it is, with the rights that they have now.
    joiner: String,
    /// The change, once there is one.
    change: OnceLock<u32>,
}

/// The keys that wait to enter.
#[derive(Default)]
pub(crate) struct Crowd {
    waiting: Mutex<Vec<Arc<Waiting>>>,
    /// Held by whoever enters keys, for all that wait.
    entering: Mutex<()>,
}

impl Crowd {
    fn come(&self, waiting: &Arc<Waiting>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(waiting));
    }

    /// Those who enter with one of them: the same joiner's, no cluster twice.
    fn together(&self, one: &Arc<Waiting>) -> Vec<Arc<Waiting>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut together = BTreeMap::from([(one.cluster.clone(), Arc::clone(one))]);
        waiting.retain(|other| {
            let is_one = Arc::ptr_eq(other, one);
            let joins = other.joiner == one.joiner
                && together.len() < MOST_TOGETHER
                && !together.contains_key(&other.cluster);
            if joins {
                together.insert(other.cluster.clone(), Arc::clone(other));
            }
            !joins && !is_one
        });
        together.into_values().collect()
    }
}

/// Takes enrolments.
pub(crate) struct Enrolments {
    /// The key that signs releases, in OpenSSH form.
    pub(crate) release_key: String,
    pub(crate) store: Store,
    pub(crate) host: Host,
    pub(crate) releases: Arc<Releases>,
    pub(crate) crowd: Crowd,
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
            None if checked.join.merges => self.enter_with_others(checked, joiner)?,
            None => self.propose(&[(cluster, &checked.key)], joiner)?,
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

    /// Has a key enter with all that wait for the same, and answers the change.
    fn enter_with_others(&self, checked: &Checked, joiner: &Caller) -> Result<u32, EnrolError> {
        let waiting = Arc::new(Waiting {
            cluster: checked.join.cluster.clone(),
            key: checked.key,
            joiner: format!("{} {}", joiner.join_subject(), joiner.rights_key()),
            change: OnceLock::new(),
        });
        self.crowd.come(&waiting);
        let _entering = self.crowd.entering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = waiting.change.get() {
            return Ok(*number);
        }
        let together = self.crowd.together(&waiting);
        let keys: Vec<(&str, &PublicKey)> =
            together.iter().map(|one| (one.cluster.as_str(), &one.key)).collect();
        let number = match self.propose(&keys, joiner) {
            Ok(number) => number,
            // One of them is in the way of the others: each tries alone.
            Err(_) if keys.len() > 1 => {
                for other in together.iter().filter(|other| !Arc::ptr_eq(other, &waiting)) {
                    self.crowd.come(other);
                }
                return self.propose(&[(&waiting.cluster, &waiting.key)], joiner);
            }
            Err(error) => return Err(error),
        };
        if let Enrolled::Merged(_, commit) = self.merge(number, joiner)? {
            self.await_use(commit);
        }
        for one in &together {
            // Nobody else says it.
            let _ = one.change.set(number);
        }
        Ok(number)
    }

    /// Waits until a commit is in use, or something else is known of it: who comes next then edits
    /// what is there.
    fn await_use(&self, commit: CommitId) {
        let controller = &self.host.controller;
        let mut changes = controller.changes();
        let is_known = || {
            let snapshot = controller.snapshot();
            let is_in_use = snapshot.source.as_ref().is_some_and(|one| one.commit == commit);
            is_in_use || snapshot.refused.as_ref().is_some_and(|one| one.commit == Some(commit))
        };
        let known = async { while !is_known() && changes.changed().await.is_ok() {} };
        // It may take longer: then the next change is merged into it.
        let _ = Handle::current().block_on(async { tokio::time::timeout(PATIENCE, known).await });
    }

    /// Opens the change that brings these keys, each into the document of its cluster.
    fn propose(&self, keys: &[(&str, &PublicKey)], joiner: &Caller) -> Result<u32, EnrolError> {
        let snapshot = self.host.controller.snapshot();
        let cluster = keys.first().map_or("", |(cluster, _)| cluster);
        let missing = || EnrolError::NoCluster(cluster.to_owned());
        let sourced = snapshot.source.as_ref().ok_or_else(missing)?;
        let edits = document_edits(sourced, keys)?;
        let actor = Actor::of(joiner);
        let title = match keys.len() {
            1 => format!("Join cluster {cluster}"),
            n => format!("Join {n} clusters"),
        };
        let text = told(keys);
        let who = crate::changes::signature(&actor);
        let record = CommitRecord {
            author: who.clone(),
            committer: who,
            message: commit_message(&title, &text, &[]),
            at: Timestamp::now(),
        };
        let failed = |why: String| EnrolError::Document(cluster.to_owned(), why);
        let made = edit_files(&self.host.source, sourced.commit, &edits, &record);
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

/// What a change that brings keys says of them.
fn told(keys: &[(&str, &PublicKey)]) -> String {
    if let [(_, key)] = keys {
        return format!("The agent of the cluster proved that it has this key:\n\n    {key}");
    }
    let lines = keys.iter().map(|(cluster, key)| format!("\n    {cluster}: {key}"));
    format!(
        "The agents of the clusters proved that they have these keys:\n{}",
        lines.collect::<String>()
    )
}

/// The edits that write keys into the documents of their clusters, one for each file.
fn document_edits(
    sourced: &Sourced,
    keys: &[(&str, &PublicKey)],
) -> Result<Vec<FileEdit>, EnrolError> {
    let fleet = &sourced.accepted().fleet;
    let mut edits: BTreeMap<String, FileEdit> = BTreeMap::new();
    for (cluster, key) in keys {
        let id = fleet.cluster_id(cluster);
        let id = id.ok_or_else(|| EnrolError::NoCluster((*cluster).to_owned()))?;
        let failed = |why: &str| EnrolError::Document((*cluster).to_owned(), why.to_owned());
        let file = fleet.clusters[id.index()].document.metadata.span.file;
        let file = sourced.compiled().source.files.get(file);
        let file = file.ok_or_else(|| failed("its file is not there"))?;
        let edit = edits.entry(file.path.to_string()).or_insert_with(|| FileEdit {
            path: file.path.to_string(),
            content: Some(file.bytes.to_vec()),
            expected: Expected::File(file.id),
        });
        let text = edit.content.as_deref().unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_| failed("its file is not text"))?;
        let edited = with_key(text, cluster, &key.to_string()).map_err(|why| failed(&why))?;
        edit.content = Some(edited.into_bytes());
    }
    Ok(edits.into_values().collect())
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

    #[test]
    fn who_waits_for_the_same_joiner_enters_together_and_no_cluster_twice() {
        let key = api::ssh::SigningKey::generate().unwrap().public_key();
        let crowd = Crowd::default();
        let come = |cluster: &str, joiner: &str| {
            let (cluster, joiner) = (cluster.to_owned(), joiner.to_owned());
            let one = Waiting { cluster, key, joiner, change: OnceLock::new() };
            let one = Arc::new(one);
            crowd.come(&one);
            one
        };
        let first = come("a", "anna");
        let others = [("b", "anna"), ("c", "otto"), ("a", "anna")];
        let others = others.map(|(cluster, joiner)| come(cluster, joiner));
        let names = |one| {
            let together = crowd.together(one);
            together.iter().map(|one| one.cluster.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&first), "a b");
        assert_eq!(names(&others[1]), "c");
        assert_eq!(names(&others[2]), "a", "it waits for its own turn");
        assert_eq!(names(&others[2]), "a", "and nobody is left");
    }
}
