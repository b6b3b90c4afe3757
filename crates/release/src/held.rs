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
    /// What waits, in the order of clusters' names.
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
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(name) => write!(f, "application {name}"),
            Self::Namespace(name) => write!(f, "namespace {name}"),
            Self::Bootstrap => f.write_str("bootstrap"),
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

/// What one part of one cluster's tree gives way to, as an entry of a plan.
///
/// The uid, a letter for the kind of part, its name ended by NUL, and each tree: 0 for none, else
/// 1 and its id. Bytes and not text, because a first step has millions.
pub(crate) fn plan_entry(
    cluster: ClusterUid,
    part: &Part,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
) -> Vec<u8> {
    let (letter, name) = match part {
        Part::Application(name) => (b'a', name.as_str()),
        Part::Namespace(name) => (b'n', name.as_str()),
        Part::Bootstrap => (b'b', ""),
    };
    let mut entry = Vec::with_capacity(64 + name.len());
    entry.extend(cluster.0);
    entry.push(letter);
    entry.extend(name.as_bytes());
    entry.push(0);
    for id in [old, new] {
        entry.push(u8::from(id.is_some()));
        entry.extend(id.iter().flat_map(|id| id.0));
    }
    entry
}

/// SHA-256 over the fleet's uid and the sorted entries, so that it names exactly this plan.
pub(crate) fn plan_digest(fleet: FleetUid, mut entries: Vec<Vec<u8>>) -> Digest {
    entries.sort_unstable();
    entries.insert(0, fleet.0.to_vec());
    sha256(&entries.concat())
}
