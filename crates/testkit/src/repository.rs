//! Temporary Git repositories that nothing of this machine reaches into.
//!
//! No configuration of the system or the user, a fixed author, fixed dates: equal contents give
//! equal commits on every machine.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use model::CommitId;
use tempfile::TempDir;

use crate::source::{TestFile, files};

/// The author and committer of every commit.
const AUTHOR: &str = "Res-Edge Test";
const EMAIL: &str = "test@res-edge.example";
/// 2026-01-01T00:00:00Z, as Git writes a date.
const DATE: &str = "1767225600 +0000";

/// A temporary repository; it is removed when the value is dropped.
#[derive(Debug)]
pub struct TestRepository {
    folder: TempDir,
    bare: bool,
}

/// A bare repository with the branch `main` and no commit.
#[must_use]
pub fn repository() -> TestRepository {
    TestRepository::init(true)
}

/// A repository with a work tree, the branch `main` and no commit.
#[must_use]
pub fn work_tree() -> TestRepository {
    TestRepository::init(false)
}

impl TestRepository {
    fn init(bare: bool) -> Self {
        let folder = TempDir::new().expect("the system's folder for temporary files is writable");
        let repository = Self { folder, bare };
        let more: &[&str] = if bare { &["--bare"] } else { &[] };
        repository.git(&[&["init", "-q", "-b", "main"], more].concat());
        repository
    }

    /// The folder: the work tree, or the bare repository.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What a `git` command prints, without the last newline.
    ///
    /// # Panics
    /// If the command fails, with what it said.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.try_git(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What a `git` command prints, without the last newline.
    ///
    /// # Errors
    /// The command, its exit code and what it said on its standard error.
    pub fn try_git(&self, arguments: &[&str]) -> Result<String, String> {
        self.run(arguments, &[])
    }

    /// Whether a `git` command succeeds, and all that it says.
    ///
    /// # Panics
    /// If `git` does not start.
    #[must_use]
    pub fn say(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("`git` does not start: {error}"));
        let text = [&output.stderr[..], &output.stdout].concat();
        // The spaces hide what a progress line left on a terminal.
        let text = String::from_utf8_lossy(&text).replace("        \n", "\n");
        (output.status.success(), text)
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<String, String> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`git` does not start: {error}"))?;
        // A command that fails may close its input early; its own message says why.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input));
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        text_of(arguments, &output)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place of the room that starts git")]
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        // `GIT_DIR` and its like would lead away from the temporary folder: a hook that runs the
        // tests sets them.
        let inherited: Vec<_> = std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| name.to_string_lossy().starts_with("GIT_"))
            .collect();
        inherited.iter().for_each(|name| {
            command.env_remove(name);
        });
        command
            .current_dir(self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CEILING_DIRECTORIES", self.ceiling())
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .envs([("GIT_AUTHOR_NAME", AUTHOR), ("GIT_COMMITTER_NAME", AUTHOR)])
            .envs([("GIT_AUTHOR_EMAIL", EMAIL), ("GIT_COMMITTER_EMAIL", EMAIL)])
            .envs([("GIT_AUTHOR_DATE", DATE), ("GIT_COMMITTER_DATE", DATE)])
            .args(["-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null"])
            .args(["-c", "commit.gpgSign=false", "-c", "gc.auto=0"])
            .args(arguments);
        command
    }

    fn ceiling(&self) -> PathBuf {
        self.path().parent().unwrap_or(Path::new("/")).to_owned()
    }

    /// Commits exactly these files (see [`crate::files`] for the text) to `main`, on top of what
    /// is there, and answers the commit. A work tree then holds exactly these files too.
    ///
    /// # Panics
    /// If Git refuses.
    pub fn commit_all(&self, text: &str) -> CommitId {
        self.commit_to("main", text)
    }

    /// Commits exactly these files to a branch, on top of what is there.
    ///
    /// # Panics
    /// If Git refuses.
    pub fn commit_to(&self, branch: &str, text: &str) -> CommitId {
        let stream = self.import_stream(branch, &files(text));
        self.run(&["fast-import", "--quiet", "--force"], &stream)
            .unwrap_or_else(|error| panic!("{error}"));
        if !self.bare && self.git(&["symbolic-ref", "HEAD"]) == format!("refs/heads/{branch}") {
            self.git(&["reset", "-q", "--hard"]);
        }
        self.commit_of(branch)
    }

    /// A commit in the language of `git fast-import`: no index and no work tree are needed.
    fn import_stream(&self, branch: &str, files: &[TestFile]) -> Vec<u8> {
        let message = "commit";
        let mut stream = format!(
            "commit refs/heads/{branch}\ncommitter {AUTHOR} <{EMAIL}> {DATE}\ndata {}\n{message}\n",
            message.len()
        );
        if self.try_git(&["rev-parse", "-q", "--verify", &format!("refs/heads/{branch}")]).is_ok() {
            stream.push_str(&format!("from refs/heads/{branch}^0\n"));
        }
        stream.push_str("deleteall\n");
        for file in files {
            let mode = if file.executable { "100755" } else { "100644" };
            stream.push_str(&format!("M {mode} inline {}\n", file.path));
            stream.push_str(&format!("data {}\n{}\n", file.text.len(), file.text));
        }
        stream.into_bytes()
    }

    /// The commit that a revision names.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn commit_of(&self, revision: &str) -> CommitId {
        let text = self.git(&["rev-parse", "--verify", &format!("{revision}^{{commit}}")]);
        text.parse().expect("git prints an id of 40 digits")
    }

    /// Writes files into the work tree, without a commit and without removing others.
    ///
    /// # Panics
    /// If the repository is bare, or a file cannot be written.
    pub fn write(&self, text: &str) {
        assert!(!self.bare, "a bare repository has no work tree to write into");
        for file in files(text) {
            let path = self.path().join(&file.path);
            let parent = path.parent().expect("a file stands in a folder");
            std::fs::create_dir_all(parent).expect("the temporary folder is writable");
            std::fs::write(&path, &file.text).expect("the temporary folder is writable");
            make_executable(&path, file.executable);
        }
    }

    /// Every file below a revision as `<mode> <path>` lines, in Git's order.
    #[must_use]
    pub fn list(&self, revision: &str) -> String {
        self.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", revision])
    }

    /// The text of a file of a revision.
    ///
    /// # Panics
    /// If there is no such file.
    #[must_use]
    pub fn show(&self, revision: &str, path: &str) -> String {
        self.git(&["cat-file", "blob", &format!("{revision}:{path}")])
    }
}

