//! How the requests of pods and claims change with a manifest.
//!
//! In: the text of a file before and after, either of which may be absent. Out: the sums of CPU,
//! memory and storage on both sides. Workloads count with their replicas, or their parallelism, as
//! they are written; a DaemonSet counts one pod, since nobody here knows the nodes. Objects of
//! other kinds count nothing: what a custom resource makes of its fields is not known.

use std::collections::{BTreeMap, BTreeSet};

use model::{Amount, ObjectKey, RequestChange, Requests, ScalarKind};

use super::effects::collect;
use crate::yaml::{Limits, Node, parse};

/// How much of a text that is no quantity is shown.
const LONGEST: usize = 40;

/// How requests change from one text to another. A text that is not YAML has none.
#[must_use]
pub fn request_change(old: Option<&str>, new: Option<&str>) -> RequestChange {
    if old.zip(new).is_some_and(|(old, new)| only_harmless_words_differ(old, new)) {
        return RequestChange::default();
    }
    let parsed = [old, new].map(|text| {
        let text = text.filter(|text| may_request(text));
        text.map(|text| parse(text, &Limits::TEMPLATE)).transpose()
    });
    let [Ok(old), Ok(new)] = parsed else { return RequestChange::default() };
    let [old, new] = [&old, &new].map(|stream| {
        let mut found = BTreeMap::new();
        let documents = stream.iter().flat_map(|stream| &stream.documents);
        documents.for_each(|node| collect(node, &mut found));
        found
    });
    let mut change = RequestChange::default();
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        add(key, [old.get(key), new.get(key)].map(Option::<&&Node>::copied), &mut change);
    }
    change
}

/// Nothing is parsed where the words of requests do not stand.
fn may_request(text: &str) -> bool {
    ["requests", "limits", "overhead"].iter().any(|word| text.contains(word))
}

/// Whether two texts differ only in plain words after keys that count nothing here, most often the
/// name of an image. Such words change no other part of a text, so nothing needs to be parsed;
/// that is the difference between most edits and a second for thirty thousand clusters.
fn only_harmless_words_differ(old: &str, new: &str) -> bool {
    let (mut old, mut new) = (old.lines(), new.lines());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return true,
            (Some(old), Some(new)) if old == new || is_harmless(old, new) => {}
            _ => return false,
        }
    }
}

fn is_harmless(old: &str, new: &str) -> bool {
    let (Some((key, old)), Some((other, new))) = (old.split_once(": "), new.split_once(": "))
    else {
        return false;
    };
    let of_word = |c: char| c.is_ascii_alphanumeric() || "._/:@+-".contains(c);
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(of_word)
    };
    let name = key.trim_start_matches([' ', '-']);
    key == other && ["image", "value"].contains(&name) && is_word(old) && is_word(new)
}

/// Counts an object. What cannot be read on one side counts on neither.
fn add(key: &ObjectKey, sides: [Option<&Node>; 2], change: &mut RequestChange) {
    let [before, after] =
        sides.map(|node| node.map_or(Ok(Requests::default()), |node| of(key, node)));
    match (before, after) {
        (Ok(before), Ok(after)) if before != after => {
            change.sums.before += before;
            change.sums.after += after;
            change.daemons |= key.kind == "DaemonSet";
        }
        (Ok(_), Ok(_)) => {}
        (_, Err(fault)) => change.unread.push(format!("{key}: {fault}")),
        (Err(fault), Ok(_)) => change.unread.push(format!("{key} as it was: {fault}")),
    }
}

/// What an object requests, or why that cannot be read.
fn of(key: &ObjectKey, node: &Node) -> Result<Requests, String> {
    let spec = node.get("spec");
    let replicas = |field: &str| count(spec, field);
    match (key.group.as_str(), key.kind.as_str()) {
        ("", "Pod") => pod(spec),
        ("apps", "DaemonSet") => template(spec, 1),
        ("apps", "Deployment" | "ReplicaSet") | ("", "ReplicationController") => {
            template(spec, replicas("replicas")?)
        }
        ("apps", "StatefulSet") => {
            let n = replicas("replicas")?;
            let mut sum = template(spec, n)?;
            sum.storage += claims(spec)?.times(n);
            Ok(sum)
        }
        ("batch", "Job") => template(spec, replicas("parallelism")?),
        ("batch", "CronJob") => {
            let job = at(spec, &["jobTemplate", "spec"]);
            template(job, count(job, "parallelism")?)
        }
        ("", "PersistentVolumeClaim") => {
            let storage = amount(at(spec, &["resources"]), "storage")?.unwrap_or_default();
            Ok(Requests { storage, ..Requests::default() })
        }
        _ => Ok(Requests::default()),
    }
}

