//! Fuzzes the law of `laws/placeholder.rs`.

#![no_main]

#[path = "../laws/placeholder.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
