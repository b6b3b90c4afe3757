//! The way by Git where the one over HTTP does not answer.

use api::agent::{AgentEvent, AgentReport, ReportAnswer};
use git::remote::Credentials;

use super::{GitLink, Have, HttpLink, Link, LinkError, Parcel};

/// So many tries that fail in a row, and the other way is tried too.
const PATIENCE: u32 = 3;

/// Two ways, the second one for releases alone.
pub struct WithFallback {
    first: HttpLink,
    second: GitLink,
    /// Whether the second way takes the token of the first.
    shares_token: bool,
    failures: u32,
}

impl WithFallback {
    /// The way over HTTP, and the one by Git. `shares_token` says that the repository is
    /// the server's own, which takes the token of the session.
    #[must_use]
    pub fn new(first: HttpLink, second: GitLink, shares_token: bool) -> Self {
        Self { first, second, shares_token, failures: 0 }
    }

    async fn share_token(&mut self) {
        if self.shares_token
            && let Ok(token) = self.first.token().await
        {
            self.second.set_credentials(Credentials::Token { user: "agent".to_owned(), token });
        }
    }
}

impl Link for WithFallback {
    async fn release(&mut self, have: &Have) -> Result<Option<Parcel>, LinkError> {
        let error = match self.first.release(have).await {
            Err(error) if error.is_passing() => error,
            answered => {
                self.failures = 0;
                return answered;
            }
        };
        self.failures = self.failures.saturating_add(1);
        if self.failures < PATIENCE {
            return Err(error);
        }
        self.share_token().await;
        // What both say is told: the first way is the one to repair.
        self.second.release(have).await.map_err(|other| match other.is_passing() {
            true => LinkError::Unreachable(format!("{error}; by Git: {other}")),
            false => error,
        })
    }

    async fn listen(&mut self, have: &Have) -> Result<AgentEvent, LinkError> {
        self.first.listen(have).await
    }

    async fn report(&mut self, report: &AgentReport) -> Result<ReportAnswer, LinkError> {
        self.first.report(report).await
    }
}
