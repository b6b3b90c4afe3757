//! A running server: from settings to answers, and to an orderly end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use expand::Expander;
use git::remote::{Mirror, Remote, RemoteError};
use jiff::Timestamp;
use store::{NewToken, Store, StoreError};

use crate::Publisher;
use crate::agents::{Agents, AgentsError, Issuer, Releases};
use crate::commit_status::{self, Place};
use crate::connection::{Acceptor, Patience};
use crate::controller::{AuditHead, Controller, Parts, ToldTo};
use crate::data::{Data, DataError};
use crate::events::Events;
use crate::follow::{Followed, follow, hints};
use crate::hosting::Host;
use crate::http::metrics::{self, Told};
use crate::http::{AppState, Limits, Shared, router};
use crate::identity::{
    ADMINISTRATOR, Callers, Front, IdentityProvider, OidcMistake, Passwords, Secret,
};
use crate::settings::{Elsewhere, ForgeMistake, PairError, Settings, Tls};
use crate::telemetry::Metrics;
use crate::upstream::Branches;

/// How long requests that are being answered may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// How long one transfer of the ledger may take: acts of people wait for it.
const LEDGER_TIME: Duration = Duration::from_secs(120);

/// How often the files of the certificate are looked at.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(60);

/// What the administrator's token is called.
const ADMIN_TOKEN: &str = "administrator";

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The source.
    #[error(transparent)]
    Source(#[from] git::LoadError),
    /// The settings do not go together.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The source is not at the forge that is to be told of commits.
    #[error(transparent)]
    Forge(#[from] ForgeMistake),
    /// The copy of a repository that is elsewhere.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate or its key.
    #[error("cannot use the certificate `{}` with the key `{}`: {source}", tls.certificate.display(), tls.key.display())]
    Tls {
        /// The files.
        tls: Box<Tls>,
        /// Why.
        source: std::io::Error,
    },
    /// The provider of identities.
    #[error(transparent)]
    Oidc(#[from] OidcMistake),
    /// The system has no randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The release key.
    #[error("the release key cannot be used: {0}")]
    ReleaseKey(#[from] api::ssh::KeyError),
}

impl ServeError {
    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Pair(error) => Some(error.hint()),
            Self::Remote(error) => error.hint(),
            _ => None,
        }
    }
}

/// A server that listens, and does not answer yet.
pub struct Server {
    listener: std::net::TcpListener,
    address: SocketAddr,
    tls: Option<(Tls, RustlsConfig)>,
    state: AppState,
    thread: JoinHandle<()>,
    told: Option<Told>,
    patience: Patience,
    new_token: Option<Secret>,
}

impl Server {
    /// Opens everything that a server needs, and starts the loop.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn start(settings: Settings) -> Result<Self, ServeError> {
        settings.check()?;
        let told_of_commits = told_of_commits(&settings)?;
        let provider = settings.oidc.map(IdentityProvider::new).transpose()?.map(Arc::new);
        let data = Arc::new(Data::open_when_free(&settings.data).await?);
        let place = settings.database.unwrap_or_else(|| store::Place::Sqlite(data.database()));
        let store = Store::open(&place).await?;
        let new_token = match &settings.admin_token {
            Some(_) => None,
            None => first_token(&store).await?,
        };
        let (listener, address) = bound(settings.listen)?;
        let is_https = settings.tls.is_some() || settings.behind_proxy;
        let tls = match settings.tls {
            Some(tls) => Some((tls.clone(), load(&tls).await?)),
            None => None,
        };
        let metrics = Arc::new(Metrics::new());
        let releases = Arc::new(Releases::new());
        let issuer = Issuer::new(&data.release_key, &data.clusters, &releases);
        let events = Arc::new(Events::new());
        let way = hints();
        let ledger_url = settings.ledger.as_ref().map(|ledger| ledger.url().to_string().into());
        let parts = Parts {
            publisher: publisher(&data, settings.ledger)?,
            expander: Expander::new(settings.expansion),
            poll: settings.poll,
            metrics: Arc::clone(&metrics),
            told: ToldTo { audit_head: audit_head(&store), events: Arc::clone(&events) },
            hints: settings.source.is_some().then(|| way.0.clone()),
            issuer,
        };
        let (controller, thread) = Controller::start(&data, parts)?;
        let followed = match settings.source {
            Some(Elsewhere { remote, branch }) => {
                let mirror = Mirror::open(data.source.clone(), remote)?;
                let (controller, metrics) = (controller.clone(), Arc::clone(&metrics));
                Some(follow(mirror, &branch, settings.poll, way, controller, metrics))
            }
            None => None,
        };
        if let Some(place) = told_of_commits {
            tokio::spawn(commit_status::tell(place, controller.clone()));
        }
        let callers = Arc::new(Callers::new(store.clone(), settings.admin_token.as_ref()));
        let limits = Arc::new(Limits::new(settings.behind_proxy));
        let elsewhere = followed.as_ref().map(|followed| Arc::clone(&followed.url));
        let host = Host::new(&controller, &data.source, elsewhere, &events);
        let agents = Agents::new(&data.release_key, &releases, &store, &host).await?;
        let agents = Arc::new(agents);
        let told = match settings.metrics_listen {
            Some(address) => Some(tell(address, &metrics, &controller, &agents).await?),
            None => None,
        };
        let state = AppState::from(Shared {
            controller,
            data,
            store,
            metrics,
            callers,
            limits,
            idempotency: Arc::default(),
            known_steps: Arc::default(),
            passwords: Arc::new(Passwords::new()),
            followed,
            ledger_url,
            webhooks: Arc::new(settings.webhooks),
            provider,
            front: if is_https { Front::Https } else { Front::Http },
            agents,
            host,
            events,
            streams: Arc::default(),
            pasts: Arc::default(),
        });
        let patience = settings.patience;
        Ok(Self { listener, address, tls, state, thread, told, patience, new_token })
    }

    /// Where it listens; with the port that the system chose, where 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it tells its metrics, if it does.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.told.as_ref().map(|told| told.address)
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The administrator's token, if this start made it. It is shown this once.
    #[must_use]
    pub fn new_token(&self) -> Option<&Secret> {
        self.new_token.as_ref()
    }

    /// The loop.
    #[must_use]
    pub fn controller(&self) -> &Controller {
        &self.state.controller
    }

    /// Answers until `stop` is done; then lets requests end, ends the loop after what it is doing,
    /// and closes the database.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Self { listener, address, tls, state, thread, told, patience, .. } = self;
        let handle = Handle::new();
        let service =
            router(state.clone(), patience).into_make_service_with_connect_info::<SocketAddr>();
        let listen = |source| ServeError::Listen { address, source };
        let presence = Arc::clone(&state.agents.presence);
        let (releases, events) = (Arc::clone(&state.agents.releases), Arc::clone(&state.events));
        let keeping = tokio::spawn(Arc::clone(&presence).keep_on(releases, events));
        let answer = async {
            match tls {
                Some((files, config)) => {
                    let reload = tokio::spawn(reload(files, config.clone()));
                    let acceptor = RustlsAcceptor::new(config).acceptor(Acceptor(patience));
                    let server = axum_server::from_tcp(listener)?.acceptor(acceptor);
                    let server = server.first_request_timeout(patience.first_request);
                    let ended = server.handle(handle.clone()).serve(service).await;
                    reload.abort();
                    ended
                }
                None => {
                    let server = axum_server::from_tcp(listener)?.acceptor(Acceptor(patience));
                    let server = server.first_request_timeout(patience.first_request);
                    server.handle(handle.clone()).serve(service).await
                }
            }
        };
        tokio::pin!(answer);
        let answered = tokio::select! {
            ended = &mut answer => ended,
            () = stop => {
                // Streams end only with their clients.
                state.events.close();
                state.agents.close();
                handle.graceful_shutdown(Some(GRACE));
                answer.await
            }
        };
        state.controller.stop();
        state.followed.iter().for_each(Followed::stop);
        // The loop may be in the middle of a release, which is short and must not be cut.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        keeping.abort();
        // What is lost of it is said again by the agents.
        if let Err(error) = presence.keep(Timestamp::now()).await {
            tracing::error!(%error, "reports are not kept");
        }
        state.store.close().await;
        drop(told);
        answered.map_err(listen)
    }
}

