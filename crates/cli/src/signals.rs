//! When the process is told to end.

/// Done when the process gets SIGINT or SIGTERM.
pub(crate) async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        },
        // Without a handler SIGTERM ends the process at once, which is safe too.
        Err(_) => drop(interrupt.await),
    }
}
