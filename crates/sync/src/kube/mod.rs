//! A cluster by its Kubernetes API.
//!
//! Each method of [`World`] is one request, or the few that it needs, with a limit of time and no
//! second try. Objects in a namespace are read, tried and written as that namespace's own service
//! account, if one is named: in every phase, so that nothing is shown or done by the agent's
//! rights that the namespace does not have. Objects of the cluster are the agent's, and so is
//! making these accounts.

mod accounts;
mod address;
mod answer;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::kube::client::Body;
use ::kube::config::{KubeConfigOptions, Kubeconfig};
use ::kube::{Client, Config};
use http::request::Builder;
use http::{Method, Request};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Detail, FIELD_MANAGER, Fault, Going, ListPage, Notes, Object, Place, Scope, ServedKind, Trial,
    Watching, World, WorldError,
};
use address::Address;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(40);

/// How a cluster is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The kubeconfig; without one, the environment is asked as kubectl does, then the pod.
    pub kubeconfig: Option<PathBuf>,
    /// The name of the service account that acts in each namespace; without one, the agent acts.
    pub service_account: Option<String>,
    /// The ClusterRole to which that account is bound in each namespace of the tree; without one,
    /// somebody else makes the accounts and binds them.
    pub account_role: Option<String>,
    /// How many objects one part of a list has at most.
    pub page: usize,
}

impl Default for Settings {
    /// As kubectl does, with its own rights, 250 objects at a time.
    fn default() -> Self {
        Self { kubeconfig: None, service_account: None, account_role: None, page: 250 }
    }
}

/// A cluster; a clone shares its connections.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    client: Client,
    settings: Settings,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Prepares to reach a cluster; nothing is sent yet. It must be called within a runtime.
    ///
    /// # Errors
    /// What says how to reach it cannot be read.
    pub async fn connect(settings: Settings) -> Result<Self, WorldError> {
        let fault = |error: String| WorldError::new(Fault::Unavailable, error);
        let mut config = match &settings.kubeconfig {
            None => Config::infer().await.map_err(|error| fault(error.to_string()))?,
            Some(path) => {
                let name = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
                let file = Kubeconfig::read_from(path).map_err(|error| fault(name(&error)))?;
                let options = KubeConfigOptions::default();
                let config = Config::from_custom_kubeconfig(file, &options).await;
                config.map_err(|error| fault(name(&error)))?
            }
        };
        // Whether and when something is tried again is the engine's to decide.
        config.default_retry = false;
        let client = Client::try_from(config).map_err(|error| fault(error.to_string()))?;
        Ok(Self(Arc::new(Inner { client, settings })))
    }

    /// A request, as who acts in a namespace.
    fn request(&self, method: Method, address: &str, namespace: Option<&str>) -> Builder {
        let mut request = Request::builder().method(method).uri(address);
        if let (Some(account), Some(namespace)) = (&self.0.settings.service_account, namespace) {
            // The cluster adds the groups of a service account by itself. Naming them would need a
            // right to be in any group, which cannot be bounded to those of one account.
            request = request
                .header("Impersonate-User", format!("system:serviceaccount:{namespace}:{account}"));
        }
        request
    }

    async fn send(&self, request: Builder, body: Option<&Value>) -> Result<Value, WorldError> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request.body(Body::from(bytes)).map_err(|error| refused(&error))?;
        let answer = tokio::time::timeout(ANSWER, answer::read(&self.0.client, request)).await;
        answer.unwrap_or_else(|_| {
            let message = format!("the cluster gave no answer within {} s", ANSWER.as_secs());
            Err(WorldError::new(Fault::Unavailable, message))
        })
    }

    async fn get(
        &self,
        address: &str,
        namespace: Option<&str>,
        accept: &str,
    ) -> Result<Value, WorldError> {
        let request = self.request(Method::GET, address, namespace).header("Accept", accept);
        self.send(request, None).await
    }

    /// Applies a value at an address, as the account of a namespace or by the agent's own rights.
    async fn patch(
        &self,
        address: &str,
        query: &[(&str, &str)],
        namespace: Option<&str>,
        value: &Value,
    ) -> Result<Value, WorldError> {
        let address = format!("{address}?{}", address::query(query));
        let request = self.request(Method::PATCH, &address, namespace);
        // JSON is YAML too.
        let request = request.header("Content-Type", "application/apply-patch+yaml");
        self.send(request, Some(value)).await
    }

    async fn kinds_of_version(&self, version: &str) -> Result<Vec<ServedKind>, WorldError> {
        let address = match version.contains('/') {
            true => format!("/apis/{version}"),
            false => format!("/api/{version}"),
        };
        let list = self.get(&address, None, answer::JSON).await?;
        Ok(answer::kinds(version, &list))
    }
}

