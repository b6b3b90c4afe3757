//! The table of `kind: Fleet`.

use super::Form::{Flag, Integer, List, Loose, Object, Pairs, Text, WordOr};
use super::Presence::{Default, NotYet, Optional, Required};
use super::kinds::{METADATA_DOC, SPEC_DOC, field, shape, values};
use super::syntax::{
    ANY, BRANCH, COMPATIBILITY, DURATION, FAN_OUT, FLEET_NAME, FOLDER, LABEL_KEY, OBJECT_NAME,
    PERCENT, TEMPLATE, UID,
};
use super::{Form, Shape};

pub(super) static FLEET: Shape = shape(
    "Fleet",
    "The settings of the fleet, in `fleet.yaml`.",
    &[
        field("metadata", Object(&METADATA), Required, METADATA_DOC, ""),
        field("spec", Object(&SPEC), Optional, SPEC_DOC, ""),
    ],
);

static METADATA: Shape = shape(
    "FleetMetadata",
    "The name and the identity of the fleet.",
    &[
        field("name", Text(&FLEET_NAME), Required, "The name.", "contoso"),
        field(
            "uid",
            Loose(&UID),
            Optional,
            "The identity of the fleet, written once by `res-edge init`: 32 hexadecimal digits. Without it, it is made from the name.",
            "5f0c2d6a9b3e4f7081a2b3c4d5e6f708",
        ),
    ],
);

static SPEC: Shape = shape(
    "FleetSpec",
    "The settings of the fleet.",
    &[
        field(
            "engine",
            Integer(&[1]),
            Default("1"),
            "Pins the bytes that rendering gives; a new engine is a reviewed change.",
            "1",
        ),
        field(
            "labels",
            Pairs { key: &LABEL_KEY, value: &WordOr("any", &LABEL_VALUES) },
            Optional,
            "The vocabulary of labels: the values that each may have, or `any`. With it, a label that is not declared is an error.",
            "{ring: [beta, prod], city: any}",
        ),
        values(
            "Values for every cluster, `rea.cluster.<key>`; the weakest.",
            "{registry: registry.contoso.example}",
        ),
        field(
            "layout",
            Object(&LAYOUT),
            Default("{manifests: {}}"),
            "What is written for a cluster.",
            "",
        ),
        field(
            "delivery",
            Object(&DELIVERY),
            Default("{branches: {}}"),
            "How clusters read it.",
            "",
        ),
        field(
            "budgets",
            Object(&BUDGETS),
            Optional,
            "What may happen without a person's word.",
            "",
        ),
        field(
            "maxHold",
            Text(&DURATION),
            Default("24h"),
            "For how long at most the people at a site may hold back a release; `0s` for not at all.",
            "4h",
        ),
    ],
);

static LABEL_VALUES: Form = List(&Loose(&ANY));

static LAYOUT: Shape = Shape {
    name: "Layout",
    doc: "What is written for a cluster: exactly one of these.",
    fields: &[
        field(
            "manifests",
            Object(&EMPTY),
            Optional,
            "Final Kubernetes objects, one file each.",
            "{}",
        ),
        field(
            "flux",
            Object(&FLUX),
            Optional,
            "The template's files as they are, with Flux Kustomizations.",
            "",
        ),
    ],
    one_of: true,
};

static EMPTY: Shape = shape("Empty", "Nothing to set.", &[]);

static FLUX: Shape = shape(
    "FluxLayout",
    "How files are written for Flux.",
    &[
        field(
            "bootstrap",
            Text(&TEMPLATE),
            Optional,
            "The folder whose files go to every cluster's `flux-system/`, placeholders filled.",
            "apps/flux-system",
        ),
        field(
            "source",
            Text(&OBJECT_NAME),
            Default("flux-system"),
            "The name of the GitRepository that Kustomizations name.",
            "gitops",
        ),
        field(
            "compatibility",
            Loose(&COMPATIBILITY),
            Optional,
            "Write byte for byte as Res-Edge 0.20 did.",
            "\"0.20\"",
        ),
        field(
            "lint",
            Flag,
            Default("false"),
            "Warn of what kubectl and kustomize read differently in templates.",
            "true",
        ),
    ],
);

static DELIVERY: Shape = Shape {
    name: "Delivery",
    doc: "How clusters read their trees: exactly one of these.",
    fields: &[
        field("branches", Object(&EMPTY), Optional, "A branch `clusters/<name>` each.", "{}"),
        field("directory", Object(&DIRECTORY), Optional, "A folder each, on one branch.", ""),
        field("oci", Object(&EMPTY), NotYet, "An OCI artifact each.", ""),
    ],
    one_of: true,
};

static DIRECTORY: Shape = shape(
    "Directory",
    "A folder for each cluster, on one branch. The folders are owned whole.",
    &[
        field(
            "branch",
            Text(&BRANCH),
            Required,
            "The branch; not the one that the source is on.",
            "deploy",
        ),
        field(
            "path",
            Text(&FOLDER),
            Default("\"\""),
            "The folder that holds those of the clusters; empty for the root.",
            "clusters",
        ),
        field(
            "fanOut",
            Text(&FAN_OUT),
            Default("none"),
            "`hex2` spreads the clusters over 256 folders, for fleets of more than some thousand. Changing it deletes and makes every folder.",
            "hex2",
        ),
    ],
);

static BUDGETS: Shape = shape(
    "Budgets",
    "What may happen without a person's word.",
    &[field(
        "deletions",
        Loose(&PERCENT),
        Default("1%"),
        "How many of the fleet's bindings may vanish in 24 hours (10 always may).",
        "0.5%",
    )],
);
