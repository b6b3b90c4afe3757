//! What every part of a render needs.

use std::sync::Arc;

use model::{ApplicationId, ClusterSet, Files, Sink, Source};
use schema::document::{FluxLayout, LayoutDocument};

use super::numbers::Numbers;
use crate::Fleet;
use crate::fleet::KeySpace;
use crate::layout::cluster_folder;
use schema::nearest::nearest;

/// How many known keys a hint lists.
const MOST_KEYS: usize = 12;

/// The input of a render, and what is derived from it once.
pub(crate) struct Context<'a> {
    /// The fleet.
    pub(crate) fleet: &'a Fleet,
    /// The files of the source.
    pub(crate) files: &'a Files,
    /// Where content goes.
    pub(crate) sink: &'a dyn Sink,
    /// The settings of the layout `flux`, if it is that.
    pub(crate) flux: Option<&'a FluxLayout>,
    /// The clusters that are not being emptied.
    pub(crate) live: ClusterSet,
    /// The folder of each cluster in its delivery.
    pub(crate) folders: Arc<[Box<str>]>,
    /// The numbers of bases.
    pub(crate) numbers: Numbers,
}

impl<'a> Context<'a> {
    /// The context of a render whose bases have the numbers from `first` on. `folders` are those
    /// of a fleet with the same clusters and the same delivery, if there is one.
    pub(crate) fn new(
        fleet: &'a Fleet,
        source: &'a Source,
        sink: &'a dyn Sink,
        first: u32,
        folders: Option<Arc<[Box<str>]>>,
    ) -> Self {
        let folder = |cluster: &crate::Cluster| {
            cluster_folder(&fleet.delivery, cluster.name.as_str()).into_boxed_str()
        };
        Self {
            fleet,
            files: &source.files,
            sink,
            flux: match &fleet.layout {
                LayoutDocument::Flux(layout) => Some(layout),
                LayoutDocument::Manifests => None,
            },
            live: fleet.decommissioned.complement(fleet.clusters.len()),
            folders: folders.unwrap_or_else(|| fleet.clusters.iter().map(folder).collect()),
            numbers: Numbers::from(first),
        }
    }

    /// The message and the hint for a key that has no value somewhere.
    pub(crate) fn explain_missing(
        &self,
        application: ApplicationId,
        space: KeySpace,
        key: &str,
    ) -> (String, String) {
        let document = self.fleet.applications.get(application.0 as usize);
        let (word, holder) = match (space, document) {
            (KeySpace::Application, Some(application)) => {
                ("application", format!(" in the application `{}`", application.name))
            }
            (KeySpace::Namespace, Some(application)) => {
                let namespace = &self.fleet.namespaces[application.namespace.0 as usize];
                ("namespace", format!(" in the namespace `{}`", namespace.name))
            }
            (KeySpace::Application, None) => ("application", String::new()),
            (KeySpace::Namespace, None) => ("namespace", String::new()),
            (KeySpace::Cluster, _) => ("cluster", String::new()),
        };
        let known = self.fleet.keys(application, space);
        (format!("`rea.{word}.{key}` has no value{holder}"), hint(key, known))
    }
}

/// The known keys, the nearest first.
fn hint(key: &str, mut known: Vec<String>) -> String {
    known.sort();
    if known.iter().any(|other| other == key) {
        return "it has a value elsewhere; give it one on these clusters too, or on a group above \
                them"
            .to_owned();
    }
    let near = nearest(key, known.iter().map(String::as_str)).map(str::to_owned);
    let position = near.as_ref().and_then(|near| known.iter().position(|other| other == near));
    if let Some(position) = position {
        let near = known.remove(position);
        known.insert(0, near);
    }
    let listed: Vec<String> =
        known.iter().take(MOST_KEYS).map(|known| format!("`{known}`")).collect();
    let more = match known.len().saturating_sub(MOST_KEYS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let known = match listed.is_empty() {
        true => "no keys are known".to_owned(),
        false => format!("known keys: {}{more}", listed.join(", ")),
    };
    near.map_or_else(|| known.clone(), |near| format!("did you mean `{near}`? {known}"))
}