impl World for Cluster {
    async fn discover(&self, group: &str) -> Result<Vec<ServedKind>, WorldError> {
        if group.is_empty() {
            return self.kinds_of_version("v1").await;
        }
        let address = address::checked(&format!("/apis/{group}"), group)?;
        let found = match self.get(&address, None, answer::JSON).await {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            found => found?,
        };
        let mut kinds = Vec::new();
        for version in answer::versions(&found) {
            match self.kinds_of_version(&version).await {
                // It went between the two questions.
                Err(error) if error.is_not_found() => {}
                found => kinds.extend(found?),
            }
        }
        Ok(kinds)
    }

    async fn read(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        detail: Detail,
    ) -> Result<Object, WorldError> {
        let address = Address::of(kind, place.namespace)?.object(place.name)?;
        let value = self.get(&address, place.namespace, answer::accept(detail)).await?;
        answer::object(kind, value)
    }

    async fn list(
        &self,
        scope: &Scope,
        detail: Detail,
        next: Option<&str>,
    ) -> Result<ListPage, WorldError> {
        let namespace = scope.namespace.as_deref();
        let address = Address::of(&scope.kind, namespace)?;
        let limit = self.0.settings.page.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(next.map(|next| ("continue", next)));
        let address = address.objects(&query);
        let value = self.get(&address, namespace, answer::accept_list(detail)).await?;
        answer::page(&scope.kind, value)
    }

    async fn admit(&self, namespace: &str) -> Result<(), WorldError> {
        self.admit_account(namespace).await
    }

    async fn create(&self, kind: &ServedKind, object: &Object) -> Result<Object, WorldError> {
        let key = object.key();
        let namespace = key.namespace.as_deref();
        let address = Address::of(kind, namespace)?.objects(&[("fieldManager", FIELD_MANAGER)]);
        let request = self.request(Method::POST, &address, namespace);
        let request = request.header("Content-Type", answer::JSON);
        let answer = self.send(request, Some(object.value())).await;
        answer::object(kind, answer.map_err(|error| answer::without_values(kind, error))?)
    }

    async fn apply(
        &self,
        kind: &ServedKind,
        object: &Object,
        trial: Trial,
    ) -> Result<Object, WorldError> {
        let key = object.key();
        let namespace = key.namespace.as_deref();
        let mut query = vec![("fieldManager", FIELD_MANAGER), ("force", "true")];
        if trial == Trial::DryRun {
            query.push(("dryRun", "All"));
        }
        let address = Address::of(kind, namespace)?.object(&key.name)?;
        let answer = self.patch(&address, &query, namespace, object.value()).await;
        answer::object(kind, answer.map_err(|error| answer::without_values(kind, error))?)
    }

    async fn delete(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        uid: &str,
    ) -> Result<Going, WorldError> {
        let address = Address::of(kind, place.namespace)?.object(place.name)?;
        let request = self.request(Method::DELETE, &address, place.namespace);
        let request = request.header("Content-Type", answer::JSON);
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions",
            "propagationPolicy": "Background", "preconditions": {"uid": uid},
        });
        let answer = self.send(request, Some(&options)).await?;
        Ok(match answer["kind"] == "Status" {
            true => Going::Gone,
            false => Going::Terminating,
        })
    }

    fn watch(&self, scope: Scope, notes: Notes) -> Watching {
        let task = tokio::spawn(watch::watch(self.clone(), scope, notes));
        Watching::new(vec![task.abort_handle()])
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

fn refused(error: &http::Error) -> WorldError {
    WorldError::new(Fault::Refused, format!("no request can be made of it: {error}"))
}
