//! Looks at the objects of the tree and of the applied set.
//!
//! A few objects of one kind in one namespace are read one by one, more of them as a list. Absent
//! is only what a whole list does not hold, or what the cluster says is not there.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream;
use model::{ObjectKey, Observed};

use super::Mode;
use super::admissions::is_gone;
use super::kinds::{Kinds, Resolved};
use super::sight::Sight;
use crate::drift::{Scaled, autoscaled};
use crate::health::State;
use crate::live::as_seen;
use crate::{
    AppliedSet, Desired, Detail, Fault, LiveObject, Object, Place, Scope, Seen, ServedKind, World,
    WorldError,
};

/// From so many objects of one kind in one namespace on, they are listed.
const LISTED_FROM: usize = 4;

/// So often a list that was cut off is started anew.
const LIST_ATTEMPTS: usize = 3;

/// What was seen, by object.
pub(super) type Sights = BTreeMap<ObjectKey, Sight>;

impl Seen for Sights {
    fn of(&self, key: &ObjectKey) -> Observed<Option<&LiveObject>> {
        as_seen(self.get(key).map(|sight| &sight.live))
    }
}

/// The objects that matter, each with the `apiVersion` that reaches it.
pub(super) type Targets<'a> = BTreeMap<&'a ObjectKey, &'a str>;

/// Every object that matters: of the applied set and of the tree.
pub(super) fn targets<'a>(desired: &'a Desired, set: Option<&'a AppliedSet>) -> Targets<'a> {
    let held = set.into_iter().flat_map(|set| &set.objects);
    let held = held.map(|(key, object)| (key, object.api_version.as_str()));
    let wanted = desired.objects.iter();
    held.chain(wanted.map(|(key, object)| (key, object.object.api_version()))).collect()
}

/// What objects are looked at for.
pub(super) struct View<'a> {
    pub(super) desired: &'a Desired,
    /// What autoscalers scale, where objects are compared with what they should be.
    pub(super) compared: Option<Scaled>,
}

impl<'a> View<'a> {
    /// Looks for what decisions need; where nobody acts, for what differs too.
    pub(super) fn new(desired: &'a Desired, mode: Mode) -> Self {
        let compared = (mode == Mode::Observe).then(|| autoscaled(desired));
        Self { desired, compared }
    }

    fn detail(&self, key: &ObjectKey) -> Detail {
        let is_secret = key.group.is_empty() && key.kind == "Secret";
        match self.compared.is_some() && !is_secret {
            true => Detail::Whole,
            false => detail(key, self.desired),
        }
    }

    fn sight(&self, key: &ObjectKey, object: &Object, detail: Detail) -> Sight {
        let sight = Sight::of(object, detail);
        match (&self.compared, self.desired.objects.get(key)) {
            (Some(scaled), Some(desired)) => sight.compared_with(desired, object, scaled),
            _ => sight,
        }
    }

    /// Whether what was seen of an object says how it is, and how it differs.
    pub(super) fn is_settled(&self, key: &ObjectKey, seen: &Sight) -> bool {
        let desired = self.desired.objects.get(key).filter(|_| self.compared.is_some());
        !seen.is_unknown()
            && seen.health.state == State::Current
            && !desired.is_some_and(|desired| seen.is_other_than(desired))
    }
}

/// How much of an object must be read to know how it is.
pub(super) fn detail(key: &ObjectKey, desired: &Desired) -> Detail {
    let has_rule = desired.objects.get(key).is_some_and(|object| object.marks.health.is_some());
    if has_rule {
        return Detail::Whole;
    }
    let is_still = match key.group.as_str() {
        "" => matches!(
            key.kind.as_str(),
            "ConfigMap" | "Secret" | "ServiceAccount" | "LimitRange" | "ResourceQuota"
        ),
        "rbac.authorization.k8s.io" | "scheduling.k8s.io" | "admissionregistration.k8s.io" => true,
        "networking.k8s.io" => key.kind == "NetworkPolicy",
        "storage.k8s.io" => key.kind == "StorageClass",
        _ => false,
    };
    if is_still { Detail::Metadata } else { Detail::Whole }
}

