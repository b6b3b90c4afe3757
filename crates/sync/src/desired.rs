//! What a cluster must hold, read from the files of its released tree.
//!
//! Layout `manifests`: `<application>/<namespace or _cluster>/<kind>[.<group>]-<name>.yaml`.
//! In: every file of the tree, whole. Out: objects by identity, and which applications could not
//! be read. A file that cannot be read stops its application only; what its path stands for is
//! neither applied nor deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::{Digest, Generation, ObjectId, ObjectKey, sha256};
use schema::objects::object_path;

use crate::{Marks, Object, read_manifest};

/// One file of a released tree.
#[derive(Clone, Debug)]
pub struct TreeFile {
    /// The path from the root of the tree.
    pub path: String,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

/// Which applications each application waits for.
pub type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// One object that the tree holds.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredObject {
    /// The identity.
    pub key: ObjectKey,
    /// The application that renders it.
    pub application: String,
    /// The object.
    pub object: Object,
    /// What its annotations say.
    pub marks: Marks,
    /// SHA-256 of the file.
    pub digest: Digest,
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The path from the root of the tree.
    pub path: String,
    /// What is wrong.
    pub cause: String,
}

/// What a cluster must hold.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The step that released the tree.
    pub generation: Generation,
    /// The id of the tree.
    pub tree: Option<ObjectId>,
    /// Every application of the tree that could be read whole, with its number of objects.
    pub applications: BTreeMap<String, usize>,
    /// The objects of these applications.
    pub objects: BTreeMap<ObjectKey, Arc<DesiredObject>>,
    /// Applications with a file that could not be read, and these files.
    pub unreadable: BTreeMap<String, Vec<Unreadable>>,
    /// Paths below an application's folder that files of unreadable applications have.
    pub unknown_paths: BTreeSet<String>,
    /// Which applications wait for which.
    pub dependencies: Dependencies,
}

impl Desired {
    /// Whether the tree may hold this object in an application that could not be read.
    #[must_use]
    pub fn may_hold(&self, key: &ObjectKey) -> bool {
        self.unknown_paths.contains(&object_path(key))
    }
}

/// No application waits for another.
#[must_use]
pub fn without_dependency() -> Dependencies {
    Dependencies::new()
}

/// Reads every file of a released tree.
///
/// The files must be the whole tree: what is not among them is proven absent.
#[must_use]
pub fn read_tree(
    generation: Generation,
    tree: ObjectId,
    files: &[TreeFile],
    dependencies: Dependencies,
) -> Desired {
    read_tree_after(None, (generation, tree), files, dependencies)
}

/// The same, given what was read of another tree: a file that is the same at the same path is not
/// read again, and its object is shared.
#[must_use]
pub fn read_tree_after(
    before: Option<&Desired>,
    (generation, tree): (Generation, ObjectId),
    files: &[TreeFile],
    dependencies: Dependencies,
) -> Desired {
    let known = before.into_iter().flat_map(|before| before.objects.values());
    let known: Known<'_> = known.map(|object| (path_of(object), object)).collect();
    let mut desired = Desired { generation, tree: Some(tree), dependencies, ..Desired::default() };
    let mut by_application: BTreeMap<&str, Vec<(&TreeFile, &str)>> = BTreeMap::new();
    for file in files {
        let (application, below) = file.path.split_once('/').unwrap_or((&file.path, ""));
        by_application.entry(application).or_default().push((file, below));
    }
    for (application, files) in by_application {
        read_application(application, &files, &known, &mut desired);
    }
    desired
}

/// Objects by the paths of their files.
type Known<'a> = HashMap<String, &'a Arc<DesiredObject>>;

fn path_of(object: &DesiredObject) -> String {
    format!("{}/{}", object.application, object_path(&object.key))
}

fn read_application(
    application: &str,
    files: &[(&TreeFile, &str)],
    known: &Known<'_>,
    desired: &mut Desired,
) {
    let read = files.iter().map(|(file, below)| {
        let digest = sha256(&file.bytes);
        let same = known.get(&file.path).filter(|known| known.digest == digest);
        same.map_or_else(
            || read_file(application, file, below, digest).map(Arc::new),
            |same| Ok(Arc::clone(same)),
        )
    });
    let (objects, faults): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
    let objects: Vec<Arc<DesiredObject>> = objects.into_iter().flatten().collect();
    let mut faults: Vec<Unreadable> = faults.into_iter().filter_map(Result::err).collect();
    faults.extend(objects.iter().filter_map(|object| taken(object, desired)));
    if faults.is_empty() {
        desired.applications.insert(application.to_owned(), objects.len());
        desired.objects.extend(objects.into_iter().map(|object| (object.key.clone(), object)));
    } else {
        desired.unreadable.insert(application.to_owned(), faults);
        desired.unknown_paths.extend(files.iter().map(|(_, below)| (*below).to_owned()));
    }
}

fn read_file(
    application: &str,
    file: &TreeFile,
    below: &str,
    digest: Digest,
) -> Result<DesiredObject, Unreadable> {
    let fault = |cause: String| Unreadable { path: file.path.clone(), cause };
    let object = read_manifest(&file.bytes).map_err(fault)?;
    let key = object.key();
    if object_path(&key) != below {
        return Err(fault(format!("it holds {key}, which belongs at {}", object_path(&key))));
    }
    Ok(DesiredObject {
        key,
        application: application.to_owned(),
        marks: Marks::of(&object),
        digest,
        object,
    })
}

/// An object that an application before this one has too: one object has one owner.
fn taken(object: &DesiredObject, desired: &Desired) -> Option<Unreadable> {
    let first = desired.objects.get(&object.key)?;
    Some(Unreadable {
        path: path_of(object),
        cause: format!("`{}` has {} too", first.application, object.key),
    })
}
