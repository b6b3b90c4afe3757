//! Who sends a webhook, and whether it is really they.
//!
//! In: headers and the bytes of a body. Out: whether they prove that the sender knows the secret.
//! Each forge has its own way; comparisons take the same time wherever they fail. What a body says
//! is not read: it is only a hint that there may be something new. So a webhook that is sent
//! again by somebody who saw it costs one fetch of what is there, and its age is not asked for.

use std::fmt;
use std::str::FromStr;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::Secret;
use crate::identity::presented;

/// What a secret of GitLab starts with that signs, after
/// <https://github.com/standard-webhooks/standard-webhooks>.
const SIGNING: &str = "whsec_";

/// A forge that sends webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// GitHub: `X-Hub-Signature-256: sha256=HEX`, an HMAC-SHA256 of the body.
    /// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
    GitHub,
    /// GitLab: the secret itself as `X-Gitlab-Token`; or, where the secret is a signing token
    /// `whsec_...`, `webhook-signature`.
    /// <https://docs.gitlab.com/user/project/integrations/webhooks/>
    GitLab,
    /// Gitea and Forgejo: `X-Gitea-Signature: HEX`, an HMAC-SHA256 of the body.
    /// <https://docs.gitea.com/usage/webhooks>
    Gitea,
    /// Bitbucket Cloud and Data Center: `X-Hub-Signature: sha256=HEX`, an HMAC-SHA256 of the body.
    /// <https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/>
    Bitbucket,
    /// Azure DevOps signs nothing, and sends the secret as the password of Basic.
    /// <https://learn.microsoft.com/azure/devops/service-hooks/services/webhooks>
    Azure,
}

/// All of them, with the names that they have in paths and settings.
const PROVIDERS: [(Provider, &str); 5] = [
    (Provider::GitHub, "github"),
    (Provider::GitLab, "gitlab"),
    (Provider::Gitea, "gitea"),
    (Provider::Bitbucket, "bitbucket"),
    (Provider::Azure, "azure"),
];

