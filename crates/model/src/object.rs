//! Kubernetes objects by identity.

use std::fmt;

/// What makes a Kubernetes object itself: group, kind, namespace and name, without the version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The API group, empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace, or nothing for an object of the cluster.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectKey {
    /// Whether losing such an object loses data or everything below it: Namespaces,
    /// CustomResourceDefinitions, persistent volumes and claims.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        match self.group.as_str() {
            "" => matches!(
                self.kind.as_str(),
                "Namespace" | "PersistentVolume" | "PersistentVolumeClaim"
            ),
            "apiextensions.k8s.io" => self.kind == "CustomResourceDefinition",
            _ => false,
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " {namespace}/{}", self.name),
            None => write!(f, " {}", self.name),
        }
    }
}

/// The objects that come and go when one application's tree on a cluster gives way to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectChange {
    /// Objects of the new tree that the old one did not hold.
    pub appeared: Vec<ObjectKey>,
    /// Objects of the old tree that the new one does not hold, and whether each waits for a
    /// person: a protected kind, or marked `res-edge.dev/prune: confirm`.
    pub vanished: Vec<(ObjectKey, bool)>,
}

/// What it means that one object changes in place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectEffect {
    /// What happens, the gravest kind first in the order of effects.
    pub kind: EffectKind,
    /// The object.
    pub object: ObjectKey,
    /// What differs, as in `container web: image web:1 -> web:2`. Never a value of a Secret.
    pub details: Vec<String>,
}

/// What a change of one object sets off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKind {
    /// The pods of a workload are replaced: its pod template differs.
    Restart,
    /// Kubernetes refuses the change in place: the field cannot be changed once it is set.
    Immutable,
    /// A CustomResourceDefinition differs.
    Definition,
    /// A persistent volume, a claim, or a volume of a pod differs.
    Volume,
    /// The next run of a CronJob differs; what runs now goes on.
    NextRun,
    /// Data that pods read differs; nothing restarts because of it alone.
    Data,
}
