//! What a ref is for, by its name.

use crate::controller::SOURCE_REF;

/// What stands before the branch that a change shall be merged into.
const FOR: &str = "refs/for/";

/// What a ref of the source is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// The branch that is released.
    Source,
    /// A change, and what its author calls it.
    Change(Option<&'a str>),
    /// Any other branch: people's own.
    Branch,
    /// A tag.
    Tag,
    /// No place to push to, and why.
    Closed(&'static str),
}

/// What a ref is for.
pub(super) fn target(name: &str) -> Target<'_> {
    let branch = SOURCE_REF.strip_prefix("refs/heads/").unwrap_or_default();
    let proposed = name.strip_prefix(FOR).and_then(|rest| rest.strip_prefix(branch));
    match proposed.map(|rest| (rest, rest.strip_prefix('/'))) {
        Some(("", _)) => return Target::Change(None),
        Some((_, Some(topic))) => return Target::Change(Some(topic)),
        _ => {}
    }
    match name {
        SOURCE_REF => Target::Source,
        _ if name.starts_with("refs/heads/") => Target::Branch,
        _ if name.starts_with("refs/tags/") => Target::Tag,
        _ if name.starts_with(FOR) => Target::Closed("changes are for the branch `main`"),
        _ => Target::Closed("push to a branch below `refs/heads/`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_branches_and_tags_are_places_to_push_to() {
        assert_eq!(target("refs/heads/main"), Target::Source);
        assert_eq!(target("refs/heads/main2"), Target::Branch);
        assert_eq!(target("refs/heads/anna/main"), Target::Branch);
        assert_eq!(target("refs/tags/v1"), Target::Tag);
        assert_eq!(target("refs/for/main"), Target::Change(None));
        assert_eq!(target("refs/for/main/nola/ring"), Target::Change(Some("nola/ring")));
        for closed in [
            "refs/notes/x",
            "refs/changes/1/head",
            "refs/for/other",
            "refs/for/main2",
            "refs/headsmain",
        ] {
            assert!(matches!(target(closed), Target::Closed(_)), "{closed}");
        }
    }
}
