//! Where a cluster stands behind one trait: the Kubernetes API, or a simulated one.
//!
//! In: places, objects, uids. Out: objects as the cluster has them, or a fault with its class.
//! It decides nothing and tries nothing again: the engine does.

mod fault;
mod notes;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use model::ObjectKey;
use schema::objects::split_api_version;

pub use fault::{Fault, WorldError};
pub use notes::{Notes, Scope, Watching};

use crate::Object;

/// A kind as the cluster serves it, in one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServedKind {
    /// `apiVersion`: `v1`, `apps/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The word in addresses: `deployments`.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

impl ServedKind {
    /// A kind that every cluster serves, so that nobody need ask.
    #[must_use]
    pub fn known(api_version: &str, kind: &str, plural: &str, namespaced: bool) -> Self {
        let [api_version, kind, plural] = [api_version, kind, plural].map(str::to_owned);
        Self { api_version, kind, plural, namespaced }
    }

    /// `ConfigMap`.
    #[must_use]
    pub fn config_map() -> Self {
        Self::known("v1", "ConfigMap", "configmaps", true)
    }

    /// `Lease`.
    #[must_use]
    pub fn lease() -> Self {
        Self::known("coordination.k8s.io/v1", "Lease", "leases", true)
    }

    /// The API group, empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        split_api_version(&self.api_version)
    }

    /// The identity of an object of this kind.
    #[must_use]
    pub fn key(&self, place: Place<'_>) -> ObjectKey {
        ObjectKey {
            group: self.group().to_owned(),
            kind: self.kind.clone(),
            namespace: place.namespace.map(str::to_owned),
            name: place.name.to_owned(),
        }
    }
}

impl fmt::Display for ServedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.kind, self.api_version)
    }
}

/// Where an object of a kind stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The namespace, or nothing for an object of the cluster.
    pub namespace: Option<&'a str>,
    /// The name.
    pub name: &'a str,
}

impl<'a> Place<'a> {
    /// The place that an identity names.
    #[must_use]
    pub fn of(key: &'a ObjectKey) -> Self {
        Self { namespace: key.namespace.as_deref(), name: &key.name }
    }
}

/// How much of an object is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// Its metadata: enough to see drift and to delete. Of Secrets nothing else is looked at.
    Metadata,
    /// The whole of it: needed where health is told by `status`.
    Whole,
}

/// Whether an act is done, or only tried by the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It is done.
    Act,
    /// Everything but keeping the result: validation, admission, quota.
    DryRun,
}

/// What became of an object that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// It is not there any more.
    Gone,
    /// It goes once its finalizers and its grace period let it.
    Terminating,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// The objects of this part.
    pub objects: Vec<Object>,
    /// What to ask with for the next part; nothing where the list is whole now.
    pub next: Option<String>,
}

/// A cluster, and the time that passes beside it.
///
/// Every method is one request, or the few that a request for one thing needs. Cheap to clone.
pub trait World: Clone + Send + Sync + 'static {
    /// The kinds of an API group that the cluster serves, in every version, the preferred version
    /// first. A group that it does not have has none.
    ///
    /// # Errors
    /// It could not be asked.
    fn discover(
        &self,
        group: &str,
    ) -> impl Future<Output = Result<Vec<ServedKind>, WorldError>> + Send;

    /// Reads an object.
    ///
    /// # Errors
    /// [`Fault::NotFound`] where it proves that the object is not there; any other fault proves
    /// nothing.
    fn read(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        detail: Detail,
    ) -> impl Future<Output = Result<Object, WorldError>> + Send;

    /// Reads a part of the objects of a kind, in one namespace or in all.
    ///
    /// # Errors
    /// [`Fault::Gone`] where the list must be started anew.
    fn list(
        &self,
        scope: &Scope,
        detail: Detail,
        next: Option<&str>,
    ) -> impl Future<Output = Result<ListPage, WorldError>> + Send;

    /// Lets whoever acts in a namespace act there, by the agent's own rights. Where nobody else
    /// than the agent acts, there is nothing to do.
    ///
    /// # Errors
    /// [`Fault::NotFound`] where there is no such namespace; any other fault says that nothing in
    /// it can be written.
    fn admit(&self, namespace: &str) -> impl Future<Output = Result<(), WorldError>> + Send;

    /// Makes an object that must not be there.
    ///
    /// # Errors
    /// [`Fault::Exists`] where it is there.
    fn create(
        &self,
        kind: &ServedKind,
        object: &Object,
    ) -> impl Future<Output = Result<Object, WorldError>> + Send;

    /// Applies an object by server-side apply with [`crate::FIELD_MANAGER`], and takes fields
    /// that others have. A `metadata.uid` or `metadata.resourceVersion` in it must match.
    ///
    /// # Errors
    /// [`Fault::Conflict`] where they do not match.
    fn apply(
        &self,
        kind: &ServedKind,
        object: &Object,
        trial: Trial,
    ) -> impl Future<Output = Result<Object, WorldError>> + Send;

    /// Deletes the object with this uid and no other; what depends on it is collected later.
    ///
    /// # Errors
    /// [`Fault::NotFound`] where it is gone, [`Fault::Conflict`] where another object has its
    /// name.
    fn delete(
        &self,
        kind: &ServedKind,
        place: Place<'_>,
        uid: &str,
    ) -> impl Future<Output = Result<Going, WorldError>> + Send;

    /// Tells of changes in a scope until what is returned is dropped. What may have been missed is
    /// told as a gap.
    fn watch(&self, scope: Scope, notes: Notes) -> Watching;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Lets some time pass.
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
}
