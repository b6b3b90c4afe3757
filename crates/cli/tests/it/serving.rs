//! `res-edge serve` as a process of its own, for the commands that ask a server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Output, Stdio};

use crate::sandbox::Sandbox;

/// The administrator's token of every server here.
pub(crate) const ADMIN: &str = "the-administrators-token-of-this-test";

/// A server on the folder `server` of a sandbox, until it is dropped.
pub(crate) struct Serving {
    child: Option<Child>,
    /// Where it listens.
    pub(crate) url: String,
}

impl Serving {
    /// Starts one, and waits until it listens.
    pub(crate) fn in_sandbox(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, "server", "")
    }

    /// One that somebody else started and ends.
    pub(crate) fn at(url: &str) -> Self {
        Self { child: None, url: url.to_owned() }
    }

    /// Starts one on a folder, with more words.
    pub(crate) fn with(sandbox: &Sandbox, data: &str, more: &str) -> Self {
        sandbox.write_bytes("admin-token", ADMIN.as_bytes());
        let words = format!(
            "serve --data {data} --listen 127.0.0.1:0 --admin-token-file admin-token {more}"
        );
        let mut command = sandbox.command(&words.split_whitespace().collect::<Vec<_>>());
        let mut child =
            command.env("RES_EDGE_LOG", "error").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
        let url = url.to_owned();
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child: Some(child), url }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a request with these headers over plain HTTP, and answers all that comes, headers too.
pub(crate) fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\n{}content-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        headers.collect::<String>(),
        body.len(),
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Runs a command with a text as its standard input.
pub(crate) fn run_with_input(sandbox: &Sandbox, words: &str, input: &str) -> Output {
    let mut command = sandbox.command(&words.split_whitespace().collect::<Vec<_>>());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing closes the pipe, which is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
