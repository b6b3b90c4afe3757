//! Signed statements beside the branches of clusters: `refs/releases/<cluster>`.
//!
//! In: texts and signatures by the names of clusters. Out: refs, each at a commit without a parent
//! that holds the files `statement.json` and `statement.json.sig`. So stock Git gets what the
//! API answers. They are projections like the branches: made again at any time.

use jiff::Timestamp;
use model::CommitId;

use crate::objects::NewCommit;
use crate::reader::{TreeEntry, TreeEntryKind};
use crate::{MoveError, Objects, PackError, RefMove, Repository, RepositoryError, move_refs};

/// What stands before the name of a cluster.
pub(crate) const STATEMENTS: &str = "refs/releases/";

const TEXT: &str = "statement.json";
const SIGNATURE: &str = "statement.json.sig";

const AUTHOR: &str = "res-edge <res-edge@localhost>";

/// A statement as it stands in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredStatement {
    /// The name of the cluster.
    pub cluster: String,
    /// Where its ref is.
    pub commit: CommitId,
    /// The text that is signed, and its signature; nothing if that is not what stands there.
    pub signed: Option<(Vec<u8>, String)>,
}

/// A statement that is to stand in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEdit<'a> {
    /// The name of the cluster.
    pub cluster: &'a str,
    /// Where its ref was seen.
    pub from: Option<CommitId>,
    /// The text, its signature and its time; nothing to remove it.
    pub to: Option<(&'a [u8], &'a str, Timestamp)>,
}

/// Why statements were not written.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The objects cannot be written.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The refs cannot be moved.
    #[error(transparent)]
    Refs(#[from] MoveError),
}

/// Every statement, in the order of names.
///
/// # Errors
/// Refs cannot be read. A ref at something else is told as such, and no error.
pub fn statements(repository: &Repository) -> Result<Vec<StoredStatement>, RepositoryError> {
    use rayon::prelude::*;
    let read = |(name, commit): (String, CommitId)| StoredStatement {
        cluster: name[STATEMENTS.len()..].to_owned(),
        commit,
        signed: read(repository, commit),
    };
    Ok(repository.references(STATEMENTS)?.into_par_iter().map(read).collect())
}

fn read(repository: &Repository, commit: CommitId) -> Option<(Vec<u8>, String)> {
    let reader = repository.reader();
    let entries = reader.tree(reader.commit(commit).ok()?.tree).ok()?;
    let file = |name: &str| {
        let entry = entries.iter().find(|entry| *entry.name == *name.as_bytes())?;
        reader.blob(entry.id).ok()
    };
    Some((file(TEXT)?, String::from_utf8(file(SIGNATURE)?).ok()?))
}

/// Writes statements, all or none, and answers where each ref is then.
///
/// # Errors
/// [`StatementError`]; then no ref has moved.
pub fn write_statements(
    repository: &Repository,
    edits: &[StatementEdit<'_>],
) -> Result<Vec<Option<CommitId>>, StatementError> {
    let objects = Objects::new(repository);
    objects.assume_new();
    let commits: Vec<Option<CommitId>> =
        edits.iter().map(|edit| edit.to.map(|to| commit(&objects, edit.cluster, to))).collect();
    let _keep = objects.write()?;
    let moves = edits.iter().zip(&commits).filter(|(edit, to)| edit.from != **to);
    let moves = moves.map(|(edit, to)| RefMove {
        name: format!("{STATEMENTS}{}", edit.cluster),
        from: edit.from,
        to: *to,
    });
    let moves: Vec<RefMove> = moves.collect();
    move_refs(repository, &moves)?;
    Ok(commits)
}

fn commit(
    objects: &Objects,
    cluster: &str,
    (text, signature, at): (&[u8], &str, Timestamp),
) -> CommitId {
    use model::Sink as _;
    let entry = |name: &str, bytes: &[u8]| TreeEntry {
        name: name.as_bytes().into(),
        kind: TreeEntryKind::File,
        id: objects.blob(bytes),
    };
    let tree = objects.put_tree(vec![entry(TEXT, text), entry(SIGNATURE, signature.as_bytes())]);
    let message = format!("release of {cluster}");
    objects.commit(&NewCommit {
        tree,
        parents: &[],
        author: AUTHOR,
        committer: AUTHOR,
        at,
        message: &message,
    })
}
