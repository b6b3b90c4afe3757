//! What a remote asks for, and how the `git` program is told.
//!
//! Secrets go through the environment of the one run that needs them, which only the same user
//! can read, and never through arguments, files or messages.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{RemoteUrl, Transport};

/// What is shown in place of a secret.
const HIDDEN: &str = "[hidden]";

/// What ssh is run as, for the server and for people alike. The line is constant: what differs
/// goes through variables that ssh reads itself (ssh_config(5), since OpenSSH 8.4), so that there
/// is nothing to quote.
const SSH: &str = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=30 \
                   -o ForwardAgent=no -o PermitLocalCommand=no -o ClearAllForwardings=yes";

/// The same with nothing of the account that runs it.
const SSH_WITH_KEY: &str = "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes \
                            -o ConnectTimeout=30 -o IdentitiesOnly=yes -o IdentityAgent=none \
                            -o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no \
                            -o 'IdentityFile=${RES_EDGE_SSH_KEY}' \
                            -o 'UserKnownHostsFile=${RES_EDGE_SSH_KNOWN_HOSTS}'";

/// Who we are to a remote.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Nobody over HTTP; over SSH, whoever the account that runs this is.
    #[default]
    None,
    /// A token, sent as the password of Basic.
    Token {
        /// The user name that the forge expects beside it, such as `oauth2`.
        user: String,
        /// The token.
        token: String,
    },
    /// A key for SSH, and the hosts that are known with theirs.
    Key {
        /// The file of the private key.
        key: PathBuf,
        /// The file of known hosts; no other host is spoken to.
        known_hosts: PathBuf,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Token { user, .. } => {
                f.debug_struct("Token").field("user", user).field("token", &HIDDEN).finish()
            }
            Self::Key { key, known_hosts } => {
                f.debug_struct("Key").field("key", key).field("known_hosts", known_hosts).finish()
            }
        }
    }
}

impl Credentials {
    /// The variables of a run that speaks to a remote.
    pub(super) fn environment(
        &self,
        url: &RemoteUrl,
        authority: Option<&Path>,
    ) -> Vec<(String, String)> {
        let mut settings = vec![("http.followRedirects".to_owned(), "false".to_owned())];
        let mut variables =
            vec![("GIT_ALLOW_PROTOCOL".to_owned(), url.transport().protocol().to_owned())];
        if let Some(file) = authority {
            let file = file.to_string_lossy().into_owned();
            settings.push((format!("http.{url}.sslCAInfo"), file));
        }
        match self {
            Self::None if url.transport() == Transport::Ssh => {
                variables.push(("GIT_SSH_COMMAND".to_owned(), SSH.to_owned()));
            }
            Self::None => {}
            Self::Token { user, token } => {
                let word = base64(format!("{user}:{token}").as_bytes());
                let header = format!("Authorization: Basic {word}");
                settings.push((format!("http.{url}.extraHeader"), header));
            }
            Self::Key { key, known_hosts } => {
                let text = |path: &PathBuf| path.to_string_lossy().into_owned();
                variables.push(("GIT_SSH_COMMAND".to_owned(), SSH_WITH_KEY.to_owned()));
                variables.push(("RES_EDGE_SSH_KEY".to_owned(), text(key)));
                variables.push(("RES_EDGE_SSH_KNOWN_HOSTS".to_owned(), text(known_hosts)));
            }
        }
        variables.push(("GIT_CONFIG_COUNT".to_owned(), settings.len().to_string()));
        for (index, (key, value)) in settings.into_iter().enumerate() {
            variables.push((format!("GIT_CONFIG_KEY_{index}"), key));
            variables.push((format!("GIT_CONFIG_VALUE_{index}"), value));
        }
        variables
    }

    /// A text of others without the secret, should it be in it.
    pub(super) fn hide(&self, text: &str) -> String {
        match self {
            Self::Token { user, token } if !token.is_empty() => {
                let word = base64(format!("{user}:{token}").as_bytes());
                text.replace(token.as_str(), HIDDEN).replace(&word, HIDDEN)
            }
            _ => text.to_owned(),
        }
    }
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for index in 0..4 {
            let letter = LETTERS[((bits >> (18 - 6 * index)) & 63) as usize];
            text.push(if index <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648, section 10.
        let known =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (text, word) in known {
            assert_eq!(base64(text.as_bytes()), word);
        }
    }

    #[test]
    fn an_authority_counts_for_its_remote_alone() {
        let url = RemoteUrl::parse("https://fleet.example/git/clusters.git").unwrap();
        let said = |authority| format!("{:?}", Credentials::None.environment(&url, authority));
        let name = "http.https://fleet.example/git/clusters.git.sslCAInfo";
        let with = said(Some(Path::new("/etc/ca.pem")));
        assert!(with.contains(name) && with.contains("/etc/ca.pem"), "{with}");
        assert!(!said(None).contains("sslCAInfo"));
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = Credentials::Token { user: "ci".to_owned(), token: "s3cret".to_owned() };
        assert!(!format!("{token:?}").contains("s3cret"));
        let word = base64(b"ci:s3cret");
        assert_eq!(token.hide(&format!("a s3cret b {word}")), "a [hidden] b [hidden]");
    }
}
