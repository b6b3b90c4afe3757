//! Runs a program with nothing around it.
//!
//! In: a program, words, a folder. Out: what it printed, or how it failed. There is no shell. The
//! program gets an environment made here, a home of its own that is empty, no `PATH`, no network
//! where the system allows to take it away, and limits of time, memory and output.
//!
//! What a process may do is set from inside it, and without `unsafe` only a program of one thread
//! can do that. So the sandbox starts the launcher, which closes the network, sets the limits and
//! then becomes the program ([`enter_sandbox`]).

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal};

use crate::ExpandError;
use crate::limits::Limits;

/// The first word that makes a launcher call [`enter_sandbox`].
pub const SANDBOX_WORD: &str = "__sandbox";

/// The word that asks whether the network is closed.
const PROBE: &str = "probe";

/// How much of a complaint is kept.
const COMPLAINT: u64 = 64 << 10;

/// How many files a program may have open.
const OPEN_FILES: u64 = 1024;

/// How large a file it may write, in its home. It has no reason to write any.
const FILE_SIZE: u64 = 1 << 20;

/// What the launcher says when the program cannot be started at all.
const NOT_STARTED: u8 = 127;

/// Whether programs can reach the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkState {
    /// They cannot.
    Closed,
    /// The system does not allow to take it away, and why. What would be fetched is refused
    /// before a program is run.
    Open(String),
}

/// Starts programs.
pub(crate) struct Sandbox {
    launcher: PathBuf,
    limits: Limits,
    n_runs: AtomicUsize,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It succeeded, and printed this.
    Well(Vec<u8>),
    /// It failed, and complained.
    Badly(String),
    /// It passed a limit, and which.
    Limit(String),
}

impl Sandbox {
    pub(crate) fn new(launcher: PathBuf, limits: Limits) -> Self {
        Self { launcher, limits, n_runs: AtomicUsize::new(0) }
    }

    /// How many runs were for builds.
    pub(crate) fn n_runs(&self) -> usize {
        self.n_runs.load(Ordering::Relaxed)
    }

    /// Runs a program in a folder, with a home that is empty.
    pub(crate) fn run(
        &self,
        program: &Path,
        words: &[OsString],
        folder: &Path,
        home: &Path,
    ) -> Result<Ended, ExpandError> {
        self.n_runs.fetch_add(1, Ordering::Relaxed);
        self.start(program, words, [folder, home], self.limits)
    }

    /// Runs a program that needs no input, with the limits that every machine has for that.
    pub(crate) fn ask(&self, program: &Path, words: &[OsString]) -> Result<Ended, ExpandError> {
        let failed = |source| ExpandError::Run { program: program.to_owned(), source };
        let home = tempfile::Builder::new().prefix("res-edge-").tempdir().map_err(failed)?;
        self.start(program, words, [home.path(), home.path()], Limits::default())
    }

    /// Whether the network is closed inside.
    pub(crate) fn network(&self) -> Result<NetworkState, ExpandError> {
        Ok(match self.ask(Path::new(PROBE), &[])? {
            Ended::Well(said) => match String::from_utf8_lossy(&said).trim() {
                "" => NetworkState::Closed,
                why => NetworkState::Open(why.to_owned()),
            },
            Ended::Badly(why) | Ended::Limit(why) => NetworkState::Open(why),
        })
    }

