//! Two axes, and conditions that keep their time.

use jiff::Timestamp;
use model::Generation;
use sync::health::Health;
use sync::{ApplicationStatus, Healthy, HealthyState, Synced, SyncedState, application_status};

use crate::scene::key;

fn status(
    synced: SyncedState,
    healthy: HealthyState,
    before: Option<&ApplicationStatus>,
    second: i64,
) -> ApplicationStatus {
    let healthy = Healthy { state: healthy, reason: "R".into(), message: "m".into() };
    let now = Timestamp::from_second(second).expect("a time");
    let synced = Synced::new(synced, "S", "s");
    application_status("web", (Generation(second as u32), None), synced, healthy, before, now)
}

fn conditions(status: &ApplicationStatus) -> String {
    let shown = |value: Option<bool>| value.map_or("?", |value| if value { "+" } else { "-" });
    let each = status
        .conditions
        .iter()
        .map(|c| format!("{}{}@{}", shown(c.status), c.kind, c.last_transition.as_second()));
    each.collect::<Vec<_>>().join(" ")
}

#[test]
fn conditions_follow_both_axes() {
    use {HealthyState as H, SyncedState as S};
    let cases = [
        (S::Synced, H::Healthy, "+Ready@1 +Synced@1 +Healthy@1 -Reconciling@1 -Stalled@1"),
        (S::Synced, H::Progressing, "-Ready@1 +Synced@1 -Healthy@1 +Reconciling@1 -Stalled@1"),
        (S::OutOfSync, H::Healthy, "-Ready@1 -Synced@1 +Healthy@1 +Reconciling@1 -Stalled@1"),
        (S::Held, H::Healthy, "-Ready@1 -Synced@1 +Healthy@1 -Reconciling@1 +Stalled@1"),
        (S::Synced, H::Degraded, "-Ready@1 +Synced@1 -Healthy@1 -Reconciling@1 +Stalled@1"),
        (S::Unknown, H::Healthy, "?Ready@1 ?Synced@1 +Healthy@1 -Reconciling@1 -Stalled@1"),
    ];
    for (synced, healthy, expected) in cases {
        assert_eq!(conditions(&status(synced, healthy, None, 1)), expected);
    }
}

#[test]
fn a_condition_that_did_not_change_keeps_its_time() {
    let first = status(SyncedState::Synced, HealthyState::Healthy, None, 1);
    let second = status(SyncedState::Synced, HealthyState::Degraded, Some(&first), 9);
    assert_eq!(conditions(&second), "-Ready@9 +Synced@1 -Healthy@9 -Reconciling@1 +Stalled@9");
    let third = status(SyncedState::OutOfSync, HealthyState::Healthy, Some(&second), 12);
    assert_eq!(
        (first.applied_generation, third.applied_generation),
        (Some(Generation(1)), Some(Generation(9)))
    );
}

#[test]
fn the_worst_object_speaks_for_the_application() {
    let (a, b) = (key("ConfigMap shop/a"), key("Pod shop/b"));
    let (current, gone) = (Health::current("fine"), Health::not_found());
    let healthy = Healthy::of([(&a, &current), (&b, &gone)]);
    assert_eq!(healthy.state, HealthyState::Missing);
    assert_eq!(healthy.message, "Pod shop/b: it is not on the cluster");
    assert_eq!(Healthy::of([(&a, &current)]).message, "1 objects are what their specs say");
}
