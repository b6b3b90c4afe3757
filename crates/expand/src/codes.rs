//! What can be wrong with a template while a program builds it.

model::codes! {
    PROGRAM_MISSING = "program-missing",
        "A template needs a program that is not on this machine; its clusters keep what they run.";
    PROGRAM_VERSION = "program-version",
        "A program has another version than the one that the engine pins; another version may \
         write other bytes from the same source.";
    BUILD_FAILED = "build-failed",
        "kustomize or Helm refused a template.";
    BUILD_LIMIT = "build-limit",
        "A template took more time, memory or output to build than is accepted.";
    BUILD_VARIES = "build-varies",
        "Two builds of the same template gave different results, as those with a random password \
         or the time of day do; every render would change the clusters.";
    PLACEHOLDER_CHANGED = "placeholder-changed",
        "Something in a built template depends on how a placeholder is spelled: the placeholder \
         is hashed, encoded, cut or compared, and the result would not follow its value.";
    PLACEHOLDER_DROPPED = "placeholder-dropped",
        "A placeholder goes into a build and does not come out, as one that is only compared: what \
         it was meant to decide was decided without its value.";
}
