//! Answers for people, a line for each thing that is lacking or waits.

use std::fmt;

use model::{Approvals, Cover, Kind, Subject};

use super::{Answer, Holder, Lack, Outstanding, Place, namespace_words};
use crate::Clusters;

/// So many subjects of a Role are told.
const MOST_SUBJECTS: usize = 3;

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right { what, verb, kinds, place, clusters, holders, n_holders } => {
                let kinds = kind_words(kinds);
                write!(f, "{what}: no rule of yours grants `{}` on {kinds}", verb.word())?;
                place_words(f, place, clusters)?;
                match holders.is_empty() {
                    true => f.write_str("; no role grants it"),
                    false => write!(f, "; granted by {}", holder_words(holders, *n_holders)),
                }
            }
            Self::Oneself { role } => write!(
                f,
                "role `{role}` would give you rights that you do not have: another administrator \
                 must merge it"
            ),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { by } if by.is_empty() => f.write_str("allowed"),
            Self::Allowed { by } => write!(f, "allowed by {}", by.join(", ")),
            Self::Refused { lacks, n_lacks } => {
                f.write_str("refused")?;
                lacks.iter().try_for_each(|lack| write!(f, "\n  {lack}"))?;
                match n_lacks - lacks.len() {
                    0 => Ok(()),
                    more => write!(f, "\n  and {more} more"),
                }
            }
        }
    }
}

impl fmt::Display for Outstanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Approvals { count, not_author } = self.approvals;
        let roles = if self.roles.len() == 1 { "role" } else { "roles" };
        write!(f, "{roles} {} asks for {count} {}", self.roles.join(", "), approvals_word(count))?;
        if not_author {
            f.write_str(" by others than the author")?;
        }
        write!(f, ", {} given: {}", self.n_approved, self.what.join(", "))?;
        if self.n_what > self.what.len() {
            write!(f, " and {} more", self.n_what - self.what.len())?;
        }
        match self.holders.is_empty() {
            true => f.write_str("; no role alone may approve it"),
            false => {
                write!(
                    f,
                    "; may be approved by {}",
                    holder_words(&self.holders, self.holders.len())
                )
            }
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> =
            self.subjects.iter().take(MOST_SUBJECTS).map(Subject::to_string).collect();
        write!(f, "{} ({}", self.role, told.join(", "))?;
        if self.subjects.len() > told.len() {
            write!(f, " and {} more", self.subjects.len() - told.len())?;
        }
        f.write_str(")")
    }
}

fn approvals_word(count: u32) -> &'static str {
    if count == 1 { "approval" } else { "approvals" }
}

fn holder_words(holders: &[Holder], n_holders: usize) -> String {
    let told: Vec<String> = holders.iter().map(Holder::to_string).collect();
    let more = n_holders - holders.len();
    if more == 0 { told.join(", ") } else { format!("{} and {more} more", told.join(", ")) }
}

fn kind_words(kinds: &[Kind]) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.join(""),
    }
}

fn place_words(f: &mut fmt::Formatter<'_>, place: &Place, clusters: &Clusters) -> fmt::Result {
    match place {
        Place::Anywhere => f.write_str(" anywhere"),
        Place::Group(path) => write!(f, " in `{path}`"),
        Place::Namespace(name) => write!(f, " in namespace `{name}`"),
        Place::Clusters(_) => on_clusters(f, clusters),
        Place::Cells(namespace, _) => {
            write!(f, " {}", namespace_words(namespace.as_ref()))?;
            on_clusters(f, clusters)
        }
        Place::Within(groups, namespaces) => {
            let groups = cover_words(groups, |group| group.as_str());
            let namespaces = cover_words(namespaces, |name| name.as_str());
            write!(f, " within groups {groups} and namespaces {namespaces}")
        }
    }
}

fn on_clusters(f: &mut fmt::Formatter<'_>, clusters: &Clusters) -> fmt::Result {
    if clusters.n == 0 {
        return Ok(());
    }
    let names: Vec<&str> = clusters.names.iter().map(|name| name.as_str()).collect();
    write!(f, " on {}", names.join(", "))?;
    match clusters.n - names.len() {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

fn cover_words<T>(cover: &Cover<T>, name: impl Fn(&T) -> &str) -> String {
    match cover {
        Cover::All => "`all`".to_owned(),
        Cover::Only(list) => {
            let names: Vec<String> = list.iter().map(|one| format!("`{}`", name(one))).collect();
            names.join(", ")
        }
    }
}
