//! What a caller may do: the one place where the server asks `release::access`.
//!
//! In: a [`Caller`], and the Roles of the source in use. Out: an answer. While no source is in use
//! there are no Roles, and only the server's administrator may do anything.

use std::sync::Arc;

use model::{Kind, Policies, Subject, Verb};
use release::access::{Answer, Person, Place, can};

use crate::identity::Caller;
use crate::snapshot::Snapshot;

/// Why the administrator of a server has every right.
const ADMINISTRATOR: &str = "the administrator of this server";

/// Who a caller is, as Roles see it; nobody if no Role could name them.
pub(crate) fn person(caller: &Caller) -> Option<Person> {
    let subjects = caller.subjects.iter().map(String::as_str);
    let mut person = person_of(subjects, caller.is_administrator)?;
    // What a person gives to their own tokens they give to themselves.
    person.others = caller.others.iter().filter_map(|text| Subject::parse(text)).collect();
    Some(person)
}

/// Who these subjects are, the first of which acts.
pub(crate) fn person_of<'a>(
    subjects: impl Iterator<Item = &'a str>,
    is_administrator: bool,
) -> Option<Person> {
    let person = Person::of(subjects.filter_map(Subject::parse))?;
    Some(match is_administrator {
        true => person.with_everything(ADMINISTRATOR),
        false => person,
    })
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
