//! Packs, written as objects come: `.pack`, `.idx` and `.rev`.
//!
//! In: objects with their ids, of which some are known to resemble others. Out: files in
//! `objects/pack/` that any Git reads. A pack grows in memory, is written under a name that Git
//! ignores, and gets its real name when it is durable and wanted. Nothing is compared or searched
//! for similar content: deltas follow from how files are rendered.
//!
//! The formats are those of <https://git-scm.com/docs/gitformat-pack>: pack version 2, index
//! version 2 and reverse index version 1 (without which each `git` process sorts the index again).

mod compact;
mod delta;
mod entry;
mod files;
mod growing;
mod index;
mod unpack;
mod written;

pub use compact::compact;
pub(crate) use delta::tree_shape;
pub(crate) use entry::{Deflater, Kind, read_object, write_whole};
pub use files::Keep;
pub(crate) use files::{adopt, remove_left_over};
pub(crate) use growing::{Growing, N_OBJECTS};
pub use unpack::{Received, ReceivedKind, ReceivedObjects, UnpackError, UnpackLimits, unpack};
pub(crate) use written::{Written, write};
