//! The log of the server.
//!
//! In: how the terminal is, and the environment. Out: one subscriber for the process. The log goes
//! to standard error as `RES_EDGE_LOG` says (`info` if it does not): lines for people, or JSON
//! where nobody watches.

use tracing_subscriber::EnvFilter;

/// Begins to write the log.
pub(crate) fn start(is_for_people: bool) {
    let filter = std::env::var("RES_EDGE_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::new(filter);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second server in one process, as in tests, keeps the log of the first.
    let _ = match is_for_people {
        true => log.compact().try_init(),
        false => log.json().try_init(),
    };
}
