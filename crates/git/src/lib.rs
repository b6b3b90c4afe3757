//! Repositories: read a source, write packs, append to the ledger, project it, serve it.
//!
//! In: a path on this machine, trees by id, the steps that `release` decided, and what clients of
//! Git send. Out: sources, ledgers, commits and refs, and what these clients are answered. This is the only room that uses gix (to read objects) and
//! runs the `git` program; no type of gix is in its interface. It decides
//! nothing: what to release, hold or delete is said by its callers.

mod bundle;
mod change;
pub mod codes;
mod delivery;
mod descent;
mod durable;
mod hash;
mod ledger;
mod load;
mod object_change;
mod objects;
mod pack;
mod program;
mod projection;
mod reader;
mod received;
mod record;
mod refs;
pub mod remote;
mod repository;
mod revision;
mod scratch;
pub mod serve;
mod statements;
mod steps;

pub use bundle::{BundleError, read_bundle, write_bundle};
pub use change::{
    CommitList, CommitRecord, CommitSignature, Committed, Conflict, EditError, Expected,
    FileChange, FileEdit, FileVersion, Merge, MergeError, MergeHow, Signatory, SignatureError,
    begin_files, changed_files, commit_message, commit_signature, commits_between, edit_files,
    merge, merge_base, verify_signature,
};
pub use delivery::{Given, TreePackError, cluster_branches, tree_pack};
pub use descent::descends;
pub use ledger::{
    AppendError, LEDGER_REF, LedgerError, append, read_ledger, read_ledger_at, read_ledger_of,
};
pub use load::{LoadError, Loader, MAX_DEPTH, MAX_FILE, MAX_FILES, load};
pub use object_change::{ReadObjects, object_change};
pub use objects::{Objects, PackError};
pub use pack::{
    Keep, Received, ReceivedKind, ReceivedObjects, UnpackError, UnpackLimits, compact, unpack,
};
pub use program::ProgramError;
pub use projection::{ProjectError, Projected, Projection, foreign, project, project_over};
pub use reader::{CommitInfo, Reader, TreeEntry, TreeEntryKind};
pub use received::{ReceivedFile, ReceivedTree, TreeError, received_tree, stored_tree};
pub use record::{Record, RecordedChange, Subject, history};
pub use refs::{MoveError, RefMove, clean, move_refs};
pub use repository::{Repository, RepositoryError};
pub use revision::NoCommit;
pub use scratch::{ScratchError, commit_folder, init_bare, init_work_tree};
pub use statements::{
    StatementEdit, StatementError, StoredStatement, statements, write_statements,
};
pub use steps::{ClusterStep, PastCluster, StepRecord, Steps};
