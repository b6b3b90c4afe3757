//! Any text is an expression or a mistake; what was printed parses to the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plan::expression::{parse, print};

fuzz_target!(|text: &str| {
    if let Ok(syntax) = parse(text) {
        let printed = print(&syntax);
        let again = parse(&printed).expect("what was printed is an expression");
        assert_eq!(print(&again), printed, "printing is stable");
    }
});
