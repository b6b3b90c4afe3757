//! People whom a provider of identities knows: OpenID Connect, authorization code with PKCE.
//!
//! ```text
//! begin ──▶ where the browser goes, and a Flow that it keeps ──▶ the provider
//! the provider sends the browser back ──▶ finish(Flow, code) ──▶ Proven
//! ```
//!
//! In: settings, and what the browser brings back. Out: where the browser goes, and who the person
//! is by the provider's word. Who a person is here, and what they may do, is not decided here. The
//! provider is asked when somebody signs in and never at the start: while it is down, everything
//! but this way to sign in works.

mod claims;
mod exchange;
mod fetch;
mod flow;
mod known;
mod metadata;
mod settings;
mod token;

pub(crate) use claims::Proven;
pub(crate) use exchange::{IdentityProvider, Returned};
pub(crate) use flow::{Flow, own_path};
pub use settings::{Oidc, OidcMistake};

/// What the provider is called in names of people and of groups: `oidc/anna`, `group:oidc/pets`.
pub(crate) const OIDC: &str = "oidc";

/// Where the provider sends browsers back to, below the address of this server.
const CALLBACK: &str = "/auth/oidc/callback";

/// Why a sign-in does not end well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotProven {
    /// The provider does not answer, or not as one.
    #[error("the provider of identities cannot be asked: {why}")]
    Unreachable {
        /// What happened.
        why: String,
        /// After how many seconds it is asked again.
        retry_after: u64,
    },
    /// This browser did not begin the sign-in that ends here.
    #[error("this browser did not begin the sign-in that ends here")]
    NotBegun,
    /// The answer is another provider's.
    #[error("the answer comes from another provider than the one that was asked")]
    OtherProvider,
    /// The provider says no.
    #[error("the provider of identities refused: {0}")]
    Refused(String),
    /// What the provider says about the person cannot be taken.
    #[error("what the provider of identities says cannot be taken: {0}")]
    Unfit(String),
}
