//! Whether a release may be taken: the signature, whom it names, its age, and its tree.
//!
//! In: bytes from anywhere, whom we trust, and what we know already. Out: a release whose every
//! object is what its id says, or why it is refused. Pure. Nothing that is refused changes what
//! the cluster runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::agent::{RELEASE_NAMESPACE, Statement};
use api::ssh::PublicKey;
use git::{ReceivedObjects, ReceivedTree, TreeError, UnpackError, UnpackLimits};
use jiff::Timestamp;
use model::{Generation, ObjectId};
use sync::{Desired, TreeFile, read_tree_after};

use crate::state::KeptRelease;

/// Whom an agent trusts, and for whom it takes releases.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The keys that may sign releases; more than one while a key is replaced.
    pub keys: Vec<PublicKey>,
    /// The name of the cluster when it was joined.
    pub cluster: String,
}

/// What is known before a statement comes.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The uid of the cluster, after the first statement.
    pub cluster: Option<String>,
    /// The uid of the fleet, after the first statement.
    pub fleet: Option<String>,
    /// The highest generation that was ever accepted, by any memory of this cluster.
    pub generation: Generation,
    /// The tree and the time of the statement of that generation, if it is still known.
    pub newest: Option<(ObjectId, Timestamp)>,
}

/// Why a release is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody whom we trust signed these bytes for this purpose.
    #[error("the signature of the release does not count: {0}")]
    Signature(api::ssh::SignatureError),
    /// The bytes are no statement.
    #[error("the release is no statement that this version knows: {0}")]
    Malformed(String),
    /// Its tree is for another program.
    #[error(
        "the release has the layout `{0}`, which is not for an agent: write `layout: \
         {{manifests: {{}}}}` into fleet.yaml"
    )]
    Layout(String),
    /// It is for another cluster.
    #[error("the release is for the cluster `{name}` ({uid}), not for this one")]
    Foreign {
        /// Its name there.
        name: String,
        /// Its uid there.
        uid: String,
    },
    /// It is of another fleet.
    #[error("the release is of the fleet {0}, which this cluster is not of")]
    ForeignFleet(String),
    /// It is older than what was accepted before.
    #[error("the release is of generation {offered}, and this cluster accepted {held}")]
    Older {
        /// Its generation.
        offered: Generation,
        /// The highest that was accepted.
        held: Generation,
    },
    /// It is of the same generation and was signed before.
    #[error("the statement was signed at {offered}, before the one of {held} that is here")]
    Earlier {
        /// When it was signed.
        offered: Timestamp,
        /// When the one that is here was.
        held: Timestamp,
    },
    /// It says another tree of a generation that is known.
    #[error("generation {0} has another tree here: two servers may sign with one key")]
    OtherTree(Generation),
    /// The pack cannot be read.
    #[error("the pack of the release cannot be used: {0}")]
    Pack(#[from] UnpackError),
    /// What came is not the whole tree that the statement names.
    #[error("what came is not the tree of the release: {0}")]
    Tree(#[from] TreeError),
}

/// A release that was verified.
#[derive(Clone, Debug)]
pub struct Release {
    /// What was signed, read.
    pub statement: Statement,
    /// What was signed, with its signature.
    pub kept: KeptRelease,
    /// The id of the tree.
    pub tree: ObjectId,
    /// What the cluster must hold.
    pub desired: Desired,
    /// The ids of the trees of the applications.
    pub folders: BTreeMap<String, ObjectId>,
}

impl Release {
    /// The step of the ledger.
    #[must_use]
    pub fn generation(&self) -> Generation {
        Generation(self.statement.generation)
    }
}

/// Reads a statement that may be taken.
///
/// # Errors
/// [`Refused`].
pub fn check_statement(
    kept: &KeptRelease,
    trust: &Trust,
    known: &Known,
) -> Result<(Statement, ObjectId), Refused> {
    let text = kept.statement.as_bytes();
    check_signature(text, &kept.signature, &trust.keys)?;
    let malformed = |why: String| Refused::Malformed(why);
    let statement: Statement =
        serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
    if statement.api_version != "res-edge.dev/v1" || statement.kind != "Release" {
        return Err(malformed(format!("`{}` of `{}`", statement.kind, statement.api_version)));
    }
    if statement.layout != "manifests" {
        return Err(Refused::Layout(statement.layout));
    }
    let tree =
        statement.tree.parse().map_err(|error: model::IdError| malformed(error.to_string()))?;
    check_recipient(&statement, trust, known)?;
    check_age(&statement, tree, known)?;
    Ok((statement, tree))
}

fn check_signature(text: &[u8], signature: &str, keys: &[PublicKey]) -> Result<(), Refused> {
    let mut fault = api::ssh::SignatureError::OtherKey;
    for key in keys {
        match key.verify(RELEASE_NAMESPACE, text, signature) {
            Ok(()) => return Ok(()),
            Err(error) => fault = error,
        }
    }
    Err(Refused::Signature(fault))
}

fn check_recipient(statement: &Statement, trust: &Trust, known: &Known) -> Result<(), Refused> {
    let cluster = &statement.cluster;
    let is_ours = match &known.cluster {
        // The name may change; the uid may not.
        Some(uid) => *uid == cluster.uid,
        None => cluster.name == trust.cluster,
    };
    if !is_ours {
        return Err(Refused::Foreign { name: cluster.name.clone(), uid: cluster.uid.clone() });
    }
    match &known.fleet {
        Some(fleet) if *fleet != statement.fleet => {
            Err(Refused::ForeignFleet(statement.fleet.clone()))
        }
        _ => Ok(()),
    }
}

fn check_age(statement: &Statement, tree: ObjectId, known: &Known) -> Result<(), Refused> {
    let offered = Generation(statement.generation);
    if offered < known.generation {
        return Err(Refused::Older { offered, held: known.generation });
    }
    let Some((known_tree, held)) = known.newest.filter(|_| offered == known.generation) else {
        return Ok(());
    };
    if known_tree != tree {
        return Err(Refused::OtherTree(offered));
    }
    if statement.issued < held {
        return Err(Refused::Earlier { offered: statement.issued, held });
    }
    Ok(())
}

/// Puts the tree of a statement together from a pack and from what is here, whole.
///
/// # Errors
/// [`Refused::Pack`] and [`Refused::Tree`].
pub fn check_tree(
    tree: ObjectId,
    pack: &[u8],
    here: &ReceivedObjects,
) -> Result<ReceivedTree, Refused> {
    let came = match pack {
        [] => ReceivedObjects::new(),
        pack => git::unpack(pack, |id| here.get(id).cloned(), UnpackLimits::default())?,
    };
    Ok(git::received_tree(tree, |id| came.get(id).or_else(|| here.get(id)).cloned())?)
}

/// Makes a release of a statement and its tree. What it has in common with one that is here is
/// shared.
#[must_use]
pub fn release(
    statement: Statement,
    kept: KeptRelease,
    (id, tree): (ObjectId, &ReceivedTree),
    here: Option<&Release>,
) -> Release {
    let files = tree
        .files
        .iter()
        .map(|file| TreeFile { path: file.path.clone(), bytes: Arc::clone(&file.bytes) });
    let files: Vec<TreeFile> = files.collect();
    let dependencies = statement.depends_on.clone();
    let (step, before) = (Generation(statement.generation), here.map(|here| &here.desired));
    let desired = read_tree_after(before, (step, id), &files, dependencies);
    Release { statement, kept, tree: id, desired, folders: tree.folders.clone() }
}
