//! The servers that a person signed in to, kept in a file that only they can read.
//!
//! The file is `res-edge/contexts.json` in the folder for configuration of the XDG base directory
//! specification. It holds tokens, so it is made with mode 0600, and one that others can read is
//! refused. It is replaced whole: a process that is killed leaves the old one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use server::Secret;

use crate::error::{CommandError, ErrorKind};
use crate::files::make_folder;

/// A server, and who signed in to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// Where it is.
    pub(crate) server: String,
    /// Who signed in, as the server says.
    pub(crate) user: Option<String>,
    /// With what; nothing after `logout`.
    pub(crate) token: Option<Secret>,
    /// The name of the token, where `login` made it: `logout` takes it back.
    pub(crate) token_name: Option<String>,
    /// A certificate authority to trust besides those of the system, as PEM.
    pub(crate) authority: Option<String>,
}

/// All of them, and which one is in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contexts {
    path: PathBuf,
    current: Option<String>,
    all: BTreeMap<String, Context>,
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, Entry>,
}

/// One context in the file. Here, and nowhere else, a token is written as it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    server: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_authority: Option<String>,
}

impl Contexts {
    /// Reads the file; no file is no contexts.
    ///
    /// # Errors
    /// It cannot be read, others could read it, or it is none of ours.
    pub(crate) fn read() -> Result<Self, CommandError> {
        let folder = crate::arguments::configuration_folder().ok_or_else(|| {
            CommandError::user(
                "there is no place for contexts: neither HOME nor XDG_CONFIG_HOME is set",
            )
        })?;
        let path = folder.join("contexts.json");
        let shown = path.display();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == IoErrorKind::NotFound => {
                return Ok(Self { path, ..Self::default() });
            }
            Err(error) => {
                return Err(CommandError::unavailable(format!("cannot read `{shown}`"), &error));
            }
        };
        refuse_open_file(&path)?;
        let file: File = serde_json::from_str(&text).map_err(|error| {
            CommandError::new(ErrorKind::User, format!("`{shown}` is no file of contexts: {error}"))
                .hint("mend it, or remove it and sign in again")
        })?;
        let all = file.contexts.into_iter().map(|(name, entry)| (name, entry.into()));
        Ok(Self { all: all.collect(), current: file.current, path })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self) -> Result<(), CommandError> {
        let contexts =
            self.all.iter().map(|(name, context)| (name.clone(), Entry::from(context.clone())));
        let file = File { current: self.current.clone(), contexts: contexts.collect() };
        let text = serde_json::to_string_pretty(&file).unwrap_or_default() + "\n";
        if let Some(folder) = self.path.parent() {
            make_folder(folder)?;
        }
        replace(&self.path, text.as_bytes()).map_err(|error| {
            CommandError::unavailable(format!("cannot write `{}`", self.path.display()), &error)
        })
    }

    /// Every context with its name, in the order of names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Context)> {
        self.all.iter().map(|(name, context)| (name.as_str(), context))
    }

    /// The context in use, and its name.
    pub(crate) fn current(&self) -> Option<(&str, &Context)> {
        let (name, context) = self.all.get_key_value(self.current.as_ref()?)?;
        Some((name, context))
    }

    /// The context of a name.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn named(&self, name: &str) -> Result<(&str, &Context), CommandError> {
        let found = self.all.get_key_value(name);
        found.map(|(name, context)| (name.as_str(), context)).ok_or_else(|| {
            CommandError::user(format!("there is no context `{name}`"))
                .hint("`res-edge context list` shows them")
        })
    }

    /// The context for a server; the current one, if several are.
    pub(crate) fn for_server(&self, server: &str) -> Option<&Context> {
        let is_for = |context: &&Context| crate::remote::is_same_server(&context.server, server);
        let current = self.current().map(|(_, context)| context).filter(is_for);
        current.or_else(|| self.all.values().find(is_for))
    }

    /// Puts a context under a name and uses it.
    pub(crate) fn put(&mut self, name: &str, context: Context) {
        self.all.insert(name.to_owned(), context);
        self.current = Some(name.to_owned());
    }

    /// Uses another context.
    pub(crate) fn choose(&mut self, name: &str) {
        self.current = Some(name.to_owned());
    }

    /// Removes a context; none is in use if it was this one.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Context> {
        self.current.take_if(|current| current == name);
        self.all.remove(name)
    }

    /// Forgets the token of a context.
    pub(crate) fn forget_token(&mut self, name: &str) {
        if let Some(context) = self.all.get_mut(name) {
            (context.token, context.token_name) = (None, None);
        }
    }

    /// Contexts that stand in no file.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(current: &str, all: [(&str, Context); N]) -> Self {
        let all = all.map(|(name, context)| (name.to_owned(), context)).into();
        Self { path: PathBuf::new(), current: Some(current.to_owned()), all }
    }
}

impl From<Entry> for Context {
    fn from(entry: Entry) -> Self {
        Self {
            server: entry.server,
            user: entry.user,
            token: entry.token.map(Secret::new),
            token_name: entry.token_name,
            authority: entry.certificate_authority,
        }
    }
}

impl From<Context> for Entry {
    fn from(context: Context) -> Self {
        Self {
            server: context.server,
            user: context.user,
            token: context.token.map(|token| token.reveal().to_owned()),
            token_name: context.token_name,
            certificate_authority: context.authority,
        }
    }
}

/// Writes a file beside the old one, and puts it in its place.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&temporary, path));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// Refuses a file that others than its owner can read or write.
#[cfg(unix)]
fn refuse_open_file(path: &Path) -> Result<(), CommandError> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = path.display();
    let mode = fs::metadata(path).map(|file| file.permissions().mode()).unwrap_or_default();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(CommandError::user(format!("others can read the tokens in `{shown}`"))
        .hint(format!("`chmod 600 {shown}`, and take back the tokens if others were there")))
}

#[cfg(not(unix))]
fn refuse_open_file(_path: &Path) -> Result<(), CommandError> {
    Ok(())
}
