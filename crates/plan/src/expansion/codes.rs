//! What can be wrong with a template that a program must build, before it is run.

model::codes! {
    NOT_BUILT = "not-built",
        "A template needs kustomize or Helm in the layout `manifests`, and nobody ran it; without \
         that, something else would be rendered.";
    REMOTE_INPUT = "remote-input",
        "A kustomization names something outside of the source; a render reads nothing else, so \
         that the same source gives the same bytes.";
    REFUSED_FIELD = "refused-field",
        "A kustomization has a field that would run another program.";
    CHART_OVERLAY = "chart-overlay",
        "An overlay of a Helm chart sets values and nothing else; kustomize is not run over what \
         Helm made.";
}
