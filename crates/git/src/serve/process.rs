//! Running the `git` program on bytes that come from a client and go to one.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal};

use super::advertise::Protocol;
use super::{ServeError, Visible};
use crate::program::{self, COMPLAINT, ProgramError, Run, read_up_to};
use crate::{Repository, RepositoryError};

/// How long one answer may take, its transfer to a slow client among it.
const TIME: Duration = Duration::from_secs(1800);

/// How many bytes are passed on at once.
const BUFFER: usize = 64 << 10;

/// One run of the program.
pub(super) struct Streaming<'a> {
    pub(super) git_dir: &'a Path,
    /// The name of the command, for messages.
    pub(super) command: &'a str,
    /// Everything after the fixed settings.
    pub(super) arguments: Vec<String>,
    pub(super) protocol: Option<&'static str>,
    pub(super) time: Duration,
    /// How much of a resource the program may use; only Linux can set that.
    pub(super) most: Vec<(Resource, u64)>,
}

impl<'a> Streaming<'a> {
    /// `git upload-pack`, for one request or for what comes before it.
    ///
    /// # Errors
    /// If the repository's `HEAD` cannot be read.
    pub(super) fn upload_pack(
        repository: &'a Repository,
        protocol: Protocol,
        visible: &Visible,
        is_advertisement: bool,
    ) -> Result<Self, RepositoryError> {
        let head = head(repository)?;
        let mut settings = visible.settings(head.as_deref());
        // The folder may belong to another user of this machine; it was named by the caller.
        settings.push("safe.directory=*".to_owned());
        // Only what refs lead to, where the protocol looks at that at all.
        for never in ["allowTipSHA1InWant", "allowReachableSHA1InWant", "allowAnySHA1InWant"] {
            settings.push(format!("uploadpack.{never}=false"));
        }
        settings.push("uploadpack.allowRefInWant=false".to_owned());
        settings.push("uploadpack.allowFilter=false".to_owned());
        settings.push("transfer.advertiseObjectInfo=false".to_owned());
        let mut arguments = Vec::new();
        for setting in settings {
            arguments.extend(["-c".to_owned(), setting]);
        }
        arguments.extend(["upload-pack", "--strict", "--stateless-rpc"].map(str::to_owned));
        arguments.extend(is_advertisement.then(|| "--http-backend-info-refs".to_owned()));
        // It runs in the repository's own folder.
        arguments.push(".".to_owned());
        Ok(Self {
            git_dir: repository.git_dir(),
            command: "upload-pack",
            arguments,
            protocol: protocol.setting(),
            time: TIME,
            most: Vec::new(),
        })
    }

    /// Runs it: what `input` gives goes in, and what comes out goes to `output` as it comes. It is
    /// ended, with what it started, if the client goes or a limit is passed.
    ///
    /// # Errors
    /// If the program fails or takes too long, the client goes, or sends too much.
    pub(super) fn run(
        &self,
        input: impl Read + Send,
        output: impl Write + Send,
    ) -> Result<(), ServeError> {
        let mut child = self.spawn()?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (sender, events) = channel();
        let other = sender.clone();
        thread::scope(|scope| {
            scope.spawn(move || feed(input, stdin, &sender));
            scope.spawn(move || pass_on(stdout, output, &other));
            let complaint = scope.spawn(move || read_up_to(stderr, COMPLAINT));
            let ended = self.wait(&mut child, &events);
            if ended.is_err() {
                end(&mut child);
            }
            let complaint = complaint.join().unwrap_or_default();
            match ended? {
                true => Ok(()),
                false => Err(self.named().failed(&complaint).into()),
            }
        })
    }

    fn named(&self) -> Run<'_> {
        Run { git_dir: self.git_dir, command: self.command, time: self.time }
    }

    fn spawn(&self) -> Result<Child, ProgramError> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = program::command(self.git_dir, &arguments);
        // A group of its own, so that what it starts is ended with it.
        command.process_group(0);
        command.envs(self.protocol.map(|protocol| ("GIT_PROTOCOL", protocol)));
        let start = |source| ProgramError::Start { repository: self.git_dir.to_owned(), source };
        let child = command.spawn().map_err(start)?;
        // It waits for its first byte, which comes after this.
        #[cfg(target_os = "linux")]
        for (resource, most) in &self.most {
            let limit = Rlimit { current: Some(*most), maximum: Some(*most) };
            let set = rustix::process::prlimit(pid(&child), *resource, limit);
            set.map_err(|error| start(error.into()))?;
        }
        Ok(child)
    }

    /// Waits until all output was passed on and the program ended, and says whether it succeeded.
    fn wait(&self, child: &mut Child, events: &Receiver<Event>) -> Result<bool, ServeError> {
        match events.recv_timeout(self.time) {
            Ok(Event::Printed) => Ok(self.named().wait(child)?),
            Ok(Event::Gone(error)) => Err(ServeError::Client(error)),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(self
                .named()
                .limit(format!("took longer than {} s", self.time.as_secs()))
                .into()),
        }
    }
}

/// What happens while the program runs.
enum Event {
    /// All that it printed was passed on.
    Printed,
    /// The client cannot be read from or written to, or sends too much.
    Gone(io::Error),
}

/// Passes on what the client sends. A program that needs no more of it closes its end.
fn feed(mut input: impl Read, stdin: Option<ChildStdin>, events: &Sender<Event>) {
    let Some(mut stdin) = stdin else { return };
    let mut buffer = vec![0; BUFFER];
    loop {
        let n = match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // Who waits for it may have ended already. It ends the program, which takes what
                // it got for cut off: no pack and no request is whole before its last byte.
                let _ = events.send(Event::Gone(error));
                return;
            }
        };
        if stdin.write_all(&buffer[..n]).is_err() {
            return;
        }
    }
}

/// Passes on what the program prints, at once.
fn pass_on(stdout: Option<ChildStdout>, mut output: impl Write, events: &Sender<Event>) {
    let Some(mut stdout) = stdout else { return };
    let mut buffer = vec![0; BUFFER];
    let event = loop {
        match stdout.read(&mut buffer) {
            Ok(0) => break Event::Printed,
            Ok(n) => {
                let written = output.write_all(&buffer[..n]).and_then(|()| output.flush());
                if let Err(error) = written {
                    break Event::Gone(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Its exit says what was wrong.
            Err(_) => break Event::Printed,
        }
    };
    let _ = events.send(event);
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Ends the program and what it started. Both may only fail if it has just ended by itself.
fn end(child: &mut Child) {
    let ended = pid(child).map(|group| rustix::process::kill_process_group(group, Signal::KILL));
    if !matches!(ended, Some(Ok(()))) {
        let _ = child.kill();
    }
    let _ = child.wait();
}

/// The branch that the repository's `HEAD` names; nothing if it names none.
fn head(repository: &Repository) -> Result<Option<String>, RepositoryError> {
    let text = std::fs::read_to_string(repository.git_dir().join("HEAD"));
    let text = text.map_err(|error| repository.reference_error("HEAD", error.to_string()))?;
    Ok(text.strip_prefix("ref:").map(|name| name.trim().to_owned()))
}
