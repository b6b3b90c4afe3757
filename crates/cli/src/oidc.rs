//! The flags that tell `serve` which provider of identities to trust.

#![allow(rustdoc::bare_urls, reason = "these comments are help texts of the terminal")]

use std::path::{Path, PathBuf};

use server::{Oidc, Secret};

use crate::error::CommandError;

/// Flags of `serve` about the provider of identities.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Sign-in with OpenID Connect")]
pub(crate) struct OidcFlags {
    /// Trust this provider of identities, as in https://id.example/realms/fleet
    #[arg(long, value_name = "URL", requires = "oidc_client_id")]
    oidc_issuer: Option<String>,
    /// What the provider calls this server
    #[arg(long, value_name = "ID", requires = "oidc_issuer")]
    oidc_client_id: Option<String>,
    /// File with the secret that the provider gave this server; none for a public client
    #[arg(long, value_name = "FILE", requires = "oidc_issuer")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Where the provider sends browsers back to: the server's address and /auth/oidc/callback;
    /// else made from the host that a browser asks for
    #[arg(long, value_name = "URL", requires = "oidc_issuer")]
    oidc_redirect: Option<String>,
    /// Claim that names a person, which the provider must never give to another one
    #[arg(long, value_name = "CLAIM", default_value = "sub", requires = "oidc_issuer")]
    oidc_name_claim: String,
    /// Claim that lists a person's groups
    #[arg(long, value_name = "CLAIM", default_value = "groups", requires = "oidc_issuer")]
    oidc_groups_claim: String,
}

impl OidcFlags {
    /// The provider, if one is named.
    ///
    /// # Errors
    /// The file of the secret cannot be read, or is empty.
    pub(crate) fn settings(&self) -> Result<Option<Oidc>, CommandError> {
        let Some((issuer, client_id)) = self.oidc_issuer.clone().zip(self.oidc_client_id.clone())
        else {
            return Ok(None);
        };
        let secret = self.oidc_client_secret_file.as_deref().map(secret).transpose()?;
        Ok(Some(Oidc {
            issuer,
            client_id,
            client_secret: secret,
            redirect: self.oidc_redirect.clone(),
            name_claim: self.oidc_name_claim.clone(),
            groups_claim: self.oidc_groups_claim.clone(),
        }))
    }
}

fn secret(path: &Path) -> Result<Secret, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::user(format!("cannot read the provider's secret from `{shown}`: {error}"))
    })?;
    match text.trim() {
        "" => Err(CommandError::user(format!("`{shown}` is empty"))
            .hint("write the secret there that the provider shows for this client")),
        text => Ok(Secret::new(text)),
    }
}
