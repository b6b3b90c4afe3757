//! The tables of the kinds that stand in `inventory/`.

use super::Form::{Flag, List, Loose, Object, Pairs, Scalar, Text};
use super::Presence::{Default, Optional, Required};
use super::syntax::{
    ALLOW, ANY, APPLICATION_NAME, CLUSTER_NAME, EXPRESSION, GROUP_NAME, GROUP_PATH, LABEL_KEY,
    NAMESPACE_NAME, QUANTITY, RESOURCE, SSH_KEY, TEMPLATE, TIME_ZONE, VALUE_KEY, VERSION,
};
use super::{Field, Form, Shape, fleet, role};
use crate::document::Kind;

/// The only `apiVersion`.
pub const API_VERSION: &str = "res-edge.dev/v1";

/// The kinds that are planned and refused.
pub const NOT_YET_KINDS: [&str; 3] = ["Rollout", "Window", "Policy"];

/// The table of a kind: the fields `metadata` and `spec` (`apiVersion` and `kind` are the same
/// for all).
#[must_use]
pub fn shape_of(kind: Kind) -> &'static Shape {
    match kind {
        Kind::Fleet => &fleet::FLEET,
        Kind::Cluster => &CLUSTER,
        Kind::Group => &GROUP,
        Kind::Namespace => &NAMESPACE,
        Kind::Application => &APPLICATION,
        Kind::Role => &role::ROLE,
    }
}

pub(super) const fn field(
    name: &'static str,
    form: Form,
    presence: super::Presence,
    doc: &'static str,
    example: &'static str,
) -> Field {
    Field { name, form, presence, doc, example }
}

pub(super) const fn shape(
    name: &'static str,
    doc: &'static str,
    fields: &'static [Field],
) -> Shape {
    Shape { name, doc, fields, one_of: false }
}

pub(super) const METADATA_DOC: &str = "What the document is called.";
pub(super) const SPEC_DOC: &str = "What is wanted.";

static LABEL: Form = Loose(&ANY);
static AMOUNT: Form = Loose(&QUANTITY);

pub(super) const fn labels() -> Field {
    field(
        "labels",
        Pairs { key: &LABEL_KEY, value: &LABEL },
        Optional,
        "What expressions select by, `/m/<key>/<value>`. Labels are strings, whatever they look like: `1.10` stays `1.10`.",
        "{region: central, ring: beta}",
    )
}

pub(super) const fn values(doc: &'static str, example: &'static str) -> Field {
    field("values", Pairs { key: &VALUE_KEY, value: &Scalar }, Optional, doc, example)
}

const fn capacity(doc: &'static str, example: &'static str) -> Field {
    field("capacity", Pairs { key: &RESOURCE, value: &AMOUNT }, Optional, doc, example)
}

const fn description() -> Field {
    field("description", Text(&ANY), Optional, "What it is, for people.", "French Quarter")
}

static CLUSTER: Shape = shape(
    "Cluster",
    "A Kubernetes cluster: a store, a plant, a ship.",
    &[
        field("metadata", Object(&CLUSTER_METADATA), Required, METADATA_DOC, ""),
        field("spec", Object(&CLUSTER_SPEC), Optional, SPEC_DOC, ""),
    ],
);

static CLUSTER_METADATA: Shape = shape(
    "ClusterMetadata",
    "The name and the labels of a cluster.",
    &[
        field(
            "name",
            Text(&CLUSTER_NAME),
            Required,
            "The name, unique in the fleet.",
            "central-la-nola-2301",
        ),
        field(
            "formerName",
            Text(&CLUSTER_NAME),
            Optional,
            "The name it had before. It keeps the cluster's identity, so that a rename deletes nothing.",
            "central-la-nola-0001",
        ),
        labels(),
    ],
);

static CLUSTER_SPEC: Shape = shape(
    "ClusterSpec",
    "What is known about a cluster.",
    &[
        description(),
        field(
            "groups",
            List(&Text(&GROUP_PATH)),
            Optional,
            "The groups that the cluster is in; it is in all groups above them too.",
            "[/stores/central/la/nola]",
        ),
        field(
            "timeZone",
            Text(&TIME_ZONE),
            Optional,
            "The time zone of the site, by its IANA name.",
            "America/Chicago",
        ),
        values(
            "Values for templates, `rea.cluster.<key>`. They win over those of groups and of the fleet.",
            "{ipRange: 10.3.7.0/24}",
        ),
        capacity(
            "What the cluster can hold, as Kubernetes quantities.",
            "{cpu: \"8\", memory: 32Gi, pods: \"110\"}",
        ),
        field("agent", Object(&AGENT), Optional, "How the cluster proves who it is.", ""),
        field(
            "decommission",
            Flag,
            Default("false"),
            "Empty the cluster: every application leaves it, once a person has confirmed.",
            "true",
        ),
    ],
);

static AGENT: Shape = shape(
    "Agent",
    "How a cluster proves who it is.",
    &[field(
        "keys",
        List(&Text(&SSH_KEY)),
        Optional,
        "Public keys of the cluster's agent in OpenSSH form.",
        "[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGqLkXg9vK2mKQ4W0nVYjQhFqS0gU1n5bL5oM8x2pWdT\"]",
    )],
);

static GROUP: Shape = shape(
    "Group",
    "A group of clusters. Its path is that of its parent and its name: `/stores/central`.",
    &[
        field("metadata", Object(&GROUP_METADATA), Required, METADATA_DOC, ""),
        field("spec", Object(&GROUP_SPEC), Optional, SPEC_DOC, ""),
    ],
);

