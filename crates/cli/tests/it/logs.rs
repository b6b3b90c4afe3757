//! What a server writes about itself: its log.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, http};

/// A server that writes its log, and its address.
fn serve(sandbox: &Sandbox, more: &[&str], variables: &[(&str, &str)]) -> (Child, String) {
    sandbox.write_bytes("admin-token", ADMIN.as_bytes());
    let words = "serve --data server --listen 127.0.0.1:0 --admin-token-file admin-token";
    let mut words: Vec<&str> = words.split_whitespace().collect();
    words.extend(more);
    let mut command = sandbox.command(&words);
    let variables = [("RES_EDGE_LOG", "server=debug")].iter().chain(variables).copied();
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
    let answer = http("GET", &format!("{url}{path}"), &[("x-request-id", id)], "");
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

/// Takes requests with bodies and answers each with 200, until what came holds a text; then answers
/// all of it.
fn collect_until(listener: &TcpListener, text: &str) -> Vec<u8> {
    let mut collected = Vec::new();
    while !contains(&collected, text) {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).unwrap() > 2 {
            collected.extend_from_slice(line.as_bytes());
            let line = std::mem::take(&mut line).to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        collected.extend_from_slice(&body);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
    }
    collected
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn traces_go_to_the_collector_that_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let collecting = std::thread::spawn(move || collect_until(&listener, "an-id-of-a-trace"));
    let sandbox = Sandbox::empty();
    let (child, url) = serve(&sandbox, &["--otlp-endpoint", &collector], &[]);
    assert_eq!(ask(&url, "/healthz?canary=1", "an-id-of-a-trace"), "HTTP/1.1 200 OK");
    // What is not sent yet is sent when the server ends.
    end(child);
    let collected = collecting.join().unwrap();
    for text in ["POST /v1/traces", "res-edge", "GET /healthz", "http.response.status_code"] {
        assert!(contains(&collected, text), "{text}: {}", String::from_utf8_lossy(&collected));
    }
    assert!(!contains(&collected, "canary"));
}

#[test]
fn without_its_collector_the_server_serves_and_says_so() {
    let sandbox = Sandbox::empty();
    let nowhere = [("RES_EDGE_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("RES_EDGE_LOG", "warn")];
    let (child, url) = serve(&sandbox, &[], &nowhere);
    assert_eq!(ask(&url, "/healthz", "an-id"), "HTTP/1.1 200 OK");
    let log = end(child);
    assert!(log.contains("opentelemetry"), "{log}");
    assert!(log.contains("stopped\n"), "{log}");
}
