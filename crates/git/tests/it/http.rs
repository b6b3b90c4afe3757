//! Enough of an HTTP/1.1 server to let stock `git` talk to `git::serve`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use git::Repository;
use git::serve::{
    Operation, Push, PushLimits, ServeError, Verdict, Visible, advertise, receive, upload_pack,
};

/// What is served: a repository, what of it is seen, and who decides on pushes.
pub(crate) struct Site {
    pub(crate) repository: Repository,
    pub(crate) visible: Visible,
    pub(crate) limits: PushLimits,
    pub(crate) decide: Box<dyn Fn(&Push<'_>) -> Verdict + Send + Sync>,
}

impl Site {
    /// Everything is seen, and every push accepted.
    pub(crate) fn open(repository: Repository) -> Self {
        let decide = Box::new(|push: &Push<'_>| Verdict::accepted(push));
        Self { repository, visible: Visible::All, limits: PushLimits::default(), decide }
    }
}

/// A server on loopback that stops with the test.
pub(crate) struct Server {
    address: SocketAddr,
    stops: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(site: Site) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stops = Arc::new(AtomicBool::new(false));
        let (site, ends) = (Arc::new(site), Arc::clone(&stops));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let site = Arc::clone(&site);
                thread::spawn(move || answer(&site, stream));
            }
        });
        Self { address, stops, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/source.git", self.address)
    }

    /// Status and body of the answer to bytes that are sent to a service.
    pub(crate) fn post(&self, service: &str, protocol: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "POST /source.git/{service} HTTP/1.1\r\nHost: x\r\nGit-Protocol: {protocol}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap();
        // A server that has heard enough may close its end.
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
        (status, answer[end..].to_vec())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn read(input: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        input.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            input.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Self { method, target, headers })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

fn answer(site: &Site, stream: TcpStream) {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let Some(request) = Request::read(&mut input) else { return };
    if request.header("expect").is_some() {
        (&stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    let mut output = Output { stream: &stream, media: String::new(), is_begun: false };
    let body = Body::new(&request, &mut input);
    let answered = dispatch(site, &request, body, &mut output);
    match answered {
        Ok(()) => {
            let _ = output.begin("200 OK");
        }
        Err(error) if !output.is_begun => {
            let status = match error {
                ServeError::Malformed(_) => "400 Bad Request",
                ServeError::TooLarge { .. } => "413 Content Too Large",
                _ => "500 Internal Server Error",
            };
            "text/plain".clone_into(&mut output.media);
            let _ = output.begin(status);
            let _ = output.stream.write_all(format!("{error}\n").as_bytes());
        }
        Err(_) => {}
    }
    let _ = stream.shutdown(Shutdown::Write);
    let _ = io::copy(&mut input, &mut io::sink());
}

fn dispatch(
    site: &Site,
    request: &Request,
    body: impl Read + Send,
    output: &mut Output<'_>,
) -> Result<(), ServeError> {
    let protocol = request.header("git-protocol");
    let path = request.target.strip_prefix("/source.git/").unwrap_or_default();
    let operation = Operation::parse(
        path.rsplit('=').next().and_then(|last| last.rsplit('/').next()).unwrap_or_default(),
    );
    let Some(operation) = operation else {
        return output.begin("404 Not Found").map_err(ServeError::Client);
    };
    if request.method == "GET" {
        output.media = operation.advertisement_type();
        let answer = advertise(&site.repository, operation, protocol, &site.visible)?;
        return output.write_all(&answer).map_err(ServeError::Client);
    }
    output.media = operation.result_type();
    match operation {
        Operation::Fetch => upload_pack(&site.repository, protocol, &site.visible, body, output),
        Operation::Push => {
            receive(&site.repository, &site.limits, body, output, &site.decide).map(|_| ())
        }
    }
}

/// Writes the head of the answer before its first byte.
struct Output<'a> {
    stream: &'a TcpStream,
    media: String,
    is_begun: bool,
}

impl Output<'_> {
    fn begin(&mut self, status: &str) -> io::Result<()> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {}\r\nConnection: close\r\n\r\n",
            self.media
        );
        self.stream.write_all(head.as_bytes())
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begin("200 OK")?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The body of a request, unpacked.
enum Body<'a, R: BufRead> {
    Whole(io::Take<&'a mut R>),
    Chunked { input: &'a mut R, left: usize },
    Packed(Box<flate2::read::GzDecoder<Body<'a, R>>>),
}

impl<'a, R: BufRead> Body<'a, R> {
    fn new(request: &Request, input: &'a mut R) -> Self {
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        let body = match request.header("transfer-encoding") {
            Some("chunked") => Self::Chunked { input, left: 0 },
            _ => Self::Whole(input.take(length.unwrap_or(0))),
        };
        match request.header("content-encoding") {
            Some("gzip") => Self::Packed(Box::new(flate2::read::GzDecoder::new(body))),
            _ => body,
        }
    }
}

impl<R: BufRead> Read for Body<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Whole(input) => {
                let n = input.read(buffer)?;
                let is_cut = n == 0 && input.limit() > 0 && !buffer.is_empty();
                if is_cut { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(n) }
            }
            Self::Packed(input) => input.read(buffer),
            Self::Chunked { input, left } => {
                if *left == 0 {
                    let mut line = String::new();
                    while line.trim().is_empty() {
                        line.clear();
                        if input.read_line(&mut line)? == 0 {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                    }
                    *left = usize::from_str_radix(line.trim(), 16).unwrap();
                    if *left == 0 {
                        // The empty line after the last chunk.
                        input.read_line(&mut line)?;
                        *left = usize::MAX;
                    }
                }
                if *left == usize::MAX {
                    return Ok(0);
                }
                let most = buffer.len().min(*left);
                let n = input.read(&mut buffer[..most])?;
                if n == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= n;
                Ok(n)
            }
        }
    }
}
