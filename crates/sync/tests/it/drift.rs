//! Fields that were lost, and writers that fight.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use sync::drift::{Fight, FightState, fields_digest, uncovered};
use sync::read_manifest;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app/tier: web}}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: web:1
        args: [a, b]
        ports: [{containerPort: 80}]
      - {name: log, image: log:1}
";

fn owned() -> Value {
    json!({
        "f:metadata": {"f:labels": {"f:app/tier": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:template": {"f:spec": {"f:containers": {
                r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:image": {}, "f:args": {},
                    "f:ports": {r#"k:{"containerPort":80,"protocol":"TCP"}"#: {".": {}, "f:containerPort": {}}}},
                r#"k:{"name":"log"}"#: {".": {}, "f:name": {}, "f:image": {}},
            }}},
        },
    })
}

#[track_caller]
fn check(owned: &Value, left_out: &[&str], lost: &[&str]) {
    let object = read_manifest(DEPLOYMENT.as_bytes()).expect("a manifest");
    let left_out: Vec<String> = left_out.iter().map(|path| (*path).to_owned()).collect();
    assert_eq!(uncovered(&object, Some(owned), &left_out), lost);
}

#[test]
fn lost_fields_are_named_through_keyed_lists() {
    check(&owned(), &[], &[]);
    let mut fields = owned();
    let containers = &mut fields["f:spec"]["f:template"]["f:spec"]["f:containers"];
    containers[r#"k:{"name":"web"}"#].as_object_mut().expect("a map").remove("f:image");
    containers.as_object_mut().expect("a map").remove(r#"k:{"name":"log"}"#);
    let lost = "/spec/template/spec/containers/0/image";
    check(&fields, &[], &[lost, "/spec/template/spec/containers/1"]);
    check(&fields, &[lost], &["/spec/template/spec/containers/1"]);
    check(&fields, &["/spec/template"], &[]);
    fields.as_object_mut().expect("a map").remove("f:metadata");
    check(&fields, &["/spec"], &["/metadata/labels/app~1tier"]);
}

#[test]
fn the_digest_of_fields_does_not_depend_on_their_order() {
    assert_eq!(
        fields_digest(&json!({"a": {"b": {}}, "c": {}})),
        fields_digest(&json!({"c": {}, "a": {"b": {}}}))
    );
    assert_ne!(fields_digest(&json!({"a": {"b": {}}})), fields_digest(&json!({"a": {}, "b": {}})));
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

#[test]
fn a_fight_slows_down_and_becomes_an_alarm() {
    let mut fight = Fight::default();
    let mut now = 1_000;
    let mut waits = Vec::new();
    for _ in 0..12 {
        let wait = match fight.state(at(now)) {
            FightState::Correct => 0,
            FightState::Wait { until, alarm } => {
                assert_eq!(alarm, fight.is_alarm());
                until.as_second() - now
            }
        };
        waits.push(wait);
        now += wait;
        assert_eq!(fight.state(at(now)), FightState::Correct);
        fight = fight.corrected(at(now));
    }
    assert_eq!(waits, [0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300, 300]);
    assert!(fight.is_alarm());
    let quiet = fight.corrected(at(now + 3_600));
    assert!(!quiet.is_alarm() && quiet.state(at(now + 3_600)) == FightState::Correct);
}

proptest! {
    #![proptest_config(testkit::cases(64))]

    #[test]
    fn no_clock_makes_anyone_wait_longer_than_the_longest_wait(
        times in proptest::collection::vec(-40_000_i64..40_000, 1..20), now in -40_000_i64..40_000,
    ) {
        let fight = times.iter().fold(Fight::default(), |fight, time| fight.corrected(at(*time)));
        if let FightState::Wait { until, .. } = fight.state(at(now)) {
            let wait = until.duration_since(at(now));
            prop_assert!(wait <= Fight::LONGEST_WAIT + Fight::LONGEST_WAIT, "{wait:?}");
        }
    }
}
