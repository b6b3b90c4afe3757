//! Fuzzes the law of `laws/document.rs`.

#![no_main]

#[path = "../laws/document.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
