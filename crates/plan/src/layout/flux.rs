//! The files of the layout `flux` that come from no template: Kustomizations and Namespaces.
//!
//! Their text is an interface: under `compatibility: "0.20"` it is byte for byte what Res-Edge
//! 0.20 wrote, so that a fleet can be taken over without a single change on a cluster.

use std::sync::Arc;

use model::{Base, ObjectId, Piece, Sink};
use schema::document::FluxLayout;

/// A Kubernetes Namespace as `namespaces/<name>.yaml` holds it.
pub(crate) fn namespace_document(layout: &FluxLayout, name: &str) -> String {
    let start = "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: ";
    if layout.compatibility_0_20 {
        return format!("{start}{name}\n");
    }
    let name = super::scalar(name);
    format!("{start}{name}\n  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\n")
}

/// A Flux Kustomization that differs between clusters only in its path.
pub(crate) struct Listener {
    base: Base,
    /// Where the cluster's folder stands in the path.
    at: u32,
}

impl Listener {
    /// The Kustomization `name` for a folder of the cluster's folder.
    ///
    /// `number` is the base's number in this render.
    pub(crate) fn new(
        layout: &FluxLayout,
        name: &str,
        folder: &str,
        depends_on: &[&str],
        number: u32,
    ) -> Self {
        let modern = !layout.compatibility_0_20;
        let scalar = |text: &str| if modern { super::scalar(text) } else { text.to_owned() };
        let version = if modern { "v1" } else { "v1beta2" };
        let mut text = format!(
            "---\napiVersion: kustomize.toolkit.fluxcd.io/{version}\nkind: Kustomization\n\
             metadata:\n  name: {}\n  namespace: flux-system\nspec:\n  interval: 1m0s\n  path: ./",
            scalar(name)
        );
        let at = text.len() as u32;
        text.push_str(folder);
        text.push_str("\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: ");
        text.push_str(&scalar(&layout.source));
        text.push('\n');
        if modern && !depends_on.is_empty() {
            text.push_str("  dependsOn:\n");
            let lines = depends_on.iter().map(|name| format!("  - name: {}\n", scalar(name)));
            text.extend(lines);
        }
        Self { base: Base { number, bytes: Arc::from(text.into_bytes()) }, at }
    }

    /// Writes the Kustomization of one cluster, given its folder.
    pub(crate) fn write(&self, cluster_folder: &str, sink: &dyn Sink) -> ObjectId {
        if cluster_folder.is_empty() {
            return sink.blob(&self.base.bytes);
        }
        let folder = format!("{cluster_folder}/");
        let end = self.base.bytes.len() as u32;
        let pieces =
            [Piece::Copy(0..self.at), Piece::Insert(folder.as_bytes()), Piece::Copy(self.at..end)];
        sink.variant(&self.base, &pieces)
    }
}
