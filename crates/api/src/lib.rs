//! The wire: the types that the server and its clients exchange, and a client.
//!
//! In: Rust values. Out: JSON as `/api/v1` speaks it, and back. The types are versioned with the
//! path; a field is only ever added. The OpenAPI document is made from them. Nothing here decides
//! anything, and nothing here knows how the server finds its answers.

mod change;
mod client;
mod document;
mod hold;
mod identity;
mod ledger;
mod page;
mod problem;
mod status;
pub mod text;

pub use change::{
    Approval, ApproveChange, Change, ChangeAccess, ChangeChecks, ChangeEffect, ChangeEvent,
    ChangeFilter, ChangeStatus, ChangedFile, CommentText, MergeChange, NewChange,
};
pub use client::{Client, ClientError, ClientSettings};
pub use document::{
    Binding, BindingMetadata, BindingSpec, BindingState, BindingStatus, Document, ExpressionCheck,
    ExpressionQuery, Metadata, ReleasedTree, SearchMatch, StaleSince, Tree,
};
pub use hold::{Hold, HoldWord, holds_of};
pub use identity::{
    AuditEntry, AuditVerification, Login, MadeToken, NewPassword, NewToken, NewUser, ScopeRule,
    Token, User, UserEdit, Whoami,
};
pub use ledger::{
    Blame, ClusterStep, PastCluster, SourceCommit, SourceEdit, Step, StepDetail, StepMetadata,
    StepStatus,
};
pub use page::Page;
pub use problem::{DiagnosticText, Place, Problem};
pub use status::{LedgerStatus, RefusedSource, ServerStatus, SourceStatus};

/// The media type of a [`Problem`], RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";
