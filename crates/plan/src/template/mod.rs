//! One template file: parsed once, filled for every distinct tuple of values.
//!
//! In: a file of the source. Out: [`Verbatim`], the file as it is with its placeholders filled
//! (layout `flux`), or [`ObjectTemplate`]s, its Kubernetes objects in the canonical form (layout
//! `manifests`). Both refuse the same values: a value never changes the structure of the file or
//! the kind of what stands there, whoever reads it. Nothing here knows where values come from,
//! or which files belong to a template.
//!
//! ```text
//! parsing:  bytes ─file─▶ documents ─survey─▶ places ──────────────────────▶ body
//!                                └──canon──▶ tree ─compose─▶ canonical base ─┘
//! filling:  body ─specialise─▶ what varies ─check, spot─▶ pieces of a base
//! ```
//!
//! Parsing is done once for a file, specialising once for an application, and what a value makes
//! of a place once for each distinct tuple of the values of that place.

pub(crate) mod body;
mod canon;
mod check;
pub mod codes;
mod compose;
mod file;
mod identity;
mod json;
mod keys;
mod lines;
mod lint;
mod object;
mod place;
mod reading;
mod report;
pub(crate) mod scan;
mod secret;
pub(crate) mod settled;
pub(crate) mod specialise;
mod spelling;
pub(crate) mod spot;
mod survey;
mod verbatim;

pub(crate) use lint::lint_file;
pub use object::{FilledObject, ObjectTemplate, parse_objects};
pub use place::KeyUse;
pub use verbatim::{Verbatim, parse_verbatim};
