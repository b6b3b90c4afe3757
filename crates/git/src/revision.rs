//! What a revision names, and why it names no commit, in our words.
//!
//! In: a repository and a text that a person typed. Out: a commit, or the reason why there is
//! none with what to do next. The library's own messages speak of its parser, which nobody typed.

use std::fmt;
use std::path::Path;

use gix::bstr::ByteSlice;
use model::CommitId;

use crate::reader::bytes_of;

/// Why a revision names no commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCommit {
    /// The repository has no commit at all.
    Empty,
    /// Nothing has that name; a branch or tag that is nearly called so, if there is one.
    Unknown(Option<String>),
    /// It goes from something that is there to a commit that is not.
    TooFar,
    /// The same, where history was left out when the repository was cloned.
    Shallow,
    /// More than one object has an id that starts so.
    Ambiguous,
    /// It names something else: a `tree` or a `blob`.
    Other(&'static str),
    /// No revision is written so.
    Malformed,
}

impl fmt::Display for NoCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing was committed there yet"),
            Self::Unknown(_) => f.write_str("no branch, tag or commit is called so"),
            Self::TooFar => f.write_str("the history does not go there"),
            Self::Shallow => f.write_str("its history was left out when it was cloned"),
            Self::Ambiguous => f.write_str("more than one object has an id that starts so"),
            Self::Other(kind) => write!(f, "it is a {kind}"),
            Self::Malformed => f.write_str("no revision is written so"),
        }
    }
}

impl NoCommit {
    /// What to do next.
    pub(crate) fn hint(&self, repository: &Path) -> String {
        let path = repository.display();
        match self {
            Self::Empty => "commit the source first, or leave out the revision to read the work \
                            tree"
                .to_owned(),
            Self::Unknown(Some(near)) => format!("did you mean `{near}`?"),
            Self::Unknown(None) => format!(
                "give a branch, a tag or a commit id; `git -C {path} branch --all` lists branches"
            ),
            Self::TooFar => format!("`git -C {path} log` shows the history"),
            Self::Shallow => format!("fetch it with `git -C {path} fetch --unshallow`"),
            Self::Ambiguous => "give more digits of the commit id".to_owned(),
            Self::Other(_) | Self::Malformed => "give a branch, a tag or a commit id".to_owned(),
        }
    }
}

/// The commit that a revision names.
pub(crate) fn resolve(repository: &gix::Repository, revision: &str) -> Result<CommitId, NoCommit> {
    let id = repository
        .rev_parse_single(revision.as_bytes().as_bstr())
        .map_err(|_| reason(repository, revision))?;
    let object = id.object().map_err(|_| NoCommit::Unknown(None))?;
    let kind = object.kind;
    match object.peel_to_kind(gix::objs::Kind::Commit) {
        Ok(commit) => Ok(CommitId(bytes_of(&commit.id))),
        Err(_) => Err(NoCommit::Other(match kind {
            gix::objs::Kind::Tree => "tree",
            gix::objs::Kind::Blob => "blob",
            gix::objs::Kind::Tag => "tag of something else",
            gix::objs::Kind::Commit => "commit that cannot be read",
        })),
    }
}

/// Why nothing was found.
fn reason(repository: &gix::Repository, revision: &str) -> NoCommit {
    let names = short_names(repository);
    if names.is_empty() && repository.head_id().is_err() {
        return NoCommit::Empty;
    }
    if is_ambiguous(repository, revision) {
        return NoCommit::Ambiguous;
    }
    // What stands before `~`, `^` or `@{` is the name; what stands after it walks from there.
    let end = revision.find(['~', '^', '@']).unwrap_or(revision.len());
    let (name, steps) = revision.split_at(end);
    let is_known = |name: &str| {
        let found = repository.rev_parse_single(name.as_bytes().as_bstr());
        !name.is_empty() && found.is_ok()
    };
    if !steps.is_empty() && is_known(name) {
        return match repository.is_shallow() {
            Ok(true) => NoCommit::Shallow,
            _ => NoCommit::TooFar,
        };
    }
    if name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace) {
        return NoCommit::Malformed;
    }
    let near = schema::nearest(name, names.iter().map(String::as_str));
    NoCommit::Unknown(near.map(|near| format!("{near}{steps}")))
}

/// Whether several objects have ids that start with these digits.
fn is_ambiguous(repository: &gix::Repository, revision: &str) -> bool {
    let prefix = gix::hash::Prefix::from_hex(revision);
    prefix.is_ok_and(|prefix| {
        matches!(repository.objects.lookup_prefix(prefix, None), Ok(Some(Err(()))))
    })
}

/// The names of branches and tags as people write them; those of clusters are no revisions of a
/// source.
fn short_names(repository: &gix::Repository) -> Vec<String> {
    let Ok(platform) = repository.references() else { return Vec::new() };
    let Ok(all) = platform.all() else { return Vec::new() };
    let short = |name: &str| {
        let prefixes = ["refs/heads/", "refs/tags/", "refs/remotes/"];
        prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).map(str::to_owned)
    };
    all.filter_map(Result::ok)
        .filter_map(|reference| short(&reference.name().as_bstr().to_string()))
        .filter(|name| !name.starts_with("clusters/"))
        .collect()
}
