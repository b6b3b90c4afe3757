//! A kustomization file as a list of files: which fields it has, what its `resources` name.
//!
//! Kustomize itself is not run. What a field other than `resources` would change is not
//! computed; the callers decide whether such a file is refused or read as far as it goes. See
//! <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>.

use std::ops::Range;

use crate::yaml::{Limits, Node, SyntaxError, parse};

/// The file names that kustomize looks for in a folder.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A text and the bytes where it stands.
pub type Placed = (String, Range<usize>);

/// A kustomization file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kustomization {
    /// The entries of `resources` that are texts.
    pub resources: Vec<Placed>,
    /// The names of all other fields besides `apiVersion`, `kind` and `metadata`.
    pub other_fields: Vec<Placed>,
    /// `metadata.annotations`: each key with the text of its value, if that is one.
    pub annotations: Vec<Annotation>,
}

/// One annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The key.
    pub key: String,
    /// The value; nothing if it is null or no scalar.
    pub value: Option<String>,
    /// The bytes of the value, or of the key where there is no value.
    pub range: Range<usize>,
    /// Whether the bytes of the value are its text, so that an offset into the text is one into
    /// the file.
    pub verbatim: bool,
}

/// Whether a path's last part is one of [`FILE_NAMES`].
#[must_use]
pub fn is_kustomization(path: &str) -> bool {
    FILE_NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}

/// Whether a path ends as YAML files do. `.json` is YAML too.
#[must_use]
pub fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end)) && !is_kustomization(path)
}

/// Reads a kustomization file.
///
/// # Errors
/// The text is not YAML; an empty text is an empty kustomization, and one that is no mapping
/// has no fields.
pub fn read(text: &str) -> Result<Kustomization, SyntaxError> {
    let stream = parse(text, &Limits::TEMPLATE)?;
    let mut kustomization = Kustomization::default();
    for (key, value) in stream.documents.first().and_then(Node::pairs).unwrap_or_default() {
        match key.as_str() {
            Some("apiVersion" | "kind") => {}
            Some("metadata") => kustomization.annotations = annotations(value),
            Some("resources") => read_resources(value, &mut kustomization),
            name => {
                let name = name.unwrap_or_default().to_owned();
                kustomization.other_fields.push((name, key.range.clone()));
            }
        }
    }
    Ok(kustomization)
}

/// A `resources` that is no list of texts cannot be followed, so it counts as an unknown field.
fn read_resources(value: &Node, kustomization: &mut Kustomization) {
    if value.is_null() {
        return;
    }
    let unknown = |node: &Node| ("resources".to_owned(), node.range.clone());
    let Some(items) = value.items() else {
        kustomization.other_fields.push(unknown(value));
        return;
    };
    for item in items {
        match item.as_str() {
            Some(text) => kustomization.resources.push((text.to_owned(), item.range.clone())),
            None => kustomization.other_fields.push(unknown(item)),
        }
    }
}

fn annotations(metadata: &Node) -> Vec<Annotation> {
    let pairs = metadata.get("annotations").and_then(Node::pairs).unwrap_or_default();
    let read = |(key, value): &(Node, Node)| {
        let text = value.as_str().filter(|_| !value.is_null());
        Some(Annotation {
            key: key.as_str()?.to_owned(),
            value: text.map(str::to_owned),
            range: if text.is_some() { value.range.clone() } else { key.range.clone() },
            verbatim: text.is_some_and(|text| text.len() == value.range.len()),
        })
    };
    pairs.iter().filter_map(read).collect()
}

/// Where an entry of `resources` leads, from the folder that the kustomization stands in; both
/// are paths below one root, without slashes at their ends. Nothing if it leaves the root, or is
/// a URL or an absolute path.
#[must_use]
pub fn resolve(folder: &str, resource: &str) -> Option<String> {
    if resource.starts_with('/') || resource.contains("://") || resource.contains("?ref=") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in resource.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
