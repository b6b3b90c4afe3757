//! A repository that is elsewhere, as `--to URL` names it, and its copy in the cache.
//!
//! The copy saves fetching everything again, and decides nothing: it is made equal to what is
//! there before it is read, and can be removed at any time. One process uses it at a time.

use std::convert::Infallible;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use git::Repository;
use git::remote::{Credentials, Mirror, Remote, RemoteUrl, Tracked, UrlError};
use server::{Branches, Publisher};

use super::{remote_error, repository_error};
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;

/// The user name beside a token, where the file of the token names none. Forges look at the token.
const USER: &str = "res-edge";

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// On this machine.
    Path(PathBuf),
    /// Elsewhere.
    Url(RemoteUrl),
    /// What is no address. It is told by us and not by what reads the command line, which would
    /// quote it with all that it holds.
    Wrong(UrlError),
}

impl FromStr for To {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_scp =
            text.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'));
        let looks_remote = text.contains("://") || text.contains("::") || is_scp;
        if !looks_remote || Path::new(text).exists() {
            return Ok(Self::Path(PathBuf::from(text)));
        }
        Ok(RemoteUrl::parse(text).map_or_else(Self::Wrong, Self::Url))
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Url(url) => write!(f, "{url}"),
            Self::Wrong(_) => f.write_str("URL"),
        }
    }
}

/// The files by which a remote lets us in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secrets<'a> {
    /// A token, as `TOKEN` or `USER:TOKEN`.
    pub(crate) token: Option<&'a Path>,
    /// A private key for SSH.
    pub(crate) key: Option<&'a Path>,
    /// The keys of hosts.
    pub(crate) known_hosts: Option<&'a Path>,
}

impl Secrets<'_> {
    /// A remote with these.
    ///
    /// # Errors
    /// A file cannot be read, or they do not fit the address.
    pub(crate) fn remote(&self, url: &RemoteUrl) -> Result<Remote, CommandError> {
        let credentials = match (self.token, self.key, self.known_hosts) {
            (Some(_), Some(_), _) => {
                return Err(CommandError::user("a token and a key are given for one repository")
                    .hint("use a token with HTTPS, and a key with SSH"));
            }
            (Some(token), ..) => read_token(token)?,
            (None, Some(key), Some(known_hosts)) => {
                Credentials::Key { key: absolute(key)?, known_hosts: absolute(known_hosts)? }
            }
            (None, Some(_), None) => {
                return Err(CommandError::user("a key needs the file of known hosts").hint(
                    "name it with `--known-hosts`; `ssh-keyscan HOST` prints what it holds",
                ));
            }
            (None, None, _) => Credentials::None,
        };
        Remote::new(url.clone(), credentials).map_err(|error| remote_error(&error))
    }
}

/// The address of a repository elsewhere.
///
/// # Errors
/// It is none. What was given is not quoted where it may hold a secret.
pub(crate) fn address(text: &str) -> Result<RemoteUrl, CommandError> {
    RemoteUrl::parse(text).map_err(|error| wrong_address(&error))
}

/// What is no address, as an error.
pub(super) fn wrong_address(error: &UrlError) -> CommandError {
    CommandError::of(ErrorKind::User, error)
}

/// A path for a program that runs in another folder.
fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    path.canonicalize().map_err(|error| {
        CommandError::user(format!("cannot read `{}`", path.display())).caused_by(&error)
    })
}

fn read_token(path: &Path) -> Result<Credentials, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::user(format!("cannot read a token from `{}`", path.display()))
            .caused_by(&error)
    })?;
    let text = text.trim();
    let (user, token) = text.split_once(':').unwrap_or((USER, text));
    if token.is_empty() || text.contains(char::is_whitespace) {
        let message = format!("`{}` holds no token", path.display());
        return Err(CommandError::user(message).hint("write one line, `TOKEN` or `USER:TOKEN`"));
    }
    Ok(Credentials::Token { user: user.to_owned(), token: token.to_owned() })
}

/// The repository of the ledger: one of this machine, or the copy of one that is elsewhere.
pub(crate) struct Place {
    repository: Repository,
    mirror: Option<Mirror>,
    /// Locked while this process uses the copy.
    lock: Option<File>,
}

/// Opens the copy of a repository that is elsewhere, which was not read yet.
///
/// # Errors
/// There is nowhere to keep it, or the credentials do not fit.
pub(super) fn open(
    url: &RemoteUrl,
    secrets: &Secrets<'_>,
    session: &Session,
) -> Result<Place, CommandError> {
    let remote = secrets.remote(url)?;
    let cache = session.cache().ok_or_else(|| {
        CommandError::user(format!("there is nowhere to keep a copy of `{url}`"))
            .hint("name a folder with `--cache-dir`")
    })?;
    let name = model::sha256(url.to_string().as_bytes()).to_string();
    let folder = cache.join("repositories").join(&name[..32]);
    let unusable = |error: &std::io::Error| {
        let shown = folder.display();
        CommandError::unavailable(format!("cannot keep a copy of `{url}` in `{shown}`"), error)
    };
    std::fs::create_dir_all(&folder).map_err(|error| unusable(&error))?;
    let lock = lock(&folder.join("lock"), session).map_err(|error| unusable(&error))?;
    let path = folder.join("copy.git");
    let repository = match path.exists() {
        true => Repository::open(&path).map_err(|error| repository_error(&error)),
        false => {
            git::init_bare(&path).map_err(|error| CommandError::of(ErrorKind::Unavailable, &error))
        }
    };
    let mirror = Mirror::open(repository?, remote).map_err(|error| remote_error(&error))?;
    Ok(Place { repository: mirror.repository().clone(), mirror: Some(mirror), lock: Some(lock) })
}

fn lock(path: &Path, session: &Session) -> std::io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let _waiting = session.terminal.progress("waiting for another command with this URL");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(file)
}

impl Place {
    /// A repository of this machine.
    pub(super) fn here(repository: Repository) -> Self {
        Self { repository, mirror: None, lock: None }
    }

    /// The repository, or its copy.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Reads the ledger that is elsewhere.
    ///
    /// # Errors
    /// It cannot be reached.
    pub(super) fn refresh(&mut self) -> Result<(), CommandError> {
        match &mut self.mirror {
            Some(mirror) => {
                let fetched = mirror.fetch(&[Tracked::ledger()]);
                fetched.map(drop).map_err(|error| remote_error(&error))
            }
            None => Ok(()),
        }
    }

    /// A publisher to it, and what must be held while it is used.
    pub(crate) fn into_publisher(self) -> (Publisher, Option<File>) {
        let publisher = match self.mirror {
            Some(mirror) => Publisher::elsewhere(mirror, Branches::There),
            None => Publisher::new(&self.repository),
        };
        (publisher, self.lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_an_address_are_told_apart() {
        let url = |text: &str| matches!(text.parse(), Ok(To::Url(_)));
        for text in ["https://forge.example/a.git", "ssh://git@host/a", "git@host:a/b.git"] {
            assert!(url(text), "{text}");
        }
        for text in ["/srv/git/a.git", "delivery.git", "../a", "a:b"] {
            assert!(matches!(text.parse(), Ok(To::Path(_))), "{text}");
        }
        for text in ["ext::sh -c id", "file:///srv/a", "https://token@host/a", "-x://a"] {
            assert!(matches!(text.parse(), Ok(To::Wrong(_))), "{text}");
        }
    }
}
