//! Kubernetes objects as files: their names, what a file holds, what a folder applies.
//!
//! In: the identity of an object, the text of a manifest, the files of an application's folder.
//! Out: paths, identities read back from paths or texts, and the objects that Flux would apply
//! from a folder. Nothing here fills placeholders or judges what an application may render.

mod effects;
mod flux;
mod header;
mod kinds;
pub mod kustomization;
mod names;
mod requests;

pub use effects::effects;
pub use flux::{flux_objects, listed_files};
pub use header::{ObjectHeader, PRUNE_ANNOTATION, prune_confirm, read_headers, split_api_version};
pub use kinds::{Scope, built_in_scope, is_hidden_group, short_group};
pub use names::{CLUSTER_FOLDER, object_key, object_path};
pub use requests::request_change;
