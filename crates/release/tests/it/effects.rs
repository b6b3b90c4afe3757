//! What a change does to what clusters run.

use release::{Effect, effect};

use crate::fleet::{Trees, rendered};

fn between(before: Option<&str>, after: &str) -> Effect {
    let mut trees = Trees::default();
    let before = before.map(|text| rendered(text, &mut trees));
    effect(before.as_ref(), &rendered(after, &mut trees))
}

const BEFORE: &str = "cluster a: web=1 api=1\ncluster b: web=1\ncluster c: web=1";

#[test]
fn an_effect_counts_what_comes_goes_and_differs() {
    let counts = |before, after| {
        let found = between(before, after);
        (found.n_clusters, found.n_cells)
    };
    assert_eq!(counts(Some(BEFORE), BEFORE), (0, 0));
    assert_eq!(counts(None, BEFORE), (3, 4));
    assert_eq!(
        counts(Some(BEFORE), "cluster a: web=2\ncluster b: web=1\ncluster c: web=1"),
        (1, 2)
    );
    assert_eq!(
        counts(Some(BEFORE), "cluster a: web=1 api=1\ncluster b: web=!\ncluster d:"),
        (3, 2)
    );
    assert_eq!(counts(Some("cluster a: ns/x=1"), "cluster a: ns/x=2"), (1, 0));
}

#[test]
fn the_plan_of_a_change_is_what_it_does_to_cells() {
    let change = "cluster a: web=1 api=1\ncluster b: web=2\ncluster c: web=1";
    let plan = between(Some(BEFORE), change).plan;
    // Others changed another cell in the meantime, of the same and of another cluster.
    let later =
        |text: &str| text.replace("api=1", "api=2").replace("cluster c: web=1", "cluster c:");
    assert_eq!(between(Some(&later(BEFORE)), &later(change)).plan, plan);
    // The same cell was another before, or will be; or one more differs.
    let others = [
        (BEFORE.replace("b: web=1", "b: web=3"), change.to_owned()),
        (BEFORE.to_owned(), change.replace("web=2", "web=3")),
        (BEFORE.to_owned(), change.replace("web=2", "web=!")),
        (BEFORE.to_owned(), change.replace("c: web=1", "c:")),
        (BEFORE.to_owned(), BEFORE.to_owned()),
    ];
    for (before, after) in others {
        assert_ne!(between(Some(&before), &after).plan, plan, "{before}\n{after}");
    }
}
