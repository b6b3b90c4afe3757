//! What a preview says besides files, as lists of lines: the gravest first. Text and Markdown
//! show the same.

use model::{Edit, EffectKind, LikelyRename, Why};

use super::{
    BindingChange, Clusters, EffectCount, Group, GroupRequests, NamespaceCount, Preview,
    UnreadRequests,
};
use crate::step::count;

/// Up to so many clusters are all named.
const NAMED: usize = 3;

/// What happens, for the colour of its line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Comes,
    Goes,
    Stays,
}

/// One line, and what is said about it below.
pub(super) struct Item {
    pub(super) tone: Tone,
    pub(super) text: String,
    pub(super) details: Vec<String>,
    /// How many clusters it is about.
    pub(super) n_clusters: usize,
}

/// A title and its lines.
pub(super) type List = (&'static str, Vec<Item>);

/// The titles of effects, the gravest first.
const EFFECTS: &[(EffectKind, &str)] = &[
    (EffectKind::Restart, "restarts"),
    (EffectKind::Immutable, "refused by Kubernetes in place"),
    (EffectKind::Definition, "definitions that change"),
    (EffectKind::Volume, "volumes that change"),
    (EffectKind::NextRun, "takes effect with the next run"),
    (EffectKind::Data, "data (restarts nothing by itself)"),
];

/// The lists that are not empty, the gravest first.
pub(super) fn of(preview: &Preview) -> Vec<List> {
    let mut lists: Vec<List> = vec![
        ("a release would be held", held(preview)),
        ("renamed?", likely_renames(preview)),
        ("deleted", deleted(preview)),
    ];
    for (kind, title) in EFFECTS {
        let effects = preview.effects.iter().filter(|one| one.effect.kind == *kind);
        lists.push((title, effects.map(effect).collect()));
    }
    lists.push(("requests", requests(preview)));
    lists.push(("placement", placement(preview)));
    lists.push(("created", created(preview)));
    lists.retain(|(_, items)| !items.is_empty());
    lists
}

fn item(tone: Tone, text: String, n_clusters: usize) -> Item {
    let sign = match tone {
        Tone::Comes => '+',
        Tone::Goes => '-',
        Tone::Stays => '~',
    };
    Item { tone, text: format!("{sign} {text}"), details: Vec::new(), n_clusters }
}

fn held(preview: &Preview) -> Vec<Item> {
    let brake = |brake: &super::Brake| {
        let part = |(part, clusters): &(_, Clusters)| format!("{part} on {}", named(clusters));
        Item {
            tone: Tone::Goes,
            text: format!("! {}", brake.reason),
            details: brake.parts.iter().map(part).collect(),
            n_clusters: brake.parts.iter().map(|(_, clusters)| clusters.n).sum(),
        }
    };
    preview.brakes.iter().map(brake).collect()
}

fn likely_renames(preview: &Preview) -> Vec<Item> {
    let question = |one: &LikelyRename| Item {
        tone: Tone::Stays,
        text: format!("? {one}"),
        details: Vec::new(),
        n_clusters: 1,
    };
    preview.likely_renames.iter().map(question).collect()
}

fn deleted(preview: &Preview) -> Vec<Item> {
    let deleted = preview.deleted.iter().map(|deleted| {
        let waits = if deleted.waits { "; waits for a confirmation" } else { "" };
        let (object, part, on) = (&deleted.object, &deleted.part, named(&deleted.clusters));
        item(Tone::Goes, format!("{object} of {part} on {on}{waits}"), deleted.clusters.n)
    });
    let unread = preview.unread.iter().map(|(cause, clusters)| {
        let on = named(clusters);
        let text = format!("! what would be deleted on {on} could not be read: {cause}");
        Item { tone: Tone::Goes, text, details: Vec::new(), n_clusters: clusters.n }
    });
    deleted.chain(unread).collect()
}

fn effect(one: &EffectCount) -> Item {
    let EffectCount { effect, part, n_variants, clusters } = one;
    let details = match effect.details.as_slice() {
        [] => String::new(),
        details => format!(": {}", details.join("; ")),
    };
    let variants = match n_variants {
        0 | 1 => String::new(),
        n => format!(" (one of {n} variants)"),
    };
    let text = format!("{} of {part} on {}{details}{variants}", effect.object, named(clusters));
    item(Tone::Stays, text, clusters.n)
}

fn requests(preview: &Preview) -> Vec<Item> {
    let requests = &preview.requests;
    let mut items = Vec::new();
    if !requests.sums.is_empty() {
        let text = format!("{} on all clusters together", requests.sums);
        let daemons = "of each DaemonSet one pod counts for each cluster".to_owned();
        let details = requests.daemons.then_some(daemons).into_iter().collect();
        items.push(Item { details, ..item(Tone::Stays, text, preview.n_clusters_changed) });
    }
    let unread = |one: &UnreadRequests| {
        let (message, part, on) = (&one.message, &one.part, named(&one.clusters));
        let text = format!("! not counted: {message}, of {part} on {on}");
        Item { tone: Tone::Goes, text, details: Vec::new(), n_clusters: one.clusters.n }
    };
    items.extend(requests.unread.iter().map(unread));
    items
}

/// What is said about a group above its lines: why it differs, and how requests change.
pub(super) fn notes(group: &Group) -> Vec<String> {
    let mut notes = reasons(&group.why, group.clusters.n);
    notes.extend(group.requests.map(|requests| match requests {
        GroupRequests::Each(sums) if group.clusters.n == 1 => format!("requests: {sums}"),
        GroupRequests::Each(sums) => format!("requests on each: {sums}"),
        GroupRequests::Together(sums) => format!("requests on all together: {sums}"),
    }));
    notes
}

fn created(preview: &Preview) -> Vec<Item> {
    let created = preview.created.iter().map(|created| {
        let (object, part, on) = (&created.object, &created.part, named(&created.clusters));
        item(Tone::Comes, format!("{object} of {part} on {on}"), created.clusters.n)
    });
    created.collect()
}

fn placement(preview: &Preview) -> Vec<Item> {
    let mut items = clusters(preview);
    for change in &preview.bindings_added {
        items.push(binding(Tone::Comes, change, "on"));
    }
    for change in &preview.bindings_removed {
        items.push(binding(Tone::Goes, change, "on"));
    }
    for change in &preview.bindings_renamed {
        let former = change.former.as_ref().map_or("", |name| name.as_str());
        let (name, on) = (&change.application, named(&change.clusters));
        let text = format!("application {former} is now {name} on {on}");
        items.push(item(Tone::Stays, text, change.clusters.n));
    }
    for change in &preview.moves {
        let (name, on) = (&change.application, named(&change.clusters));
        let text = format!("application {name} on {on}: {} -> {}", change.from, change.to);
        let details = reasons(&change.why, change.clusters.n);
        items.push(Item { details, ..item(Tone::Stays, text, change.clusters.n) });
    }
    for change in &preview.bindings_broken {
        let mut broken = binding(Tone::Goes, change, "is broken on");
        broken.text.replace_range(..1, "!");
        broken.details.extend(change.faults.iter().cloned());
        items.push(broken);
    }
    for change in &preview.bindings_mended {
        items.push(binding(Tone::Comes, change, "is mended on"));
    }
    let namespaces =
        [(Tone::Comes, &preview.namespaces_added), (Tone::Goes, &preview.namespaces_removed)];
    for (tone, counts) in namespaces {
        items.extend(counts.iter().map(|count| namespace(tone, count)));
    }
    items
}

fn clusters(preview: &Preview) -> Vec<Item> {
    let Preview { clusters_added, clusters_removed, clusters_renamed, .. } = preview;
    let mut items = Vec::new();
    if clusters_added.n > 0 {
        let text = format!("{} new", named(clusters_added));
        items.push(item(Tone::Comes, text, clusters_added.n));
    }
    if clusters_removed.n > 0 {
        let text = format!("{} gone; what runs there stays", named(clusters_removed));
        items.push(item(Tone::Goes, text, clusters_removed.n));
    }
    for (before, after) in clusters_renamed {
        items.push(item(Tone::Stays, format!("cluster {before} is now {after}"), 1));
    }
    items
}

fn binding(tone: Tone, change: &BindingChange, word: &str) -> Item {
    let BindingChange { application, clusters, why, .. } = change;
    let text = format!("application {application} {word} {}", named(clusters));
    Item { details: reasons(why, clusters.n), ..item(tone, text, clusters.n) }
}

fn namespace(tone: Tone, count: &NamespaceCount) -> Item {
    let NamespaceCount { namespace, clusters, why } = count;
    let text = format!("namespace {namespace} on {}", named(clusters));
    Item { details: reasons(why, clusters.n), ..item(tone, text, clusters.n) }
}

/// `37 clusters (a, b, c, ...)`, or the names where they are few.
pub(super) fn named(clusters: &Clusters) -> String {
    match clusters.n {
        1 => listed(clusters),
        n => format!("{n} clusters ({})", listed(clusters)),
    }
}

pub(super) fn listed(clusters: &Clusters) -> String {
    let mut names: Vec<&str> =
        clusters.names.iter().take(NAMED).map(|name| name.as_str()).collect();
    if clusters.n > names.len() {
        names.push("...");
    }
    names.join(", ")
}

/// Why something changes on `n` clusters, a line for each edit.
pub(super) fn reasons(why: &Why, n: usize) -> Vec<String> {
    let mut lines: Vec<String> = why.edits.iter().map(|edit| edited(edit, n)).collect();
    if why.n_unknown > 0 {
        let of = if why.n_unknown < n { format!(" on {}", why.n_unknown) } else { String::new() };
        lines.push(format!("the reason{of} cannot be told"));
    }
    lines
}

fn edited(edit: &Edit, n: usize) -> String {
    let what = match (&edit.before, &edit.after) {
        (None, Some(after)) if matches!(after.as_str(), "new" | "gone") => {
            format!("{} is {after}", edit.subject)
        }
        (Some(before), Some(after)) => format!("{}: `{before}` -> `{after}`", edit.subject),
        (None, Some(after)) => format!("{}: now `{after}`", edit.subject),
        (Some(before), None) => format!("{}: no longer `{before}`", edit.subject),
        (None, None) => format!("{} differs", edit.subject),
    };
    let place = edit.place.as_ref().map_or_else(String::new, |place| {
        let more = match edit.n_places {
            0 | 1 => String::new(),
            places => format!(" and {}", count(places - 1, "more place")),
        };
        format!(" ({}:{}{more})", place.path, place.line)
    });
    let on = if edit.n_clusters < n { format!(", on {}", edit.n_clusters) } else { String::new() };
    format!("because {what}{place}{on}").replace('\n', " | ")
}
