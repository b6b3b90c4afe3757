//! Fuzzes the law of `laws/expression.rs`.

#![no_main]

#[path = "../laws/expression.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
