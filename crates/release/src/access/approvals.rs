//! Whose approval a change waits for.
//!
//! A Role says how many people must approve what is merged by it. For each need the Roles that
//! wait for the least decide, and each need must be approved by so many people who may approve
//! that need. An approval is for one head and one plan, and dies with any change of these.

use model::{Approvals, CommitId, Digest, Meaning, Policies, Subject, Verb};

use super::cover::{Places, uncovered};
use super::gain::gain;
use super::need::Need;
use super::rights::{Holder, holders, rights};
use super::{Act, Person, Verdict};

/// So many of what waits, and of who may approve it, are told.
const MOST_TOLD: usize = 5;

/// What merging waits for, because of Roles that it is done by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The Roles.
    pub roles: Vec<Box<str>>,
    /// How many people must approve, and whether the author's approval counts.
    pub approvals: Approvals,
    /// What each of them must be allowed to approve.
    pub needs: Vec<Need>,
}

impl Demand {
    /// Adds a need to what waits for the same.
    pub(super) fn add(demands: &mut Vec<Self>, approvals: Approvals, by: &[&str], need: &Need) {
        if approvals.count == 0 {
            return;
        }
        let is_same = |one: &&mut Self| {
            one.approvals == approvals
                && one.roles.iter().map(|role| &**role).eq(by.iter().copied())
        };
        match demands.iter_mut().find(is_same) {
            Some(demand) => demand.needs.push(need.clone()),
            None => demands.push(Self {
                roles: by.iter().map(|role| (*role).into()).collect(),
                approvals,
                needs: vec![need.clone()],
            }),
        }
    }
}

/// One person's approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// Who.
    pub by: Person,
    /// The head of the change that they saw.
    pub head: CommitId,
    /// The plan that they saw.
    pub plan: Digest,
}

/// What a change still waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// The Roles that ask for it.
    pub roles: Vec<Box<str>>,
    /// How many people must approve, and whether the author's approval counts.
    pub approvals: Approvals,
    /// How many have.
    pub n_approved: usize,
    /// What lacks approvals, the first of it.
    pub what: Vec<String>,
    /// How much of it there is.
    pub n_what: usize,
    /// Who may approve the first of it: some of the Roles that grant it.
    pub holders: Vec<Holder>,
}

/// What merging a change by a verdict still waits for; nothing if it waits for nothing.
///
/// `authors` are all who wrote of the change. `current` is its head and the digest of its plan:
/// an approval of another does not count, nor does one of a token or an agent, nor one by
/// somebody whom the change gives rights.
#[must_use]
pub fn outstanding(
    policies: &Policies,
    meaning: &Meaning,
    verdict: &Verdict,
    authors: &[Subject],
    approvals: &[Approved],
    current: (CommitId, Digest),
) -> Vec<Outstanding> {
    let places = Places::of_change(policies, meaning);
    let mut approvers: Vec<Approver<'_>> = Vec::new();
    for approved in approvals.iter().filter(|one| (one.head, one.plan) == current) {
        let person = &approved.by;
        let is_known = approvers.iter().any(|known| known.person.name == person.name);
        if matches!(person.name, Subject::User(_)) && !is_known {
            approvers.push(Approver {
                person,
                is_author: authors
                    .iter()
                    .any(|author| *author == person.name || person.others.contains(author)),
                gains: gain(policies, meaning, person).is_some(),
            });
        }
    }
    let demands = verdict.demands.iter();
    demands.filter_map(|demand| wait(demand, policies, &places, &approvers)).collect()
}

/// Someone who approved.
struct Approver<'a> {
    person: &'a Person,
    is_author: bool,
    gains: bool,
}

impl Approver<'_> {
    fn counts(
        &self,
        need: &Need,
        not_author: bool,
        policies: &Policies,
        places: &Places<'_>,
    ) -> bool {
        if (not_author && self.is_author) || (self.gains && need.is_policy()) {
            return false;
        }
        let verb: Verb = need.verb(Act::Approve);
        let rights = rights(places, policies, self.person);
        let for_it = rights.iter().filter(|right| right.is_for(verb, &need.kinds));
        uncovered(&need.place, for_it.map(|right| &right.covering)).is_none()
    }
}

fn wait(
    demand: &Demand,
    policies: &Policies,
    places: &Places<'_>,
    approvers: &[Approver<'_>],
) -> Option<Outstanding> {
    let Approvals { count, not_author } = demand.approvals;
    let have = |need: &Need| {
        approvers.iter().filter(|one| one.counts(need, not_author, policies, places)).count()
    };
    let counted: Vec<(&Need, usize)> = demand.needs.iter().map(|need| (need, have(need))).collect();
    let waiting: Vec<&(&Need, usize)> =
        counted.iter().filter(|(_, n)| *n < count as usize).collect();
    let (first, _) = waiting.first()?;
    let verb = first.verb(Act::Approve);
    let mut who = holders(places, policies, verb, &first.kinds, &first.place);
    who.truncate(MOST_TOLD);
    let mut what: Vec<String> = waiting.iter().map(|(need, _)| need.what.clone()).collect();
    what.dedup();
    let n_what = what.len();
    what.truncate(MOST_TOLD);
    Some(Outstanding {
        roles: demand.roles.clone(),
        approvals: demand.approvals,
        n_approved: waiting.iter().map(|(_, n)| *n).min().unwrap_or_default(),
        what,
        n_what,
        holders: who,
    })
}
