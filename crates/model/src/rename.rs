//! A document that goes while one that says nearly the same comes.

use std::fmt;

use crate::Place;

/// What keeps its identity through a rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Renamed {
    /// A Cluster document.
    Cluster,
    /// A Group document.
    Group,
    /// An Application document.
    Application,
}

/// Two documents that may be one under another name. Nothing is decided by it: it is a question
/// to the person who wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikelyRename {
    /// What the documents are.
    pub kind: Renamed,
    /// The name, or the path of a group, that goes.
    pub before: String,
    /// The one that comes.
    pub after: String,
    /// Where the name that comes stands.
    pub place: Place,
}

impl Renamed {
    /// The kind in a sentence.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Group => "group",
            Self::Application => "application",
        }
    }

    /// The field of the metadata that says what the former name was.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Cluster | Self::Application => "formerName",
            Self::Group => "formerPath",
        }
    }
}

impl fmt::Display for LikelyRename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, before, after, place } = self;
        let (noun, field) = (kind.noun(), kind.field());
        write!(
            f,
            "{noun} `{before}` goes and `{after}`, which says nearly the same, comes; if it was \
             renamed, say `{field}: {before}` at {}:{}",
            place.path, place.line
        )
    }
}
