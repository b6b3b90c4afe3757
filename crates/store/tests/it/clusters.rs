//! What agents are let in with, and what they say of their clusters.

use model::{ClusterUid, sha256};
use store::{Abnormal, KeptCluster, LINES, LogLine, NewJoin, ReportedCluster};

use crate::kinds::{Fixture, at, on_both};

on_both!(
    a_one_time_token_is_for_one_cluster_and_one_key,
    the_newest_lines_of_each_cluster_are_kept,
    what_clusters_said_last_is_kept,
);

fn uid(n: u8) -> ClusterUid {
    ClusterUid([n; 16])
}

/// A cluster that was heard.
fn heard(n: u8) -> ReportedCluster {
    ReportedCluster {
        uid: uid(n),
        seen: at(i64::from(n)),
        reported: Some(at(1)),
        state: String::new(),
        generation: Some(3),
        tree: Some(model::ObjectId([n; 20])),
        applications: 2,
        synced: 1,
        healthy: 1,
        agent: "0.1.0".to_owned(),
        is_report_only: false,
        hold: None,
        alarms: "[]".to_owned(),
    }
}

async fn a_one_time_token_is_for_one_cluster_and_one_key(Fixture { store, .. }: Fixture) {
    let join = |text: &[u8], expires| NewJoin {
        digest: sha256(text),
        cluster: "boston".to_owned(),
        joiner: "user:anna".to_owned(),
        merges: true,
        expires,
    };
    store.add_join(&join(b"one", at(100)), at(0)).await.unwrap();
    let found = store.join(sha256(b"one")).await.unwrap().unwrap();
    assert_eq!((found.cluster.as_str(), found.joiner.as_str()), ("boston", "user:anna"));
    assert_eq!((found.merges, found.expires, found.key), (true, at(100), None));
    assert_eq!(store.join(sha256(b"other")).await.unwrap(), None);
    assert!(store.bind_join(sha256(b"one"), "ssh-ed25519 A").await.unwrap());
    assert!(store.bind_join(sha256(b"one"), "ssh-ed25519 A").await.unwrap(), "the same again");
    assert!(!store.bind_join(sha256(b"one"), "ssh-ed25519 B").await.unwrap(), "no other key");
    assert!(!store.bind_join(sha256(b"other"), "ssh-ed25519 A").await.unwrap());
    store.set_join_change(sha256(b"one"), 7).await.unwrap();
    let found = store.join(sha256(b"one")).await.unwrap().unwrap();
    assert_eq!((found.key.as_deref(), found.change), (Some("ssh-ed25519 A"), Some(7)));
    let later = 100 + 31 * 24 * 3_600;
    store.add_join(&join(b"two", at(later + 100)), at(later)).await.unwrap();
    assert_eq!(store.join(sha256(b"one")).await.unwrap(), None, "forgotten a month after its end");
}

async fn what_clusters_said_last_is_kept(Fixture { store, .. }: Fixture) {
    let cluster = |n, state: &str| ReportedCluster { state: state.to_owned(), ..heard(n) };
    let abnormal = |n, application: &str| Abnormal {
        cluster: uid(n),
        application: application.to_owned(),
        tree: None,
        synced: "failed".to_owned(),
        healthy: "unknown".to_owned(),
        reason: "Refused".to_owned(),
        message: Some("no such kind".to_owned()),
        since: at(1),
    };
    let kept = |row, abnormal| KeptCluster { row, abnormal, lines: Vec::new() };
    let both = [
        kept(cluster(1, "a"), Some(vec![abnormal(1, "dogs"), abnormal(1, "cats")])),
        kept(cluster(2, "b"), Some(vec![abnormal(2, "dogs")])),
    ];
    store.keep_clusters(&both).await.unwrap();
    assert_eq!(store.reported_clusters().await.unwrap(), [cluster(1, "a"), cluster(2, "b")]);
    let all = [abnormal(1, "cats"), abnormal(1, "dogs"), abnormal(2, "dogs")];
    assert_eq!(store.abnormal().await.unwrap(), all);
    // One says that all is well by now, the other was only heard.
    let later = ReportedCluster { seen: at(9), ..cluster(2, "b") };
    let next = [kept(cluster(1, "c"), Some(Vec::new())), kept(later.clone(), None)];
    store.keep_clusters(&next).await.unwrap();
    assert_eq!(store.reported_clusters().await.unwrap(), [cluster(1, "c"), later]);
    assert_eq!(store.abnormal().await.unwrap(), [abnormal(2, "dogs")]);
    store.forget_clusters(&[uid(2)]).await.unwrap();
    assert_eq!(store.reported_clusters().await.unwrap(), [cluster(1, "c")]);
    assert_eq!(store.abnormal().await.unwrap(), []);
}

async fn the_newest_lines_of_each_cluster_are_kept(Fixture { store, .. }: Fixture) {
    let line = |id: i64| LogLine { id, entry: format!("{{\"id\":{id}}}") };
    let kept = |n: u8, lines: Vec<LogLine>| KeptCluster { row: heard(n), abnormal: None, lines };
    store.keep_clusters(&[kept(1, vec![line(1), line(2)]), kept(2, vec![line(2)])]).await.unwrap();
    // What is kept again stays as it was.
    let other = LogLine { entry: "{}".to_owned(), ..line(2) };
    store.keep_clusters(&[kept(1, vec![other, line(3)])]).await.unwrap();
    assert_eq!(store.cluster_log(uid(1), 0).await.unwrap(), [line(1), line(2), line(3)]);
    assert_eq!(store.cluster_log(uid(1), 2).await.unwrap(), [line(3)]);
    let more = (4..=LINES as i64 + 2).map(line).collect();
    store.keep_clusters(&[kept(1, more)]).await.unwrap();
    let all = store.cluster_log(uid(1), 0).await.unwrap();
    assert_eq!((all.len(), all[0].id), (LINES, 3));
    assert_eq!(store.cluster_log(uid(2), 0).await.unwrap(), [line(2)], "each has its own");
    store.forget_clusters(&[uid(1)]).await.unwrap();
    assert_eq!(store.cluster_log(uid(1), 0).await.unwrap(), []);
}
