//! Who may do what: subjects, verbs, kinds, and the Roles of a fleet with what they are within.

use std::fmt;

use crate::{ClusterName, ClusterSet, GroupPath, NamespaceName};

/// Whom a right is for.
///
/// Names are compared as they are written. A subject of an empty name does not exist: what a
/// claim leaves empty grants nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// `user:<name>`: a person.
    User(Box<str>),
    /// `group:<provider>/<name>`: people, as a provider of identities reports them.
    Group(Box<str>),
    /// `token:<name>`: a program.
    Token(Box<str>),
    /// `agent:<cluster>`: what runs on a cluster. No Role names one: it reads its own release.
    Agent(Box<str>),
}

impl Subject {
    /// Reads `user:<name>`, `group:<provider>/<name>`, `token:<name>` or `agent:<cluster>`; nothing
    /// if a name is empty, longer than 256 bytes, or holds a blank or a control character.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        if name.is_empty() || name.len() > 256 || name.chars().any(|c| c.is_control() || c == ' ') {
            return None;
        }
        match kind {
            "user" => Some(Self::User(name.into())),
            "token" => Some(Self::Token(name.into())),
            "agent" => Some(Self::Agent(name.into())),
            "group" => {
                let (provider, group) = name.split_once('/')?;
                (!provider.is_empty() && !group.is_empty()).then(|| Self::Group(name.into()))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match self {
            Self::User(name) => ("user", name),
            Self::Group(name) => ("group", name),
            Self::Token(name) => ("token", name),
            Self::Agent(name) => ("agent", name),
        };
        write!(f, "{kind}:{name}")
    }
}

/// What a subject may do. No verb contains another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// See.
    Read,
    /// Open a change.
    Propose,
    /// Merge a change.
    Merge,
    /// Approve another's change.
    Approve,
    /// Hold, resume, roll back, confirm.
    Operate,
    /// Change roles and settings.
    Administer,
}

impl Verb {
    /// Every verb, in the order of the reference.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Propose, Self::Merge, Self::Approve, Self::Operate, Self::Administer];

    /// The word in `verbs:`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Propose => "propose",
            Self::Merge => "merge",
            Self::Approve => "approve",
            Self::Operate => "operate",
            Self::Administer => "administer",
        }
    }

    /// The verb of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }
}

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `Fleet`.
    Fleet,
    /// `Cluster`.
    Cluster,
    /// `Group`.
    Group,
    /// `Namespace`.
    Namespace,
    /// `Application`.
    Application,
    /// `Role`.
    Role,
}

impl Kind {
    /// Every kind, in the order of the reference.
    pub const ALL: [Self; 6] =
        [Self::Fleet, Self::Cluster, Self::Group, Self::Namespace, Self::Application, Self::Role];

    /// The word in `kind:`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fleet => "Fleet",
            Self::Cluster => "Cluster",
            Self::Group => "Group",
            Self::Namespace => "Namespace",
            Self::Application => "Application",
            Self::Role => "Role",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Everything, or some of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover<T> {
    /// The word `all`.
    All,
    /// These.
    Only(Vec<T>),
}

impl<T> Cover<T> {
    /// Whether it covers nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Only(list) if list.is_empty())
    }
}

/// One rule of a Role: verbs on kinds, within subtrees of the hierarchy and namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    /// The verbs.
    pub verbs: Vec<Verb>,
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// These groups and all below them.
    pub groups: Cover<GroupPath>,
    /// These namespaces.
    pub namespaces: Cover<NamespaceName>,
}

impl RoleRule {
    /// Every verb on every kind, everywhere.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            verbs: Verb::ALL.to_vec(),
            kinds: Kind::ALL.to_vec(),
            groups: Cover::All,
            namespaces: Cover::All,
        }
    }

    /// Whether it covers no place, and so grants nothing.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.groups.is_none() || self.namespaces.is_none()
    }

    /// Whether it is about the group of a path, or one above it.
    #[must_use]
    pub fn covers_group(&self, path: &str) -> bool {
        match &self.groups {
            Cover::All => true,
            Cover::Only(groups) => groups.iter().any(|group| group.contains(path)),
        }
    }

    /// Whether it is about a namespace; what belongs to no namespace of the fleet is covered by
    /// `all` only.
    #[must_use]
    pub fn covers_namespace(&self, namespace: Option<&NamespaceName>) -> bool {
        match (&self.namespaces, namespace) {
            (Cover::All, _) => true,
            (Cover::Only(list), Some(namespace)) => list.contains(namespace),
            (Cover::Only(_), None) => false,
        }
    }
}

/// What a change that is merged by the rights of a Role waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Approvals {
    /// How many people must approve.
    pub count: u32,
    /// Whether the author's own approval does not count.
    pub not_author: bool,
}

/// A Role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: Box<str>,
    /// Whom it is for.
    pub subjects: Vec<Subject>,
    /// What it grants.
    pub rules: Vec<RoleRule>,
    /// What merging by it waits for.
    pub approvals: Approvals,
}

/// The Roles of one fleet, and the places that their rules name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// The Roles, in the order of names.
    pub roles: Vec<Role>,
    /// The names of the clusters, by [`crate::ClusterId`].
    pub clusters: Vec<ClusterName>,
    /// The groups in the order of paths, each with its clusters and those of all groups below.
    pub groups: Vec<(GroupPath, ClusterSet)>,
}

impl Policies {
    /// The clusters of a group and of all groups below it; none if there is no such group.
    #[must_use]
    pub fn clusters_of(&self, path: &str) -> Option<&ClusterSet> {
        let index = self.groups.binary_search_by(|(group, _)| group.as_str().cmp(path)).ok()?;
        Some(&self.groups[index].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_a_kind_and_a_name() {
        for text in ["user:anna", "group:oidc/pets", "group:oidc/a/b", "token:ci", "agent:boston"] {
            let read = Subject::parse(text).map(|subject| subject.to_string());
            assert_eq!(read.as_deref(), Some(text));
        }
        let none = ["", "user:", "anna", "group:pets", "group:/pets", "group:oidc/", "user:a b"];
        for text in none {
            assert_eq!(Subject::parse(text), None, "{text}");
        }
    }
}
