//! A cluster's tree, taken apart into what [`model::Parts::compose`] puts together.
//!
//! In: the id of a tree and a way to read trees. Out: the parts, and the first path that is no
//! part of a released tree, if there is one.

use std::collections::HashMap;

use model::{Entry, Fragment, Layout, NamespaceName, ObjectId};

use crate::reader::{TreeEntry, TreeEntryKind};

/// A tree in parts.
#[derive(Default)]
pub(super) struct Decomposed {
    /// Every folder of the root that is neither `namespaces` nor `flux-system`.
    pub(super) applications: Vec<(String, Fragment)>,
    /// In the order of names.
    pub(super) namespaces: Vec<(NamespaceName, ObjectId)>,
    /// In the order of names.
    pub(super) bootstrap: Vec<Entry>,
    pub(super) namespaces_listener: Option<ObjectId>,
    /// A path that is none of these.
    pub(super) leftover: Option<String>,
}

/// Takes a tree apart.
pub(super) fn decompose<E>(
    read: &impl Fn(ObjectId) -> Result<Vec<TreeEntry>, E>,
    tree: ObjectId,
    layout: Layout,
) -> Result<Decomposed, E> {
    let mut found = Decomposed::default();
    let mut listeners = HashMap::new();
    for entry in read(tree)? {
        match (entry.name_text(), entry.kind) {
            (Some("namespaces"), TreeEntryKind::Tree) => {
                found.take_namespaces(read, entry.id, layout)?;
            }
            (Some("flux-system"), TreeEntryKind::Tree) => {
                listeners = found.take_flux_system(read, entry.id)?;
            }
            (Some(name), TreeEntryKind::Tree) => {
                let fragment = Fragment { tree: entry.id, listener: None };
                found.applications.push((name.to_owned(), fragment));
            }
            _ => found.leave("", &entry),
        }
    }
    for (name, fragment) in &mut found.applications {
        fragment.listener = listeners.remove(name);
    }
    if let Some(name) = listeners.into_keys().next() {
        found.leftover = Some(format!("flux-system/listeners/kustomization-{name}.yaml"));
    }
    Ok(found)
}

impl Decomposed {
    fn leave(&mut self, folder: &str, entry: &TreeEntry) {
        self.leftover = Some(format!("{folder}{}", String::from_utf8_lossy(&entry.name)));
    }

    fn take_namespaces<E>(
        &mut self,
        read: &impl Fn(ObjectId) -> Result<Vec<TreeEntry>, E>,
        tree: ObjectId,
        layout: Layout,
    ) -> Result<(), E> {
        let (folder, prefix) = match layout {
            Layout::Flux => ("namespaces/", ""),
            Layout::Manifests => ("namespaces/_cluster/", "namespace-"),
        };
        let mut files = read(tree)?;
        if layout == Layout::Manifests {
            let inner = files
                .iter()
                .position(|entry| *entry.name == *b"_cluster" && entry.kind == TreeEntryKind::Tree);
            let inner = inner.map(|index| files.swap_remove(index).id);
            for entry in &files {
                self.leave("namespaces/", entry);
            }
            files = inner.map(read).transpose()?.unwrap_or_default();
        }
        for entry in files {
            match namespace_of(&entry, prefix) {
                Some(name) => self.namespaces.push((name, entry.id)),
                None => self.leave(folder, &entry),
            }
        }
        self.namespaces.sort();
        Ok(())
    }

    /// Takes the bootstrap files, and answers the listeners of applications by their names.
    fn take_flux_system<E>(
        &mut self,
        read: &impl Fn(ObjectId) -> Result<Vec<TreeEntry>, E>,
        tree: ObjectId,
    ) -> Result<HashMap<String, ObjectId>, E> {
        let mut listeners = HashMap::new();
        for entry in read(tree)? {
            match (entry.name_text(), entry.kind.rendered()) {
                (Some("listeners"), Some(model::Mode::Tree)) => {
                    listeners = self.take_listeners(read, entry.id)?;
                }
                (Some(name), Some(mode)) => self.bootstrap.push(Entry::new(name, mode, entry.id)),
                _ => self.leave("flux-system/", &entry),
            }
        }
        self.bootstrap.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listeners)
    }

    fn take_listeners<E>(
        &mut self,
        read: &impl Fn(ObjectId) -> Result<Vec<TreeEntry>, E>,
        tree: ObjectId,
    ) -> Result<HashMap<String, ObjectId>, E> {
        let mut listeners = HashMap::new();
        for entry in read(tree)? {
            match listener_of(&entry) {
                Some("namespaces") => self.namespaces_listener = Some(entry.id),
                Some(name) => drop(listeners.insert(name.to_owned(), entry.id)),
                None => self.leave("flux-system/listeners/", &entry),
            }
        }
        Ok(listeners)
    }
}

fn namespace_of(entry: &TreeEntry, prefix: &str) -> Option<NamespaceName> {
    let name = entry.name_text()?.strip_prefix(prefix)?.strip_suffix(".yaml")?;
    NamespaceName::parse(name).ok().filter(|_| entry.kind == TreeEntryKind::File)
}

fn listener_of(entry: &TreeEntry) -> Option<&str> {
    let name = entry.name_text()?.strip_prefix("kustomization-")?.strip_suffix(".yaml")?;
    (entry.kind == TreeEntryKind::File).then_some(name)
}
