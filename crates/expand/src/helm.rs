//! What Helm does at installation and `helm template` does not print.
//!
//! Objects without a namespace go to the release's, and hooks run at moments that only
//! `helm install` knows. So a namespace is written into the objects that have none, and hooks for
//! the removal, the rollback and the test of a release are left out: applied like any object, they
//! would act at once. Hooks for installation and upgrade are kept as ordinary objects. See
//! <https://helm.sh/docs/topics/charts_hooks/>.

use schema::objects::{Scope, built_in_scope, split_api_version};
use schema::yaml::{Content, Node};

use crate::documents::Document;

/// The hooks that an object may be for and still be applied.
const KEPT_HOOKS: [&str; 5] =
    ["pre-install", "post-install", "pre-upgrade", "post-upgrade", "crd-install"];

/// A resource of a CustomResourceDefinition: its group and kind, and whether it is namespaced.
struct CustomKind<'a> {
    group: &'a str,
    kind: &'a str,
    namespaced: bool,
}

/// Whether an object is applied at all.
pub(crate) fn is_applied(document: &Document) -> bool {
    let root = document.stream.documents.first();
    let annotations = root.and_then(|node| node.get("metadata")?.get("annotations"));
    let hooks = annotations.and_then(|node| node.get("helm.sh/hook")?.as_str());
    hooks.is_none_or(|hooks| hooks.split(',').any(|hook| KEPT_HOOKS.contains(&hook.trim())))
}

/// The texts of documents with the release's namespace where they have none.
pub(crate) fn with_namespace(documents: &[Document], namespace: &str) -> Vec<String> {
    let roots = documents.iter().filter_map(|document| document.stream.documents.first());
    let kinds: Vec<CustomKind<'_>> = roots.filter_map(custom_kind).collect();
    let text = |document: &Document| {
        let place = document.stream.documents.first().and_then(|root| missing(root, &kinds));
        let mut text = document.text.clone();
        if let Some(metadata) = place {
            insert(&mut text, metadata, namespace);
        }
        text
    };
    documents.iter().map(text).collect()
}

fn custom_kind(root: &Node) -> Option<CustomKind<'_>> {
    let text = |node: &'_ Node| node.as_str().map(str::to_owned);
    if root.get("kind").and_then(text).as_deref() != Some("CustomResourceDefinition") {
        return None;
    }
    let spec = root.get("spec")?;
    Some(CustomKind {
        group: spec.get("group")?.as_str()?,
        kind: spec.get("names")?.get("kind")?.as_str()?,
        namespaced: spec.get("scope")?.as_str()? == "Namespaced",
    })
}

/// The metadata of an object that should have a namespace and has none.
///
/// The kind of someone else, whose definition is not here, counts as namespaced unless its name
/// says `Cluster`: nearly all are.
fn missing<'n>(root: &'n Node, kinds: &[CustomKind<'_>]) -> Option<&'n Node> {
    let metadata = root.get("metadata")?;
    let kind = root.get("kind")?.as_str()?;
    let group = split_api_version(root.get("apiVersion")?.as_str()?);
    let custom = kinds.iter().find(|custom| custom.group == group && custom.kind == kind);
    let namespaced = match (built_in_scope(group, kind), custom) {
        (Some(scope), _) => scope == Scope::Namespaced,
        (None, Some(custom)) => custom.namespaced,
        (None, None) => !kind.starts_with("Cluster") && !kind.ends_with("List"),
    };
    let has_none = metadata.get("namespace").is_none() && metadata.get("name").is_some();
    (namespaced && has_none).then_some(metadata)
}

/// Writes a namespace in front of the first key of a mapping.
fn insert(text: &mut String, metadata: &Node, namespace: &str) {
    let Content::Mapping { flow, pairs } = &metadata.content else { return };
    let Some((first, _)) = pairs.first() else { return };
    let at = first.range.start;
    if *flow {
        return text.insert_str(at, &format!("namespace: \"{namespace}\", "));
    }
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = " ".repeat(at - line);
    text.insert_str(at, &format!("namespace: \"{namespace}\"\n{indent}"));
}

/// The file that a document comes from, below the folder of the chart: Helm writes it in front of
/// each, below the name of the chart.
pub(crate) fn source_of(text: &str) -> Option<&str> {
    let line = text.lines().find_map(|line| line.strip_prefix("# Source: "))?;
    line.split_once('/').map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::documents;

    fn namespaced(text: &str) -> String {
        with_namespace(&documents(text).unwrap(), "shop").join("---\n")
    }

    #[test]
    fn a_namespace_is_written_where_the_kind_has_one_and_the_object_has_none() {
        let object = |kind: &str, metadata: &str| {
            let version = if kind == "Service" { "v1" } else { "example.com/v1" };
            format!("apiVersion: {version}\nkind: {kind}\nmetadata:{metadata}\n")
        };
        let added = |kind: &str, metadata: &str| namespaced(&object(kind, metadata));
        let block = added("Service", "\n  name: a\n  labels: {}");
        assert_eq!(block, object("Service", "\n  namespace: \"shop\"\n  name: a\n  labels: {}"));
        let flow = added("Service", " {name: a}");
        assert_eq!(flow, object("Service", " {namespace: \"shop\", name: a}"));
        for (kind, metadata) in
            [("Service", " {name: a, namespace: b}"), ("ClusterThing", " {name: a}"), ("A", " {}")]
        {
            assert_eq!(added(kind, metadata), object(kind, metadata));
        }
        assert!(added("Thing", " {name: a}").contains("shop"));
    }

    #[test]
    fn a_definition_says_the_scope_of_its_kind() {
        let definition = |scope: &str| {
            format!(
                "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
                 metadata: {{name: things.example.com}}\n\
                 spec: {{group: example.com, names: {{kind: Thing}}, scope: {scope}}}\n\
                 ---\napiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: a}}\n"
            )
        };
        assert!(!namespaced(&definition("Cluster")).contains("shop"));
        assert!(namespaced(&definition("Namespaced")).contains("shop"));
    }

    #[test]
    fn hooks_that_would_act_at_once_are_left_out() {
        let applied = |hooks: &str| {
            let text =
                format!("kind: Job\nmetadata: {{annotations: {{helm.sh/hook: '{hooks}'}}}}\n");
            is_applied(&documents(&text).unwrap()[0])
        };
        assert!(applied("pre-install") && applied("post-delete, post-upgrade"));
        assert!(!applied("test") && !applied("pre-delete,post-delete") && !applied("pre-rollback"));
        assert!(is_applied(&documents("kind: Job\n").unwrap()[0]));
    }

    #[test]
    fn the_source_of_a_document_is_a_file_of_the_chart() {
        let source = source_of("# Source: web/charts/redis/templates/a.yaml\nkind: A\n");
        assert_eq!(source, Some("charts/redis/templates/a.yaml"));
        assert_eq!(source_of("kind: A\n"), None);
    }
}
