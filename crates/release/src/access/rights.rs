//! What someone is granted, by which Role and as whom.

use std::borrow::Cow;

use model::{
    Approvals, ClusterSet, Cover, GroupPath, Kind, NamespaceName, Policies, RoleRule, Subject, Verb,
};

use super::cover::{Covering, Place, Places, uncovered};
use super::scope::narrowed;
use super::{Grant, Person};

/// One rule that is for a person.
pub(super) struct Right<'a> {
    /// The Role, or why it is granted besides the Roles.
    pub(super) source: &'a str,
    /// What merging by it waits for.
    pub(super) approvals: Approvals,
    pub(super) covering: Covering<'a>,
}

impl Right<'_> {
    pub(super) fn is_for(&self, verb: Verb, kinds: &[Kind]) -> bool {
        let rule = &self.covering.rule;
        rule.verbs.contains(&verb) && rule.kinds.iter().any(|kind| kinds.contains(kind))
    }
}

/// Everything that a person may do, within their scope.
pub(super) fn rights<'a>(
    places: &Places<'a>,
    policies: &'a Policies,
    person: &'a Person,
) -> Vec<Right<'a>> {
    let is_theirs = |subject: &Subject| person.is(subject);
    collect(places, policies, &person.grants, person.scope.as_deref(), is_theirs)
}

/// Everything that is granted to a person in whatever way they can use it, without a scope.
pub(super) fn usable_rights<'a>(
    places: &Places<'a>,
    policies: &'a Policies,
    person: &'a Person,
) -> Vec<Right<'a>> {
    collect(places, policies, &person.grants, None, |subject| person.gains_with(subject))
}

fn collect<'a>(
    places: &Places<'a>,
    policies: &'a Policies,
    grants: &'a [Grant],
    scope: Option<&[RoleRule]>,
    is_theirs: impl Fn(&Subject) -> bool,
) -> Vec<Right<'a>> {
    let roles = policies.roles.iter().filter(|role| role.subjects.iter().any(&is_theirs));
    let of_roles = roles
        .flat_map(|role| role.rules.iter().map(move |rule| (&*role.name, role.approvals, rule)));
    let granted = grants.iter().map(|grant| (&*grant.reason, Approvals::default(), &grant.rule));
    let parts = of_roles.chain(granted).flat_map(|(source, approvals, rule)| {
        narrowed(rule, scope).into_iter().map(move |rule| (source, approvals, rule))
    });
    parts
        .map(|(source, approvals, rule)| {
            let clusters = places.clusters(&rule);
            Right { source, approvals, covering: Covering { rule, clusters } }
        })
        .collect()
}

/// One thing that someone is granted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// As whom; nothing where it is granted besides the Roles.
    pub subject: Option<Subject>,
    /// The Role, or the reason of the grant.
    pub source: Box<str>,
    /// Which rule of the Role, from 1.
    pub rule: usize,
    /// The verbs.
    pub verbs: Vec<Verb>,
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// Within these groups.
    pub groups: Cover<GroupPath>,
    /// Within these namespaces.
    pub namespaces: Cover<NamespaceName>,
    /// The clusters in the groups; none if the rule covers no namespace.
    pub clusters: ClusterSet,
    /// What merging by it waits for.
    pub approvals: Approvals,
}

/// Everything that someone is granted, in the order of Roles and their rules. A scope is not
/// asked: this is about who they are.
#[must_use]
pub fn explain(policies: &Policies, person: &Person) -> Vec<Explained> {
    let places = Places::of_fleet(policies);
    let mut found = Vec::new();
    for role in &policies.roles {
        let Some(subject) = role.subjects.iter().find(|subject| person.is(subject)) else {
            continue;
        };
        for (index, rule) in role.rules.iter().enumerate() {
            let subject = Some(subject.clone());
            found.push(explained(&places, subject, &role.name, index, rule, role.approvals));
        }
    }
    for grant in &person.grants {
        let approvals = Approvals::default();
        found.push(explained(&places, None, &grant.reason, 0, &grant.rule, approvals));
    }
    found
}

fn explained(
    places: &Places<'_>,
    subject: Option<Subject>,
    source: &str,
    index: usize,
    rule: &RoleRule,
    approvals: Approvals,
) -> Explained {
    let none = ClusterSet::default();
    Explained {
        subject,
        source: source.into(),
        rule: index + 1,
        verbs: rule.verbs.clone(),
        kinds: rule.kinds.clone(),
        groups: rule.groups.clone(),
        namespaces: rule.namespaces.clone(),
        clusters: if rule.is_void() { none } else { places.clusters(rule) },
        approvals,
    }
}

/// A Role that grants something, and whom it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The Role.
    pub role: Box<str>,
    /// Whom it is for.
    pub subjects: Vec<Subject>,
}

/// The Roles that grant a verb on a place, on one of these kinds, each by itself.
#[must_use]
pub fn who(policies: &Policies, verb: Verb, kinds: &[Kind], place: &Place) -> Vec<Holder> {
    holders(&Places::of_fleet(policies), policies, verb, kinds, place)
}

pub(super) fn holders(
    places: &Places<'_>,
    policies: &Policies,
    verb: Verb,
    kinds: &[Kind],
    place: &Place,
) -> Vec<Holder> {
    let mut found = Vec::new();
    for role in &policies.roles {
        let rules = role.rules.iter().filter(|rule| {
            rule.verbs.contains(&verb) && rule.kinds.iter().any(|kind| kinds.contains(kind))
        });
        let covering: Vec<Covering<'_>> = rules
            .map(|rule| Covering { clusters: places.clusters(rule), rule: Cow::Borrowed(rule) })
            .collect();
        if !covering.is_empty() && uncovered(place, covering.iter()).is_none() {
            found.push(Holder { role: role.name.clone(), subjects: role.subjects.clone() });
        }
    }
    found
}
