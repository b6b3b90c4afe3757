//! What can be wrong in an expression.

use model::Code;

/// An expression is malformed.
pub static EXPRESSION_SYNTAX: Code = Code {
    name: "expression-syntax",
    meaning: "The text is no expression of the language that selects clusters.",
};

/// A cluster does not exist.
pub static UNKNOWN_CLUSTER: Code = Code {
    name: "unknown-cluster",
    meaning: "A cluster is named that does not exist; a mistyped name would silently select nothing.",
};

/// A group does not exist.
pub static UNKNOWN_GROUP: Code = Code {
    name: "unknown-group",
    meaning: "A group is named that does not exist; a mistyped path would silently select nothing.",
};

/// A namespace does not exist.
pub static UNKNOWN_NAMESPACE: Code =
    Code { name: "unknown-namespace", meaning: "A namespace is named that does not exist." };

/// A key does not exist.
pub static UNKNOWN_KEY: Code = Code {
    name: "unknown-key",
    meaning: "A key is named that no cluster has as a label or an own value, and that the vocabulary in `fleet.yaml` does not declare.",
};

/// A value does not exist, and there is no vocabulary that says so.
pub static UNKNOWN_VALUE: Code = Code {
    name: "unknown-value",
    meaning: "No cluster has this value, and no vocabulary declares it: it selects nothing, which may be a typing mistake.",
};

/// A value does not exist, and its opposite is asked for.
pub static NEGATED_UNKNOWN_VALUE: Code = Code {
    name: "negated-unknown-value",
    meaning: "A value that no cluster has stands under `not`, here or in a group or namespace that is named here: a typing mistake would select every cluster.",
};

/// A value is not in the vocabulary.
pub static UNDECLARED_VALUE: Code = Code {
    name: "undeclared-value",
    meaning: "The vocabulary in `fleet.yaml` lists the values of this label, and this one is not among them.",
};

/// A group is named by the path it had before.
pub static FORMER_PATH: Code = Code {
    name: "former-path",
    meaning: "A group is named by the path it had before it was renamed. It still works while the group says `formerPath`.",
};

/// All of them.
pub static ALL: &[&Code] = &[
    &EXPRESSION_SYNTAX,
    &UNKNOWN_CLUSTER,
    &UNKNOWN_GROUP,
    &UNKNOWN_NAMESPACE,
    &UNKNOWN_KEY,
    &UNKNOWN_VALUE,
    &NEGATED_UNKNOWN_VALUE,
    &UNDECLARED_VALUE,
    &FORMER_PATH,
];
