//! Points at which something is unreadable, partial, old, cut off or refused: nothing is deleted.
//!
//! Each point begins with a cluster that runs a tree, breaks one thing, and runs passes. The tree
//! that is released then drops one object, so that there is something to delete by right; a point
//! says whether that may happen. Everything else must stay, always.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use model::{ObjectKey, Observed};
use sync::simulated::Cluster;
use sync::{AppliedSet, Fault};

use crate::grounds::{run, simulated};
use crate::inject::{Kill, Verb};
use crate::play::Play;

type Simulated = Play<Cluster, Cluster>;

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}\n";

fn config(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: NS}}\ndata: {{a: b}}\n"
    )
}

/// A cluster that runs a tree of eight objects of three applications, and the object that the
/// next tree drops.
async fn running() -> (Simulated, ObjectKey) {
    let mut play = simulated("faults");
    play.put("namespaces", NAMESPACE);
    for (application, name) in
        [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("b", "b2"), ("c", "c1")]
    {
        play.put(application, &config(name));
    }
    let dropped = play.put("a", &config("dropped"));
    play.release();
    play.settle().await;
    play.world.take_sent();
    (play, dropped)
}

/// What may be deleted at a point.
#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    Nothing,
    TheDropped,
}

/// Runs passes and looks at what was deleted.
async fn check(mut play: Simulated, dropped: &ObjectKey, may: May, point: &str) {
    for _ in 0..4 {
        play.pass().await;
        play.outside.clock().advance(Duration::from_secs(20));
    }
    let allowed: BTreeSet<&ObjectKey> = match may {
        May::Nothing => BTreeSet::new(),
        May::TheDropped => [dropped].into(),
    };
    let deleted = play.world.deleted();
    let wrong: Vec<_> = deleted.iter().filter(|key| !allowed.contains(key)).collect();
    assert!(wrong.is_empty(), "{point}: {wrong:?} deleted");
    let there: BTreeSet<ObjectKey> = play.outside.keys().into_iter().collect();
    for name in ["a1", "a2", "a3", "b1", "b2", "c1"] {
        assert!(there.contains(&play.key(&config(name))), "{point}: {name} is gone");
    }
}

/// The next tree drops one object.
fn drop_one(play: &mut Simulated, dropped: &ObjectKey) {
    play.drop_object(dropped);
    play.release();
}

#[test]
fn no_fault_point_deletes_what_the_tree_keeps() {
    run(async {
        let mut points = 0;
        points += unreadable_files().await;
        points += older_trees().await;
        points += damaged_applied_sets().await;
        points += answers().await;
        points += kills().await;
        points += clocks().await;
        points += emptied_trees().await;
        points += sets_that_cannot_be_kept().await;
        assert!(points >= 200, "only {points} points");
    });
}

/// Each file of the tree, broken in each way: its application waits, deletion included.
async fn unreadable_files() -> usize {
    let mut n = 0;
    let broken = ["", "a: [", "\u{1}", "apiVersion: v1\n", "kind: x", "- 1\n", "a: b\n---\nc: d\n"];
    let paths: Vec<String> = running().await.0.files().keys().cloned().collect();
    for path in &paths {
        // Where the file is another application's, what is dropped goes by right.
        let may = if path.starts_with("a/") { May::Nothing } else { May::TheDropped };
        for text in broken {
            let (mut play, dropped) = running().await;
            drop_one(&mut play, &dropped);
            play.put_file(path, text);
            check(play, &dropped, may, &format!("{path} is {text:?}")).await;
            n += 1;
        }
    }
    n
}

async fn older_trees() -> usize {
    let mut n = 0;
    for back in 1..=6 {
        let (mut play, dropped) = running().await;
        play.generation = 9;
        play.settle().await;
        play.generation = 9 - back;
        play.drop_object(&dropped);
        check(play, &dropped, May::Nothing, &format!("{back} generations back")).await;
        n += 1;
    }
    n
}

/// Cut off, and with one bit turned, at many places: then nothing is known to be ours.
async fn damaged_applied_sets() -> usize {
    let mut n = 0;
    for part in 0..40 {
        for turn in [false, true] {
            let (mut play, dropped) = running().await;
            drop_one(&mut play, &dropped);
            let mut bytes = std::mem::take(&mut play.kept).into_bytes();
            let at = part * bytes.len() / 40;
            match turn {
                true => bytes[at] ^= 1,
                false => bytes.truncate(at),
            }
            play.kept = String::from_utf8_lossy(&bytes).into_owned();
            play.restart();
            assert!(matches!(play.set, Observed::Unknown(_)), "{part} {turn}");
            check(play, &dropped, May::Nothing, &format!("damaged at {at}, {turn}")).await;
            n += 1;
        }
    }
    n
}

