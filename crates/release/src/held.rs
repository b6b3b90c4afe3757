//! What waits for a person, and the digest by which exactly that is confirmed.

use std::collections::HashMap;
use std::fmt;

use model::{
    ApplicationName, Cause, ClusterName, ClusterUid, Digest, FleetUid, NamespaceName, ObjectId,
    ObjectKey, sha256,
};

/// A plan that waits for a confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The digest that confirms exactly these items.
    pub plan: Digest,
    /// What waits, in the order of clusters' names; clusters that leave come last.
    pub items: Vec<HeldItem>,
    /// Why; items point here.
    pub reasons: Vec<Reason>,
}

/// One part of one cluster's tree that keeps what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldItem {
    /// The cluster.
    pub cluster: ClusterUid,
    /// Its present name.
    pub name: ClusterName,
    /// Which part.
    pub part: Part,
    /// What it keeps; nothing for a part that would be new.
    pub old: Option<ObjectId>,
    /// What would follow; nothing for a deletion.
    pub new: Option<ObjectId>,
    /// The position of the reason in [`Held::reasons`].
    pub reason: usize,
}

/// A part of a cluster's tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// An application.
    Application(ApplicationName),
    /// A Namespace document.
    Namespace(NamespaceName),
    /// The entries of `flux-system/` besides `listeners/`.
    Bootstrap,
    /// All of it: the cluster leaves the fleet.
    Cluster,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(name) => write!(f, "application {name}"),
            Self::Namespace(name) => write!(f, "namespace {name}"),
            Self::Bootstrap => f.write_str("bootstrap"),
            Self::Cluster => f.write_str("the cluster itself"),
        }
    }
}

impl fmt::Display for HeldItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.part, self.new) {
            (Part::Cluster, _) => write!(f, "cluster {} leaves the fleet", self.name),
            (part, Some(_)) => write!(f, "{part} on {} changes", self.name),
            (part, None) => write!(f, "{part} on {} goes", self.name),
        }
    }
}

/// Why something waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// More bindings would vanish in 24 hours than may without a person.
    Budget {
        /// How many this plan removes.
        n_bindings: u32,
        /// How many vanished in the last 24 hours without a person's word.
        recent: u32,
        /// How many may.
        limit: u32,
    },
    /// The application would run nowhere any more.
    ApplicationEmpties {
        /// Which.
        application: ApplicationName,
        /// On how many clusters it is released.
        n_clusters: u32,
        /// What did it.
        cause: Emptied,
    },
    /// Many clusters would leave the fleet at once, or all of them: a folder that was lost looks
    /// like this.
    ClustersLeave {
        /// How many.
        n_clusters: u32,
        /// How many the source has.
        remaining: u32,
        /// How many may.
        limit: u32,
    },
    /// The cluster would run no application any more.
    ClusterEmpties {
        /// Which.
        cluster: ClusterName,
    },
    /// Objects would vanish whose loss loses data, or that are marked to wait for a person.
    Protected {
        /// Which.
        objects: Vec<ObjectKey>,
    },
    /// It could not be read which objects would vanish.
    Unread {
        /// Why not.
        cause: Cause,
    },
    /// A Namespace would vanish with everything in it.
    NamespaceVanishes {
        /// Which.
        namespace: NamespaceName,
    },
    /// An object moves between this part and one that stays as it is.
    MovesWith {
        /// The part that stays.
        part: Part,
    },
}

/// What took an application's last cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Emptied {
    /// Its document was removed.
    Document,
    /// These expressions became empty without being the literal `none`.
    Expressions(Vec<String>),
    /// Its placement was narrowed.
    Placement,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget { n_bindings, recent, limit } => write!(
                f,
                "{n_bindings} bindings would vanish, after {recent} in the last 24 hours; {limit} \
                 may without a confirmation"
            ),
            Self::ApplicationEmpties { application, n_clusters, cause } => {
                let clusters = match n_clusters {
                    1 => "cluster".to_owned(),
                    n => format!("{n} clusters"),
                };
                write!(f, "`{application}` would leave its last {clusters}: {cause}")
            }
            Self::ClustersLeave { remaining: 0, .. } => {
                f.write_str("every cluster would leave the fleet: the source has none")
            }
            Self::ClustersLeave { n_clusters, remaining, limit } => write!(
                f,
                "{n_clusters} clusters would leave the fleet, and {remaining} are in the source; \
                 {limit} may leave at once without a confirmation"
            ),
            Self::ClusterEmpties { cluster } => {
                write!(f, "`{cluster}` would run no application any more")
            }
            Self::Protected { objects } => {
                write!(f, "protected objects would vanish: {}", listed(objects))
            }
            Self::Unread { cause } => {
                write!(f, "it could not be read which objects would vanish: {cause}")
            }
            Self::NamespaceVanishes { namespace } => {
                write!(f, "the namespace `{namespace}` would vanish with everything in it")
            }
            Self::MovesWith { part } => {
                write!(f, "an object moves between it and {part}, which stays as it is")
            }
        }
    }
}

