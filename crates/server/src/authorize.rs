//! What a caller may do: the one place where the server asks `release::access`.
//!
//! In: a [`Caller`], and the Roles of the source in use. Out: an answer. While no source is in use
//! there are no Roles, and only the server's administrator may do anything.

use std::sync::Arc;

use model::{Kind, Policies, Subject, Verb};
use release::access::{Answer, Person, Place, can};

use crate::identity::{Caller, Scope};
use crate::snapshot::Snapshot;

/// Why the administrator of a server has every right.
const ADMINISTRATOR: &str = "the administrator of this server";

/// Who a caller is, as Roles see it; nobody if no Role could name them.
pub(crate) fn person(caller: &Caller) -> Option<Person> {
    let subjects = caller.subjects.iter().map(String::as_str);
    person_of(
        subjects,
        &Standing {
            has_fleet: caller.has_fleet,
            others: &caller.others,
            scope: caller.scope.as_ref(),
        },
    )
}

/// What is known of somebody besides their subjects.
pub(crate) struct Standing<'a> {
    /// Whether everything in the fleet is granted to them.
    pub(crate) has_fleet: bool,
    /// The subjects of tokens that they made: what a person gives to these they give to
    /// themselves, and what these wrote they wrote.
    pub(crate) others: &'a [String],
    /// To what their token narrows all of it.
    pub(crate) scope: Option<&'a Scope>,
}

/// Who these subjects are, the first of which acts.
pub(crate) fn person_of<'a>(
    subjects: impl Iterator<Item = &'a str>,
    standing: &Standing<'_>,
) -> Option<Person> {
    let person = Person::of(subjects.filter_map(Subject::parse))?;
    let mut person = match standing.has_fleet {
        true => person.with_everything(ADMINISTRATOR),
        false => person,
    };
    person.others = standing.others.iter().filter_map(|text| Subject::parse(text)).collect();
    person.scope = standing.scope.map(|scope| scope.rules().to_vec());
    Some(person)
}

/// The Roles that are in force.
pub(crate) fn policies(snapshot: &Snapshot) -> Arc<Policies> {
    snapshot.source.as_ref().map_or_else(Arc::default, |source| source.policies())
}

/// Whether a caller may do something at a place, with documents of one of these kinds.
pub(crate) fn may(
    snapshot: &Snapshot,
    caller: &Caller,
    verb: Verb,
    kinds: &[Kind],
    place: &Place,
) -> Answer {
    match person(caller) {
        Some(person) => can(&policies(snapshot), &person, verb, kinds, place),
        None => Answer::Refused { lacks: Vec::new(), n_lacks: 0 },
    }
}

/// Whether a caller has one of these verbs anywhere, on anything.
pub(crate) fn may_anywhere(snapshot: &Snapshot, caller: &Caller, verbs: &[Verb]) -> bool {
    let anywhere =
        |verb: &Verb| may(snapshot, caller, *verb, &Kind::ALL, &Place::Anywhere).is_allowed();
    verbs.iter().any(anywhere)
}
