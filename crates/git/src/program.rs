//! The one place that runs the `git` program, and `ssh-keygen`, by which Git verifies signatures.
//!
//! In: a repository's own folder, arguments as a list and bytes for standard input. Out: what it
//! printed, or an error that names the repository and carries what `git` said. The environment
//! is made here and nothing of the caller's reaches the program except `PATH`, so that neither a
//! user's configuration nor `GIT_DIR` of a hook changes what happens. Hooks, transports and
//! prompts are off. There is no shell, and a run that takes too long or prints too much ends.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long one run may take. Moving 30,000 loose refs takes about ten seconds on a slow disk.
const TIME: Duration = Duration::from_secs(300);

/// How much one run may print.
const OUTPUT: u64 = 64 << 20;

/// How much of what went wrong is kept.
pub(crate) const COMPLAINT: u64 = 64 << 10;

/// Settings that go before the command; they win over the repository's own.
/// <https://git-scm.com/docs/git-config> says what each does.
const SETTINGS: [&str; 10] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.fsync=all",
    "core.fsyncMethod=fsync",
    // Another server may hold a lock while it syncs; in milliseconds.
    "core.filesRefLockTimeout=5000",
    "core.packedRefsTimeout=5000",
    "protocol.allow=never",
    "submodule.recurse=false",
    "transfer.fsckObjects=true",
    "gc.auto=0",
];

/// The environment of every run, besides `PATH`.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    // Only a log of refs would name these.
    ("GIT_COMMITTER_NAME", "res-edge"),
    ("GIT_COMMITTER_EMAIL", "res-edge@localhost"),
    ("LC_ALL", "C"),
];

/// A run of the `git` program that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The program is not there, or may not be run.
    #[error("cannot run `git` for the repository `{}`: {source}", repository.display())]
    Start {
        /// The repository.
        repository: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ran and refused.
    #[error("`git {command}` failed in the repository `{}`: {complaint}", repository.display())]
    Failed {
        /// The repository.
        repository: PathBuf,
        /// The first argument.
        command: String,
        /// What the program printed as its error.
        complaint: String,
    },
    /// It passed a limit and was ended.
    #[error("`git {command}` in the repository `{}` {limit}", repository.display())]
    Limit {
        /// The repository.
        repository: PathBuf,
        /// The first argument.
        command: String,
        /// Which limit.
        limit: String,
    },
}

/// Runs `git <arguments>` on the repository whose own folder (`.git`, or the bare repository) is
/// `git_dir`, and answers what it printed.
///
/// The folder is named to the program, which therefore searches no other and asks nothing about
/// its owner.
///
/// # Errors
/// If the program cannot be started, ends with an error, or passes a limit.
pub(crate) fn run(
    git_dir: &Path,
    arguments: &[&str],
    input: &[u8],
) -> Result<Vec<u8>, ProgramError> {
    run_within(git_dir, arguments, input, TIME)
}

/// Runs `ssh-keygen <arguments>` in a folder, with the same limits and as little around it, and
/// answers what it printed or, if it ended with an error, what it said.
///
/// # Errors
/// If the program cannot be started or passes a limit.
pub(crate) fn run_keygen(
    folder: &Path,
    arguments: &[&str],
    input: &[u8],
) -> io::Result<Result<Vec<u8>, String>> {
    let mut command = bare("ssh-keygen", folder);
    command.envs([("LC_ALL", "C"), ("TZ", "UTC")]).args(arguments);
    let run = Run { git_dir: folder, command: "ssh-keygen", time: TIME };
    match run.finish(command, input) {
        Ok(printed) => Ok(Ok(printed)),
        Err(ProgramError::Failed { complaint, .. }) => Ok(Err(complaint)),
        Err(ProgramError::Start { source, .. }) => Err(source),
        Err(ProgramError::Limit { limit, .. }) => Err(io::Error::other(limit)),
    }
}

