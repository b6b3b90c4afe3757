//! In which namespaces whoever acts there was let in.
//!
//! It is done for the namespaces of the tree and of what we hold, before anything in them is
//! looked at, and for those that a pass makes right after they are there. Objects in a namespace
//! of neither are nobody's to write.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream;
use model::ObjectKey;

use crate::{Fault, ServedKind, World, WorldError};

/// What is known of admissions; losing it costs a few requests.
#[derive(Debug, Default)]
pub(super) struct Admissions {
    done: BTreeSet<String>,
    refused: BTreeMap<String, WorldError>,
}

impl Admissions {
    /// Forgets everything, so that it is done anew.
    pub(super) fn clear(&mut self) {
        self.done.clear();
    }

    /// Forgets a namespace that was made anew.
    pub(super) fn forget(&mut self, namespace: &str) {
        self.done.remove(namespace);
    }

    /// Lets in where that was not done. A namespace that is not there is no failure: its stage
    /// comes later. A cluster that does not answer is not asked on.
    pub(super) async fn admit<W: World>(
        &mut self,
        world: &W,
        namespaces: BTreeSet<String>,
        parallel: usize,
    ) {
        let missing = namespaces.into_iter().filter(|name| !self.done.contains(name));
        let missing: Vec<String> = missing.collect();
        let asked = missing.into_iter().map(|name| {
            let world = world.clone();
            async move {
                let answer = world.admit(&name).await;
                (name, answer)
            }
        });
        let mut answers = stream::iter(asked).buffer_unordered(parallel.max(1));
        while let Some((name, answer)) = answers.next().await {
            let is_outage = matches!(&answer, Err(error) if error.fault == Fault::Unavailable);
            self.note(name, answer);
            if is_outage {
                return;
            }
        }
    }

    fn note(&mut self, name: String, answer: Result<(), WorldError>) {
        self.refused.remove(&name);
        match answer {
            Ok(()) => _ = self.done.insert(name),
            Err(error) if error.is_not_found() => {}
            Err(error) => _ = self.refused.insert(name, error),
        }
    }

    /// Why nobody was let into a namespace.
    pub(super) fn refusal(&self, namespace: Option<&str>) -> Option<&WorldError> {
        self.refused.get(namespace?)
    }
}

/// The name of the namespace that an object is.
pub(super) fn namespace_name(key: &ObjectKey) -> Option<&str> {
    let is_one = key.group.is_empty() && key.kind == "Namespace";
    is_one.then_some(key.name.as_str())
}

/// Whether a namespace is proven not to be there: then nothing is in it, though nobody is left
/// who could ask.
pub(super) async fn is_gone<W: World>(world: &W, namespace: &str) -> bool {
    let kind = ServedKind::known("v1", "Namespace", "namespaces", false);
    let place = crate::Place { namespace: None, name: namespace };
    let read = world.read(&kind, place, crate::Detail::Metadata).await;
    matches!(read, Err(error) if error.is_not_found())
}
