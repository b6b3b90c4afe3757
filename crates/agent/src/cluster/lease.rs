//! Of two agents that were started by mistake, one acts.
//!
//! A `Lease` names who acts. Whoever holds it renews it; another one takes it over when it was not
//! renewed for a while, by a clock of its own that nobody sets, and by the resource version, so
//! that of two who try one wins.

use jiff::Timestamp;
use serde_json::{Value, json};
use sync::{Detail, Fault, Object, Place, ServedKind, Trial, World, WorldError};
use tokio::time::Instant;

use crate::pace::Times;

/// The name of the lease.
const NAME: &str = "res-edge-agent";

/// Whether this agent may act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grip {
    /// It may, until the lease must be renewed.
    Ours,
    /// Another one acts.
    Others(String),
}

/// The lease, as one agent sees it.
pub struct Lease<W> {
    world: W,
    namespace: String,
    identity: String,
    times: Times,
    /// The last state of it that another one wrote, and when it was seen first.
    seen: Option<(String, Instant)>,
    renewed: Option<Instant>,
}

impl<W: World> Lease<W> {
    /// The lease in a namespace, for an agent with this identity.
    #[must_use]
    pub fn new(world: W, namespace: String, identity: String, times: Times) -> Self {
        Self { world, namespace, identity, times, seen: None, renewed: None }
    }

    /// Whether it must be renewed before anything is done.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.renewed.is_none_or(|renewed| renewed.elapsed() >= self.times.renew)
    }

    /// Renews it, or takes it where it is free.
    ///
    /// # Errors
    /// The cluster could not be asked: then nobody knows who acts, and this agent does not.
    pub async fn take(&mut self) -> Result<Grip, WorldError> {
        self.renewed = None;
        let place = Place { namespace: Some(&self.namespace), name: NAME };
        let found = self.world.read(&ServedKind::lease(), place, Detail::Whole).await;
        let written = match found {
            Err(error) if error.is_not_found() => {
                self.world.create(&ServedKind::lease(), &self.object(None)?).await
            }
            Err(error) => return Err(error),
            Ok(found) => match self.others(&found) {
                Some(holder) => return Ok(Grip::Others(holder)),
                None => {
                    let object = self.object(Some(found.resource_version()))?;
                    self.world.apply(&ServedKind::lease(), &object, Trial::Act).await
                }
            },
        };
        match written {
            Ok(_) => {
                (self.seen, self.renewed) = (None, Some(Instant::now()));
                Ok(Grip::Ours)
            }
            Err(error) if matches!(error.fault, Fault::Conflict | Fault::Exists) => {
                Ok(Grip::Others("another agent, which was faster".to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    /// Lets go of it, so that the next one need not wait. Nothing depends on that it succeeds.
    pub async fn release(&mut self) {
        let place = Place { namespace: Some(&self.namespace), name: NAME };
        if self.renewed.take().is_none() {
            return;
        }
        if let Ok(found) = self.world.read(&ServedKind::lease(), place, Detail::Metadata).await {
            let _ = self.world.delete(&ServedKind::lease(), place, found.uid()).await;
        }
    }

    /// Who else holds it and is alive, as far as can be seen.
    fn others(&mut self, found: &Object) -> Option<String> {
        let holder = found.text(&["spec", "holderIdentity"]).filter(|name| !name.is_empty())?;
        if holder == self.identity {
            return None;
        }
        let state = format!("{} {}", found.uid(), found.resource_version());
        match &self.seen {
            Some((seen, since)) if *seen == state => {
                (since.elapsed() < self.times.lease).then(|| holder.to_owned())
            }
            _ => {
                self.seen = Some((state, Instant::now()));
                Some(holder.to_owned())
            }
        }
    }

    fn object(&self, version: Option<&str>) -> Result<Object, WorldError> {
        let mut metadata = json!({"name": NAME, "namespace": self.namespace});
        if let Some(version) = version {
            metadata["resourceVersion"] = Value::from(version);
        }
        let object = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": self.identity,
                "leaseDurationSeconds": self.times.lease.as_secs().max(1),
                "renewTime": micro_time(self.world.now()),
            },
        });
        Object::new(object).map_err(|error| WorldError::new(Fault::Refused, error.to_string()))
    }
}

/// A time as `MicroTime` of Kubernetes has it.
fn micro_time(time: Timestamp) -> String {
    format!("{time:.6}")
}