/// The same with another limit of time.
///
/// # Errors
/// As those of [`run`].
pub(crate) fn run_within(
    git_dir: &Path,
    arguments: &[&str],
    input: &[u8],
    time: Duration,
) -> Result<Vec<u8>, ProgramError> {
    let run = Run { git_dir, command: arguments.first().copied().unwrap_or_default(), time };
    run.finish(command(git_dir, arguments), input)
}

/// What a run that speaks to another machine came to.
pub(crate) struct Ran {
    pub(crate) is_success: bool,
    pub(crate) printed: Vec<u8>,
    /// Its error output, which its callers make out.
    pub(crate) complaint: String,
}

/// What such a run may have of the caller's environment: how to get out of this network, and whom
/// to trust there.
const OUTWARD: [&str; 11] = [
    "HTTPS_PROXY",
    "https_proxy",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "SSH_AUTH_SOCK",
];

/// Runs `git <arguments>` for a transfer, with more in its environment. It is ended with all that
/// it started when its time is up: a helper that waits for another machine holds our pipes.
///
/// # Errors
/// If it cannot be started or passes a limit; not if it ends with an error.
pub(crate) fn run_far(
    git_dir: &Path,
    arguments: &[&str],
    input: &[u8],
    time: Duration,
    environment: &[(String, String)],
) -> Result<Ran, ProgramError> {
    let start = |source| ProgramError::Start { repository: git_dir.to_owned(), source };
    let mut command = command(git_dir, arguments);
    command.process_group(0);
    for name in OUTWARD {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let mut child = command.spawn().map_err(start)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let named = arguments.iter().find(|word| !word.starts_with('-') && !word.contains('='));
    let run = Run { git_dir, command: named.copied().unwrap_or_default(), time };
    thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input).is_ok()));
        let printed = scope.spawn(move || read_up_to(stdout, OUTPUT));
        let complaint = scope.spawn(move || read_up_to(stderr, COMPLAINT));
        let group = Pid::from_child(&child);
        let ended = run.wait(&mut child);
        if ended.is_err() {
            // Nobody is left in it if the program has just ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let is_success = ended?;
        let printed = printed.join().unwrap_or_default();
        if printed.len() as u64 > OUTPUT {
            return Err(run.limit(format!("printed more than {OUTPUT} bytes")));
        }
        let complaint = complaint.join().unwrap_or_default();
        let complaint = String::from_utf8_lossy(&complaint).into_owned();
        Ok(Ran { is_success, printed, complaint })
    })
}

/// The program with its fixed environment and settings, and pipes.
pub(crate) fn command(git_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = bare("git", git_dir);
    command.envs(ENVIRONMENT).arg("--git-dir").arg(git_dir);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.args(arguments);
    command
}

/// A program with nothing around it but pipes and the way to other programs.
#[expect(clippy::disallowed_methods, reason = "the one place that starts a program in this room")]
fn bare(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(found(program));
    command.env_clear().current_dir(folder);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The file of a program, looked for in the folders of `PATH`; its name where it is in none, so
/// that starting it says what is wrong.
///
/// A program that is named by its path is started without a copy of this process's memory: a
/// server of a large fleet has gigabytes of it, and starts several programs for each push.
fn found(program: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let files = std::env::split_paths(&folders).map(|folder| folder.join(program));
    let is_program = |file: &PathBuf| {
        use std::os::unix::fs::PermissionsExt as _;
        let is_executable =
            |metadata: std::fs::Metadata| metadata.permissions().mode() & 0o111 != 0;
        file.is_absolute() && file.is_file() && file.metadata().is_ok_and(is_executable)
    };
    files.into_iter().find(is_program).unwrap_or_else(|| program.into())
}

/// One run, for its messages.
pub(crate) struct Run<'a> {
    pub(crate) git_dir: &'a Path,
    pub(crate) command: &'a str,
    pub(crate) time: Duration,
}