    fn start(
        &self,
        program: &Path,
        words: &[OsString],
        folders: [&Path; 2],
        limits: Limits,
    ) -> Result<Ended, ExpandError> {
        let failed = |source| ExpandError::Run { program: program.to_owned(), source };
        let mut child = self.command(program, words, folders, limits).spawn().map_err(failed)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let overflow = AtomicBool::new(false);
        thread::scope(|scope| {
            let printed = scope.spawn(|| read_up_to(stdout, limits.output, &overflow));
            let complaint = scope.spawn(|| read_up_to(stderr, COMPLAINT, &AtomicBool::new(false)));
            let ended = wait(&mut child, limits.time, &overflow).map_err(failed)?;
            let printed = printed.join().unwrap_or_default();
            let complaint = complaint.join().unwrap_or_default();
            Ok(match ended {
                Wait::Success if !overflow.load(Ordering::Relaxed) => Ended::Well(printed),
                Wait::Success | Wait::Overflow => {
                    Ended::Limit(format!("printed more than {} bytes", limits.output))
                }
                Wait::Failure => failure(&complaint, limits),
                Wait::Time => Ended::Limit(format!("took longer than {:?}", limits.time)),
            })
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that starts a program in this room"
    )]
    fn command(
        &self,
        program: &Path,
        words: &[OsString],
        [folder, home]: [&Path; 2],
        limits: Limits,
    ) -> Command {
        let mut command = Command::new(&self.launcher);
        command.env_clear().current_dir(folder);
        command.envs([("HOME", home), ("TMPDIR", home), ("KUBECONFIG", Path::new("/dev/null"))]);
        command.envs([("LC_ALL", "C"), ("TZ", "UTC"), ("HELM_NO_PLUGINS", "1")]);
        command.arg(SANDBOX_WORD);
        command.arg(limits.time.as_secs().saturating_add(1).to_string());
        command.arg(limits.memory.to_string()).arg(program).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that what it may start is ended with it.
        command.process_group(0);
        command
    }
}

/// How waiting ended.
enum Wait {
    Success,
    Failure,
    Time,
    Overflow,
}

/// Waits until the program ends, or ends it when its time is up or its output too large.
fn wait(child: &mut Child, time: Duration, overflow: &AtomicBool) -> std::io::Result<Wait> {
    let end = Instant::now() + time;
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { Wait::Success } else { Wait::Failure });
        }
        let too_much = overflow.load(Ordering::Relaxed);
        if too_much || Instant::now() >= end {
            end_group(child);
            child.wait()?;
            return Ok(if too_much { Wait::Overflow } else { Wait::Time });
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Both may only fail if the program has just ended by itself.
fn end_group(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let ended = group.map(|group| rustix::process::kill_process_group(group, Signal::KILL));
    if !matches!(ended, Some(Ok(()))) {
        let _ = child.kill();
    }
}

/// A program that is out of memory or of processor time ends itself or is ended.
fn failure(complaint: &[u8], limits: Limits) -> Ended {
    let text = String::from_utf8_lossy(complaint).into_owned();
    let signs = ["out of memory", "cannot allocate memory", "pthread_create failed"];
    if signs.iter().any(|sign| text.contains(sign)) {
        return Ended::Limit(format!("needed more than {} bytes of memory", limits.memory));
    }
    Ended::Badly(text)
}

/// Reads to the end or to one byte more than the limit, and says when that is passed. What could
/// not be read is missing from the output; the exit status decides.
fn read_up_to(pipe: Option<impl Read>, limit: u64, overflow: &AtomicBool) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.by_ref().take(limit + 1).read_to_end(&mut kept);
        if kept.len() as u64 > limit {
            overflow.store(true, Ordering::Relaxed);
        }
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    }
    kept
}

/// What a launcher does with the words after [`SANDBOX_WORD`]: it gives up the network and sets
/// limits, and becomes the program that the words name. It returns only if that fails.
///
/// A process must call it before it starts any thread.
#[must_use]
pub fn enter_sandbox(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut words = words.into_iter();
    let mut number = || words.next().and_then(|word| word.to_str()?.parse::<u64>().ok());
    let (Some(seconds), Some(memory)) = (number(), number()) else {
        return say("the sandbox needs limits");
    };
    let Some(program) = words.next() else { return say("the sandbox needs a program") };
    let network = close_network();
    if program == OsStr::new(PROBE) {
        return probe(&network);
    }
    if let Err(error) = set_limits(seconds, memory) {
        return say(&format!("the sandbox cannot set its limits: {error}"));
    }
    let error = become_program(&program, words);
    say(&format!("cannot run `{}`: {error}", program.to_string_lossy()))
}

/// A user namespace needs no right on most systems, and inside one a network namespace can be
/// made, which holds a loopback device that is down and nothing else.
fn close_network() -> rustix::io::Result<()> {
    use rustix::thread::UnshareFlags;
    #[expect(deprecated, reason = "its successor is unsafe for one flag, and this is not that one")]
    rustix::thread::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET)
}

fn set_limits(seconds: u64, memory: u64) -> rustix::io::Result<()> {
    let limits = [
        (Resource::Cpu, seconds),
        (Resource::As, memory),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Fsize, FILE_SIZE),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
}

#[expect(clippy::disallowed_methods, reason = "the launcher becomes the program")]
fn become_program(program: &OsStr, words: impl Iterator<Item = OsString>) -> std::io::Error {
    Command::new(program).args(words).exec()
}

#[expect(clippy::print_stdout, reason = "the sandbox reads it")]
fn probe(network: &rustix::io::Result<()>) -> ExitCode {
    if let Err(error) = network {
        println!("{error}");
    }
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "the sandbox reads it")]
fn say(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(NOT_STARTED)
}
