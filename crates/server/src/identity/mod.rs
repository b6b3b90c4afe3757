//! Who asks: from what a request carries to a [`Caller`].
//!
//! In: the headers of a request. Out: a caller with the subjects that Roles can name, nobody, or
//! a refusal. What a caller may do is decided elsewhere, in one place; nothing here grants
//! anything but the administrator's own standing.

mod caller;
mod credentials;
mod secret;

pub use caller::Caller;
pub(crate) use caller::{ADMINISTRATOR, Callers, WrongCredentials};
pub(crate) use credentials::presented;
pub use secret::Secret;