/// Looks at some objects.
pub(super) async fn look<W: World>(
    world: &W,
    kinds: &Kinds,
    view: &View<'_>,
    targets: &Targets<'_>,
    wanted: impl Iterator<Item = &ObjectKey>,
    parallel: usize,
) -> Sights {
    let mut sights = Sights::new();
    let mut scopes: BTreeMap<(Scope, Detail), BTreeSet<ObjectKey>> = BTreeMap::new();
    for key in wanted {
        let Some(api_version) = targets.get(key) else { continue };
        match kinds.resolve(api_version, &key.kind) {
            Resolved::Unknown(error) => _ = sights.insert(key.clone(), unknown(&error)),
            // The cluster said that it has no such kind, so it has no such object.
            Resolved::Missing => _ = sights.insert(key.clone(), Sight::absent()),
            Resolved::Served(kind) | Resolved::OtherVersion(kind) => {
                let scope = Scope { kind, namespace: key.namespace.clone() };
                scopes.entry((scope, view.detail(key))).or_default().insert(key.clone());
            }
        }
    }
    let asked = scopes.into_iter().map(|((scope, detail), keys)| {
        let world = world.clone();
        async move { look_at(&world, view, (&scope, detail), keys).await }
    });
    let mut answers = stream::iter(asked).buffer_unordered(parallel.max(1));
    while let Some(seen) = answers.next().await {
        sights.extend(seen);
    }
    sights
}

async fn look_at<W: World>(
    world: &W,
    view: &View<'_>,
    (scope, detail): (&Scope, Detail),
    keys: BTreeSet<ObjectKey>,
) -> Sights {
    if keys.len() >= LISTED_FROM {
        match list(world, view, (scope, detail), &keys).await {
            Ok(sights) => return sights,
            // Who may not list may still read.
            Err(error) if error.fault == Fault::Forbidden => {}
            Err(error) => return keys.into_iter().map(|key| (key, unknown(&error))).collect(),
        }
    }
    let mut sights = Sights::new();
    let mut forbidden = BTreeSet::new();
    for key in keys {
        let seen = match world.read(&scope.kind, Place::of(&key), detail).await {
            Err(error) if error.fault == Fault::Forbidden => {
                forbidden.insert(key.clone());
                unknown(&error)
            }
            answer => sight(answer, |object| view.sight(&key, object, detail)),
        };
        sights.insert(key, seen);
    }
    // An account goes with its namespace, and then it may not even ask.
    if let Some(namespace) = scope.namespace.as_deref().filter(|_| !forbidden.is_empty())
        && is_gone(world, namespace).await
    {
        sights.extend(forbidden.into_iter().map(|key| (key, Sight::absent())));
    }
    sights
}

/// Looks at one object.
pub(super) async fn read<W: World>(
    world: &W,
    kind: &ServedKind,
    key: &ObjectKey,
    detail: Detail,
) -> Sight {
    sight(world.read(kind, Place::of(key), detail).await, |object| Sight::of(object, detail))
}

fn sight(answer: Result<Object, WorldError>, seen: impl Fn(&Object) -> Sight) -> Sight {
    match answer {
        Ok(object) => seen(&object),
        Err(error) if error.is_not_found() => Sight::absent(),
        Err(error) => unknown(&error),
    }
}

async fn list<W: World>(
    world: &W,
    view: &View<'_>,
    (scope, detail): (&Scope, Detail),
    keys: &BTreeSet<ObjectKey>,
) -> Result<Sights, WorldError> {
    let mut attempt = 1;
    loop {
        match list_once(world, view, (scope, detail), keys).await {
            Err(error) if error.fault == Fault::Gone && attempt < LIST_ATTEMPTS => attempt += 1,
            answer => return answer,
        }
    }
}

/// Reads a list to its end; what it does not hold then is not there.
async fn list_once<W: World>(
    world: &W,
    view: &View<'_>,
    (scope, detail): (&Scope, Detail),
    keys: &BTreeSet<ObjectKey>,
) -> Result<Sights, WorldError> {
    let mut sights = Sights::new();
    let mut next: Option<String> = None;
    loop {
        let page = world.list(scope, detail, next.as_deref()).await?;
        let ours = page.objects.iter().map(|object| (key_of(object, &scope.kind), object));
        let ours = ours.filter(|(key, _)| keys.contains(key));
        sights.extend(ours.map(|(key, object)| {
            let seen = view.sight(&key, object, detail);
            (key, seen)
        }));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    for key in keys {
        sights.entry(key.clone()).or_insert_with(Sight::absent);
    }
    Ok(sights)
}

/// The identity, with the group of the kind: items of a list need not name theirs.
fn key_of(object: &Object, kind: &ServedKind) -> ObjectKey {
    let key = object.key();
    kind.key(Place::of(&key))
}

fn unknown(error: &WorldError) -> Sight {
    Sight::unknown(error.message.clone())
}
