//! A folder, a hermetic environment, and the binary in it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder that holds whatever a test writes, and in which commands run.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with these files, in no repository (see [`testkit::files`] for the text).
    pub(crate) fn with(text: &str) -> Self {
        let sandbox = Self::empty();
        sandbox.write(text);
        sandbox
    }

    /// A folder with these files, committed.
    pub(crate) fn committed(text: &str) -> Self {
        let sandbox = Self::with(text);
        sandbox.git("init -q -b main");
        sandbox.commit();
        sandbox
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes more files.
    pub(crate) fn write(&self, text: &str) {
        for file in testkit::files(text) {
            self.write_bytes(&file.path, file.text.as_bytes());
        }
    }

    /// Writes one file of any bytes.
    pub(crate) fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Replaces a text in a file, which must hold it.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let file = self.path().join(path);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "`{path}` does not hold `{from}`");
        std::fs::write(file, text.replace(from, to)).unwrap();
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git("add -A");
        self.git("commit -q --allow-empty -m change");
    }

    /// Runs `git` here, and answers what it prints.
    pub(crate) fn git(&self, words: &str) -> String {
        let mut command = self.hermetic("git");
        let output = command.args(words.split_whitespace()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `res-edge` here; words are cut at spaces.
    pub(crate) fn run(&self, words: &str) -> Output {
        self.run_words(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs `res-edge` here.
    pub(crate) fn run_words(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// A program with a hermetic environment, not started yet.
    pub(crate) fn program(&self, name: &str, words: &[&str]) -> Command {
        let mut command = self.hermetic(name);
        command.args(words).stdin(Stdio::null());
        command
    }

    /// `res-edge` with a hermetic environment, not started yet.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.hermetic(env!("CARGO_BIN_EXE_res-edge"));
        command.args(words).stdin(Stdio::null());
        command
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where these tests start programs")]
    fn hermetic(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("USER", "anna")
            .env("TZ", "UTC")
            // Whatever this machine has on its `PATH`: a test names the programs that it runs.
            .env("RES_EDGE_KUSTOMIZE", "/nowhere/kustomize")
            .env("RES_EDGE_HELM", "/nowhere/helm")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CEILING_DIRECTORIES", self.path().parent().unwrap())
            .envs([("GIT_COMMITTER_NAME", "anna"), ("GIT_COMMITTER_EMAIL", "anna@example.com")])
            .envs([("GIT_AUTHOR_NAME", "anna"), ("GIT_AUTHOR_EMAIL", "anna@example.com")])
            .env("GIT_AUTHOR_DATE", "1767225600 +0000")
            .env("GIT_COMMITTER_DATE", "1767225600 +0000")
            .current_dir(self.path());
        command
    }

    /// What a command prints and how it ends, with the folder's path replaced.
    pub(crate) fn show(&self, words: &str) -> String {
        self.text(&self.run(words))
    }

    /// Like [`Self::show`], with words that hold spaces.
    pub(crate) fn show_words(&self, words: &[&str]) -> String {
        self.text(&self.run_words(words))
    }

    /// An output as one text.
    pub(crate) fn text(&self, output: &Output) -> String {
        let mut text = String::new();
        let code = output.status.code().map_or("signal".to_owned(), |code| code.to_string());
        let _ = writeln!(text, "exit {code}");
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                let _ = write!(text, "--- {name}\n{}", String::from_utf8_lossy(bytes));
            }
        }
        let real = self.path().canonicalize().unwrap();
        text.replace(&real.display().to_string(), "[DIR]")
            .replace(&self.path().display().to_string(), "[DIR]")
    }
}
