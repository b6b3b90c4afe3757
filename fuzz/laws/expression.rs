//! Any text is an expression or a mistake; what was printed parses to the same.

use plan::expression::{parse, print};

/// Panics where the law does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(syntax) = parse(text) {
        let printed = print(&syntax);
        let again = parse(&printed).expect("what was printed is an expression");
        assert_eq!(print(&again), printed, "printing is stable");
    }
}
