//! What a change does to what clusters run, as one digest and a few counts.
//!
//! The digest is what an approval of a change names: it stays while other changes are merged that
//! touch other cells, and is another one as soon as one cell would become something else.

use std::collections::BTreeMap;

use model::{Cell, Digest, Fragment, Rendered, RenderedCluster, sha256};

/// What a change does to what clusters run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The digest of exactly what becomes of which cell: the plan of the change.
    pub plan: Digest,
    /// How many clusters come, go, or run something else.
    pub n_clusters: usize,
    /// How many cells come, go, or run something else.
    pub n_cells: usize,
}

/// Compares what is rendered before a change, which may be nothing, and after it.
#[must_use]
pub fn effect(before: Option<&Rendered>, after: &Rendered) -> Effect {
    let mut found = Found::default();
    let old = before.map_or(&[][..], |rendered| &rendered.clusters[..]);
    let (mut old, mut new) = (old.iter().peekable(), after.clusters.iter().peekable());
    loop {
        let (one, other) = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(one), Some(other)) if one.name == other.name => (old.next(), new.next()),
            (Some(one), Some(other)) if one.name < other.name => (old.next(), None),
            (Some(_), None) => (old.next(), None),
            _ => (None, new.next()),
        };
        if one.zip(other).is_some_and(|(one, other)| std::sync::Arc::ptr_eq(one, other)) {
            // What both share was rendered for both, and counts applications alike.
            continue;
        }
        let name = one.or(other).map_or("", |cluster| cluster.name.as_str());
        let one = one.zip(before).map(|(cluster, rendered)| cells(cluster, rendered));
        let other = other.map(|cluster| cells(cluster, after));
        found.cluster(name, one, other);
    }
    found.effect()
}

/// What one cluster runs, by the names of its parts.
type Cells = BTreeMap<String, Content>;

/// What a part is; a broken one is any other thing than what it was or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Tree(Fragment),
    Broken,
    Files(Vec<u8>),
}

fn cells(cluster: &RenderedCluster, rendered: &Rendered) -> Cells {
    let cell = |cell: &Cell| match cell {
        Cell::Tree(fragment) => Content::Tree(*fragment),
        Cell::Broken(_) => Content::Broken,
    };
    let mut cells: Cells = cluster
        .cells
        .iter()
        .map(|(id, one)| (format!("application {}", rendered.application(*id)), cell(one)))
        .collect();
    for id in &cluster.namespaces {
        let (name, document) = &rendered.namespaces[id.0 as usize];
        cells.insert(format!("namespace {name}"), Content::Files(document.0.to_vec()));
    }
    let bootstrap = match &cluster.bootstrap {
        Ok(entries) => Content::Files(model::tree_bytes(entries)),
        Err(_) => Content::Broken,
    };
    cells.insert("bootstrap".to_owned(), bootstrap);
    if let Some(listener) = cluster.namespaces_listener {
        cells.insert("namespaces".to_owned(), Content::Files(listener.0.to_vec()));
    }
    cells
}

#[derive(Default)]
struct Found {
    /// A digest for each cluster that differs.
    clusters: Vec<u8>,
    n_clusters: usize,
    n_cells: usize,
}

impl Found {
    fn cluster(&mut self, name: &str, one: Option<Cells>, other: Option<Cells>) {
        if one == other {
            return;
        }
        let was_there = (one.is_some(), other.is_some());
        let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
        let mut text = format!("{name} {was_there:?}\n").into_bytes();
        let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
        for name in names.filter(|name| one.get(*name) != other.get(*name)) {
            text.extend_from_slice(name.as_bytes());
            for content in [one.get(name), other.get(name)] {
                write(&mut text, content);
            }
            self.n_cells += usize::from(name.starts_with("application "));
        }
        self.clusters.extend_from_slice(&sha256(&text).0);
        self.n_clusters += 1;
    }

    fn effect(self) -> Effect {
        let (n_clusters, n_cells) = (self.n_clusters, self.n_cells);
        Effect { plan: sha256(&self.clusters), n_clusters, n_cells }
    }
}

/// Writes a content so that no two are written alike.
fn write(text: &mut Vec<u8>, content: Option<&Content>) {
    match content {
        None => text.extend_from_slice(b"\n-"),
        Some(Content::Broken) => text.extend_from_slice(b"\n!"),
        Some(Content::Tree(fragment)) => {
            text.extend_from_slice(b"\nt");
            text.extend_from_slice(&fragment.tree.0);
            text.extend(fragment.listener.iter().flat_map(|id| id.0));
        }
        Some(Content::Files(bytes)) => {
            text.extend_from_slice(b"\nf");
            text.extend_from_slice(&sha256(bytes).0);
        }
    }
}
