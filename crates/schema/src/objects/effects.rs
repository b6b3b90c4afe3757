//! What it means that a manifest changes: which workloads restart, and what of storage and
//! definitions differs.
//!
//! In: the text of a file before and after. Out: the effects for each object that stands in both.
//! Objects that come or go are told by their paths, not here. A text that is not YAML has no
//! effects that could be told. Values of Secrets are never part of an answer.

use std::collections::BTreeMap;

use model::{EffectKind, ObjectEffect, ObjectKey};

use super::split_api_version;
use crate::yaml::{Content, Limits, Node, parse};

/// How many characters of an image's name are shown.
const LONGEST_IMAGE: usize = 120;

/// The effects of changing one text into another, in the order of their weight.
#[must_use]
pub fn effects(old: &str, new: &str) -> Vec<ObjectEffect> {
    let parsed = [old, new].map(|text| parse(text, &Limits::TEMPLATE));
    let [Ok(old), Ok(new)] = parsed else { return Vec::new() };
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    old.documents.iter().for_each(|node| collect(node, &mut before));
    new.documents.iter().for_each(|node| collect(node, &mut after));
    let mut found = Vec::new();
    for (key, new) in &after {
        if let Some(old) = before.get(key).filter(|old| !same(Some(old), Some(new))) {
            Pair { key, old, new }.effects(&mut found);
        }
    }
    found.sort();
    found
}

/// The objects of a document, those of lists too.
pub(super) fn collect<'a>(node: &'a Node, found: &mut BTreeMap<ObjectKey, &'a Node>) {
    let text = |node: &Node, key: &str| {
        node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let Some(kind) = text(node, "kind") else { return };
    if kind.ends_with("List")
        && let Some(items) = node.get("items").and_then(Node::items)
    {
        return items.iter().for_each(|item| collect(item, found));
    }
    let Some(metadata) = node.get("metadata") else { return };
    let Some(name) = text(metadata, "name") else { return };
    let group = text(node, "apiVersion").unwrap_or_default();
    let group = split_api_version(&group).to_owned();
    found.insert(ObjectKey { group, kind, namespace: text(metadata, "namespace"), name }, node);
}

/// An object on both sides.
struct Pair<'a> {
    key: &'a ObjectKey,
    old: &'a Node,
    new: &'a Node,
}

impl<'a> Pair<'a> {
    fn effects(&self, found: &mut Vec<ObjectEffect>) {
        match (self.key.group.as_str(), self.key.kind.as_str()) {
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
                self.template(&["spec", "template"], EffectKind::Restart, found);
                let claims = self.at(&["spec", "volumeClaimTemplates"]);
                if !same(claims.0, claims.1) {
                    self.add(EffectKind::Immutable, vec!["volumeClaimTemplates".into()], found);
                }
            }
            ("batch", "Job") => self.template(&["spec", "template"], EffectKind::Immutable, found),
            ("batch", "CronJob") => {
                let path = &["spec", "jobTemplate", "spec", "template"];
                self.template(path, EffectKind::NextRun, found);
            }
            ("", "Pod") => self.template(&[], EffectKind::Restart, found),
            ("", "PersistentVolume" | "PersistentVolumeClaim") => {
                let details = changed_keys(self.at(&["spec"]));
                self.add(EffectKind::Volume, details, found);
            }
            ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                self.add(EffectKind::Definition, changed_keys(self.at(&["spec"])), found);
            }
            ("", "ConfigMap" | "Secret") => self.data(found),
            _ => {}
        }
    }

    fn data(&self, found: &mut Vec<ObjectEffect>) {
        let fields = ["data", "stringData", "binaryData"].map(|key| self.at(&[key]));
        if fields.iter().any(|(old, new)| !same(*old, *new)) {
            self.add(EffectKind::Data, Vec::new(), found);
        }
    }

    fn add(&self, kind: EffectKind, details: Vec<String>, found: &mut Vec<ObjectEffect>) {
        found.push(ObjectEffect { kind, object: self.key.clone(), details });
    }

    fn at(&self, path: &[&str]) -> Sides<'a> {
        let find = |node: &'a Node| path.iter().try_fold(node, |node, key| node.get(key));
        (find(self.old), find(self.new))
    }

    /// Compares two pod templates.
    fn template(&self, path: &[&str], kind: EffectKind, found: &mut Vec<ObjectEffect>) {
        let (old, new) = self.at(path);
        if same(old, new) {
            return;
        }
        let get = |key: &str| (old.and_then(|node| node.get(key)), new.and_then(|n| n.get(key)));
        let (metadata, spec) = (get("metadata"), get("spec"));
        let mut details = Vec::new();
        for key in ["labels", "annotations"] {
            let part = |node: Option<&'a Node>| node.and_then(|node| node.get(key));
            let sides = (part(metadata.0), part(metadata.1));
            // The metadata of a Pod itself restarts nothing.
            if !path.is_empty() && !same(sides.0, sides.1) {
                details.push(format!("{key} of the pod"));
            }
        }
        pod(spec, &mut details);
        let volumes = |node: Option<&'a Node>| node.and_then(|node| node.get("volumes"));
        if !same(volumes(spec.0), volumes(spec.1)) {
            self.add(EffectKind::Volume, vec!["volumes of the pod".into()], found);
        }
        if !details.is_empty() {
            self.add(kind, details, found);
        }
    }
}