/// The cluster answers each kind of request with each fault, always.
async fn answers() -> usize {
    let faults = [
        Fault::Unavailable,
        Fault::Forbidden,
        Fault::Unauthorized,
        Fault::Gone,
        Fault::Conflict,
        Fault::Refused,
        Fault::Quota,
    ];
    let verbs = [Verb::Discover, Verb::Read, Verb::List, Verb::Try, Verb::Apply, Verb::Delete];
    let mut n = 0;
    for verb in verbs {
        for fault in faults {
            let (mut play, dropped) = running().await;
            // Something that is new makes the dry runs and applies happen.
            play.put("a", &config("new"));
            drop_one(&mut play, &dropped);
            play.restart();
            play.world.fail_always(verb, fault);
            // Who may not list may read one by one, which proves as much. Where nothing of the
            // dropped object's application failed, it goes.
            let may = match (verb, fault) {
                (Verb::List, Fault::Forbidden) | (Verb::Read, _) => May::TheDropped,
                _ => May::Nothing,
            };
            check(play, &dropped, may, &format!("{verb:?} {fault:?}")).await;
            n += 1;
        }
    }
    n
}

/// Killed at each request, before and after it, and started again.
async fn kills() -> usize {
    let mut n = 0;
    for request in 1.. {
        for kill in [Kill::Before(request), Kill::After(request)] {
            let (mut play, dropped) = running().await;
            play.put("b", &config("new"));
            drop_one(&mut play, &dropped);
            let ended = play.pass_killed(kill).await;
            check(play, &dropped, May::TheDropped, &format!("{kill:?}")).await;
            if ended {
                return n;
            }
            n += 1;
        }
    }
    n
}

/// The clock of the cluster jumps by up to ten hours.
async fn clocks() -> usize {
    let mut n = 0;
    for hours in [-10, -3, -1, 1, 3, 10] {
        for again in [false, true] {
            let (mut play, dropped) = running().await;
            drop_one(&mut play, &dropped);
            let skew = SignedDuration::from_hours(hours);
            play.outside.set_faults(|faults| faults.skew = skew);
            if again {
                play.restart();
            }
            check(play, &dropped, May::TheDropped, &format!("{hours} h, {again}")).await;
            n += 1;
        }
    }
    n
}

/// Trees that hold nothing, nothing of one application, or one application only.
async fn emptied_trees() -> usize {
    let mut n = 0;
    let (mut play, dropped) = running().await;
    play.clear_tree();
    play.release();
    check(play, &dropped, May::Nothing, "no file").await;
    n += 1;
    for stray in ["README.md", "a", "namespaces/x", "x/_cluster/y.yaml"] {
        let (mut play, dropped) = running().await;
        play.clear_tree();
        play.put_file(stray, "x");
        play.release();
        check(play, &dropped, May::Nothing, &format!("only {stray}")).await;
        n += 1;
    }
    n
}

/// Where the applied set cannot be written, nothing is done after that.
async fn sets_that_cannot_be_kept() -> usize {
    let mut n = 0;
    for at in 0..3 {
        let (mut play, dropped) = running().await;
        play.put("b", &config("new"));
        drop_one(&mut play, &dropped);
        let desired = play.desired();
        let order = sync::Order { desired: &desired, rules: &play.rules, mode: sync::Mode::Act };
        let mut kept = 0;
        let mut keep = |_: &AppliedSet| {
            kept += 1;
            match kept > at {
                true => Err(std::io::Error::other("no space left on device")),
                false => Ok(()),
            }
        };
        let pass = play.engine.reconcile(order, &mut play.set, &mut keep).await;
        assert!(matches!(pass.outcome, sync::Outcome::NotKept(_)), "{:?}", pass.outcome);
        assert_eq!(kept, at + 1, "it is not tried again");
        assert!(play.world.deleted().is_empty());
        play.restart();
        check(play, &dropped, May::TheDropped, &format!("not kept after {at}")).await;
        n += 1;
    }
    n
}
