//! What can be wrong in an inventory as a whole.

model::codes! {
    CYCLE = "cycle",
        "Groups and namespaces select each other's clusters in a circle, or applications depend on each other in one.";
    DUPLICATE_DOCUMENT = "duplicate-document",
        "Two documents of one kind have the same name. Which one counts must not depend on the order of files.";
    EMPTY_EXPRESSION = "empty-expression",
        "An expression that is not the literal `none` selects no cluster. What it deletes is held, because it may be a mistake.";
    FORMER_NAME = "former-name",
        "A former name does not say clearly what was renamed: two documents claim it, a present document has it, or it is the document's own.";
    GROUPS_DISAGREE = "groups-disagree",
        "Two groups at the same depth give a cluster different values for one key, and nothing stronger decides.";
    KEY_COLLISION = "key-collision",
        "A field, a label and a value share one key space, and two of them have the same key.";
    MISSING_FLEET = "missing-fleet",
        "There is no document of kind Fleet, which `fleet.yaml` holds.";
    TOO_MANY_FOLDERS = "too-many-folders",
        "A folder of the delivery would have very many entries. Git reads and writes a folder whole, and forges stop showing it.";
    UNDECLARED_LABEL = "undeclared-label",
        "A Cluster document has a label that the vocabulary in `fleet.yaml` does not declare, or a value that it does not list.";
    UNKNOWN_APPLICATION = "unknown-application",
        "An application is named that does not exist.";
}
