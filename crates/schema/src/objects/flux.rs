//! The objects that Flux applies from an application's folder.

use std::collections::{BTreeMap, BTreeSet};

use model::ObjectKey;

use super::header::read_headers;
use super::kustomization::{FILE_NAMES, is_manifest, read, resolve};

/// Fields that change neither which objects there are nor what they are called.
const HARMLESS: &[&str] = &["images", "replicas", "labels", "commonLabels", "buildMetadata"];

/// The objects that Flux applies from an application's folder, each with whether it is marked
/// `res-edge.dev/prune: confirm`.
///
/// `files` are the folder's files with their paths in it; `entry` is the folder in it that the
/// Flux Kustomization names: `overlays/<version>`, `base`, or nothing. Where a kustomization
/// has fields that are not interpreted here, or lists what is not there, all manifests of the
/// folder count: it is better to ask about an object too many than to lose one.
#[must_use]
pub fn flux_objects(files: &[(String, Vec<u8>)], entry: &str) -> Vec<(ObjectKey, bool)> {
    let by_path: BTreeMap<&str, &[u8]> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let listed = listed_files(&by_path, entry, true);
    let paths = listed.unwrap_or_else(|| {
        by_path.keys().filter(|path| is_manifest(path)).map(|path| (*path).to_owned()).collect()
    });
    let mut objects = BTreeMap::new();
    for bytes in paths.iter().filter_map(|path| by_path.get(path.as_str())) {
        let headers = std::str::from_utf8(bytes).ok().and_then(|text| read_headers(text).ok());
        for header in headers.unwrap_or_default() {
            *objects.entry(header.key()).or_default() |= header.confirm;
        }
    }
    objects.into_iter().collect()
}

/// The manifests that the kustomization of a folder leads to, in the order of their paths;
/// without a kustomization, all manifests below the folder, as Flux would take them.
///
/// With `strict`, nothing where a field is not interpreted or a resource cannot be followed;
/// otherwise such things are passed over.
#[must_use]
pub fn listed_files(
    files: &BTreeMap<&str, &[u8]>,
    entry: &str,
    strict: bool,
) -> Option<BTreeSet<String>> {
    let mut walk = Walk { files, strict, seen: BTreeSet::new(), found: BTreeSet::new() };
    walk.folder(entry)?;
    Some(walk.found)
}

struct Walk<'a> {
    files: &'a BTreeMap<&'a str, &'a [u8]>,
    strict: bool,
    seen: BTreeSet<String>,
    found: BTreeSet<String>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &str) -> Option<()> {
        if !self.seen.insert(folder.to_owned()) {
            return Some(());
        }
        let name = |name: &&str| {
            if folder.is_empty() { (*name).into() } else { format!("{folder}/{name}") }
        };
        let file = FILE_NAMES.iter().map(name).find_map(|path| self.files.get(path.as_str()));
        let Some(bytes) = file else {
            self.take_all(folder);
            return Some(());
        };
        let text = std::str::from_utf8(bytes).ok();
        let Some(kustomization) = text.and_then(|text| read(text).ok()) else {
            return self.pass();
        };
        let harmless = |name: &str| HARMLESS.contains(&name);
        if !kustomization.other_fields.iter().all(|(name, _)| harmless(name)) {
            self.pass()?;
        }
        for (resource, _) in &kustomization.resources {
            match resolve(folder, resource) {
                Some(path) => self.resource(path)?,
                None => self.pass()?,
            }
        }
        Some(())
    }

    fn resource(&mut self, path: String) -> Option<()> {
        if self.files.contains_key(path.as_str()) {
            self.found.insert(path);
            return Some(());
        }
        let below = format!("{path}/");
        if self.files.keys().any(|file| file.starts_with(&below)) {
            return self.folder(&path);
        }
        self.pass()
    }

    fn take_all(&mut self, folder: &str) {
        let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let paths = self.files.keys().filter(|path| path.starts_with(&below) && is_manifest(path));
        self.found.extend(paths.map(|path| (*path).to_owned()));
    }

    /// Something that is not interpreted.
    fn pass(&self) -> Option<()> {
        (!self.strict).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::flux_objects;

    fn check(files: &[(&str, &str)], entry: &str, expected: &[&str]) {
        let files: Vec<(String, Vec<u8>)> =
            files.iter().map(|(path, text)| ((*path).into(), text.as_bytes().into())).collect();
        let found: Vec<String> = flux_objects(&files, entry)
            .iter()
            .map(|(key, confirm)| format!("{key}{}", if *confirm { " !" } else { "" }))
            .collect();
        assert_eq!(found, expected);
    }

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: imdb}\n";
    const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  \
                         annotations: {res-edge.dev/prune: confirm}\n";

    #[test]
    fn a_folder_without_kustomization_applies_all() {
        check(
            &[("a.yaml", SERVICE), ("sub/b.yml", CLAIM), ("notes.txt", SERVICE)],
            "",
            &["PersistentVolumeClaim data !", "Service imdb/web"],
        );
    }

    #[test]
    fn only_listed_files_count() {
        let overlay = "resources: [../../base, extra.yaml]\n";
        let base = "resources:\n- service.yaml\nimages: [{name: a, newTag: b}]\n";
        check(
            &[
                ("base/kustomization.yaml", base),
                ("base/service.yaml", SERVICE),
                ("base/unlisted.yaml", CLAIM),
                ("overlays/1.0.0/extra.yaml", "kind: A\nmetadata: {name: b}\n"),
                ("overlays/1.0.0/kustomization.yaml", overlay),
            ],
            "overlays/1.0.0",
            &["A b", "Service imdb/web"],
        );
    }

    #[test]
    fn what_is_not_interpreted_makes_everything_count() {
        check(
            &[
                ("base/kustomization.yaml", "resources: [a.yaml]\nnamePrefix: x-\n"),
                ("base/a.yaml", SERVICE),
                ("base/b.yaml", CLAIM),
            ],
            "base",
            &["PersistentVolumeClaim data !", "Service imdb/web"],
        );
    }

    #[test]
    fn a_cycle_ends() {
        let files = [
            ("a/kustomization.yaml", "resources: [../b]"),
            ("b/kustomization.yaml", "resources: [../a, x.yaml]"),
            ("b/x.yaml", SERVICE),
        ];
        check(&files, "a", &["Service imdb/web"]);
    }

    #[test]
    fn items_of_a_list_are_objects() {
        let list = "kind: List\nitems:\n- kind: A\n  metadata: {name: x}\n- kind: B\n";
        check(&[("a.yaml", list)], "", &["A x"]);
    }
}