/// A socket that listens, and where.
fn bound(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let listener = std::net::TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The forge that is told what becomes of commits, if there is one.
fn told_of_commits(settings: &Settings) -> Result<Option<Place>, ForgeMistake> {
    let told = settings.commit_statuses.as_ref().zip(settings.source.as_ref());
    told.map(|(statuses, source)| Place::new(statuses, source.remote.url())).transpose()
}

/// Reads the head of the audit record from the loop's thread.
fn audit_head(store: &Store) -> AuditHead {
    let (store, runtime) = (store.clone(), tokio::runtime::Handle::current());
    Box::new(move || match runtime.block_on(store.audit_head()) {
        Ok(head) => (head.number > 0).then(|| format!("{}:{}", head.number, head.digest)),
        Err(error) => {
            tracing::error!(%error, "the step does not say how far the audit record went");
            None
        }
    })
}

/// The publisher to the ledger, wherever that is.
fn publisher(data: &Data, ledger: Option<Remote>) -> Result<Publisher, RemoteError> {
    let Some(remote) = ledger else { return Ok(Publisher::new(&data.clusters)) };
    let mirror = Mirror::open(data.clusters.clone(), remote.within(LEDGER_TIME))?;
    Ok(Publisher::elsewhere(mirror, Branches::Here))
}

impl From<AgentsError> for ServeError {
    fn from(error: AgentsError) -> Self {
        match error {
            AgentsError::Key(error) => error.into(),
            AgentsError::Store(error) => error.into(),
        }
    }
}

/// Starts to tell metrics.
async fn tell(
    address: SocketAddr,
    metrics: &Arc<Metrics>,
    controller: &Controller,
    agents: &Arc<Agents>,
) -> Result<Told, ServeError> {
    let router = metrics::router(Arc::clone(metrics), controller.clone(), Arc::clone(agents));
    let told = Told::start(address, router).await;
    told.map_err(|source| ServeError::Listen { address, source })
}

/// Makes the administrator's token, if there never was one.
async fn first_token(store: &Store) -> Result<Option<Secret>, ServeError> {
    if !store.tokens().await?.is_empty() {
        return Ok(None);
    }
    let secret = Secret::token()?;
    let token = NewToken {
        name: ADMIN_TOKEN.to_owned(),
        digest: secret.digest(),
        subject: ADMINISTRATOR.to_owned(),
        owner: None,
        scope: None,
        expires: None,
    };
    store.add_token(&token, Timestamp::now()).await?;
    Ok(Some(secret))
}

async fn load(tls: &Tls) -> Result<RustlsConfig, ServeError> {
    let failure = |source| ServeError::Tls { tls: Box::new(tls.clone()), source };
    RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await.map_err(failure)
}

/// Takes a new certificate when its file has changed. One that cannot be used is reported, and the
/// old one stays.
async fn reload(tls: Tls, config: RustlsConfig) {
    let changed = || std::fs::metadata(&tls.certificate).and_then(|file| file.modified()).ok();
    let mut known = changed();
    loop {
        tokio::time::sleep(CERTIFICATE_LOOK).await;
        let now = changed();
        if now == known {
            continue;
        }
        match config.reload_from_pem_file(&tls.certificate, &tls.key).await {
            Ok(()) => {
                tracing::info!(certificate = %tls.certificate.display(), "new certificate");
                known = now;
            }
            Err(error) => tracing::error!(%error, "the new certificate cannot be used"),
        }
    }
}
