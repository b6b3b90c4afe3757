//! How many cases a property is tried with.

use proptest::test_runner::Config;

/// The settings of a property that is tried with so many cases, or with as many as the
/// environment's `PROPTEST_CASES` says: a short run before each merge, a long one by `make soak`.
///
/// A failure is not kept in a file: what it found becomes a test of its own.
#[must_use]
pub fn cases(few: u32) -> Config {
    let default = Config {
        failure_persistence: None,
        // A property that assumes something rejects a share of its cases, however many there are.
        max_global_rejects: u32::MAX,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        default
    } else {
        Config { cases: few, ..default }
    }
}
