//! What a comparison remembers changes no answer.

use std::sync::Arc;

use model::{Rendered, RenderedCluster};
use proptest::prelude::*;
use release::{Comparison, compare};

use crate::fleet::rendered;
use crate::laws::fleets;
use crate::script::Publisher;

/// Shares the clusters that are equal with the render before, as a render that is made from the
/// one before does.
fn share(last: Option<&Rendered>, render: &mut Rendered) {
    let is_equal = |a: &RenderedCluster, b: &RenderedCluster| format!("{a:?}") == format!("{b:?}");
    for cluster in &mut render.clusters {
        let mut known = last.iter().flat_map(|last| &last.clusters);
        if let Some(known) = known.find(|known| is_equal(known, cluster)) {
            *cluster = Arc::clone(known);
        }
    }
}

/// What happens to one fleet of a sequence: whether it is published, and which cluster and which
/// application are renamed.
type Turn = (bool, Option<usize>, Option<usize>);

fn renamed(text: &str, (_, cluster, application): Turn) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(line) = cluster.filter(|_| !lines.is_empty()).map(|one| one % lines.len()) {
        let name = lines[line].split([' ', ':']).nth(1).unwrap_or_default().to_owned();
        lines[line] = lines[line].replacen(&name, &format!("new-{name} was {name}"), 1);
    }
    if let Some(former) = application.map(|one| ["api", "shop", "web", "zoo"][one % 4]) {
        let cells = lines.join("\n").replace(&format!(" {former}="), &format!(" new-{former}="));
        return format!("application new-{former} was {former}\n{cells}");
    }
    lines.join("\n")
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let one = || proptest::option::weighted(0.2, 0usize..4);
    proptest::collection::vec((any::<bool>(), one(), one()), 6)
}

proptest! {
    #[test]
    fn a_comparison_with_memory_is_one_without(fleets in fleets(), turns in turns()) {
        let mut publisher = Publisher::default();
        let mut comparison = Comparison::default();
        let mut last: Option<Rendered> = None;
        for (text, turn) in fleets.iter().zip(turns) {
            let mut render = rendered(&renamed(text, turn), &mut publisher.trees);
            share(last.as_ref(), &mut render);
            let remembered = comparison.update(publisher.ledger.as_ref(), &render);
            prop_assert_eq!(remembered, &compare(publisher.ledger.as_ref(), &render));
            if turn.0 {
                publisher.publish(&render, "");
                let after = comparison.update(publisher.ledger.as_ref(), &render);
                prop_assert_eq!(after, &compare(publisher.ledger.as_ref(), &render));
            }
            last = Some(render);
        }
    }
}

#[test]
fn what_a_step_leaves_alone_is_shared_with_the_ledger_before() {
    let mut publisher = Publisher::default();
    publisher.act("cluster a: web=1\ncluster b: web=1");
    let before = publisher.ledger.clone().unwrap();
    publisher.act("cluster a: web=2\ncluster b: web=1");
    let after = publisher.ledger.unwrap();
    let shared = before.clusters.iter().zip(&after.clusters).filter(|(a, b)| Arc::ptr_eq(a, b));
    assert_eq!(shared.map(|(_, b)| b.name.as_str()).collect::<Vec<_>>(), ["b"]);
}
