//! What a server writes about itself: its log.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::sandbox::Sandbox;
use crate::serving::ADMIN;

/// A server that writes its log, and its address.
fn serve(sandbox: &Sandbox, more: &[&str], variables: &[(&str, &str)]) -> (Child, String) {
    sandbox.write_bytes("admin-token", ADMIN.as_bytes());
    let words = "serve --data server --listen 127.0.0.1:0 --admin-token-file admin-token";
    let mut words: Vec<&str> = words.split_whitespace().collect();
    words.extend(more);
    let mut command = sandbox.command(&words);
    let variables = variables.iter().copied().chain([("RES_EDGE_LOG", "server=debug")]);
    let mut child = command.envs(variables).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    errors.read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
    child.stderr = Some(errors.into_inner());
    (child, url.to_owned())
}

/// Sends a request with an id, and answers the first line of the answer.
fn ask(url: &str, path: &str, id: &str) -> String {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

/// Ends a server in order, and answers its log.
#[expect(clippy::disallowed_methods, reason = "a test sends SIGTERM as a person does")]
fn end(child: Child) -> String {
    std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn lines_of_the_log_carry_the_id_of_their_request() {
    let sandbox = Sandbox::empty();
    let (child, url) = serve(&sandbox, &[], &[]);
    assert_eq!(ask(&url, "/healthz?canary=1", "an-id-of-a-test"), "HTTP/1.1 200 OK");
    let log = end(child);
    let line =
        log.lines().find(|line| line.contains("/healthz")).unwrap_or_else(|| panic!("{log}"));
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["span"]["id"], "an-id-of-a-test");
    assert_eq!((&line["fields"]["status"], &line["level"]), (&200.into(), &"DEBUG".into()));
    assert!(!log.contains("canary"));
}