impl fmt::Display for Emptied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => f.write_str("its document is gone"),
            Self::Expressions(names) => {
                write!(f, "the expression of {} became empty", names.join(", "))
            }
            Self::Placement => f.write_str("it is placed nowhere"),
        }
    }
}

/// The first objects, and how many more there are.
fn listed(objects: &[ObjectKey]) -> String {
    let mut text: Vec<String> = objects.iter().take(5).map(|key| format!("`{key}`")).collect();
    if objects.len() > 5 {
        text.push(format!("{} more", objects.len() - 5));
    }
    text.join(", ")
}

/// Reasons, each once.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    list: Vec<Reason>,
    positions: HashMap<Reason, usize>,
}

impl Reasons {
    /// The position of a reason.
    pub(crate) fn add(&mut self, reason: Reason) -> usize {
        if let Some(position) = self.positions.get(&reason) {
            return *position;
        }
        self.positions.insert(reason.clone(), self.list.len());
        self.list.push(reason);
        self.list.len() - 1
    }

    pub(crate) fn into_list(self) -> Vec<Reason> {
        self.list
    }
}

/// A part of a cluster's tree, by a name that stands elsewhere.
#[derive(Clone, Copy)]
pub(crate) enum PartName<'a> {
    Application(&'a ApplicationName),
    Namespace(&'a NamespaceName),
    Bootstrap,
    Cluster,
}

impl Part {
    fn name(&self) -> PartName<'_> {
        match self {
            Self::Application(name) => PartName::Application(name),
            Self::Namespace(name) => PartName::Namespace(name),
            Self::Bootstrap => PartName::Bootstrap,
            Self::Cluster => PartName::Cluster,
        }
    }
}

/// What one part of one cluster's tree gives way to, as an entry of a plan.
pub(crate) fn plan_entry(
    cluster: ClusterUid,
    part: &Part,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
) -> Vec<u8> {
    let mut entry = Vec::new();
    write_entry(&mut entry, cluster, part.name(), (old, new));
    entry
}

/// The uid, a letter for the kind of part, its name ended by NUL, and each tree: 0 for none, else
/// 1 and its id. Bytes and not text, because a first step has millions.
fn write_entry(
    entry: &mut Vec<u8>,
    cluster: ClusterUid,
    part: PartName<'_>,
    trees: (Option<ObjectId>, Option<ObjectId>),
) {
    let (letter, name) = match part {
        PartName::Application(name) => (b'a', name.as_str()),
        PartName::Namespace(name) => (b'n', name.as_str()),
        PartName::Bootstrap => (b'b', ""),
        PartName::Cluster => (b'c', ""),
    };
    entry.extend_from_slice(&cluster.0);
    entry.push(letter);
    entry.extend_from_slice(name.as_bytes());
    entry.push(0);
    for id in [trees.0, trees.1] {
        entry.push(u8::from(id.is_some()));
        entry.extend_from_slice(id.as_ref().map_or(&[], |id| &id.0));
    }
}

/// The entries of a plan that one cluster has, one after the other in one buffer.
#[derive(Default)]
pub(crate) struct PlanEntries {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl PlanEntries {
    /// Adds what a part gives way to.
    pub(crate) fn add(
        &mut self,
        cluster: ClusterUid,
        part: PartName<'_>,
        trees: (Option<ObjectId>, Option<ObjectId>),
    ) {
        write_entry(&mut self.bytes, cluster, part, trees);
        self.ends.push(self.bytes.len());
    }

    /// SHA-256 over the sorted entries, which are taken out; nothing if there are none.
    pub(crate) fn take_digest(&mut self) -> Option<Digest> {
        if self.ends.is_empty() {
            return None;
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let mut entries: Vec<&[u8]> =
            starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end]).collect();
        let digest = if entries.is_sorted() {
            sha256(&self.bytes)
        } else {
            entries.sort_unstable();
            sha256(&entries.concat())
        };
        self.bytes.clear();
        self.ends.clear();
        Some(digest)
    }
}

/// SHA-256 over the fleet's uid and the sorted entries, so that it names exactly this plan.
pub(crate) fn plan_digest(fleet: FleetUid, mut entries: Vec<Vec<u8>>) -> Digest {
    entries.sort_unstable();
    entries.insert(0, fleet.0.to_vec());
    sha256(&entries.concat())
}