fn at<'a>(node: Option<&'a Node>, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(node?, |node, key| node.get(key))
}

fn items<'a>(node: Option<&'a Node>, key: &str) -> &'a [Node] {
    at(node, &[key]).and_then(Node::items).unwrap_or_default()
}

/// A number of pods; one where none is written.
fn count(spec: Option<&Node>, field: &str) -> Result<u64, String> {
    let Some(node) = at(spec, &[field]).filter(|node| !node.is_null()) else { return Ok(1) };
    let text = node.as_str().unwrap_or_default();
    let number = text.parse::<u32>().ok().filter(|_| !is_octal(node, text));
    number.map(u64::from).ok_or_else(|| format!("{field} `{}` is no number", shortened(text)))
}

/// Kubernetes reads a plain number that starts with a zero in base eight.
fn is_octal(node: &Node, text: &str) -> bool {
    let is_plain = node.scalar_kind() != Some(ScalarKind::String);
    is_plain && text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
}

fn template(spec: Option<&Node>, n: u64) -> Result<Requests, String> {
    Ok(pod(at(spec, &["template", "spec"]))?.times(n))
}

/// The storage of all templates of claims.
fn claims(spec: Option<&Node>) -> Result<Amount, String> {
    let mut sum = Amount::default();
    for claim in items(spec, "volumeClaimTemplates") {
        sum += amount(at(Some(claim), &["spec", "resources"]), "storage")?.unwrap_or_default();
    }
    Ok(sum)
}

fn pod(spec: Option<&Node>) -> Result<Requests, String> {
    let (cpu, memory) = (of_pod(spec, "cpu")?, of_pod(spec, "memory")?);
    Ok(Requests { cpu, memory, ..Requests::default() })
}

/// What a pod requests of one resource, by the rule of Kubernetes: its containers and the init
/// containers that go on beside them, or an init container with those that were started before
/// it, whichever is more. What is said for the whole pod goes before.
fn of_pod(spec: Option<&Node>, resource: &str) -> Result<Amount, String> {
    let (mut beside, mut most) = (Amount::default(), Amount::default());
    for container in items(spec, "initContainers") {
        let mut needed = of_container(container, resource)?;
        if at(Some(container), &["restartPolicy"]).and_then(Node::as_str) == Some("Always") {
            beside += needed;
        } else {
            needed += beside;
            most = most.max(needed);
        }
    }
    for container in items(spec, "containers") {
        beside += of_container(container, resource)?;
    }
    let whole = amount(at(spec, &["resources"]), resource)?;
    let mut sum = whole.unwrap_or(most.max(beside));
    sum += quantity(at(spec, &["overhead", resource]), resource)?.unwrap_or_default();
    Ok(sum)
}

fn of_container(container: &Node, resource: &str) -> Result<Amount, String> {
    let found = amount(container.get("resources"), resource);
    let name = container.get("name").and_then(Node::as_str).unwrap_or("without a name");
    let found = found.map_err(|fault| format!("container {}: {fault}", shortened(name)))?;
    Ok(found.unwrap_or_default())
}

/// A request; where only a limit is written, Kubernetes requests the limit.
fn amount(resources: Option<&Node>, resource: &str) -> Result<Option<Amount>, String> {
    let request = at(resources, &["requests", resource]).filter(|node| !node.is_null());
    let limit = || at(resources, &["limits", resource]).filter(|_| resource != "storage");
    quantity(request.or_else(limit), resource)
}

fn quantity(node: Option<&Node>, resource: &str) -> Result<Option<Amount>, String> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(None) };
    let text = node.as_str().unwrap_or_default();
    let amount = Amount::parse(text).filter(|_| !is_octal(node, text));
    let fault = || format!("{resource} `{}` is no quantity", shortened(text));
    amount.map(Some).ok_or_else(fault)
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
