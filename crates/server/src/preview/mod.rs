//! What a preview needs of a repository, and how it looks to programs.
//!
//! In: the objects that were rendered, and two sources side by side. Out: what `release::preview`
//! reads ([`Read`], [`Told`]), and its result as JSON (`document`) in a published form
//! (`schema`). Both doors use it, so that a preview reads the same wherever it was made.

mod contents;
mod document;
mod reasons;
mod schema;

pub use contents::Read;
pub use document::document;
pub use reasons::Told;
pub use schema::preview_schema;
