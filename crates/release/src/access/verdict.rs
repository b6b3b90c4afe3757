//! What someone may do with a change, and with anything else.

use model::{Kind, Meaning, Policies, Verb};

use super::approvals::Demand;
use super::cover::{Place, Places, uncovered};
use super::gain::gain;
use super::need::{Need, needs};
use super::rights::{Holder, Right, holders, rights};
use super::{Act, Names, Person};
use crate::Clusters;

/// So many lacks are told.
const MOST_LACKS: usize = 20;
/// Of so many Roles that grant what is lacking, the names are told.
const MOST_HOLDERS: usize = 5;

/// What someone may do with a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Open it.
    pub propose: Answer,
    /// Merge it, once [`super::outstanding`] answers nothing.
    pub merge: Answer,
    /// Approve it; not whether it is their own.
    pub approve: Answer,
    /// What merging it by their rights waits for.
    pub demands: Vec<Demand>,
}

/// Whether something may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may, by these Roles and grants.
    Allowed {
        /// Their names and reasons, in order.
        by: Vec<Box<str>>,
    },
    /// It may not.
    Refused {
        /// What is lacking: the first of it.
        lacks: Vec<Lack>,
        /// How much is lacking.
        n_lacks: usize,
    },
}

impl Answer {
    /// Whether it may be done.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    fn refused(mut lacks: Vec<Lack>) -> Self {
        let n_lacks = lacks.len();
        lacks.truncate(MOST_LACKS);
        Self::Refused { lacks, n_lacks }
    }
}

/// A right that is lacking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// No rule grants it.
    Right {
        /// What is to be done to.
        what: String,
        /// The verb.
        verb: Verb,
        /// A rule for one of these kinds would do.
        kinds: Vec<Kind>,
        /// What of the place no rule covers.
        place: Place,
        /// Its clusters.
        clusters: Clusters,
        /// Roles that grant all of it: the first of them.
        holders: Vec<Holder>,
        /// How many do.
        n_holders: usize,
    },
    /// They would give themselves rights by this Role: someone else must.
    Oneself {
        /// The Role.
        role: Box<str>,
    },
}

/// What a person may do with a change.
///
/// `policies` are those of the change's base, and `meaning` is what differs.
#[must_use]
pub fn authorize(policies: &Policies, meaning: &Meaning, person: &Person) -> Verdict {
    let places = Places::of_change(policies, meaning);
    let rights = rights(&places, policies, person);
    let needs = needs(meaning);
    let asked = Asked { policies, meaning, places: &places, rights: &rights };
    let gain = gain(policies, meaning, person);
    let (propose, _) = asked.answer(Act::Propose, &needs, None);
    let (approve, _) = asked.answer(Act::Approve, &needs, gain);
    let (merge, demands) = asked.answer(Act::Merge, &needs, gain);
    Verdict { propose, merge, approve, demands }
}

/// Whether a person may do something at a place of a fleet, by a rule for one of these kinds.
#[must_use]
pub fn can(
    policies: &Policies,
    person: &Person,
    verb: Verb,
    kinds: &[Kind],
    place: &Place,
) -> Answer {
    let places = Places::of_fleet(policies);
    let rights = rights(&places, policies, person);
    let meaning = Meaning::default();
    let asked = Asked { policies, meaning: &meaning, places: &places, rights: &rights };
    match asked.settle(verb, kinds, place) {
        Ok(settled) => Answer::Allowed { by: settled.by.into_iter().map(Into::into).collect() },
        Err(left) => {
            let mut lacks = vec![asked.lack("this", verb, kinds, &left)];
            lacks.iter_mut().for_each(|lack| asked.tell_holders(lack));
            Answer::refused(lacks)
        }
    }
}

/// The rights that cover something, with the least that they wait for.
struct Settled<'a> {
    approvals: model::Approvals,
    by: Vec<&'a str>,
}

/// A question about one person.
struct Asked<'a> {
    policies: &'a Policies,
    meaning: &'a Meaning,
    places: &'a Places<'a>,
    rights: &'a [Right<'a>],
}

