//! A person holds releases back, stops them, and goes back to an earlier step.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

/// A released source. The one who acts is always the same.
fn released() -> Sandbox {
    let sandbox = Sandbox::committed(FLEET);
    sandbox.git("init -q --bare -b main delivery.git");
    sandbox.write("-- .gitignore --\ndelivery.git\n");
    sandbox.commit();
    sandbox.run("publish --to delivery.git");
    sandbox
}

/// The value that every cluster shows changes.
fn change_everything(sandbox: &Sandbox) {
    sandbox.replace("inventory/groups.yaml", "9.45", "9.50");
    sandbox.commit();
}

#[test]
fn what_is_held_is_listed_and_released_when_it_is_resumed() {
    let sandbox = released();
    assert_snapshot!("holds_none", sandbox.show("holds --to delivery.git"));
    assert_snapshot!(
        "hold_application",
        sandbox.show(
            "hold --to delivery.git --by anna --clusters all --application till --reason taxes"
        )
    );
    change_everything(&sandbox);
    assert_snapshot!("hold_publish", sandbox.show("publish --to delivery.git"));
    assert_snapshot!("holds_table", sandbox.show("holds --to delivery.git"));
    assert_snapshot!("hold_resume", sandbox.show("resume --to delivery.git --hold hold-2"));
    assert_snapshot!("hold_resume_again", sandbox.show("resume --to delivery.git --hold hold-2"));
}

#[test]
fn a_stop_holds_everything_until_it_is_resumed() {
    let sandbox = released();
    assert_snapshot!("stop", sandbox.show("stop --to delivery.git --reason 'wrong-images'"));
    change_everything(&sandbox);
    assert_snapshot!("stop_publish", sandbox.show("publish --to delivery.git"));
    sandbox.run("resume --to delivery.git --hold hold-2");
    assert_snapshot!("stop_ended", sandbox.show("holds --to delivery.git"));
}

#[test]
fn going_back_is_a_step_and_a_hold() {
    let sandbox = released();
    let before = sandbox.git("-C delivery.git rev-parse delivery:clusters");
    change_everything(&sandbox);
    sandbox.run("publish --to delivery.git");
    let back = "rollback --to delivery.git --step 1 --clusters all --reason taxes";
    assert_snapshot!("rollback_dry_run", sandbox.show(&format!("{back} --dry-run")));
    assert_snapshot!("rollback", sandbox.show(back));
    assert_eq!(sandbox.git("-C delivery.git rev-parse delivery:clusters"), before);
    assert_snapshot!("rollback_publish", sandbox.show("publish --to delivery.git"));
    assert_snapshot!("rollback_again", sandbox.show(back));
    assert_snapshot!("rollback_no_step", sandbox.show(&back.replace("--step 1", "--step 9")));
}

#[test]
fn an_order_about_what_is_not_there_is_refused() {
    let sandbox = released();
    let hold = |words: &str| sandbox.show(&format!("hold --to delivery.git --reason why {words}"));
    assert_snapshot!("hold_unknown_application", hold("--clusters all --application tiil"));
    assert_snapshot!("hold_unknown_group", hold("--clusters /g/stors"));
    assert_snapshot!("hold_no_cluster", hold("--clusters none"));
    assert_snapshot!("hold_passed", hold("--clusters all --until 2001-01-01T00:00:00Z"));
}
