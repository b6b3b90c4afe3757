//! Fuzzes the law of `laws/edit.rs`.

#![no_main]

#[path = "../laws/edit.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| law::check(bytes));
