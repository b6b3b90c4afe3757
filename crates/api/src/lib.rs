//! The wire: the types that the server and its clients exchange, and a client.
//!
//! In: Rust values. Out: JSON as `/api/v1` speaks it, and back. The types are versioned with the
//! path; a field is only ever added. The OpenAPI document is made from them. Nothing here decides
//! anything, and nothing here knows how the server finds its answers.

mod actual;
pub mod agent;
mod authorize;
mod change;
mod client;
mod document;
mod edit;
mod event;
mod hold;
mod identity;
mod ledger;
mod log;
mod operation;
mod page;
mod problem;
pub mod ssh;
mod status;
pub mod text;

pub use actual::{
    AbnormalApplication, ActualState, ClusterReport, ClusterWord, FleetSummary, SyncAnswer,
};
pub use authorize::{AUTHORIZE, CodeExchange, authorize_path, check_text, code_challenge};
pub use change::{
    Approval, ApproveChange, Change, ChangeAccess, ChangeChecks, ChangeEffect, ChangeEvent,
    ChangeFilter, ChangeStatus, ChangedFile, CommentText, MergeChange, NewChange,
};
pub use client::{Client, ClientError, ClientSettings};
pub use document::{
    Binding, BindingMetadata, BindingSpec, BindingState, BindingStatus, Document, ExpressionCheck,
    ExpressionQuery, Metadata, ReleasedTree, SearchMatch, StaleSince, Tree,
};
pub use edit::{BulkEdit, EditOutcome, EditParameters, Edited, EditedDocument, NewPreview};
pub use event::{Message, Messages, WatchEvent};
pub use hold::{Hold, HoldWord, holds_of};
pub use identity::{
    AuditAnchor, AuditEntry, AuditVerification, Login, MadeToken, NewPassword, NewToken, NewUser,
    ProviderMethod, ScopeRule, SignInMethods, Token, User, UserEdit, Whoami,
};
pub use ledger::{
    Blame, ClusterStep, PastCluster, SourceCommit, SourceEdit, Step, StepDetail, StepMetadata,
    StepStatus,
};
pub use log::{ClusterLog, LogEntry, LogWord};
pub use operation::{
    ClusterDecision, ForeignCluster, NewConfirmation, NewHold, NewRollback, NewStop, Operation,
    Waiting, WaitingItem,
};
pub use page::Page;
pub use problem::{DiagnosticText, Place, Problem};
pub use status::{
    LedgerStatus, RefusedSource, RemoteFailure, RemoteStatus, ServerStatus, SourceStatus,
};

/// The media type of a [`Problem`], RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";
