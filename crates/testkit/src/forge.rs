//! A small forge on loopback: stock `git http-backend` behind HTTP/1.1 with Basic.
//!
//! Each connection carries one request. It is enough for `git` as a client, and takes whatever is
//! posted to its API without a look at it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A server of the repositories in a folder, which stops when it is dropped.
#[derive(Debug)]
pub struct Forge {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// What `Authorization` must be, if anything.
    authorization: Option<String>,
    /// Where every request is sent on to, if anywhere.
    redirect: Option<String>,
    ends: AtomicBool,
    /// The header `Authorization` of each request.
    seen: Mutex<Vec<Option<String>>>,
    /// What was posted to its API.
    posted: Mutex<Vec<Posted>>,
}

/// What somebody posted to the API of a [`Forge`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The path.
    pub path: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The body.
    pub body: String,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Forge {
    /// Serves the repositories in a folder to everybody, or to those who send this header
    /// `Authorization`.
    ///
    /// # Panics
    /// If loopback has no free port.
    #[must_use]
    pub fn start(root: &Path, authorization: Option<&str>) -> Self {
        Self::with(root, authorization, None)
    }

    /// Sends everybody on to another address.
    ///
    /// # Panics
    /// If loopback has no free port.
    #[must_use]
    pub fn redirecting(to: &str) -> Self {
        Self::with(Path::new(""), None, Some(to.to_owned()))
    }

    fn with(root: &Path, authorization: Option<&str>, redirect: Option<String>) -> Self {
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            authorization: authorization.map(str::to_owned),
            redirect,
            ends: AtomicBool::new(false),
            seen: Mutex::default(),
            posted: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it was just bound");
        let served = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.ends.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&served);
                // A client that went away is no matter of the server's.
                thread::spawn(move || shared.answer(&stream).is_ok());
            }
        });
        Self { shared, address, accepting: Some(accepting) }
    }

    /// The address of a repository.
    #[must_use]
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }

    /// The header `Authorization` of each request until now.
    ///
    /// # Panics
    /// If a thread of the server panicked.
    #[must_use]
    pub fn authorizations(&self) -> Vec<Option<String>> {
        self.shared.seen.lock().expect("no thread panics with it").clone()
    }

    /// What was posted to its API until now.
    ///
    /// # Panics
    /// If a thread of the server panicked.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        self.shared.posted.lock().expect("no thread panics with it").clone()
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        // It waits for one more connection.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn answer(&self, stream: &TcpStream) -> io::Result<()> {
        let mut output = stream;
        let request = Request::read(stream)?;
        let authorization = request.header("authorization").map(str::to_owned);
        self.seen.lock().expect("no thread panics with it").push(authorization.clone());
        if let Some(to) = &self.redirect {
            let target = format!("{to}{}?{}", request.path, request.query);
            return respond(output, "302 Found", &format!("Location: {target}\r\n"), b"");
        }
        if request.method == "POST" && request.path.starts_with("/api/") {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let posted = Posted { path: request.path, authorization, body };
            self.posted.lock().expect("no thread panics with it").push(posted);
            return respond(output, "201 Created", "", b"{}");
        }
        if self.authorization.is_some() && self.authorization != authorization {
            let header = "WWW-Authenticate: Basic realm=\"forge\"\r\n";
            return respond(output, "401 Unauthorized", header, b"");
        }
        let printed = self.run(&request)?;
        let end = printed.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(0);
        let head = String::from_utf8_lossy(&printed[..end]);
        let (mut status, mut headers) = ("200 OK".to_owned(), String::new());
        for line in head.lines() {
            match line.strip_prefix("Status: ") {
                Some(found) => status = found.to_owned(),
                None => headers.push_str(&format!("{line}\r\n")),
            }
        }
        respond(&mut output, &status, &headers, &printed[(end + 4).min(printed.len())..])
    }

    /// `git http-backend` as CGI.
    #[expect(clippy::disallowed_methods, reason = "tests run the real program")]
    fn run(&self, request: &Request) -> io::Result<Vec<u8>> {
        let header = |name| request.header(name).unwrap_or_default();
        let mut child = Command::new("git")
            .arg("http-backend")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("REMOTE_USER", "somebody")
            .env("REMOTE_ADDR", "127.0.0.1")
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", &request.path)
            .env("QUERY_STRING", &request.query)
            .env("CONTENT_TYPE", header("content-type"))
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
            .env("GIT_PROTOCOL", header("git-protocol"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut pipe = child.stdin.take();
        thread::scope(|scope| {
            // A program that has heard enough closes its input.
            scope.spawn(move || pipe.take().map(|mut pipe| pipe.write_all(&request.body).is_ok()));
            Ok(child.wait_with_output()?.stdout)
        })
    }
}

impl Request {
    fn read(stream: &TcpStream) -> io::Result<Self> {
        let mut input = BufReader::new(stream);
        let mut line = String::new();
        input.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            input.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Vec::new(),
        };
        if request.header("expect").is_some() {
            let mut output = stream;
            output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = match request.header("transfer-encoding") {
            Some(_) => read_chunks(&mut input)?,
            None => {
                let length = request.header("content-length").and_then(|text| text.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                input.read_exact(&mut body)?;
                body
            }
        };
        Ok(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

fn read_chunks(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        input.by_ref().take(length).read_to_end(&mut body)?;
        input.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn respond(mut output: impl Write, status: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(
        output,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    output.write_all(body)
}
