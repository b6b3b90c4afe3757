//! The nouns that cross rooms.
//!
//! Ids, names, cluster sets, spans, diagnostics, observed facts, scalars, the source as it was
//! read, what was rendered of it, the ledger, and who may do what. Values only: nothing here reads a file, a
//! clock or the environment, and nothing here can fail except by being given a malformed text.
//!
//! Every other room depends on this one; it depends on none.

mod access;
mod cells;
mod counter;
mod diagnostic;
mod edit;
mod expansion;
mod hash;
mod id;
mod ledger;
mod meaning;
mod name;
mod object;
mod observed;
mod parts;
mod rename;
mod rendered;
mod requests;
mod scalar;
mod set;
mod sink;
mod source;
mod span;

pub use access::{Approvals, Cover, Kind, Policies, Role, RoleRule, Subject, Verb};
pub use cells::{Cells, CellsIter, LedgerCell, Release};
pub use counter::Counter;
pub use diagnostic::{Code, Diagnostic, Label, Severity};
pub use edit::{Edit, EditKind, Move, Why};
pub use expansion::{
    Expanded, ExpandedText, ExpansionRequest, Expansions, HelmRelease, InputFile, InputPlaceholder,
    Program,
};
pub use hash::{hash_blob, hash_commit, hash_tree, hash_variant, sha256, tree_bytes};
pub use id::{ClusterUid, CommitId, Digest, FleetUid, Generation, IdError, ObjectId};
pub use ledger::{
    Approval, Deletions, Hold, HoldKind, Ledger, LedgerCluster, PlacedHold, PlacedKind, Revision,
    Step, Trailer,
};
pub use meaning::{
    Allowance, ChangedApplication, ChangedCells, ChangedFiles, ChangedRole, Claim, Meaning,
};
pub use name::{
    ApplicationName, ClusterName, GroupPath, NameError, NamespaceName, check_dns_label,
};
pub use object::{EffectKind, ObjectChange, ObjectEffect, ObjectKey};
pub use observed::{Cause, Observed};
pub use parts::{Fragment, Parts};
pub use rename::{LikelyRename, Renamed};
pub use rendered::{Cell, Delivery, FanOut, Layout, Rendered, RenderedCluster};
pub use requests::{Amount, RequestChange, RequestSums, Requests};
pub use scalar::{Scalar, ScalarKind};
pub use set::{ClusterId, ClusterSet};
pub use sink::{Base, Entry, MemoryObjects, Mode, Piece, Sink, assemble};
pub use source::{Files, Origin, Source, SourceFile};
pub use span::{FileId, Place, Span};

/// The position of an application in the table of the value that names it.
///
/// A number means nothing outside its own table: [`Rendered::applications`] or
/// [`Ledger::applications`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId(pub u32);

/// The position of a namespace in the table of the value that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceId(pub u32);
