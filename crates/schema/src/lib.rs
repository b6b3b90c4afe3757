//! The documents `res-edge.dev/v1` and the YAML they are written in.
//!
//! In: the text of a file. Out: documents whose every value knows its place, and diagnostics.
//! Also: documents as JSON, edits of a document that keep comments, JSON Schemas, and the emitter
//! of final manifests. This is the only room that uses a YAML parser. Nothing here knows what
//! documents mean together (that is `plan`), and nothing here does IO.

pub mod codes;
pub mod document;
pub mod edit;
pub mod json;
mod json_schema;
pub mod nearest;
pub mod objects;
mod read;
mod reference;
mod same;
pub mod shape;
pub mod yaml;

pub use document::{Document, Kind};
pub use edit::{Change, EditError, edit};
pub use json_schema::{json_schema, json_schema_of_any};
pub use nearest::nearest;
pub use read::{FileContent, ReadFile, ReadSource, read, read_source};
pub use reference::reference_markdown;
pub use same::Same;
