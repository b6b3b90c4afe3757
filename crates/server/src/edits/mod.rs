//! Edits of documents: whoever sends one edits the source, by a change.
//!
//! ```text
//! request ─routes─▶ Order ─┐
//! `main`, compiled ────────┴draft──▶ files that differ ─git─▶ a commit
//! commit ─▶ compiled beside `main`: new errors? who may? ──▶ refused
//!                                                     └────▶ a change: merged at once, or open
//! ```
//!
//! In: what shall become of documents, by whom. Out: a change of the source, which is part of
//! `main` at once where the Roles allow that. `draft`, `patch` and `place` are pure. There is one
//! way to judge an edit, and that is the one of a push: by what it means, with the Roles of
//! `main`. Edits of one server are made one after another; whoever else moves `main` in between
//! makes the edit begin again, on what is there then.

mod draft;
mod landing;
mod patch;
mod place;

use api::DiagnosticText;
use git::{MoveError, RepositoryError};
use model::{CommitId, Digest, Kind};
use plan::documents::DocumentId;
use schema::edit::EditError;
use serde_json::{Map, Value};

use crate::ControllerGone;
use crate::changes::RegisterError;
use crate::controller::CompileError;
use crate::evaluate::EvaluateError;

pub(crate) use draft::{Draft, Standing, Touched, draft};
pub(crate) use landing::{Editor, How, Landed, Outcome};
pub(crate) use patch::{Operation, PatchError};

/// What shall be edited.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// One document that is there.
    Edit(Wanted),
    /// One that is new.
    Create(New),
    /// Several that were selected on a commit of the source.
    Bulk(Bulk),
}

/// What shall become of a document.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its name, or the path of a group.
    pub(crate) name: String,
    /// What to do.
    pub(crate) act: Act,
    /// What must stand there for it to be done.
    pub(crate) expected: Precondition,
}

/// What to do with a document.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It shall say this, in the fewest changes of its text.
    Replace(Map<String, Value>),
    /// This text shall stand in its place.
    ReplaceText(String),
    /// A merge patch.
    Merge(Map<String, Value>),
    /// Operations of a JSON patch.
    Patch(Vec<Operation>),
    /// It shall go.
    Delete,
}

/// What a document must be for an edit of it to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// Whatever it is.
    Any,
    /// One of these texts, by digest; none of them where there are none.
    Versions(Vec<Digest>),
}

/// A new document.
#[derive(Clone, Debug)]
pub(crate) struct New {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its text.
    pub(crate) text: String,
    /// The file that it goes to; else one of its own.
    pub(crate) file: Option<String>,
}

/// One merge patch for several documents.
#[derive(Clone, Debug)]
pub(crate) struct Bulk {
    /// Their kind.
    pub(crate) kind: Kind,
    /// Their names, or the paths of groups.
    pub(crate) names: Vec<String>,
    /// The patch.
    pub(crate) patch: Map<String, Value>,
    /// The commit of the source that they were selected on.
    pub(crate) selected_on: CommitId,
}

/// Why an edit was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotEdited {
    /// There is no such document, or none that the caller may see.
    #[error("there is no {} `{name}`", kind.word().to_lowercase())]
    Missing {
        /// The kind.
        kind: Kind,
        /// What was asked for.
        name: String,
        /// The nearest name that the caller may see.
        near: Option<String>,
    },
    /// The document is another than the edit was made on.
    #[error("{} `{name}` is not as the edit expects it", kind.word().to_lowercase())]
    Stale {
        /// The kind.
        kind: Kind,
        /// The name.
        name: String,
        /// What it is now.
        found: Digest,
    },
    /// Somebody edited the same document while this edit was made.
    #[error("{what} was edited by {by} in the meantime")]
    Overtaken {
        /// The document.
        what: String,
        /// The commit, and its change.
        by: String,
    },
    /// There is a document of that name.
    #[error("there is a {} `{name}` already", kind.word().to_lowercase())]
    Exists {
        /// The kind.
        kind: Kind,
        /// The name.
        name: String,
    },
    /// What was sent is no such document.
    #[error("{0}")]
    Wrong(String),
    /// The text cannot be edited in that way.
    #[error(transparent)]
    Text(#[from] EditError),
    /// The patch does not fit.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// No file can have the path.
    #[error(transparent)]
    File(git::EditError),
    /// It would add errors.
    #[error("it has errors that `main` does not have")]
    Mistakes(Vec<DiagnosticText>),
    /// It may not even be proposed.
    #[error("you may not do this: {0}")]
    NotAllowed(String),
    /// `main` has no commit.
    #[error("`main` has no commit yet: push the first source to it")]
    NoSource,
    /// `main` holds errors, so its documents are not known.
    #[error("`main` has errors, so its documents cannot be edited one by one")]
    Unaccepted,
    /// `main` kept moving.
    #[error("`main` moved in between")]
    Busy,
    /// `main` cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The edit cannot be compiled.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The server is stopping.
    #[error(transparent)]
    Gone(#[from] ControllerGone),
    /// The change cannot be written.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The refs cannot be moved.
    #[error(transparent)]
    Refs(#[from] MoveError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl From<git::EditError> for NotEdited {
    fn from(error: git::EditError) -> Self {
        match error {
            git::EditError::Repository(error) => Self::Repository(error),
            error => Self::File(error),
        }
    }
}

/// A document as people name it: cluster `la-1`.
pub(crate) fn called(kind: Kind, name: &str) -> String {
    format!("{} `{name}`", kind.word().to_lowercase())
}

/// What of a fleet's documents somebody may see.
pub(crate) type Seen<'a> = &'a dyn Fn(DocumentId) -> bool;
