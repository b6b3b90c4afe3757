//! One template file: parsed once, filled for every distinct tuple of values.
//!
//! In: a file of the source. Out: [`Verbatim`], the file as it is with its placeholders filled
//! (layout `flux`), or [`ObjectTemplate`]s, its Kubernetes objects in the canonical form (layout
//! `manifests`). Both refuse the same values: a value never changes the structure of the file or
//! the kind of what stands there, whoever reads it. Nothing here knows where values come from,
//! or which files belong to a template.
//!
//! ```text
//! bytes ─file─▶ documents ─survey─▶ places ─check─▶ texts to insert ─▶ pieces of a base
//!                               └──canon──▶ tree ─compose─▶ canonical base ─┘
//! ```

mod canon;
mod check;
pub mod codes;
mod compose;
mod file;
mod identity;
mod json;
mod keys;
mod lines;
mod object;
mod place;
mod report;
pub(crate) mod scan;
mod secret;
mod spelling;
mod survey;
mod verbatim;

pub use object::{FilledObject, ObjectTemplate, parse_objects};
pub use place::KeyUse;
pub use verbatim::{Verbatim, parse_verbatim};