impl<'a> Asked<'a> {
    fn answer(&self, act: Act, needs: &[Need], gain: Option<&str>) -> (Answer, Vec<Demand>) {
        let (mut by, mut lacks, mut demands) = (Vec::new(), Vec::new(), Vec::new());
        for need in needs {
            match self.settle(need.verb(act), &need.kinds, &need.place) {
                Ok(settled) => {
                    by.extend(settled.by.iter().map(|source| Box::<str>::from(*source)));
                    Demand::add(&mut demands, settled.approvals, &settled.by, need);
                }
                Err(left) => {
                    let lack = self.lack(&need.what, need.verb(act), &need.kinds, &left);
                    if !lacks.iter().any(|known| is_same_lack(known, &lack)) {
                        lacks.push(lack);
                    }
                }
            }
        }
        if lacks.is_empty()
            && let Some(role) = gain
        {
            lacks.push(Lack::Oneself { role: role.into() });
        }
        if lacks.is_empty() {
            by.sort();
            by.dedup();
            return (Answer::Allowed { by }, demands);
        }
        lacks.iter_mut().take(MOST_LACKS).for_each(|lack| self.tell_holders(lack));
        (Answer::refused(lacks), Vec::new())
    }

    /// The rights that cover a place and wait for the least; or what no right covers.
    fn settle(&self, verb: Verb, kinds: &[Kind], place: &Place) -> Result<Settled<'a>, Place> {
        let for_it = || self.rights.iter().filter(move |right| right.is_for(verb, kinds));
        let mut levels: Vec<model::Approvals> = for_it().map(|right| right.approvals).collect();
        levels.sort_unstable();
        levels.dedup();
        for approvals in levels {
            let within = for_it().filter(|right| right.approvals <= approvals);
            if uncovered(place, within.map(|right| &right.covering)).is_none() {
                let at_level = for_it().filter(|right| right.approvals == approvals);
                let mut by: Vec<&str> =
                    at_level.filter(|right| adds(right, place)).map(|right| right.source).collect();
                by.sort_unstable();
                by.dedup();
                return Ok(Settled { approvals, by });
            }
        }
        let all = uncovered(place, for_it().map(|right| &right.covering));
        Err(all.unwrap_or_else(|| place.clone()))
    }

    fn lack(&self, what: &str, verb: Verb, kinds: &[Kind], left: &Place) -> Lack {
        let names = Names { base: &self.policies.clusters, newcomers: &self.meaning.newcomers };
        let clusters = match left {
            Place::Clusters(clusters) | Place::Cells(_, clusters) => names.of(clusters),
            _ => Clusters::default(),
        };
        Lack::Right {
            what: what.to_owned(),
            verb,
            kinds: kinds.to_vec(),
            place: left.clone(),
            clusters,
            holders: Vec::new(),
            n_holders: 0,
        }
    }

    fn tell_holders(&self, lack: &mut Lack) {
        if let Lack::Right { verb, kinds, place, holders: known, n_holders, .. } = lack {
            *known = holders(self.places, self.policies, *verb, kinds, place);
            *n_holders = known.len();
            known.truncate(MOST_HOLDERS);
        }
    }
}

/// Whether a right covers a part of a place.
fn adds(right: &Right<'_>, place: &Place) -> bool {
    uncovered(place, std::iter::once(&right.covering)).as_ref() != Some(place)
}

/// Whether what mends one lack mends another: what a document lacks, its cells and its file lack
/// too.
fn is_same_lack(known: &Lack, other: &Lack) -> bool {
    match (known, other) {
        (
            Lack::Right { verb, place, kinds, .. },
            Lack::Right { verb: also, place: there, kinds: others, .. },
        ) => {
            let shares_kind = || kinds.iter().any(|kind| others.contains(kind));
            verb == also && (place == there || (*there == Place::Anywhere && shares_kind()))
        }
        _ => false,
    }
}
