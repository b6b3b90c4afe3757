//! Telling a forge what became of a commit of the source.
//!
//! In: snapshots, as they come. Out: for the commit that is in use, and for the newest one if it
//! was refused, a commit status at the forge, where people look after a merge: released, waiting
//! for a person, or refused and why. What is to be said is a pure function of a snapshot, and how
//! a forge takes it is a pure function of that. Nothing waits for a forge: what it does not take
//! is tried again, later and later, until there is something newer to say.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git::remote::RemoteUrl;
use model::CommitId;
use reqwest::{Client, StatusCode, Url, redirect};
use serde_json::{Value, json};

use crate::controller::Controller;
use crate::follow::pause;
use crate::settings::ForgeMistake;
use crate::snapshot::Snapshot;
use crate::{Provider, Secret};

/// How this program is called among the statuses of a commit.
const CONTEXT: &str = "res-edge";

/// The longest text of a status that every forge takes: GitHub's limit is 140 characters.
/// <https://docs.github.com/en/rest/commits/statuses>
const LONGEST: usize = 140;

/// How long a forge may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The usual time between two attempts, which grows with each failure.
const RETRY: Duration = Duration::from_secs(30);

/// Who is told about commits, and with what.
#[derive(Clone, Debug)]
pub struct CommitStatuses {
    /// The forge that the source is at.
    pub provider: Provider,
    /// A token that may write statuses there.
    pub token: Secret,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Released,
    Waits,
    Refused,
}

/// What is to be said of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fate {
    commit: CommitId,
    state: State,
    detail: String,
}

/// A request to a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    url: Url,
    body: Value,
}

/// A repository at a forge.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    statuses: CommitStatuses,
    web: Url,
}

impl Place {
    /// The repository that a source is fetched from, as its forge's API knows it. One that is
    /// fetched over SSH has its API at the same host, over HTTPS.
    ///
    /// # Errors
    /// The address is of no forge, or not of this one.
    pub(crate) fn new(statuses: &CommitStatuses, source: &RemoteUrl) -> Result<Self, ForgeMistake> {
        let text = source.to_string();
        let address = match text.split_once("://") {
            Some((_, rest)) => rest.to_owned(),
            None => text.replacen(':', "/", 1),
        };
        let address = address.rsplit_once('@').map_or(address.as_str(), |(_, host)| host);
        let scheme = if text.starts_with("http://") { "http" } else { "https" };
        let address = address.strip_suffix(".git").unwrap_or(address);
        let mistake = || ForgeMistake { provider: statuses.provider, url: text.clone() };
        let mut web = Url::parse(&format!("{scheme}://{address}")).map_err(|_| mistake())?;
        if text.starts_with("ssh://") {
            // The port is that of SSH.
            web.set_port(None).map_err(|()| mistake())?;
        }
        let place = Self { statuses: statuses.clone(), web };
        place.endpoint(&"0".repeat(40)).map(|_| place).ok_or_else(mistake)
    }

    fn path(&self) -> &str {
        self.web.path().trim_matches('/')
    }

    /// Where the forge takes the statuses of a commit.
    fn endpoint(&self, commit: &str) -> Option<Url> {
        let (path, host) = (self.path(), self.web.host_str()?);
        let mut url = self.web.clone();
        let target = match self.statuses.provider {
            Provider::GitHub if host == "github.com" => {
                url.set_host(Some("api.github.com")).ok()?;
                format!("repos/{path}/statuses/{commit}")
            }
            Provider::GitHub => format!("api/v3/repos/{path}/statuses/{commit}"),
            Provider::GitLab => {
                format!("api/v4/projects/{}/statuses/{commit}", path.replace('/', "%2F"))
            }
            Provider::Gitea => format!("api/v1/repos/{path}/statuses/{commit}"),
            Provider::Bitbucket => {
                url.set_host(Some("api.bitbucket.org")).ok()?;
                format!("2.0/repositories/{path}/commit/{commit}/statuses/build")
            }
            Provider::Azure => {
                let (project, repository) = azure(path)?;
                url.set_host(Some("dev.azure.com")).ok()?;
                url.set_query(Some("api-version=7.1"));
                format!("{project}/_apis/git/repositories/{repository}/commits/{commit}/statuses")
            }
        };
        url.set_path(&target);
        Some(url)
    }

    /// What a forge is told.
    fn told(&self, fate: &Fate) -> Option<Told> {
        let url = self.endpoint(&fate.commit.to_string())?;
        let (state, detail) = (self.word(fate.state), shortened(&fate.detail));
        let body = match self.statuses.provider {
            Provider::GitHub | Provider::Gitea => {
                json!({"state": state, "context": CONTEXT, "description": detail})
            }
            Provider::GitLab => json!({"state": state, "name": CONTEXT, "description": detail}),
            // It takes no status without a page to go to, so it gets that of the repository.
            Provider::Bitbucket => json!({
                "state": state, "key": CONTEXT, "name": CONTEXT, "description": detail,
                "url": self.web.as_str(),
            }),
            Provider::Azure => json!({
                "state": state, "description": detail,
                "context": {"name": CONTEXT, "genre": "release"},
            }),
        };
        Some(Told { url, body })
    }

    /// The word of a forge for a state.
    fn word(&self, state: State) -> &'static str {
        let [released, waits, refused] = match self.statuses.provider {
            Provider::GitHub | Provider::Gitea => ["success", "pending", "failure"],
            Provider::GitLab => ["success", "pending", "failed"],
            Provider::Bitbucket => ["SUCCESSFUL", "INPROGRESS", "FAILED"],
            Provider::Azure => ["succeeded", "pending", "failed"],
        };
        match state {
            State::Released => released,
            State::Waits => waits,
            State::Refused => refused,
        }
    }

    /// What says who tells it, as each forge takes it.
    fn authorization(&self) -> String {
        let token = self.statuses.token.reveal();
        match self.statuses.provider {
            Provider::Gitea => format!("token {token}"),
            Provider::Azure => format!("Basic {}", STANDARD.encode(format!(":{token}"))),
            Provider::GitHub | Provider::GitLab | Provider::Bitbucket => format!("Bearer {token}"),
        }
    }
}

