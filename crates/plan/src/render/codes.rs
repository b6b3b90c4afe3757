//! What rendering can find wrong.

model::codes! {
    TEMPLATE_MISSING = "template-missing",
        "An application names a template folder that has no files; its clusters keep what they run.";
    TEMPLATE_EMPTY = "template-empty",
        "A template renders nothing at all; applied, that would delete everything the application \
         has, so it is refused. An application is removed by removing its document.";
    TEMPLATE_SHAPE = "template-shape",
        "A template is a flat folder, or has `base/` and optionally `overlays/<version>/`; without \
         a base, clusters that no overlay selects would get nothing.";
    TEMPLATE_LIMIT = "template-limit",
        "A template has more files, or larger ones, than are accepted.";
    OVERLAY_VERSION = "overlay-version",
        "A folder in `overlays/` is named by a version (Semantic Versioning 2.0); anything else has \
         no place in the order of precedence.";
    OVERLAY_PRECEDENCE = "overlay-precedence",
        "Two versions differ only in build metadata, so none of them is the higher one.";
    OVERLAY_ANNOTATION = "overlay-annotation",
        "An overlay's kustomization says in one annotation which clusters it is for; without it \
         nobody knows what it would have selected, so the whole template is broken.";
    OVERLAY_GROUP = "overlay-group",
        "The annotation `clusters` lists names of groups; each must name exactly one.";
    OVERLAY_UNKNOWN = "overlay-unknown",
        "An application's `version` names an overlay that its template does not have.";
    KUSTOMIZATION_TWICE = "kustomization-twice",
        "A folder holds more than one of the kustomization files that kustomize looks for.";
    KUSTOMIZATION_SYNTAX = "kustomization-syntax",
        "A kustomization file is not the YAML that it should be.";
    KUSTOMIZATION_RESOURCE = "kustomization-resource",
        "A path in a kustomization does not exist, is listed twice, leads out of its folder or to \
         a folder without a kustomization; leaving it out would delete objects.";
    MISSING_KEY = "missing-key",
        "A placeholder names a key that has no value on some clusters; an unfilled placeholder \
         must never go live.";
    REFUSED_VALUES = "refused-values",
        "A placeholder takes values that its place refuses, more of them than are listed one by one.";
    DUPLICATE_OBJECT = "duplicate-object",
        "An object is rendered twice on a cluster; the two would overwrite each other for ever, and \
         removing one would delete the other.";
    FILE_COLLISION = "file-collision",
        "Two different objects would be written to the same file.";
    FILE_NAME_LENGTH = "file-name-length",
        "The file name of an object is longer than file systems allow.";
    OBJECT_NOT_ALLOWED = "object-not-allowed",
        "An application renders only objects in its own namespace, unless its Namespace document \
         allows more; this keeps teams out of each other's namespaces and of the cluster itself.";
    OBJECT_NAMESPACE = "object-namespace",
        "An object of a namespaced kind says no namespace, or one of a cluster-wide kind says one; \
         it would not land where it seems to.";
    NAMESPACE_DOCUMENT_WINS = "namespace-document-wins",
        "A template holds a Namespace that a Namespace document writes too; the document's is used.";
    NAMESPACE_TWICE = "namespace-twice",
        "A template holds a Namespace that a Namespace document writes too; in the layout `flux` \
         both are applied, and the application's Kustomization deletes it when it goes.";
    PLAIN_SECRET = "plain-secret",
        "A Secret with data stands in plain text in a render, where everyone who reads the \
         delivery can read it.";
    BOOTSTRAP_MISSING = "bootstrap-missing",
        "The layout names a bootstrap folder that has no files.";
    BOOTSTRAP_PLACEHOLDER = "bootstrap-placeholder",
        "A bootstrap file belongs to a cluster, not to an application; only `rea.cluster.<key>` has \
         a meaning there.";
    BOOTSTRAP_LISTENERS = "bootstrap-listeners",
        "`flux-system/listeners/` is written whole by the layout `flux`; a bootstrap file there \
         would be overwritten.";
    DEPENDENCY_ABSENT = "dependency-absent",
        "An application depends on one that does not run on all of its clusters; Flux would wait \
         for it for ever there.";
}