impl Run<'_> {
    /// Gives it its input, and answers what it printed.
    fn finish(&self, mut command: Command, input: &[u8]) -> Result<Vec<u8>, ProgramError> {
        let start = |source| ProgramError::Start { repository: self.git_dir.to_owned(), source };
        let mut child = command.spawn().map_err(start)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            // A program that ends early closes its input; its exit says what was wrong.
            scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input).is_ok()));
            let printed = scope.spawn(move || read_up_to(stdout, OUTPUT));
            let complaint = scope.spawn(move || read_up_to(stderr, COMPLAINT));
            let status = self.wait(&mut child)?;
            let printed = printed.join().unwrap_or_default();
            let complaint = complaint.join().unwrap_or_default();
            if printed.len() as u64 > OUTPUT {
                return Err(self.limit(format!("printed more than {OUTPUT} bytes")));
            }
            if !status {
                return Err(self.failed(&complaint));
            }
            Ok(printed)
        })
    }

    /// Waits until the program ends, and says whether it succeeded; ends it when its time is up.
    pub(crate) fn wait(&self, child: &mut Child) -> Result<bool, ProgramError> {
        let end = Instant::now() + self.time;
        let mut pause = Duration::from_micros(200);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) if Instant::now() < end => thread::sleep(pause),
                Ok(None) => {
                    // Both may only fail if the program has just ended by itself.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(self.limit(format!("took longer than {} s", self.time.as_secs())));
                }
                Err(source) => {
                    return Err(ProgramError::Start { repository: self.git_dir.into(), source });
                }
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    pub(crate) fn limit(&self, limit: String) -> ProgramError {
        ProgramError::Limit { repository: self.git_dir.into(), command: self.command.into(), limit }
    }

    pub(crate) fn failed(&self, complaint: &[u8]) -> ProgramError {
        let text = String::from_utf8_lossy(complaint);
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let complaint = match lines.as_slice() {
            [] => "it gave no reason".to_owned(),
            lines => lines[..lines.len().min(5)].join("; "),
        };
        ProgramError::Failed {
            repository: self.git_dir.into(),
            command: self.command.into(),
            complaint,
        }
    }
}

/// Reads to the end, keeps at most one byte more than `limit`, and lets the rest go by, so that
/// the program is not stopped by a full pipe.
pub(crate) fn read_up_to(pipe: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut pipe) = pipe {
        // What could not be read is missing from the output; the exit status decides.
        let _ = pipe.by_ref().take(limit + 1).read_to_end(&mut kept);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &["init", "--quiet", "--bare"], b"").unwrap();
        folder
    }

    #[test]
    fn input_goes_in_and_output_comes_out() {
        let repository = repository();
        let id = run(repository.path(), &["hash-object", "--stdin"], b"hello\n").unwrap();
        assert_eq!(id, b"ce013625030ba8dba906f756967f9e9ca394464a\n");
    }

    #[test]
    fn an_error_names_the_repository_and_what_git_said() {
        let repository = repository();
        let error = run(repository.path(), &["rev-parse", "--verify", "nothing"], b"").unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&repository.path().display().to_string()), "{text}");
        assert!(text.ends_with("fatal: Needed a single revision"), "{text}");
    }

    #[test]
    fn a_run_that_takes_too_long_ends() {
        let repository = repository();
        // Sixteen MiB of input take longer to hash than no time at all.
        let input = vec![0; 16 << 20];
        let arguments = ["hash-object", "--stdin"];
        let error = run_within(repository.path(), &arguments, &input, Duration::ZERO).unwrap_err();
        assert!(matches!(error, ProgramError::Limit { .. }), "{error}");
    }

    #[test]
    fn a_repositorys_own_hooks_do_not_run() {
        let repository = repository();
        let hook = repository.path().join("hooks/reference-transaction");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
        std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        run(repository.path(), &["hash-object", "-w", "-t", "tree", "--stdin"], b"").unwrap();
        run(repository.path(), &["update-ref", "refs/tags/t", tree], b"").unwrap();
    }
}