type Sides<'a> = (Option<&'a Node>, Option<&'a Node>);

/// What differs in the specification of a pod.
fn pod((old, new): Sides<'_>, details: &mut Vec<String>) {
    for list in ["initContainers", "containers"] {
        let containers = |node: Option<&Node>| named(node.and_then(|node| node.get(list)));
        let (before, after) = (containers(old), containers(new));
        let word = if list == "containers" { "container" } else { "init container" };
        for (name, node) in &after {
            match before.get(name) {
                None => details.push(format!("{word} {name} is new")),
                Some(former) if !same(Some(former), Some(node)) => {
                    details.push(format!("{word} {name}: {}", container(former, node)));
                }
                Some(_) => {}
            }
        }
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        details.extend(gone.map(|name| format!("{word} {name} is gone")));
    }
    let others = changed_keys((old, new)).into_iter();
    details.extend(others.filter(|key| !matches!(key.as_str(), "containers" | "initContainers")));
}

fn named(list: Option<&Node>) -> BTreeMap<String, Node> {
    let items = list.and_then(Node::items).unwrap_or_default();
    let name = |item: &Node| Some(item.get("name")?.as_str()?.to_owned());
    items.iter().filter_map(|item| Some((name(item)?, item.clone()))).collect()
}

/// What differs in a container: its image with both names, everything else by its key.
fn container(old: &Node, new: &Node) -> String {
    let image = |node: &Node| {
        let image = node.get("image").and_then(Node::as_str).unwrap_or("none");
        image.chars().take(LONGEST_IMAGE).collect::<String>()
    };
    let detail = |key: String| match key.as_str() {
        "image" => format!("image {} -> {}", image(old), image(new)),
        _ => key,
    };
    let keys = changed_keys((Some(old), Some(new))).into_iter();
    keys.map(detail).collect::<Vec<_>>().join(", ")
}

/// The keys of two mappings whose values differ, in the order of the newer one.
fn changed_keys((old, new): Sides<'_>) -> Vec<String> {
    let pairs = |node: Option<&Node>| -> Vec<(String, Node)> {
        let pairs = node.and_then(Node::pairs).unwrap_or_default();
        pairs.iter().filter_map(|(k, v)| Some((k.as_str()?.to_owned(), v.clone()))).collect()
    };
    let (old, new) = (pairs(old), pairs(new));
    let value = |pairs: &[(String, Node)], key: &str| {
        pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    };
    let differs = |key: &&String| {
        let sides = (value(&old, key), value(&new, key));
        !same(sides.0.as_ref(), sides.1.as_ref())
    };
    let gone = old.iter().map(|(key, _)| key).filter(|key| value(&new, key).is_none());
    new.iter().map(|(key, _)| key).filter(differs).chain(gone).cloned().collect()
}

/// Whether two nodes hold the same, wherever they stand and however they are written.
fn same(old: Option<&Node>, new: Option<&Node>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return old.is_none() && new.is_none() };
    match (&old.content, &new.content) {
        (Content::Scalar { text: a, .. }, Content::Scalar { text: b, .. }) => {
            a == b && old.scalar_kind() == new.scalar_kind()
        }
        (Content::Sequence { items: a, .. }, Content::Sequence { items: b, .. }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(Some(a), Some(b)))
        }
        (Content::Mapping { pairs: a, .. }, Content::Mapping { pairs: b, .. }) => {
            let is_same = |(key, value): &(Node, Node)| {
                let other = b.iter().find(|(name, _)| same(Some(name), Some(key)));
                other.is_some_and(|(_, other)| same(Some(value), Some(other)))
            };
            a.len() == b.len() && a.iter().all(is_same)
        }
        // What an alias stands for is not followed: it counts as a difference.
        _ => false,
    }
}
