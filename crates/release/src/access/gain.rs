//! Whether a change gives more rights to who makes it.
//!
//! Whatever a Role grants after the change to a person, in whatever way that person can use it,
//! they must have been granted before it, waiting for no more approvals than now.

use model::{Approvals, Meaning, Policies, Role};

use super::Person;
use super::cover::{Place, Places, uncovered};
use super::rights::{Right, usable_rights};

/// The first Role by which a change would give the person more than they have.
pub(super) fn gain<'a>(
    policies: &Policies,
    meaning: &'a Meaning,
    person: &Person,
) -> Option<&'a str> {
    let theirs = |role: &&Role| role.subjects.iter().any(|subject| person.gains_with(subject));
    let mut after = meaning.roles.iter().filter_map(|role| role.after.as_ref()).filter(theirs);
    let places = Places::of_fleet(policies);
    let before = usable_rights(&places, policies, person);
    after.find(|role| grants_more(role, &before)).map(|role| &*role.name)
}

fn grants_more(role: &Role, before: &[Right<'_>]) -> bool {
    role.rules.iter().filter(|rule| !rule.is_void()).any(|rule| {
        let place = Place::Within(rule.groups.clone(), rule.namespaces.clone());
        let pairs =
            rule.verbs.iter().flat_map(|verb| rule.kinds.iter().map(move |kind| (verb, kind)));
        pairs.into_iter().any(|(verb, kind)| {
            let had = before.iter().filter(|right| {
                right.is_for(*verb, &[*kind]) && is_no_stricter(right.approvals, role.approvals)
            });
            uncovered(&place, had.map(|right| &right.covering)).is_some()
        })
    })
}

/// Whether what merging waited for before is no more than what it waits for now.
fn is_no_stricter(before: Approvals, now: Approvals) -> bool {
    before.count == 0 || (before.count <= now.count && (!before.not_author || now.not_author))
}
