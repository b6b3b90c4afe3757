//! A cluster's tree, taken apart into what [`model::Parts::compose`] puts together.
//!
//! In: the id of a tree and a reader. Out: the parts, or the first path that is no part of a
//! released tree. A fleet has millions of parts, so names are not copied: what clusters have in
//! common is found in [`Interner`] by what stands in the tree.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Entry, Fragment, Layout, Mode, NamespaceName, ObjectId};

use super::interner::{Interner, Names, Namespaces};
use crate::RepositoryError;
use crate::reader::{Reader, TreeEntryKind};

/// A tree in parts.
pub(super) struct Decomposed {
    /// Every folder of the root that is neither `namespaces` nor `flux-system`.
    pub(super) names: Arc<Names>,
    /// One for each name.
    pub(super) fragments: Vec<Fragment>,
    /// In the order of names.
    pub(super) namespaces: Namespaces,
    /// In the order of names.
    pub(super) bootstrap: Arc<[Entry]>,
    pub(super) namespaces_listener: Option<ObjectId>,
}

/// Why a tree was not taken apart.
pub(super) enum Refused {
    /// It could not be read.
    Unread(RepositoryError),
    /// A path that is no part of a released tree.
    Leftover(String),
}

impl From<RepositoryError> for Refused {
    fn from(error: RepositoryError) -> Self {
        Self::Unread(error)
    }
}

/// One entry of a tree; its name is only a path where it is refused.
type Visit<'v> = &'v mut dyn FnMut(&[u8], TreeEntryKind, ObjectId) -> Option<()>;

/// Visits the entries of a tree; one that the visit gives no answer to is refused.
fn each(
    reader: &Reader<'_>,
    tree: ObjectId,
    folder: &str,
    visit: Visit<'_>,
) -> Result<(), Refused> {
    let mut leftover = None;
    reader.each_entry(tree, |name, kind, id| {
        if visit(name, kind, id).is_none() && leftover.is_none() {
            leftover = Some(format!("{folder}{}", String::from_utf8_lossy(name)));
        }
    })?;
    leftover.map_or(Ok(()), |path| Err(Refused::Leftover(path)))
}

/// The folders of a cluster's root.
#[derive(Default)]
pub(super) struct Root {
    /// The names of applications as they stand in the tree, each ended by NUL.
    pub(super) names: Vec<u8>,
    /// One for each name.
    trees: Vec<ObjectId>,
    namespaces: Option<ObjectId>,
    flux_system: Option<ObjectId>,
}

impl Root {
    /// Reads which folders stand in the root.
    pub(super) fn read(reader: &Reader<'_>, tree: ObjectId) -> Result<Self, Refused> {
        let mut root = Self::default();
        each(reader, tree, "", &mut |name, kind, id| {
            match (name, kind) {
                (b"namespaces", TreeEntryKind::Tree) => root.namespaces = Some(id),
                (b"flux-system", TreeEntryKind::Tree) => root.flux_system = Some(id),
                (name, TreeEntryKind::Tree) => {
                    root.names.extend_from_slice(name);
                    root.names.push(0);
                    root.trees.push(id);
                }
                _ => return None,
            }
            Some(())
        })?;
        Ok(root)
    }
}

/// Takes a tree apart.
pub(super) fn decompose(
    reader: &Reader<'_>,
    tree: ObjectId,
    layout: Layout,
    interner: &Interner,
) -> Result<Decomposed, Refused> {
    let root = Root::read(reader, tree)?;
    let namespaces = match root.namespaces {
        Some(id) => interner.namespaces(id, || read_namespaces(reader, id, layout))?,
        None => Namespaces::default(),
    };
    let flux_system = root.flux_system.map(|id| FluxSystem::read(reader, id)).transpose()?;
    let FluxSystem { bootstrap, mut listeners } = flux_system.unwrap_or_default();
    let names = interner.names(&root.names).map_err(Refused::Leftover)?;
    let namespaces_listener = listeners.remove("namespaces");
    let fragments = names.sorted(&root.trees).map(|(name, tree)| {
        let listener = if listeners.is_empty() { None } else { listeners.remove(name.as_str()) };
        Fragment { tree, listener }
    });
    let fragments = fragments.collect();
    if let Some(name) = listeners.into_keys().next() {
        let path = format!("flux-system/listeners/kustomization-{name}.yaml");
        return Err(Refused::Leftover(path));
    }
    let bootstrap = bootstrap.into();
    Ok(Decomposed { names, fragments, namespaces, bootstrap, namespaces_listener })
}

fn read_namespaces(
    reader: &Reader<'_>,
    tree: ObjectId,
    layout: Layout,
) -> Result<Namespaces, Refused> {
    if layout == Layout::Flux {
        return namespace_files(reader, tree, "namespaces/", "");
    }
    let mut inner = None;
    each(reader, tree, "namespaces/", &mut |name, kind, id| {
        let is_it = name == b"_cluster" && kind == TreeEntryKind::Tree;
        is_it.then(|| inner = Some(id))
    })?;
    let files = inner.map(|id| namespace_files(reader, id, "namespaces/_cluster/", "namespace-"));
    files.unwrap_or_else(|| Ok(Namespaces::default()))
}

fn namespace_files(
    reader: &Reader<'_>,
    tree: ObjectId,
    folder: &str,
    prefix: &str,
) -> Result<Namespaces, Refused> {
    let mut namespaces = Vec::new();
    each(reader, tree, folder, &mut |name, kind, id| {
        let name = file_name(name, kind)?.strip_prefix(prefix)?.strip_suffix(".yaml")?;
        namespaces.push((NamespaceName::parse(name).ok()?, id));
        Some(())
    })?;
    namespaces.sort();
    Ok(namespaces.into())
}

fn file_name(name: &[u8], kind: TreeEntryKind) -> Option<&str> {
    std::str::from_utf8(name).ok().filter(|_| kind == TreeEntryKind::File)
}

/// What the folder `flux-system` holds.
#[derive(Default)]
struct FluxSystem {
    /// In the order of names.
    bootstrap: Vec<Entry>,
    /// By what they are for: applications, and `namespaces`.
    listeners: HashMap<String, ObjectId>,
}

impl FluxSystem {
    fn read(reader: &Reader<'_>, tree: ObjectId) -> Result<Self, Refused> {
        let (mut found, mut listeners) = (Self::default(), None);
        each(reader, tree, "flux-system/", &mut |name, kind, id| {
            let name = std::str::from_utf8(name).ok()?;
            match (name, kind.rendered()?) {
                ("listeners", Mode::Tree) => listeners = Some(id),
                (name, mode) => found.bootstrap.push(Entry::new(name, mode, id)),
            }
            Some(())
        })?;
        found.bootstrap.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(tree) = listeners {
            each(reader, tree, "flux-system/listeners/", &mut |name, kind, id| {
                let name = file_name(name, kind)?;
                let name = name.strip_prefix("kustomization-")?.strip_suffix(".yaml")?;
                found.listeners.insert(name.to_owned(), id);
                Some(())
            })?;
        }
        Ok(found)
    }
}
