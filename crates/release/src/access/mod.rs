//! Who may do what.
//!
//! ```text
//! Policies (Roles of the base), Meaning (what differs), Person ─authorize─▶ Verdict
//! Policies, Person, a place ─can, visible, explain, who─▶ answers
//! ```
//!
//! A change is authorized by its meaning: each document, membership and cell that differs is a
//! [`Need`], and each need must be covered by the Roles of the fleet *before* the change. Paths of
//! files and `owner` fields are not asked. Nothing is allowed that no rule covers, and no rule
//! takes a right away, so that fewer Roles never allow more.
//!
//! Sets of clusters decide, never single cells: a change of the whole fleet costs a few operations
//! on sets for each application.

mod approvals;
mod cover;
mod gain;
mod need;
mod rights;
mod scope;
mod sight;
mod text;
mod verdict;

use model::{ClusterName, Kind, NamespaceName, RoleRule, Subject};

pub use approvals::{Approved, Demand, Outstanding, outstanding};
pub use cover::Place;
pub use need::Need;
pub use rights::{Explained, Holder, explain, who};
pub use sight::{Sight, visible};
pub use verdict::{Answer, Lack, Verdict, authorize, can};

/// The kinds whose documents place and fill what clusters run.
pub const PLACING: &[Kind] = &[Kind::Cluster, Kind::Group, Kind::Namespace, Kind::Application];

/// Someone who acts: a person, a token or an agent, with all that is known of who that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who acts. Only a `user:` counts as someone who approves.
    pub name: Subject,
    /// The groups that the provider of the identity reports, as subjects.
    pub groups: Vec<Subject>,
    /// What else acts for the same person, such as the tokens that they made. Rights of these are
    /// not theirs here, but to give them more rights is to give them to oneself.
    pub others: Vec<Subject>,
    /// What is granted besides the Roles, such as to the administrator of a server.
    pub grants: Vec<Grant>,
    /// To what all these rights are narrowed, such as by the token that is used; nothing for none.
    pub scope: Option<Vec<RoleRule>>,
}

/// A right that comes from no Role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Why it is granted, for people: `the administrator of this server`.
    pub reason: Box<str>,
    /// What is granted.
    pub rule: RoleRule,
}

impl Person {
    /// Someone with no groups and no rights of their own.
    #[must_use]
    pub fn new(name: Subject) -> Self {
        Self { name, groups: Vec::new(), others: Vec::new(), grants: Vec::new(), scope: None }
    }

    /// Someone who is called by several subjects: the first acts, the others are groups. Nobody
    /// without one.
    #[must_use]
    pub fn of(subjects: impl IntoIterator<Item = Subject>) -> Option<Self> {
        let mut subjects = subjects.into_iter();
        let person = Self::new(subjects.next()?);
        Some(Self { groups: subjects.collect(), ..person })
    }

    /// The same, with everything granted, for a reason.
    #[must_use]
    pub fn with_everything(mut self, reason: &str) -> Self {
        self.grants.push(Grant { reason: reason.into(), rule: RoleRule::everything() });
        self
    }

    /// Whether a Role for this subject is for this person.
    fn is(&self, subject: &Subject) -> bool {
        self.name == *subject || self.groups.contains(subject)
    }

    /// Whether a right of this subject is one that this person can use, in whatever way.
    fn gains_with(&self, subject: &Subject) -> bool {
        self.is(subject) || self.others.contains(subject)
    }
}

/// What is done with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Open it.
    Propose,
    /// Merge it.
    Merge,
    /// Approve it.
    Approve,
}

/// The name of a namespace, for messages; what belongs to none is said to.
fn namespace_words(namespace: Option<&NamespaceName>) -> String {
    match namespace {
        Some(name) => format!("in namespace `{name}`"),
        None => "outside of every namespace of the fleet".to_owned(),
    }
}

/// The names of clusters by their ids: those of the base, and after them those that come.
#[derive(Clone, Copy)]
struct Names<'a> {
    base: &'a [ClusterName],
    newcomers: &'a [ClusterName],
}

impl Names<'_> {
    fn of(&self, clusters: &model::ClusterSet) -> crate::Clusters {
        let mut found = crate::Clusters::default();
        for id in clusters.iter() {
            let index = id.index();
            let newcomer = || self.newcomers.get(index.checked_sub(self.base.len())?);
            if let Some(name) = self.base.get(index).or_else(newcomer) {
                found.add(name);
            }
        }
        found
    }
}
