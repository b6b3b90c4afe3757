//! Which kinds the cluster serves, asked once for each API group.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream;
use model::ObjectKey;
use schema::objects::split_api_version;

use crate::{Desired, Object, ServedKind, World, WorldError};

/// What is known of the kinds of a cluster.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    groups: BTreeMap<String, Result<Vec<ServedKind>, WorldError>>,
}

/// What is known of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// The cluster serves it.
    Served(ServedKind),
    /// The cluster serves it in other versions only; this is the best of them.
    OtherVersion(ServedKind),
    /// The cluster does not serve it, and said so.
    Missing,
    /// It could not be asked.
    Unknown(WorldError),
}

impl Resolved {
    /// A way to read and delete objects of the kind.
    pub(super) fn any(self) -> Option<ServedKind> {
        match self {
            Self::Served(kind) | Self::OtherVersion(kind) => Some(kind),
            Self::Missing | Self::Unknown(_) => None,
        }
    }
}

impl Kinds {
    /// Forgets everything, so that it is asked anew.
    pub(super) fn clear(&mut self) {
        self.groups.clear();
    }

    /// Forgets what could not be asked or lacks a kind that is needed.
    pub(super) fn forget_doubtful<'a>(&mut self, needed: impl Iterator<Item = (&'a str, &'a str)>) {
        for (api_version, kind) in needed {
            if !matches!(self.resolve(api_version, kind), Resolved::Served(_)) {
                self.groups.remove(split_api_version(api_version));
            }
        }
    }

    /// Asks for the groups that are not known.
    pub(super) async fn load<W: World>(&mut self, world: &W, needed: BTreeSet<String>, n: usize) {
        let missing = needed.into_iter().filter(|group| !self.groups.contains_key(group));
        let asked = missing.map(|group| {
            let world = world.clone();
            async move {
                let kinds = world.discover(&group).await;
                (group, kinds)
            }
        });
        let found: Vec<_> = stream::iter(asked).buffer_unordered(n.max(1)).collect().await;
        self.groups.extend(found);
    }

    /// What is known of a kind.
    pub(super) fn resolve(&self, api_version: &str, kind: &str) -> Resolved {
        match self.groups.get(split_api_version(api_version)) {
            None => Resolved::Missing,
            Some(Err(error)) => Resolved::Unknown(error.clone()),
            Some(Ok(kinds)) => {
                let same = |served: &&ServedKind| served.kind == kind;
                let exact =
                    kinds.iter().find(|served| same(served) && served.api_version == api_version);
                match (exact, kinds.iter().find(same)) {
                    (Some(exact), _) => Resolved::Served(exact.clone()),
                    (None, Some(other)) => Resolved::OtherVersion(other.clone()),
                    (None, None) => Resolved::Missing,
                }
            }
        }
    }

    /// The first error of asking, if nothing at all could be asked.
    pub(super) fn outage(&self) -> Option<&WorldError> {
        let all_failed = !self.groups.is_empty() && self.groups.values().all(Result::is_err);
        self.groups.values().find_map(|kinds| kinds.as_ref().err()).filter(|_| all_failed)
    }
}

/// `apiVersion` and kind of custom resources whose definition the tree holds.
pub(super) type Arriving = BTreeSet<(String, String)>;

/// The kinds that the CustomResourceDefinitions of a tree define.
pub(super) fn arriving(desired: &Desired) -> Arriving {
    let definitions = desired.objects.values().filter(|object| is_definition(&object.key));
    definitions.flat_map(|definition| defined(&definition.object)).collect()
}

/// Whether an object is a CustomResourceDefinition.
pub(super) fn is_definition(key: &ObjectKey) -> bool {
    key.group == "apiextensions.k8s.io" && key.kind == "CustomResourceDefinition"
}

fn defined(definition: &Object) -> Vec<(String, String)> {
    let text = |path: &[&str]| definition.text(path).map(str::to_owned);
    let (Some(group), Some(kind)) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]))
    else {
        return Vec::new();
    };
    let versions = definition.list(&["spec", "versions"]).iter();
    versions
        .filter(|version| version["served"].as_bool() == Some(true))
        .filter_map(|version| version["name"].as_str())
        .map(|version| (format!("{group}/{version}"), kind.clone()))
        .collect()
}
