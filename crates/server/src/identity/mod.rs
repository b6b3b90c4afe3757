//! Who asks: from what a request carries to a [`Caller`].
//!
//! In: the headers of a request. Out: a caller with the subjects that Roles can name, nobody, or
//! a refusal. What a caller may do is decided elsewhere, in one place; nothing here grants
//! anything but the administrator's own standing.

mod browser;
mod caller;
mod credentials;
mod passwords;
mod provider;
mod scope;
mod secret;

pub(crate) use browser::{Front, PROOF, Way, is_from_our_page, is_same_origin, own_address};
pub use caller::Caller;
pub(crate) use caller::{ADMINISTRATOR, Callers, Credential, WrongCredentials};
pub(crate) use credentials::presented;
pub(crate) use passwords::{LONGEST, Overloaded, Passwords, SHORTEST};
pub(crate) use provider::{Flow, IdentityProvider, NotProven, OIDC, Proven, Returned, own_path};
pub use provider::{Oidc, OidcMistake};
pub(crate) use scope::Scope;
pub use secret::Secret;
