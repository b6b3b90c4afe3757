//! The record that is only ever added to.

use store::{Chain, Deed, Place, Store};

use crate::kinds::{Fixture, at, on_both};

on_both!(
    rows_follow_each_other,
    several_servers_write_one_chain,
    rows_are_never_changed,
    what_was_altered_is_found_at_its_row,
    a_chain_longer_than_a_page_is_walked,
);

pub(crate) fn deed(object: &str) -> Deed {
    Deed {
        actor: "user:anna".to_owned(),
        action: "token.create".to_owned(),
        object: object.to_owned(),
        request: "r-1".to_owned(),
        details: r#"{"a":1}"#.to_owned(),
    }
}

async fn fill(store: &Store, n: u32) {
    for number in 1..=n {
        store.record(&deed(&format!("token:{number}")), at(i64::from(number))).await.unwrap();
    }
}

async fn rows_follow_each_other(Fixture { store, .. }: Fixture) {
    assert!(matches!(store.verify_audit().await.unwrap(), Chain::Whole(head) if head.number == 0));
    fill(&store, 5).await;
    let newest = store.audit_before(u64::MAX, 2).await.unwrap();
    let shown: Vec<_> =
        newest.iter().map(|row| (row.number, row.deed.object.as_str(), row.time)).collect();
    assert_eq!(shown, [(5, "token:5", at(5)), (4, "token:4", at(4))]);
    assert_eq!(store.audit_before(4, 9).await.unwrap().len(), 3);
    let head = store.audit_head().await.unwrap();
    assert_eq!((head.number, head.digest), (5, newest[0].digest));
    assert_eq!(store.verify_audit().await.unwrap(), Chain::Whole(head));
}

async fn several_servers_write_one_chain(fixture: Fixture) {
    let mut writers = Vec::new();
    for server in 0..3 {
        let store = fixture.again().await;
        writers.push(tokio::spawn(async move {
            for number in 0..10 {
                store.record(&deed(&format!("{server}/{number}")), at(number)).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let verified = fixture.store.verify_audit().await.unwrap();
    assert!(matches!(verified, Chain::Whole(head) if head.number == 30), "{verified:?}");
}

async fn rows_are_never_changed(fixture: Fixture) {
    fill(&fixture.store, 2).await;
    for statement in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
        let refused = fixture.past_the_store(statement).await.unwrap_err().to_string();
        assert!(refused.contains("rows of audit are never"), "{refused}");
    }
    assert!(matches!(fixture.store.verify_audit().await.unwrap(), Chain::Whole(_)));
}

/// Takes away what stops an honest mistake; who tampers does that first.
async fn unguard(fixture: &Fixture) {
    let guards = match fixture.place {
        Place::Sqlite(_) => {
            "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_removed"
        }
        Place::Postgres(_) => "DROP TRIGGER audit_is_never_changed ON audit",
    };
    fixture.past_the_store(guards).await.unwrap();
}

/// The first wrong row, and why.
async fn broken(store: &Store) -> Option<(u64, String)> {
    match store.verify_audit().await.unwrap() {
        Chain::Broken { number, why } => Some((number, why)),
        Chain::Whole(_) => None,
    }
}

async fn what_was_altered_is_found_at_its_row(fixture: Fixture) {
    fill(&fixture.store, 9).await;
    unguard(&fixture).await;
    let columns = ["time", "actor", "action", "object", "request", "details", "previous", "digest"];
    for (number, column) in (2..).zip(columns) {
        let other = match column {
            "time" => "time + 1".to_owned(),
            // Of another row: a digest, and not this one's.
            "previous" | "digest" => {
                format!("(SELECT other.{column} FROM audit AS other WHERE other.number = 1)")
            }
            _ => format!("{column} || 'x'"),
        };
        let alter = format!(
            "CREATE TABLE kept AS SELECT * FROM audit WHERE number = {number}; \
             UPDATE audit SET {column} = {other} WHERE number = {number}"
        );
        fixture.past_the_store(&alter).await.unwrap();
        let found = broken(&fixture.store).await.map(|(number, _)| number);
        assert_eq!(found, Some(number), "{column}");
        let mend = format!(
            "UPDATE audit SET {column} = (SELECT kept.{column} FROM kept) WHERE number = {number}; \
             DROP TABLE kept"
        );
        fixture.past_the_store(&mend).await.unwrap();
        assert_eq!(broken(&fixture.store).await, None, "{column}");
    }
    fixture.past_the_store("DELETE FROM audit WHERE number = 4").await.unwrap();
    let why = "row 4 is missing, row 5 comes next".to_owned();
    assert_eq!(broken(&fixture.store).await, Some((4, why)));
}

async fn a_chain_longer_than_a_page_is_walked(fixture: Fixture) {
    fill(&fixture.store, 1_203).await;
    assert_eq!(broken(&fixture.store).await, None);
    unguard(&fixture).await;
    let alter = "UPDATE audit SET object = 'other' WHERE number = 1102";
    fixture.past_the_store(alter).await.unwrap();
    assert_eq!(broken(&fixture.store).await.map(|(number, _)| number), Some(1_102));
}
