//! The agent's requests.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, Response, StatusCode, header};

use super::{
    AgentReport, AgentStream, Challenge, Enrolment, EnrolmentAnswer, RELEASE_MAGIC, ReportAnswer,
    ServerKey, SessionAnswer, SessionProof,
};
use crate::{Client, ClientError};

/// How many bytes a statement may have.
const LONGEST_STATEMENT: usize = 4 << 20;

/// How many bytes a signature may have.
const LONGEST_SIGNATURE: usize = 4096;

/// How long an answer may take to begin.
const BEGIN: Duration = Duration::from_secs(60);

/// A release as it comes.
pub struct ReleaseAnswer {
    /// What to ask with next time.
    pub etag: String,
    /// The bytes of a [`super::Statement`], which are what was signed.
    pub statement: Vec<u8>,
    /// Its signature, for [`super::RELEASE_NAMESPACE`].
    pub signature: String,
    /// The pack, which is still on its way.
    pub pack: PackChunks,
}

/// A pack on its way.
pub struct PackChunks {
    first: Bytes,
    response: Response,
}

impl Client {
    /// The key that signs the releases of this server.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn release_key(&self) -> Result<ServerKey, ClientError> {
        self.get("/api/v1/agent/key").await
    }

    /// Asks to be let in with a new key.
    ///
    /// # Errors
    /// [`ClientError`]; `join-token` as the code of a problem says that the token is not one.
    pub async fn enrol(&self, enrolment: &Enrolment) -> Result<EnrolmentAnswer, ClientError> {
        self.post("/api/v1/agent/enrolment", enrolment).await
    }

    /// A text to sign.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn challenge(&self) -> Result<Challenge, ClientError> {
        let request = self.request(Method::POST, "/api/v1/agent/challenge").timeout(BEGIN);
        self.exchange(request).await
    }

    /// Begins a session with a proof; [`Client::with_token`] then uses its token.
    ///
    /// # Errors
    /// [`ClientError`]; a 401 says nothing about what the cluster is to run.
    pub async fn begin_session(&self, proof: &SessionProof) -> Result<SessionAnswer, ClientError> {
        self.post("/api/v1/agent/session", proof).await
    }

    /// The release of this agent's cluster; nothing if it is still that of `etag`.
    ///
    /// `have` is the id of the tree that the agent has whole: the pack brings what it lacks. A tree
    /// that this cluster was never given counts as nothing.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn release(
        &self,
        etag: Option<&str>,
        have: Option<&str>,
    ) -> Result<Option<ReleaseAnswer>, ClientError> {
        let path = "/api/v1/agent/release";
        let path = have.map_or(path.to_owned(), |have| format!("{path}?have={have}"));
        let mut request = self.request(Method::GET, &path).timeout(Duration::from_secs(600));
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = self.send(request).await?;
        match response.status() {
            StatusCode::NOT_MODIFIED => Ok(None),
            _ => read_release(response).await.map(Some),
        }
    }

    /// Says how the cluster is.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn report(&self, report: &AgentReport) -> Result<ReportAnswer, ClientError> {
        self.post("/api/v1/agent/report", report).await
    }

    /// Opens the stream. `last_id` is the `ETag` of the release that the agent has: another one is
    /// told at once.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn agent_stream(&self, last_id: Option<&str>) -> Result<AgentStream, ClientError> {
        let mut request = self.request(Method::GET, "/api/v1/agent/stream");
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        self.send(request).await.map(AgentStream::new)
    }
}

/// Reads up to the pack.
async fn read_release(response: Response) -> Result<ReleaseAnswer, ClientError> {
    let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok());
    let etag = etag.unwrap_or_default().to_owned();
    let mut pack = PackChunks { first: Bytes::new(), response };
    let magic = pack.take(RELEASE_MAGIC.len()).await?;
    if magic != RELEASE_MAGIC {
        return Err(pack.strange());
    }
    let statement = pack.take_part(LONGEST_STATEMENT).await?;
    let signature = pack.take_part(LONGEST_SIGNATURE).await?;
    let signature = String::from_utf8(signature).map_err(|_| pack.strange())?;
    Ok(ReleaseAnswer { etag, statement, signature, pack })
}

impl PackChunks {
    /// The next bytes of the pack; nothing at its end. A pack ends with its own digest, so that a
    /// part is not taken for the whole.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        if !self.first.is_empty() {
            return Ok(Some(std::mem::take(&mut self.first)));
        }
        let url = self.response.url().clone();
        self.response.chunk().await.map_err(|error| crate::client::unreachable(&url, &error))
    }

    async fn take_part(&mut self, most: usize) -> Result<Vec<u8>, ClientError> {
        let length = self.take(4).await?;
        let length = length.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        match usize::try_from(length) {
            Ok(length) if length <= most => self.take(length).await,
            _ => Err(self.strange()),
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>, ClientError> {
        let mut taken = Vec::with_capacity(length);
        while taken.len() < length {
            let Some(mut chunk) = self.next().await? else { return Err(self.strange()) };
            let n = chunk.len().min(length - taken.len());
            taken.extend_from_slice(&chunk.split_to(n));
            self.first = chunk;
        }
        Ok(taken)
    }

    fn strange(&self) -> ClientError {
        let (url, status) = (self.response.url().to_string(), self.response.status().as_u16());
        ClientError::Strange { url, status }
    }
}
