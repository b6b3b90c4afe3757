//! A PostgreSQL that loses its connections or its life: what was acknowledged is there, and the
//! store goes on by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{Chain, Place, Store};
use tokio::task::JoinHandle;

use crate::audit::deed;
use crate::kinds::at;
use testkit::Postgres;

/// Records until told to end; answers the numbers that were acknowledged.
fn writer(store: Store, is_over: Arc<AtomicBool>) -> JoinHandle<Vec<u64>> {
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            match store.record(&deed("x"), at(0)).await {
                Ok(head) => acknowledged.push(head.number),
                Err(_) => tokio::task::yield_now().await,
            }
        }
        acknowledged
    })
}

/// Waits until so many rows are there.
async fn until(store: &Store, n: u64) {
    while store.audit_head().await.map_or(0, |head| head.number) < n {
        tokio::task::yield_now().await;
    }
}

async fn every_acknowledged_row_is_there(store: &Store, acknowledged: Vec<u64>) {
    let Chain::Whole(head) = store.verify_audit().await.unwrap() else { panic!("broken") };
    let last = acknowledged.iter().copied().max().unwrap();
    assert!(head.number >= last, "{} of {last}", head.number);
    assert!(head.number >= acknowledged.len() as u64, "a number was given twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_off_lose_nothing() {
    let cluster = Postgres::shared();
    let place = cluster.database().parse().unwrap();
    let store = Store::open(&place).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = writer(store.clone(), Arc::clone(&is_over));
    let Place::Postgres(options) = &place else { unreachable!() };
    let database = options.get_database().unwrap();
    for round in 1..=20 {
        until(&store, round * 3).await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
        cluster.sql("postgres", &format!("{cut}'{database}'"));
    }
    is_over.store(true, Ordering::Relaxed);
    every_acknowledged_row_is_there(&store, writer.await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_database_loses_nothing() {
    let cluster = Postgres::start("crashing");
    let store = Store::open(&cluster.database().parse().unwrap()).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = writer(store.clone(), Arc::clone(&is_over));
    for round in 1..=3 {
        until(&store, round * 20).await;
        cluster.crash();
        assert!(store.ping().await.is_err(), "it is gone");
        cluster.run();
    }
    until(&store, 80).await;
    is_over.store(true, Ordering::Relaxed);
    every_acknowledged_row_is_there(&store, writer.await.unwrap()).await;
}