#[cfg(unix)]
fn make_executable(path: &Path, executable: bool) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if executable { 0o755 } else { 0o644 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .expect("the file was just written");
}

#[cfg(not(unix))]
fn make_executable(_path: &Path, _executable: bool) {}

fn text_of(arguments: &[&str], output: &Output) -> Result<String, String> {
    if output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        return Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`git {}` failed ({}): {}", arguments.join(" "), output.status, said.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: &str = "-- fleet.yaml --\nkind: Fleet\n-- apps/web/run.sh (x) --\necho\n";

    #[test]
    fn equal_files_give_equal_commits_in_a_bare_repository_and_a_work_tree() {
        let (bare, tree) = (repository(), work_tree());
        assert_eq!(bare.commit_all(FILES), tree.commit_all(FILES));
        assert_eq!(tree.git(&["status", "--porcelain"]), "");
        assert_eq!(bare.list("main"), "100755 apps/web/run.sh\n100644 fleet.yaml");
    }

    #[test]
    fn a_second_commit_stands_on_the_first_and_holds_only_its_own_files() {
        let repository = work_tree();
        let first = repository.commit_all(FILES);
        let second = repository.commit_all("-- fleet.yaml --\nkind: Fleet\n");
        assert_eq!(repository.commit_of("main~1"), first);
        assert_eq!(repository.list(&second.to_string()), "100644 fleet.yaml");
        assert!(!repository.path().join("apps").exists());
    }

    #[test]
    fn written_files_are_changes_of_the_work_tree() {
        let repository = work_tree();
        repository.commit_all(FILES);
        repository.write("-- fleet.yaml --\nkind: Other\n-- new --\n");
        assert_eq!(repository.git(&["status", "--porcelain"]), " M fleet.yaml\n?? new");
    }

    #[test]
    fn a_failure_shows_what_git_said() {
        let error = repository().try_git(&["rev-parse", "--verify", "nowhere"]).unwrap_err();
        assert!(error.contains("rev-parse") && error.contains("fatal:"), "{error}");
    }
}
