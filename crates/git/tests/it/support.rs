//! Repositories in temporary folders, and the `git` program with an environment of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git::Repository;
use tempfile::TempDir;

/// A repository that goes away with the test.
pub(crate) struct Temporary {
    _folder: TempDir,
    path: PathBuf,
}

impl Temporary {
    /// `git init <arguments>` in a new folder.
    pub(crate) fn init(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repository");
        let init = [&["init", "--quiet", "--initial-branch=main"], arguments].concat();
        run(folder.path(), &[&init[..], &["repository"]].concat(), b"");
        Self { _folder: folder, path }
    }

    /// `git clone <arguments> <url>` into a new folder.
    pub(crate) fn clone(url: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repository");
        let clone = [&["clone", "--quiet"], arguments, &[url, "repository"]].concat();
        run(folder.path(), &clone, b"");
        Self { _folder: folder, path }
    }

    /// Whether `git <arguments>` succeeds here, and what it says to a person.
    pub(crate) fn said(&self, arguments: &[&str]) -> (bool, String) {
        let output = command(&self.path, arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// A repository that is someone else's.
    pub(crate) fn at(path: &Path) -> Self {
        Self { _folder: tempfile::tempdir().unwrap(), path: path.to_owned() }
    }

    /// A bare repository.
    pub(crate) fn bare() -> Self {
        Self::init(&["--bare"])
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn open(&self) -> Repository {
        Repository::open(&self.path).unwrap()
    }

    /// What `git <arguments>` prints here, without the last line break.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        run(&self.path, arguments, b"")
    }

    /// The same with standard input.
    pub(crate) fn git_with(&self, arguments: &[&str], input: &str) -> String {
        run(&self.path, arguments, input.as_bytes())
    }

    /// A commit of files (path and content) on a branch, made by someone else, on top of what the
    /// branch holds; an empty content removes the file.
    pub(crate) fn commit_files(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let mut stream = format!(
            "commit refs/heads/{branch}\ncommitter Human <human@example.com> 1700000000 +0000\n\
             data 6\nhuman\n\n"
        );
        let tip =
            self.try_git(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")]);
        if let Some(tip) = tip {
            stream.push_str(&format!("from {tip}\n"));
        }
        for (path, content) in files {
            match *content {
                "" => stream.push_str(&format!("D {path}\n")),
                _ => stream.push_str(&format!(
                    "M 100644 inline {path}\ndata {}\n{content}\n",
                    content.len()
                )),
            }
        }
        self.git_with(&["fast-import", "--quiet"], &stream);
        self.git(&["rev-parse", &format!("refs/heads/{branch}")])
    }

    /// What `git cat-file --batch` gives for these objects, as bytes.
    pub(crate) fn contents(&self, ids: &[model::ObjectId]) -> Vec<Vec<u8>> {
        let input: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let printed = run_bytes(&self.path, &["cat-file", "--batch"], input.as_bytes());
        let (mut rest, mut contents) = (printed.as_slice(), Vec::new());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let header = String::from_utf8_lossy(&rest[..end]);
            let size: usize = header.rsplit(' ').next().unwrap().parse().expect(&header);
            contents.push(rest[end + 1..][..size].to_vec());
            rest = &rest[end + size + 2..];
        }
        contents
    }

    pub(crate) fn try_git(&self, arguments: &[&str]) -> Option<String> {
        let output = command(&self.path, arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| text.trim_end().to_owned())
    }

    /// The bytes that `git <arguments>` prints here, given some text.
    pub(crate) fn bytes_with(&self, arguments: &[&str], input: &str) -> Vec<u8> {
        run_bytes(&self.path, arguments, input.as_bytes())
    }

    /// Fails unless every object is there and well formed.
    pub(crate) fn check(&self) {
        self.git(&["fsck", "--full", "--strict", "--no-dangling"]);
    }
}

fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    String::from_utf8(run_bytes(folder, arguments, input)).unwrap().trim_end().to_owned()
}

fn run_bytes(folder: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = command(folder, arguments).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    let complaint = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "git {arguments:?}: {complaint}{printed}");
    output.stdout
}

#[expect(clippy::disallowed_methods, reason = "tests ask the real program what it thinks")]
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Human")
        .env("GIT_AUTHOR_EMAIL", "human@example.com")
        .env("GIT_COMMITTER_NAME", "Human")
        .env("GIT_COMMITTER_EMAIL", "human@example.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0000")
        .env("GIT_COMMITTER_DATE", "1700000000 +0000")
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
