//! What the server does to the source in the place of a person: edits files, merges, and compares.
//!
//! In: commits by id, and edits. Out: new commits, durable, to which no ref points yet, and what
//! differs. There is no work tree and no index, and nothing is decided here.

mod compare;
mod edit;
mod lines;
mod merge;
mod signature;

use jiff::Timestamp;
use model::{CommitId, ObjectId};

pub use compare::{
    CommitList, FileChange, FileVersion, changed_files, commits_between, merge_base,
};
pub use edit::{EditError, Expected, FileEdit, begin_files, edit_files};
pub use merge::{Conflict, Merge, MergeError, MergeHow, merge};
pub use signature::{
    CommitSignature, Signatory, SignatureError, commit_signature, verify_signature,
};

use crate::objects::NewCommit;
use crate::pack::Keep;
use crate::{Objects, PackError};

/// Who makes a commit, when, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRecord {
    /// Who thought of it, as `Name <mail>`.
    pub author: String,
    /// Who made it, as `Name <mail>`.
    pub committer: String,
    /// See [`commit_message`].
    pub message: String,
    /// The time of both.
    pub at: Timestamp,
}

/// A commit that was made. It is durable.
#[derive(Debug)]
pub struct Committed {
    /// Its id.
    pub commit: CommitId,
    /// Keeps its objects from `git repack`: hold it until a ref has moved to the commit.
    pub keep: Keep,
}

/// A message of a subject, a text that may be empty, and trailers, which stand in a paragraph of
/// their own at the end: what people write into the text is no trailer, unless there are none.
#[must_use]
pub fn commit_message(subject: &str, text: &str, trailers: &[(&str, &str)]) -> String {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let trailers: Vec<String> =
        trailers.iter().map(|(key, value)| format!("{key}: {}", one_line(value))).collect();
    let parts = [one_line(subject), text.trim().to_owned(), trailers.join("\n")];
    let parts: Vec<&str> =
        parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

/// Writes the new objects with a commit on top of them.
fn commit(
    objects: &Objects,
    tree: ObjectId,
    parents: &[CommitId],
    record: &CommitRecord,
) -> Result<Committed, PackError> {
    let CommitRecord { author, committer, message, at } = record;
    let commit = NewCommit { tree, parents, author, committer, at: *at, message };
    let commit = objects.commit(&commit);
    Ok(Committed { commit, keep: objects.write()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_stand_alone_at_the_end() {
        let message = commit_message(
            " Move  nola ",
            "It moved.\n\nApproved-by: nobody\n",
            &[("Change", "7"), ("Approved-by", "anna\nReviewed-by: bob")],
        );
        let expected = "Move nola\n\nIt moved.\n\nApproved-by: nobody\n\n\
                        Change: 7\nApproved-by: anna Reviewed-by: bob";
        assert_eq!(message, expected);
        assert_eq!(commit_message("subject", "", &[]), "subject");
    }
}
