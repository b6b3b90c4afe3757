//! How a simulated cluster is, and what goes wrong on it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;

/// How a simulated cluster is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a workload takes until its pods are ready.
    pub ready_after: Duration,
    /// How long a CustomResourceDefinition takes until it is established.
    pub established_after: Duration,
    /// How long a namespace takes until it is gone.
    pub namespace_gone_after: Duration,
    /// How many objects one part of a list has at most.
    pub page: usize,
    /// What goes wrong from the start.
    pub faults: Faults,
    /// Whether what is asked is written down.
    pub log: bool,
}

impl Default for Settings {
    /// 2 s, 200 ms and 1 s; 500 objects; nothing goes wrong and nothing is written down.
    fn default() -> Self {
        Self {
            ready_after: Duration::from_secs(2),
            established_after: Duration::from_millis(200),
            namespace_gone_after: Duration::from_secs(1),
            page: 500,
            faults: Faults::default(),
            log: false,
        }
    }
}

/// What goes wrong on a simulated cluster.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// It does not answer.
    pub offline: bool,
    /// Every request takes so long.
    pub delay: Duration,
    /// Its clock is wrong by so much.
    pub skew: SignedDuration,
    /// Images whose names hold one of these cannot be fetched.
    pub failing_images: BTreeSet<String>,
    /// An admission webhook refuses objects of these kinds, with a message.
    pub refused: BTreeMap<String, String>,
    /// We may do nothing with these kinds; in one namespace, or with nothing in all.
    pub forbidden: BTreeSet<(String, Option<String>)>,
    /// So many of the next applies find another state than they were sent for.
    pub conflicts: u32,
    /// So many of the next parts of lists are too old.
    pub gone: u32,
}

impl Faults {
    /// Whether we may do nothing with a kind in a namespace.
    pub(super) fn forbids(&self, kind: &str, namespace: Option<&str>) -> bool {
        self.forbidden.iter().any(|(forbidden, within)| {
            forbidden == kind && within.as_deref().is_none_or(|name| Some(name) == namespace)
        })
    }

    /// Whether an image cannot be fetched.
    pub(super) fn fails(&self, image: &str) -> bool {
        self.failing_images.iter().any(|part| image.contains(part.as_str()))
    }
}