static GROUP_METADATA: Shape = shape(
    "GroupMetadata",
    "The name of a group.",
    &[
        field("name", Text(&GROUP_NAME), Required, "The last part of the path.", "la"),
        field(
            "formerPath",
            Text(&GROUP_PATH),
            Optional,
            "The path it had before. It still resolves, with a warning, so that a rename is one edit.",
            "/stores/south/la",
        ),
        labels(),
    ],
);

static GROUP_SPEC: Shape = shape(
    "GroupSpec",
    "Where a group stands, and what it gives its clusters.",
    &[
        description(),
        field(
            "parent",
            Text(&GROUP_PATH),
            Optional,
            "The group above; a group without one is a root.",
            "/stores/central",
        ),
        field(
            "clusters",
            Text(&EXPRESSION),
            Optional,
            "More clusters, besides those that name the group.",
            "/m/state/la",
        ),
        values("Values for the clusters of the group, `rea.cluster.<key>`.", "{tax: \"9.45\"}"),
    ],
);

static NAMESPACE: Shape = shape(
    "Namespace",
    "A Kubernetes namespace, and the clusters it is on.",
    &[
        field("metadata", Object(&NAMESPACE_METADATA), Required, METADATA_DOC, ""),
        field("spec", Object(&NAMESPACE_SPEC), Optional, SPEC_DOC, ""),
    ],
);

static NAMESPACE_METADATA: Shape = shape(
    "NamespaceMetadata",
    "The name of a namespace.",
    &[
        field(
            "name",
            Text(&NAMESPACE_NAME),
            Required,
            "The name, the same on every cluster.",
            "imdb",
        ),
        labels(),
    ],
);

static NAMESPACE_SPEC: Shape = shape(
    "NamespaceSpec",
    "Where a namespace is, and what may stand in it.",
    &[
        description(),
        field(
            "clusters",
            Text(&EXPRESSION),
            Optional,
            "The clusters that get the namespace. Without it, none.",
            "/g/stores and not /m/ring/prod",
        ),
        values("Values for templates, `rea.namespace.<key>`.", "{team: pets}"),
        field(
            "overrides",
            List(&Object(&OVERRIDE)),
            Optional,
            "Other values on some clusters; of several that match, the last wins.",
            "",
        ),
        capacity(
            "What its applications may use on one cluster, as Kubernetes quantities.",
            "{cpu: \"1\", memory: 512Mi}",
        ),
        field(
            "allow",
            List(&Text(&ALLOW)),
            Optional,
            "What its applications may render besides objects of this namespace: `<Kind>[.<group>]` of the cluster, `<namespace>/<Kind>[.<group>]` of another namespace.",
            "[ClusterRole, monitoring/ServiceMonitor.monitoring.coreos.com]",
        ),
    ],
);

static OVERRIDE: Shape = shape(
    "Override",
    "Values for the clusters that an expression selects.",
    &[
        field("clusters", Text(&EXPRESSION), Required, "The clusters.", "/m/city/nola"),
        field(
            "values",
            Pairs { key: &VALUE_KEY, value: &Scalar },
            Required,
            "The values there.",
            "{title: Who dat}",
        ),
    ],
);

static APPLICATION: Shape = shape(
    "Application",
    "An application: a template, and the values it is filled with.",
    &[
        field("metadata", Object(&APPLICATION_METADATA), Required, METADATA_DOC, ""),
        field("spec", Object(&APPLICATION_SPEC), Required, SPEC_DOC, ""),
    ],
);

static APPLICATION_METADATA: Shape = shape(
    "ApplicationMetadata",
    "The name of an application.",
    &[
        field(
            "name",
            Text(&APPLICATION_NAME),
            Required,
            "The name, unique in the fleet.",
            "dogs-cats",
        ),
        field(
            "formerName",
            Text(&APPLICATION_NAME),
            Optional,
            "The name it had before, so that a rename deletes nothing.",
            "pets",
        ),
        labels(),
    ],
);

static APPLICATION_SPEC: Shape = shape(
    "ApplicationSpec",
    "What runs, and where.",
    &[
        description(),
        field(
            "namespace",
            Text(&NAMESPACE_NAME),
            Required,
            "The Namespace document that it belongs to. The application runs on that namespace's clusters.",
            "dogs-cats",
        ),
        field(
            "template",
            Text(&TEMPLATE),
            Required,
            "The folder of the deployment template, from the root of the source.",
            "apps/go-vote",
        ),
        field(
            "version",
            Text(&VERSION),
            Optional,
            "The version of the overlay on every cluster, whatever the overlays' own expressions say.",
            "1.2.0",
        ),
        field(
            "owner",
            Text(&ANY),
            Optional,
            "Who looks after it, for people. It grants nothing.",
            "team-pets",
        ),
        field(
            "clusters",
            Text(&EXPRESSION),
            Optional,
            "Narrows the clusters of the namespace.",
            "/g/stores/central",
        ),
        values("Values for templates, `rea.application.<key>`.", "{title: \"Dogz RULE!\"}"),
        field(
            "overrides",
            List(&Object(&OVERRIDE)),
            Optional,
            "Other values on some clusters; of several that match, the last wins.",
            "",
        ),
        field(
            "dependsOn",
            List(&Text(&APPLICATION_NAME)),
            Optional,
            "Applications that must be released before this one.",
            "[ingress-nginx]",
        ),
    ],
);
