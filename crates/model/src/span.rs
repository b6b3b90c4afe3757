//! Places in files.

/// The position of a file in [`crate::Files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A stretch of bytes in a file: twelve bytes, so that every value of every document can carry
/// one. Line and column are computed when they are shown (see [`crate::Files::place`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The span of a file from `start` to before `end`, both in bytes.
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Self { file, start: start as u32, end: end as u32 }
    }

    /// The part of this span that starts `start` bytes in and ends before `end`, clipped to it.
    ///
    /// For a language that stands inside a scalar: its own offsets become places in the file.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Self {
        let clip = |offset: usize| (self.start.saturating_add(offset as u32)).min(self.end);
        Self { file: self.file, start: clip(start), end: clip(end) }
    }
}

/// A place as people read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path of the file in the source.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}
