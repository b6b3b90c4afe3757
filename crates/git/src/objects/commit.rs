//! The text of a commit.

use std::fmt::Write as _;

use jiff::Timestamp;
use model::{CommitId, ObjectId, hash_commit};

/// A commit to be made. Its times are one, in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewCommit<'a> {
    pub(crate) tree: ObjectId,
    pub(crate) parents: &'a [CommitId],
    /// As `Name <mail>`.
    pub(crate) author: &'a str,
    /// As `Name <mail>`.
    pub(crate) committer: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) message: &'a str,
}

impl NewCommit<'_> {
    /// The id that the commit will have.
    pub(crate) fn id(&self) -> CommitId {
        hash_commit(self.text().as_bytes())
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("tree {}\n", self.tree);
        for parent in self.parents {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "parent {parent}");
        }
        let seconds = self.at.as_second().max(0);
        let _ = writeln!(text, "author {} {seconds} +0000", signature(self.author));
        let _ = writeln!(text, "committer {} {seconds} +0000\n", signature(self.committer));
        text.push_str(self.message.replace('\0', " ").trim_end());
        text.push('\n');
        text
    }
}

/// `Name <mail>` without what would break the line of a commit.
fn signature(author: &str) -> String {
    let (name, mail) = author.split_once('<').unwrap_or((author, ""));
    let clean = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '<' | '>') && !c.is_control()).collect()
    };
    let (name, mail) = (clean(name), clean(mail));
    let name = if name.trim().is_empty() { "unknown" } else { name.trim() };
    format!("{name} <{}>", mail.trim())
}
