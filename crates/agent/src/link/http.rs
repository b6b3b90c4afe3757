//! The way to the centre over HTTP: enrol once, prove by the key, then a short token.

use std::time::Duration;

use api::agent::{
    AgentEvent, AgentReport, AgentStream, ENROLMENT_NAMESPACE, Enrolment, EnrolmentState, Heard,
    PROOF_NAMESPACE, ReleaseAnswer, ReportAnswer, SessionProof, enrolment_text, session_text,
};
use api::ssh::{PublicKey, SigningKey};
use api::{Client, ClientError};
use tokio::time::Instant;

use super::{Have, Link, LinkError, Parcel};
use crate::state::KeptRelease;

/// The most bytes of a pack.
const LONGEST_PACK: usize = 256 << 20;

/// How an agent reaches its server.
#[derive(Clone)]
pub struct HttpSettings {
    /// A client without a token; many agents of one process share its connections.
    pub client: Client,
    /// The name of the cluster when it was joined.
    pub cluster: String,
    /// The key that signs releases: what is proven is for that server alone.
    pub release_key: PublicKey,
    /// The one-time token, until the key is known.
    pub join_token: Option<String>,
}

/// The way over HTTP.
pub struct HttpLink {
    settings: HttpSettings,
    key: SigningKey,
    session: Option<Session>,
    stream: Option<AgentStream>,
}

struct Session {
    client: Client,
    token: String,
    /// When to prove again: before the token ends.
    until: Instant,
}

impl HttpLink {
    /// A way that has not connected yet.
    #[must_use]
    pub fn new(settings: HttpSettings, key: SigningKey) -> Self {
        Self { settings, key, session: None, stream: None }
    }

    /// The client of a session, which is begun if there is none.
    async fn open(&mut self) -> Result<Client, LinkError> {
        if let Some(session) = self.session.as_ref().filter(|open| Instant::now() < open.until) {
            return Ok(session.client.clone());
        }
        self.session = None;
        let session = match self.prove().await {
            Err(LinkError::NotLetIn(why)) => {
                self.enrol(why).await?;
                self.prove().await?
            }
            proven => proven?,
        };
        Ok(self.session.insert(session).client.clone())
    }

    /// The token of the session, for stock Git.
    ///
    /// # Errors
    /// [`LinkError`].
    pub(super) async fn token(&mut self) -> Result<String, LinkError> {
        self.open().await?;
        let token = self.session.as_ref().map(|session| session.token.clone());
        token.ok_or_else(|| LinkError::Unreachable("no session".to_owned()))
    }

    async fn prove(&self) -> Result<Session, LinkError> {
        let HttpSettings { client, cluster, release_key, .. } = &self.settings;
        let challenge = client.challenge().await?.challenge;
        let text = session_text(cluster, &release_key.to_string(), &challenge);
        let proof = SessionProof {
            cluster: cluster.clone(),
            public_key: self.key.public_key().to_string(),
            proof: self.key.sign(PROOF_NAMESPACE, text.as_bytes()),
            challenge,
        };
        let answer = client.begin_session(&proof).await?;
        // A tenth before it ends, by a clock that nobody sets.
        let lasts = Duration::from_secs(u64::from(answer.seconds)) * 9 / 10;
        Ok(Session {
            client: client.with_token(answer.token.clone()),
            token: answer.token,
            until: Instant::now() + lasts,
        })
    }

    /// Makes the key known with the one-time token; without one, says why it is not let in.
    async fn enrol(&self, why: String) -> Result<(), LinkError> {
        let HttpSettings { client, cluster, release_key, join_token } = &self.settings;
        let Some(token) = join_token else { return Err(LinkError::NotLetIn(why)) };
        let text = enrolment_text(cluster, &release_key.to_string(), token);
        let enrolment = Enrolment {
            cluster: cluster.clone(),
            token: token.clone(),
            public_key: self.key.public_key().to_string(),
            proof: self.key.sign(ENROLMENT_NAMESPACE, text.as_bytes()),
        };
        let answer = client.enrol(&enrolment).await?;
        match answer.state {
            EnrolmentState::Accepted => Ok(()),
            EnrolmentState::Pending => Err(LinkError::Pending(answer.change)),
        }
    }

    /// What becomes of an error: a token that is not taken is forgotten, and nothing else is.
    fn forget(&mut self, error: ClientError) -> LinkError {
        let error = LinkError::from(error);
        if matches!(error, LinkError::NotLetIn(_)) {
            self.session = None;
            self.stream = None;
        }
        error
    }
}

/// Whether a request is worth another try: the token ended before its time, as after a restart of
/// the server.
fn is_token_over(result: &Result<impl Sized, ClientError>) -> bool {
    matches!(result, Err(ClientError::Problem(problem)) if problem.status == 401)
}

impl Link for HttpLink {
    async fn release(&mut self, have: &Have) -> Result<Option<Parcel>, LinkError> {
        let tree = have.tree.map(|tree| tree.to_string());
        let (etag, tree) = (have.etag.as_deref(), tree.as_deref());
        let mut answer = self.open().await?.release(etag, tree).await;
        if is_token_over(&answer) {
            self.session = None;
            answer = self.open().await?.release(etag, tree).await;
        }
        match answer.map_err(|error| self.forget(error))? {
            None => Ok(None),
            Some(answer) => receive(answer).await.map(Some),
        }
    }

    async fn listen(&mut self, have: &Have) -> Result<AgentEvent, LinkError> {
        loop {
            let stream = match &mut self.stream {
                Some(stream) => stream,
                None => {
                    let client = self.open().await?;
                    let opened = client.agent_stream(have.etag.as_deref()).await;
                    let stream = opened.map_err(|error| self.forget(error))?;
                    self.stream.insert(stream)
                }
            };
            let heard = tokio::time::timeout(AgentStream::SILENCE * 3 / 2, stream.hear()).await;
            match heard {
                Ok(Ok(Heard::Event(event))) => return Ok(event),
                Ok(Ok(Heard::Sign)) => {}
                Ok(Ok(Heard::End)) => {
                    self.stream = None;
                    return Err(LinkError::Unreachable("the server ended the stream".to_owned()));
                }
                Ok(Err(error)) => {
                    self.stream = None;
                    return Err(self.forget(error));
                }
                // Nothing for so long: the line may be dead without anybody having said so.
                Err(_) => self.stream = None,
            }
        }
    }

    async fn report(&mut self, report: &AgentReport) -> Result<ReportAnswer, LinkError> {
        let mut answer = self.open().await?.report(report).await;
        if is_token_over(&answer) {
            self.session = None;
            answer = self.open().await?.report(report).await;
        }
        answer.map_err(|error| self.forget(error))
    }
}

async fn receive(mut answer: ReleaseAnswer) -> Result<Parcel, LinkError> {
    let mut pack = Vec::new();
    while let Some(chunk) = answer.pack.next().await? {
        if pack.len() + chunk.len() > LONGEST_PACK {
            return Err(LinkError::Strange(format!("the pack has more than {LONGEST_PACK} bytes")));
        }
        pack.extend_from_slice(&chunk);
    }
    let statement = String::from_utf8(answer.statement)
        .map_err(|_| LinkError::Strange("the statement is no text".to_owned()))?;
    let kept = KeptRelease { statement, signature: answer.signature, etag: answer.etag };
    Ok(Parcel { kept, pack, objects: git::ReceivedObjects::new() })
}
