//! The hash that a repository's ids and checksums are made with.
//!
//! Whatever writes or reads packs and their indexes is generic over it, so that repositories with
//! SHA-256 ids can follow. Only SHA-1 is there today, and [`crate::Repository::open`] refuses the
//! rest. See <https://git-scm.com/docs/hash-function-transition>.

use model::ObjectId;
use sha1dc::mitigate::Hasher;

/// A hash that takes bytes in and gives an id.
pub(crate) trait Algorithm: Send + 'static {
    /// Names an object, or is the checksum of a file.
    type Id: Copy + Ord + AsRef<[u8]> + std::fmt::Display + Send + Sync + 'static;

    /// How many bytes an id has.
    const LENGTH: usize;

    /// The number that reverse indexes name it by.
    const NUMBER: u32;

    /// The hash of nothing yet.
    fn start() -> Self;

    /// Takes more bytes.
    fn update(&mut self, bytes: &[u8]);

    /// The hash of all bytes.
    fn finish(self) -> Self::Id;

    /// The id that these bytes are, if there are as many as an id has.
    fn id(bytes: &[u8]) -> Option<Self::Id>;
}

/// SHA-1 with collision detection, as content gets its ids in [`model::hash_blob`].
pub(crate) struct Sha1(Hasher);

impl Algorithm for Sha1 {
    type Id = ObjectId;

    const LENGTH: usize = 20;
    const NUMBER: u32 = 1;

    fn start() -> Self {
        Self(Hasher::new())
    }

    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self) -> ObjectId {
        ObjectId(self.0.finalize().unwrap_or_else(|attack| attack.digest()).to_bytes())
    }

    fn id(bytes: &[u8]) -> Option<ObjectId> {
        bytes.try_into().map(ObjectId).ok()
    }
}
