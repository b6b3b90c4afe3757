//! Addresses of repositories elsewhere.
//!
//! In: a text that somebody wrote. Out: an address that is safe to give to the `git` program, or
//! what to write instead. Helpers such as `ext::` run programs, and an address with a password
//! shows it in every list of processes: both are refused.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The longest address.
const LONGEST: usize = 2048;

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP over TLS.
    Https,
    /// Plain HTTP.
    Http,
    /// SSH.
    Ssh,
    /// A folder of this machine.
    Local,
}

impl Transport {
    /// What `GIT_ALLOW_PROTOCOL` calls it.
    pub(super) fn protocol(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ssh => "ssh",
            Self::Local => "file",
        }
    }
}

/// Why a text is no address. The text is not quoted where it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It holds nothing, too much, or what no address holds.
    #[error("the address of a repository {0}")]
    Text(&'static str),
    /// It names a way that is not taken.
    #[error(
        "`{0}` is not a way to reach a repository; write `https://HOST/PATH` or `ssh://USER@HOST/PATH`"
    )]
    Scheme(String),
    /// It carries what may be a secret.
    #[error(
        "the address of a repository carries a user name or password; write it without, and give \
         the token by itself"
    )]
    Secret,
    /// The host, port or user is none.
    #[error("the {0} in the address of a repository is none")]
    Part(&'static str),
    /// It looks like no address at all.
    #[error(
        "`{0}` is no address of a repository; write `https://HOST/PATH`, `ssh://USER@HOST/PATH` or \
         `USER@HOST:PATH`"
    )]
    Unknown(String),
}

/// The address of a repository elsewhere: it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteUrl {
    text: String,
}

impl RemoteUrl {
    /// Reads `https://`, `http://`, `ssh://` or `user@host:path`.
    ///
    /// # Errors
    /// It is none of these, or carries a password.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        check_text(text)?;
        let parsed = || Self { text: text.to_owned() };
        if let Some((scheme, rest)) = text.split_once("://") {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            match scheme {
                "https" | "http" => check_web(authority, path)?,
                "ssh" => check_ssh(authority, path)?,
                _ => return Err(UrlError::Scheme(word(scheme))),
            }
            return Ok(parsed());
        }
        if let Some((helper, _)) = text.split_once("::") {
            return Err(UrlError::Scheme(word(helper)));
        }
        match text.split_once(':') {
            Some((authority, path)) if authority.contains('@') && !authority.contains('/') => {
                check_ssh(authority, path)?;
                Ok(parsed())
            }
            Some((user, rest)) if rest.contains('@') && !user.contains('/') => {
                Err(UrlError::Secret)
            }
            _ => Err(UrlError::Unknown(text.to_owned())),
        }
    }

    /// A folder of this machine, which a person named; never one that came from a file.
    ///
    /// # Errors
    /// The path is not absolute, or not plain text.
    pub fn local(path: &Path) -> Result<Self, UrlError> {
        let text = path.to_str().ok_or(UrlError::Text("is not UTF-8"))?;
        if text.chars().any(char::is_control) {
            return Err(UrlError::Text("holds control characters"));
        }
        match path.is_absolute() && !text.contains("::") {
            true => Ok(Self { text: text.to_owned() }),
            false => Err(UrlError::Text("must be an absolute path")),
        }
    }

    /// How it is reached.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self.text.split_once("://").map(|(scheme, _)| scheme) {
            Some("https") => Transport::Https,
            Some("http") => Transport::Http,
            None if self.text.starts_with('/') => Transport::Local,
            _ => Transport::Ssh,
        }
    }

    /// The host, if it is another machine's or a service's.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let authority = match self.text.split_once("://") {
            Some((_, rest)) => rest.split('/').next()?,
            None if self.text.starts_with('/') => return None,
            None => self.text.split(':').next()?,
        };
        let host = authority.rsplit('@').next()?;
        Some(split_port(host).0)
    }

    /// Whether it is this machine by name.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        matches!(self.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
    }

    /// The text, for the `git` program.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for RemoteUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check_text(text: &str) -> Result<(), UrlError> {
    if text.is_empty() {
        return Err(UrlError::Text("is empty"));
    }
    if text.len() > LONGEST {
        return Err(UrlError::Text("is longer than 2048 bytes"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Text("holds white space or control characters"));
    }
    if text.starts_with('-') {
        return Err(UrlError::Text("starts with `-`"));
    }
    Ok(())
}

