//! What every part of a render needs.

use model::{ApplicationId, ClusterSet, Files, Sink, Source};
use schema::document::{FluxLayout, LayoutDocument};

use super::prepare::first_numbers;
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
    pub(crate) folders: Vec<Box<str>>,
    /// The first number that no base of a file has.
    pub(crate) next_number: u32,
}

impl<'a> Context<'a> {
    /// The context of a render.
    pub(crate) fn new(fleet: &'a Fleet, source: &'a Source, sink: &'a dyn Sink) -> Self {
        let folder = |cluster: &crate::Cluster| {
            cluster_folder(&fleet.delivery, cluster.name.as_str()).into_boxed_str()
        };
        let last = source.files.iter().chain(source.files.added()).last();
        let last = last.map_or(0, |(_, file)| file.bytes.len() as u32 + 1);
        let numbers = first_numbers(&source.files);
        Self {
            fleet,
            files: &source.files,
            sink,
            flux: match &fleet.layout {
                LayoutDocument::Flux(layout) => Some(layout),
                LayoutDocument::Manifests => None,
            },
            live: fleet.decommissioned.complement(fleet.clusters.len()),
            folders: fleet.clusters.iter().map(folder).collect(),
            next_number: numbers.last().copied().unwrap_or(0).saturating_add(last),
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
