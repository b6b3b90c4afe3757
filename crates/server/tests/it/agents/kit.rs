//! An agent as the server sees one: a key, a name, and the client of the wire.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use api::agent::{
    AgentEvent, AgentStream, ENROLMENT_NAMESPACE, Enrolment, EnrolmentAnswer, PROOF_NAMESPACE,
    RELEASE_NAMESPACE, SessionProof, Statement, enrolment_text, session_text,
};
use api::ssh::{PublicKey, SigningKey};
use api::{Client, ClientError, ClientSettings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ADMIN, Running};

/// An agent of a cluster.
pub(crate) struct TestAgent {
    pub(crate) key: SigningKey,
    pub(crate) cluster: String,
    pub(crate) release_key: String,
    /// With a token, once a session has begun.
    pub(crate) client: Client,
    pub(crate) token: String,
}

/// A release, read to its end.
pub(crate) struct Taken {
    pub(crate) etag: String,
    pub(crate) text: Vec<u8>,
    pub(crate) signature: String,
    pub(crate) statement: Statement,
    pub(crate) pack: Vec<u8>,
}

/// A server with the fleet of these tests, released.
pub(crate) async fn with_fleet() -> Running {
    let running = Running::new().await;
    running.publish(include_str!("../fleet.txt")).await;
    running
}

/// What joining a cluster answers to somebody.
pub(crate) async fn join(running: &Running, token: &str, cluster: &str) -> (u16, Value) {
    let path = format!("/api/v1/clusters/{cluster}/join");
    running.json(token, Method::POST, &path, Some(json!({}))).await
}

/// The code of the problem that is the answer.
pub(crate) fn code<T>(answer: Result<T, ClientError>) -> (u16, String) {
    match answer {
        Err(ClientError::Problem(problem)) => (problem.status, problem.code.clone()),
        Err(error) => panic!("{error}"),
        Ok(_) => (200, String::new()),
    }
}

impl TestAgent {
    /// An agent that nobody knows yet.
    pub(crate) async fn new(running: &Running, cluster: &str) -> Self {
        let settings = ClientSettings { server: running.url.clone(), token: None, authority: None };
        let client = Client::new(&settings).unwrap();
        let release_key = client.release_key().await.unwrap().release_key;
        let key = SigningKey::generate().unwrap();
        Self { key, cluster: cluster.to_owned(), release_key, client, token: String::new() }
    }

    /// An agent that the administrator joined, in a session.
    pub(crate) async fn joined(running: &Running, cluster: &str) -> Self {
        let mut agent = Self::new(running, cluster).await;
        let (status, joined) = join(running, ADMIN, cluster).await;
        assert_eq!(status, 201, "{joined}");
        assert_eq!(joined["releaseKey"], agent.release_key);
        let enrolled = agent.enrol(joined["token"].as_str().unwrap()).await.unwrap();
        assert_eq!(enrolled.state, api::agent::EnrolmentState::Accepted);
        agent.begin().await.unwrap();
        agent
    }

    pub(crate) async fn enrol(&self, token: &str) -> Result<EnrolmentAnswer, ClientError> {
        let text = enrolment_text(&self.cluster, &self.release_key, token);
        let enrolment = Enrolment {
            cluster: self.cluster.clone(),
            token: token.to_owned(),
            public_key: self.key.public_key().to_string(),
            proof: self.key.sign(ENROLMENT_NAMESPACE, text.as_bytes()),
        };
        self.client.enrol(&enrolment).await
    }

    /// A proof of this agent's key over a new challenge.
    pub(crate) async fn proof(&self) -> SessionProof {
        let challenge = self.client.challenge().await.unwrap().challenge;
        let text = session_text(&self.cluster, &self.release_key, &challenge);
        SessionProof {
            cluster: self.cluster.clone(),
            public_key: self.key.public_key().to_string(),
            proof: self.key.sign(PROOF_NAMESPACE, text.as_bytes()),
            challenge,
        }
    }

    /// Begins a session.
    pub(crate) async fn begin(&mut self) -> Result<api::agent::SessionAnswer, ClientError> {
        let session = self.client.begin_session(&self.proof().await).await?;
        self.token.clone_from(&session.token);
        self.client = self.client.with_token(session.token.clone());
        Ok(session)
    }

    /// Takes the release, with its signature checked; nothing if there is no other.
    pub(crate) async fn take(&self, etag: Option<&str>, have: Option<&str>) -> Option<Taken> {
        let mut answer = self.client.release(etag, have).await.unwrap()?;
        let mut pack = Vec::new();
        while let Some(chunk) = answer.pack.next().await.unwrap() {
            pack.extend_from_slice(&chunk);
        }
        let key: PublicKey = self.release_key.parse().unwrap();
        key.verify(RELEASE_NAMESPACE, &answer.statement, &answer.signature).unwrap();
        let statement = serde_json::from_slice(&answer.statement).unwrap();
        let (etag, text, signature) = (answer.etag, answer.statement, answer.signature);
        Some(Taken { etag, text, signature, statement, pack })
    }

    pub(crate) async fn stream(&self, last_id: Option<&str>) -> AgentStream {
        self.client.agent_stream(last_id).await.unwrap()
    }
}

/// The next event of a stream; it must come.
pub(crate) async fn event(stream: &mut AgentStream) -> Option<AgentEvent> {
    tokio::time::timeout(Duration::from_secs(60), stream.next()).await.unwrap().unwrap()
}

/// Runs a program in a folder on some input, and answers what it printed; it must succeed.
#[allow(clippy::disallowed_methods, reason = "stock programs check what the server gives")]
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    output.stdout
}

/// Gives a pack to stock Git in a repository, and answers how many objects it holds.
pub(crate) fn index_pack(repository: &Path, pack: &[u8]) -> u32 {
    run(repository, "git", &["index-pack", "--strict", "--stdin"], pack);
    u32::from_be_bytes(*pack[8..].first_chunk().unwrap())
}
