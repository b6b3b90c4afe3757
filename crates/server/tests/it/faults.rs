//! What a server does while something that it depends on is gone.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use server::{Patience, Secret, Settings};
use testkit::Postgres;

use crate::elsewhere::Far;
use crate::hosting::FLEET;
use crate::support::{ADMIN, Running, settings};

/// A token that only the database knows.
async fn token(url: &str) -> String {
    let store = store::Store::open(&url.parse().unwrap()).await.unwrap();
    let text = "re_a-token-that-only-the-database-knows".to_owned();
    let token = store::NewToken {
        name: "ci".to_owned(),
        digest: Secret::new(text.clone()).digest(),
        subject: "token:ci".to_owned(),
        owner: None,
        scope: None,
        expires: None,
    };
    assert!(store.add_token(&token, jiff::Timestamp::now()).await.unwrap());
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_it_serves_what_needs_none_and_comes_back() {
    let (far, postgres) = (Far::new(), Postgres::start("gone"));
    let database = postgres.database();
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        source: Some(far.source()),
        ledger: Some(far.remote("ledger.git")),
        database: Some(database.parse().unwrap()),
        ..settings(folder.path())
    };
    let running = Running::with(folder, settings).await;
    let first = far.push(FLEET);
    running.released(&first).await;
    let token = token(&database).await;
    postgres.crash();
    let status = async |path: &'static str, token: Option<&str>| {
        running.send(Method::GET, path, token).await.status().as_u16()
    };
    assert_eq!(status("/healthz", None).await, 200);
    assert_eq!(status("/readyz", None).await, 503);
    assert_eq!(status("/api/v1/clusters/tx-1", Some(ADMIN)).await, 200, "it is read from memory");
    assert_eq!(status("/api/v1/whoami", Some(&token)).await, 503, "nobody knows the token");
    assert_eq!(status("/api/v1/tokens", Some(ADMIN)).await, 503);
    // Releases need no database.
    let second = far.push(&FLEET.replace("title: Dogs", "title: Wolves"));
    running.released(&second).await;
    postgres.run();
    assert_eq!(status("/readyz", None).await, 200);
    assert_eq!(status("/api/v1/whoami", Some(&token)).await, 200);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_keep_nobody_waiting() {
    let running = Running::new().await;
    let host = running.url.strip_prefix("http://").unwrap().to_owned();
    // Headers that never end, and a body that never comes.
    let begin = |text: &str| {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let body = push_without_its_body();
    let slow: Vec<TcpStream> =
        (0..100).flat_map(|_| [begin("GET /healthz HTTP/1.1\r\nX-Slow: "), begin(&body)]).collect();
    // Should they wait for the slow ones, this does not end.
    for _ in 0..50 {
        assert_eq!(running.send(Method::GET, "/healthz", None).await.status(), 200);
        assert_eq!(running.get("/api/v1/status").await.0, 200);
    }
    drop(slow);
    running.stop().await;
}

/// The beginning of a push of which nothing else comes.
fn push_without_its_body() -> String {
    format!(
        "POST /git/source.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \
         {ADMIN}\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: \
         1000000\r\n\r\n0"
    )
}

/// A server that waits for nobody, and a connection to it that is given up by the client after far
/// longer.
async fn impatient() -> (Running, impl Fn(&str) -> TcpStream) {
    let folder = tempfile::tempdir().unwrap();
    let short = Duration::from_millis(200);
    let patience = Patience { first_request: short, next_part: short, unread: short };
    let settings = Settings { patience, ..settings(folder.path()) };
    let running = Running::with(folder, settings).await;
    let host = running.url.strip_prefix("http://").unwrap().to_owned();
    let begin = move |text: &str| {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    (running, begin)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_does_not_come_is_not_waited_for() {
    let (running, begin) = impatient().await;
    let mut headers = begin("GET /healthz HTTP/1.1\r\nX-Slow: ");
    let mut body = begin(&push_without_its_body());
    let read = tokio::task::spawn_blocking(move || {
        let (mut none, mut refusal) = (Vec::new(), Vec::new());
        // Both end: the server closes them.
        headers.read_to_end(&mut none).unwrap();
        let mut part = [0; 4096];
        while refusal.is_empty() {
            let n = body.read(&mut part).unwrap();
            assert!(n > 0, "it ended without an answer");
            refusal.extend_from_slice(&part[..n]);
        }
        String::from_utf8(refusal).unwrap()
    });
    let refusal = read.await.unwrap();
    assert!(refusal.starts_with("HTTP/1.1 4"), "{refusal}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_no_answer_is_let_go() {
    let (running, begin) = impatient().await;
    let request = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut deaf = begin(request);
    // Answers of which nothing is taken fill what lies between, and then nobody goes on.
    let failure = tokio::task::spawn_blocking(move || {
        loop {
            if let Err(error) = deaf.write_all(request.as_bytes()) {
                return error.kind();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let failure = failure.await.unwrap();
    assert!(matches!(failure, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{failure:?}");
    running.stop().await;
}
