//! The table of `kind: Role`, which stands in `policies/`.

use super::Form::{Flag, Integer, List, Object, Text, WordOr};
use super::Presence::{Default, Optional, Required};
use super::kinds::{METADATA_DOC, SPEC_DOC, field, labels, shape};
use super::syntax::{GROUP_PATH, KIND_WORD, NAMESPACE_NAME, ROLE_NAME, SUBJECT, VERB_WORD};
use super::{Form, Shape};

pub(super) static ROLE: Shape = shape(
    "Role",
    "Who may do what.",
    &[
        field("metadata", Object(&METADATA), Required, METADATA_DOC, ""),
        field("spec", Object(&SPEC), Required, SPEC_DOC, ""),
    ],
);

static METADATA: Shape = shape(
    "RoleMetadata",
    "The name of a role.",
    &[field("name", Text(&ROLE_NAME), Required, "The name.", "pets-editors"), labels()],
);

static SPEC: Shape = shape(
    "RoleSpec",
    "Whom a role is for, and what it grants.",
    &[
        field(
            "subjects",
            List(&Text(&SUBJECT)),
            Required,
            "Whom it is for: `user:<name>`, `group:<provider>/<name>`, `token:<name>`.",
            "[\"user:anna\", \"group:oidc/pets\"]",
        ),
        field("rules", List(&Object(&RULE)), Required, "What it grants.", ""),
        field(
            "approvals",
            Object(&APPROVALS),
            Optional,
            "What a change under this role waits for.",
            "",
        ),
    ],
);

static GROUPS: Form = List(&Text(&GROUP_PATH));
static NAMESPACES: Form = List(&Text(&NAMESPACE_NAME));

static RULE: Shape = shape(
    "Rule",
    "Verbs on kinds, within groups and namespaces.",
    &[
        field("verbs", List(&Text(&VERB_WORD)), Required, "What may be done.", "[read, propose]"),
        field(
            "kinds",
            List(&Text(&KIND_WORD)),
            Required,
            "To documents of which kinds.",
            "[Application]",
        ),
        field(
            "groups",
            WordOr("all", &GROUPS),
            Optional,
            "Within these groups and those below them. Without it, none.",
            "[/stores]",
        ),
        field(
            "namespaces",
            WordOr("all", &NAMESPACES),
            Optional,
            "Within these namespaces. Without it, none.",
            "[dogs-cats]",
        ),
    ],
);

static APPROVALS: Shape = shape(
    "Approvals",
    "What a change waits for before it is merged.",
    &[
        field("count", Integer(&[]), Default("0"), "How many people must approve.", "1"),
        field(
            "notAuthor",
            Flag,
            Default("true"),
            "Whether the author's own approval does not count.",
            "true",
        ),
    ],
);