/// The project and the repository of a path at Azure DevOps: `org/project/_git/repository`, or
/// `v3/org/project/repository` over SSH.
fn azure(path: &str) -> Option<(String, &str)> {
    if let Some((project, repository)) = path.split_once("/_git/") {
        return Some((project.to_owned(), repository));
    }
    let (project, repository) = path.strip_prefix("v3/")?.rsplit_once('/')?;
    Some((project.to_owned(), repository))
}

/// What is to be said of the commits that a snapshot knows.
fn fates(snapshot: &Snapshot) -> Vec<Fate> {
    let refused = snapshot.refused.as_ref().and_then(|refused| {
        let commit = refused.commit?;
        Some(Fate { commit, state: State::Refused, detail: refused.detail.clone() })
    });
    let in_use = snapshot.source.as_ref().zip(snapshot.released.as_ref());
    let in_use = in_use.map(|(sourced, released)| {
        let (n, step) = (released.ledger.clusters.len(), released.ledger.generation);
        let waits = snapshot.waits.as_ref().filter(|waits| waits.is_waiting());
        let (state, detail) = match waits {
            Some(_) => {
                (State::Waits, "a part of it waits for a person: see `res-edge holds`".into())
            }
            None => (State::Released, format!("released to {n} clusters, step {step}")),
        };
        Fate { commit: sourced.commit, state, detail }
    });
    in_use.into_iter().chain(refused).collect()
}

/// A text that every forge takes.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

/// Tells a forge what becomes of commits, until the loop ends.
pub(crate) async fn tell(place: Place, controller: Controller) {
    let client = Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE);
    let client = match client.user_agent(CONTEXT).build() {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "commit statuses are not told"),
    };
    let mut changes = controller.changes();
    let (mut said, mut n_failures) = (Vec::new(), 0_u32);
    loop {
        changes.mark_unchanged();
        let fates = fates(&controller.snapshot());
        match say(&client, &place, &fates, &said).await {
            true => (said, n_failures) = (fates, 0),
            false => n_failures = n_failures.saturating_add(1),
        }
        let again = async {
            match n_failures {
                0 => std::future::pending().await,
                _ => tokio::time::sleep(pause(n_failures, RETRY, 1.0)).await,
            }
        };
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = again => {}
        }
    }
}

/// Says what was not said yet; answers whether nothing is left to say.
async fn say(client: &Client, place: &Place, fates: &[Fate], said: &[Fate]) -> bool {
    for fate in fates.iter().filter(|fate| !said.contains(fate)) {
        let Some(told) = place.told(fate) else { continue };
        let request = client.post(told.url.clone()).json(&told.body);
        let request = request.header("authorization", place.authorization());
        let failure = match request.send().await {
            Ok(answer) if answer.status().is_success() => continue,
            Ok(answer) => answer.status(),
            Err(error) => {
                tracing::warn!(url = %told.url, %error, "the forge cannot be told of a commit");
                return false;
            }
        };
        tracing::warn!(url = %told.url, status = failure.as_u16(), "the forge takes no status");
        if is_passing(failure) {
            return false;
        }
    }
    true
}

/// Whether the same request may be taken later. GitLab also refuses a status that a commit has
/// already.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(provider: &str, url: &str) -> Result<Place, ForgeMistake> {
        let statuses =
            CommitStatuses { provider: provider.parse().unwrap(), token: Secret::new("s3cret") };
        Place::new(&statuses, &RemoteUrl::parse(url).unwrap())
    }

    /// What a forge is told of each state.
    fn shown(provider: &str, url: &str) -> String {
        let place = place(provider, url).unwrap();
        let states = [State::Released, State::Waits, State::Refused];
        let lines = states.map(|state| {
            let commit = "1".repeat(40).parse().unwrap();
            let told = place.told(&Fate { commit, state, detail: "why".to_owned() }).unwrap();
            format!("  {}\n", told.body)
        });
        let url = place.endpoint("COMMIT").unwrap();
        format!("{url}\n  {}\n{}", place.authorization(), lines.concat())
    }

    #[test]
    fn each_forge_is_told_in_its_own_words() {
        let cases = [
            ("github", "https://github.com/shop/fleet.git"),
            ("github", "ssh://git@git.shop.example:2222/shop/fleet.git"),
            ("gitlab", "git@gitlab.com:shop/edge/fleet.git"),
            ("gitea", "http://127.0.0.1:3000/shop/fleet"),
            ("bitbucket", "https://bitbucket.org/shop/fleet.git"),
            ("azure", "https://dev.azure.com/shop/edge/_git/fleet"),
            ("azure", "git@ssh.dev.azure.com:v3/shop/edge/fleet"),
        ];
        let all: String = cases.iter().map(|(forge, url)| shown(forge, url)).collect();
        insta::assert_snapshot!(all);
    }

    #[test]
    fn an_address_of_no_such_forge_is_refused() {
        assert!(place("azure", "https://github.com/shop/fleet.git").is_err());
    }

    #[test]
    fn a_long_reason_is_cut() {
        let long = "é".repeat(LONGEST);
        assert_eq!(shortened(&long), long);
        let cut = shortened(&format!("{long}!"));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (LONGEST, true));
    }
}