fn check_web(authority: &str, path: &str) -> Result<(), UrlError> {
    // A forge takes a token as the user name too.
    if authority.contains('@') {
        return Err(UrlError::Secret);
    }
    if path.contains(['?', '#']) {
        return Err(UrlError::Text("has a query or a fragment, which may hold a secret"));
    }
    check_host(authority)?;
    check_path(path)
}

fn check_ssh(authority: &str, path: &str) -> Result<(), UrlError> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err(UrlError::Secret);
    }
    if user.is_some_and(|user| !is_name(user, "_.-+")) {
        return Err(UrlError::Part("user"));
    }
    check_host(host)?;
    check_path(path)
}

fn check_path(path: &str) -> Result<(), UrlError> {
    match path.is_empty() || path.starts_with('-') {
        true => Err(UrlError::Part("path")),
        false => Ok(()),
    }
}

fn check_host(text: &str) -> Result<(), UrlError> {
    let (host, port) = split_port(text);
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_name(host, ".-"),
    };
    if !is_host {
        return Err(UrlError::Part("host"));
    }
    match port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0)) {
        true => Ok(()),
        false => Err(UrlError::Part("port")),
    }
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (host, None),
    }
}

fn is_name(text: &str, also: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain)
}

/// The start of a text, as far as it can stand in a message.
fn word(text: &str) -> String {
    text.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, transport, host) in [
            ("https://forge.example/team/fleet.git", Transport::Https, "forge.example"),
            ("http://127.0.0.1:8080/fleet.git", Transport::Http, "127.0.0.1"),
            ("https://[2001:db8::1]:8443/a", Transport::Https, "[2001:db8::1]"),
            ("ssh://git@forge.example:2222/team/fleet.git", Transport::Ssh, "forge.example"),
            ("git@forge.example:team/fleet.git", Transport::Ssh, "forge.example"),
        ] {
            let url = RemoteUrl::parse(text).unwrap();
            assert_eq!((url.transport(), url.host()), (transport, Some(host)), "{text}");
            assert_eq!(url.to_string(), text);
        }
        let local = RemoteUrl::local(Path::new("/srv/git/fleet.git")).unwrap();
        assert_eq!((local.transport(), local.host()), (Transport::Local, None));
    }

    #[test]
    fn what_is_no_safe_address_is_refused() {
        for text in [
            "",
            "-upload-pack=touch",
            "--exec=sh",
            "ext::sh -c id",
            "ext::sh",
            "fd::3",
            "file:///etc",
            "git://host/a",
            "HTTPS://host/a",
            "https:///a",
            "https://host",
            "https://host/",
            "https://-host/a",
            "https://ho%00st/a",
            "https://host:0/a",
            "https://host:99999/a",
            "https://host/a?token=x",
            "https://host/a\n",
            "https://ho st/a",
            "https://[::1/a",
            "ssh://-oProxyCommand=id/a",
            "ssh://git@-oProxyCommand=id/a",
            "ssh://-x@host/a",
            "git@host:-a",
            "git@host:",
            "/srv/git",
            "fleet",
            "C:\\fleet",
        ] {
            assert!(RemoteUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_in_an_address_is_not_shown() {
        for text in [
            "https://s3cret@host/a",
            "https://user:s3cret@host/a",
            "ssh://user:s3cret@host/a",
            "user:s3cret@host:a",
        ] {
            let error = RemoteUrl::parse(text).unwrap_err();
            assert_eq!(error, UrlError::Secret, "{text}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}");
        }
    }
}