/// A name that no provider has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no webhooks of `{0}` are known; there are github, gitlab, gitea, bitbucket and azure")]
pub struct UnknownProvider(String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        let found = PROVIDERS.iter().find(|(_, name)| *name == text);
        let unknown = || UnknownProvider(text.chars().take(40).collect());
        found.map(|(provider, _)| *provider).ok_or_else(unknown)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = PROVIDERS.iter().find(|(provider, _)| provider == self).map(|(_, name)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

impl Provider {
    /// Whether a request proves that its sender knows the secret.
    pub(crate) fn accepts(self, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signed = |text: Option<&str>| text.is_some_and(|hex| is_signed(secret, body, hex));
        match self {
            Self::GitHub => signed(header("x-hub-signature-256").and_then(after_sha256)),
            Self::Bitbucket => signed(header("x-hub-signature").and_then(after_sha256)),
            Self::Gitea => signed(header("x-gitea-signature")),
            Self::GitLab => match secret.reveal().strip_prefix(SIGNING) {
                Some(key) => is_signed_with_time(key, headers, body),
                None => is_same(secret, header("x-gitlab-token").unwrap_or_default()),
            },
            Self::Azure => presented(headers).is_some_and(|sent| is_same(secret, sent.reveal())),
        }
    }
}

fn after_sha256(value: &str) -> Option<&str> {
    value.strip_prefix("sha256=")
}

fn is_same(secret: &Secret, sent: &str) -> bool {
    bool::from(secret.reveal().as_bytes().ct_eq(sent.as_bytes()))
}

/// HMAC-SHA256 of some parts, in constant time compared with what was sent.
fn verifies(key: &[u8], parts: &[&[u8]], sent: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(sent).is_ok()
}

fn is_signed(secret: &Secret, body: &[u8], hex: &str) -> bool {
    let sent = hex.parse::<model::Digest>();
    sent.is_ok_and(|sent| verifies(secret.reveal().as_bytes(), &[body], &sent.0))
}

/// `webhook-signature: v1,BASE64 v1,BASE64`, over `<id>.<time>.<body>`.
fn is_signed_with_time(key: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).map(|value| value.as_bytes());
    let (Some(id), Some(time)) = (header("webhook-id"), header("webhook-timestamp")) else {
        return false;
    };
    let (Ok(key), Some(sent)) = (STANDARD.decode(key), headers.get("webhook-signature")) else {
        return false;
    };
    let sent = sent.to_str().unwrap_or_default().split(' ');
    let mut signatures = sent.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    signatures.any(|sent| verifies(&key, &[id, b".", time, b".", body], &sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"Hello, World!";
    /// Example of GitHub's documentation.
    const SECRET: &str = "It's a Secret to Everybody";
    const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn accepts(provider: Provider, secret: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        provider.accepts(&Secret::new(secret), &map, BODY)
    }

    #[test]
    fn each_forge_proves_itself_in_its_own_way() {
        let prefixed = format!("sha256={SIGNATURE}");
        assert!(accepts(Provider::GitHub, SECRET, &[("x-hub-signature-256", &prefixed)]));
        assert!(accepts(Provider::Bitbucket, SECRET, &[("x-hub-signature", &prefixed)]));
        assert!(accepts(Provider::Gitea, SECRET, &[("x-gitea-signature", SIGNATURE)]));
        assert!(accepts(Provider::GitLab, SECRET, &[("x-gitlab-token", SECRET)]));
        // any:s3cret
        assert!(accepts(Provider::Azure, "s3cret", &[("authorization", "Basic YW55OnMzY3JldA==")]));
    }

    #[test]
    fn a_signing_token_of_gitlab_signs_id_time_and_body() {
        let key = [7; 32];
        let secret = format!("{SIGNING}{}", STANDARD.encode(key));
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(b"id-1.1767225600.");
        mac.update(BODY);
        let signature = format!("v1,AAAA v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let (id, time) = (("webhook-id", "id-1"), ("webhook-timestamp", "1767225600"));
        let signed = ("webhook-signature", signature.as_str());
        assert!(accepts(Provider::GitLab, &secret, &[id, time, signed]));
        assert!(!accepts(Provider::GitLab, &secret, &[("webhook-id", "id-2"), time, signed]));
        assert!(!accepts(Provider::GitLab, &secret, &[id, signed]));
        assert!(!accepts(Provider::GitLab, &secret, &[id, time, ("webhook-signature", "v1,AAAA")]));
        assert!(!accepts(Provider::GitLab, &secret, &[("x-gitlab-token", &secret)]));
    }

    #[test]
    fn what_proves_nothing_is_not_accepted() {
        let (bare, other) = (SIGNATURE, SIGNATURE.replace('7', "8"));
        let wrong = format!("sha256={other}");
        let sha1 = "sha1=757107ea0eb2509fc211221cce984b8a37570b6d";
        let right = format!("sha256={SIGNATURE}");
        for (provider, headers) in [
            (Provider::GitHub, vec![]),
            (Provider::GitHub, vec![("x-hub-signature-256", bare)]),
            (Provider::GitHub, vec![("x-hub-signature-256", "sha256=")]),
            (Provider::GitHub, vec![("x-hub-signature-256", &wrong)]),
            (Provider::GitHub, vec![("x-hub-signature", sha1)]),
            (Provider::GitHub, vec![("x-hub-signature", &right)]),
            (Provider::Bitbucket, vec![("x-hub-signature", sha1)]),
            (Provider::Gitea, vec![("x-gitea-signature", "")]),
            (Provider::GitLab, vec![("x-gitlab-token", "")]),
            (Provider::GitLab, vec![("x-gitlab-token", "It's a Secret to Everybod")]),
            (Provider::Azure, vec![("authorization", "Basic YW55OnMzY3JldA==")]),
        ] {
            assert!(!accepts(provider, SECRET, &headers), "{provider}: {headers:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for (provider, name) in PROVIDERS {
            assert_eq!((name.parse(), provider.to_string()), (Ok(provider), name.to_owned()));
        }
        assert!("GitHub".parse::<Provider>().is_err());
    }
}
