//! `res-edge edit`: a document of a server, in the editor of a person.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use api::{ClientError, Edited};
use reqwest::Method;

use super::Outcome;
use crate::document::{EditArguments, NamedArguments, YAML, tell};
use crate::error::{CommandError, ErrorKind};
use crate::remote::{Remote, Target};
use crate::session::Session;

/// What is used where neither `VISUAL` nor `EDITOR` is set, as Git does.
const EDITOR: &str = "vi";

/// Opens a document in your editor (VISUAL, else EDITOR, else vi) and sends it back when the editor
/// ends. Mistakes are shown, and the editor opens again. An unchanged document is left alone.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 done; 1 it has errors, and was left as it was; 2 failed; 3 it waits for somebody.

Example:
  res-edge edit cluster central-la-nola-2301 -m 'Move it to the beta ring'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: NamedArguments,
    #[command(flatten)]
    how: EditArguments,
    #[command(flatten)]
    target: Target,
}

/// Runs `edit`.
///
/// # Errors
/// There is no such document, the editor fails, or the server refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let named = arguments.named.named()?;
    let remote = Remote::open(&arguments.target, session)?;
    let written = remote.must_be_written(&named, session)?;
    let editing = Editing::begin(&written.text)?;
    let mut before = written.text.clone();
    loop {
        let text = editing.edit(session)?;
        // Left as it was, also after mistakes, it is not sent again.
        if text.trim() == before.trim() {
            let is_first = before == written.text;
            let what = if is_first { "unchanged" } else { "left as it was" };
            session.terminal.message(&format!("{} {what}", named.shown()));
            return Ok(if is_first { Outcome::Done } else { Outcome::Faulty });
        }
        let request = remote.edit(Method::PUT, &named.path(), &arguments.how);
        let request = request.header("if-match", &written.tag).header("content-type", YAML);
        let request = remote.client().exchange::<Edited>(request.body(text.clone()));
        match remote.try_wait(request, session) {
            Ok(edited) => return Ok(tell(&named.shown(), &edited, &remote, session)),
            Err(ClientError::Problem(problem)) if problem.status == 422 => {
                let error = remote.failure(ClientError::Problem(problem), session.terminal);
                session.terminal.report(&format!("error: {}", error.message()));
                before = text;
            }
            Err(error) => {
                let error = remote.failure(error, session.terminal);
                return Err(editing.keep(error));
            }
        }
    }
}

/// A text in a file that only its owner can read, for as long as it is edited.
struct Editing {
    folder: std::path::PathBuf,
}

impl Editing {
    fn begin(text: &str) -> Result<Self, CommandError> {
        let fault = |error: &std::io::Error| {
            CommandError::unavailable("cannot write the document into a file to edit", error)
        };
        let folder = folder().map_err(|error| fault(&error))?;
        let editing = Self { folder };
        let file = std::fs::File::create_new(editing.file());
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| fault(&error))?;
        Ok(editing)
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.join("document.yaml")
    }

    /// Runs the editor to its end, and answers what the file holds then.
    fn edit(&self, session: &mut Session) -> Result<String, CommandError> {
        session.terminal.flush()?;
        let path = self.file();
        let words = editor();
        let mut words = words.split_whitespace();
        let program = words.next().unwrap_or(EDITOR);
        let ended = run_editor(program, words, &path);
        let ended = ended.map_err(|error| {
            CommandError::unavailable(format!("cannot run the editor `{program}`"), &error)
                .hint("name your editor in the variable EDITOR")
        })?;
        if !ended.success() {
            let message = format!("the editor `{program}` failed, and nothing was changed");
            return Err(CommandError::new(ErrorKind::User, message));
        }
        std::fs::read_to_string(&path)
            .map_err(|error| CommandError::unavailable("cannot read what was edited", &error))
    }

    /// Keeps the file of an edit that could not be made, and says where it is.
    fn keep(self, error: CommandError) -> CommandError {
        let kept = format!("what you wrote is in `{}`", self.file().display());
        std::mem::forget(self);
        error.hint(kept)
    }
}

impl Drop for Editing {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A new folder that only its owner can read.
fn folder() -> std::io::Result<std::path::PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut number = std::process::id();
    loop {
        let folder = std::env::temp_dir().join(format!("res-edge-edit-{number}"));
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            made => return made.map(|()| folder),
        }
    }
}

/// The editor of the person, with its arguments.
fn editor() -> String {
    let set = |name| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| EDITOR.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the editor is the person's own, run as they say")]
fn run_editor<'a>(
    program: &str,
    words: impl Iterator<Item = &'a str>,
    path: &Path,
) -> std::io::Result<std::process::ExitStatus> {
    Command::new(program).args(words).arg(path).status()
}
