//! The agent's ConfigMaps: what people may annotate, and a mark that outlives its disk.
//!
//! `res-edge-agent` is people's: they annotate it to hold releases back. `res-edge-agent-mark` is
//! the agent's: the highest generation that it accepted, so that a lost disk does not make it take
//! an older one.

use jiff::SignedDuration;
use model::{Generation, Observed};
use serde_json::json;
use sync::{Detail, Fault, Object, Place, ServedKind, Trial, World, WorldError};

use crate::will::{Ask, Place as Said};

/// The ConfigMap that people annotate.
pub const CONFIG: &str = "res-edge-agent";
/// The ConfigMap of the agent.
pub const MARK: &str = "res-edge-agent-mark";

/// How long to hold releases back, as in `4h`.
const HOLD: &str = "res-edge.dev/hold";
/// Why.
const REASON: &str = "res-edge.dev/hold-reason";

/// What outlives the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The highest generation that was accepted.
    pub generation: Generation,
    /// The uid of the cluster.
    pub cluster: Option<String>,
    /// The uid of the fleet.
    pub fleet: Option<String>,
}

/// Reads the mark; nothing where no agent ever left one.
pub async fn read_mark<W: World>(world: &W, namespace: &str) -> Observed<Option<Mark>> {
    let place = Place { namespace: Some(namespace), name: MARK };
    match world.read(&ServedKind::config_map(), place, Detail::Whole).await {
        Ok(object) => match mark(&object) {
            Some(mark) => Observed::Known(Some(mark)),
            None => Observed::Unknown(model::Cause(format!("the ConfigMap `{MARK}` is damaged"))),
        },
        Err(error) if error.is_not_found() => Observed::Known(None),
        Err(error) => Observed::Unknown(model::Cause(error.message)),
    }
}

fn mark(object: &Object) -> Option<Mark> {
    let text = |name: &str| object.text(&["data", name]).map(str::to_owned);
    let generation = text("generation")?.parse().ok()?;
    Some(Mark {
        generation: Generation(generation),
        cluster: text("cluster"),
        fleet: text("fleet"),
    })
}

/// Writes the mark.
///
/// # Errors
/// What the cluster says.
pub async fn write_mark<W: World>(
    world: &W,
    namespace: &str,
    mark: &Mark,
) -> Result<(), WorldError> {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": MARK, "namespace": namespace},
        "data": {
            "generation": mark.generation.to_string(),
            "cluster": mark.cluster.clone().unwrap_or_default(),
            "fleet": mark.fleet.clone().unwrap_or_default(),
        },
    });
    let object =
        Object::new(object).map_err(|error| WorldError::new(Fault::Refused, error.to_string()))?;
    world.apply(&ServedKind::config_map(), &object, Trial::Act).await.map(drop)
}

/// What is asked for by annotation; unknown where it cannot be read. A length that is none counts
/// as the longest that the fleet allows: somebody wants releases to wait.
pub async fn read_ask<W: World>(world: &W, namespace: &str) -> Observed<Option<Ask>> {
    let place = Place { namespace: Some(namespace), name: CONFIG };
    match world.read(&ServedKind::config_map(), place, Detail::Metadata).await {
        Ok(object) => Observed::Known(ask(&object)),
        Err(error) if error.is_not_found() => Observed::Known(None),
        Err(error) => Observed::Unknown(model::Cause(error.message)),
    }
}

fn ask(object: &Object) -> Option<Ask> {
    let text = object.annotation(HOLD).map(str::trim).filter(|text| !text.is_empty())?;
    let reason = object.annotation(REASON).unwrap_or("held by annotation").to_owned();
    let length = text.parse().ok().filter(|length: &SignedDuration| length.is_positive());
    Some(Ask {
        place: Said::Annotation,
        length: length.unwrap_or(SignedDuration::MAX),
        token: format!("annotation {text} {reason}"),
        reason,
    })
}
