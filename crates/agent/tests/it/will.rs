//! The site's will: bounded, honoured once, and never a way to wait for ever.

use agent::will::{Answer, Ask, Place, Will};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::centre::time;

const MAX: SignedDuration = SignedDuration::from_hours(4);

fn ask(token: &str, hours: i64) -> Ask {
    Ask {
        place: Place::Command,
        length: SignedDuration::from_hours(hours),
        reason: "stocktake".to_owned(),
        token: token.to_owned(),
    }
}

fn hour(hours: i64) -> Timestamp {
    time(hours * 3600)
}

#[test]
fn a_hold_begins_is_bounded_and_ends_by_itself() {
    let mut will = Will::default();
    assert_eq!(will.look(Some(&ask("a", 9)), MAX, hour(0)), Answer::Held);
    assert_eq!(will.hold.as_ref().unwrap().until, hour(4));
    assert_eq!(will.look(Some(&ask("a", 9)), MAX, hour(3)), Answer::Nothing);
    assert_eq!(will.look(Some(&ask("a", 9)), MAX, hour(4)), Answer::Ended);
    assert_eq!(will.look(Some(&ask("a", 9)), MAX, hour(4)), Answer::Nothing);
}

#[test]
fn another_asking_changes_the_hold_and_not_its_bound() {
    let mut will = Will::default();
    will.look(Some(&ask("a", 3)), MAX, hour(0));
    assert_eq!(will.look(Some(&ask("b", 3)), MAX, hour(2)), Answer::Held);
    assert_eq!(will.hold.as_ref().unwrap().until, hour(4));
    assert_eq!(will.look(None, MAX, hour(3)), Answer::Ended);
}

#[test]
fn the_next_hold_begins_after_the_newest_release_was_applied() {
    let mut will = Will::default();
    will.look(Some(&ask("a", 1)), MAX, hour(0));
    will.look(Some(&ask("a", 1)), MAX, hour(1));
    assert_eq!(will.look(Some(&ask("b", 1)), MAX, hour(1)), Answer::Refused);
    will.applied();
    assert_eq!(will.look(Some(&ask("b", 1)), MAX, hour(1)), Answer::Held);
}

#[test]
fn a_clock_that_is_set_back_makes_no_hold_longer() {
    let mut will = Will::default();
    will.look(Some(&ask("a", 2)), MAX, hour(0));
    will.look(Some(&ask("a", 2)), MAX, hour(-10));
    assert_eq!(will.look(Some(&ask("a", 2)), MAX, hour(-8)), Answer::Ended);
}

proptest! {
    #![proptest_config(testkit::cases(256))]

    /// Whatever is asked and whenever it is looked at: without an apply in between, releases wait
    /// no longer than the bound.
    #[test]
    fn no_row_of_holds_outlasts_the_bound(
        steps in prop::collection::vec((0_i64..120, prop::option::of((0_u8..6, 1_i64..20))), 1..60),
    ) {
        let (mut will, mut minutes, mut since) = (Will::default(), 0, None);
        for (later, asked) in steps {
            minutes += later;
            let now = time(minutes * 60);
            let asked = asked.map(|(token, hours)| ask(&token.to_string(), hours));
            will.look(asked.as_ref(), MAX, now);
            match &will.hold {
                Some(hold) => {
                    prop_assert!(now < hold.until);
                    let began = *since.get_or_insert(hold.since);
                    prop_assert!(hold.until.duration_since(began) <= MAX);
                }
                None => {
                    since = None;
                }
            }
        }
    }
}
