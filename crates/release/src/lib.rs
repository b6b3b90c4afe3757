//! Compare what is rendered with the ledger, and decide the next step.
//!
//! ```text
//! (ledger, rendered) ─compare─▶ Difference ─decide─▶ a step, what waits for a person, or a refusal
//! ```
//!
//! Pure: no client, no clock (`now` is an argument), no file. Deletions accept only proven
//! absence.
