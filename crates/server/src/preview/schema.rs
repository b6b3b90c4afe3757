//! The JSON Schema of a preview, for programs that read it.
//!
//! Every object is closed and every field is required, so that a field that comes is a new entry
//! here and a field that goes is seen by the test that holds previews to this.

use serde_json::{Map, Value, json};

/// The schema of `res-edge diff -o json`, and of the preview of a change over the API.
#[must_use]
pub fn preview_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Preview of res-edge.dev/v1",
        "description": "What a change of the source does to the whole fleet: `res-edge diff -o json`.",
        "$defs": {
            "clusters": clusters(),
            "edit": edit(),
            "why": why(),
            "binding": binding(),
            "move": moved(),
            "namespace": namespace(),
            "likelyRename": likely_rename(),
            "brake": brake(),
            "deleted": deleted(),
            "created": created(),
            "unread": unread(),
            "effect": effect(),
            "sum": sum(),
            "requests": requests(),
            "fetch": fetch(),
            "file": file(),
        },
        "type": "object",
        "additionalProperties": false,
        "required": ["apiVersion", "kind", "status"],
        "properties": {
            "apiVersion": { "const": "res-edge.dev/v1" },
            "kind": { "const": "Preview" },
            "status": status(),
        },
    })
}

fn status() -> Value {
    let renamed = object(
        "A cluster that gets another name.",
        &[("before", text("Its name before.")), ("after", text("Its name after."))],
    );
    object(
        "What changes.",
        &[
            (
                "clusters",
                object(
                    "Clusters as such.",
                    &[
                        (
                            "changed",
                            number("How many clusters would have another tree, without new ones."),
                        ),
                        ("added", of("clusters")),
                        ("removed", of("clusters")),
                        ("renamed", list(renamed)),
                    ],
                ),
            ),
            ("likelyRenames", list(of("likelyRename"))),
            ("held", list(of("brake"))),
            (
                "bindings",
                object(
                    "Applications on clusters that stay.",
                    &[
                        ("added", list(of("binding"))),
                        ("removed", list(of("binding"))),
                        ("renamed", list(of("binding"))),
                        ("moved", list(of("move"))),
                        ("broken", list(of("binding"))),
                        ("mended", list(of("binding"))),
                    ],
                ),
            ),
            (
                "namespaces",
                object(
                    "Namespaces on clusters that stay.",
                    &[("added", list(of("namespace"))), ("removed", list(of("namespace")))],
                ),
            ),
            ("deleted", list(of("deleted"))),
            ("created", list(of("created"))),
            ("unread", list(of("unread"))),
            ("effects", list(of("effect"))),
            ("requests", of("requests")),
            ("fetch", of("fetch")),
            ("files", list(of("file"))),
        ],
    )
}

fn likely_rename() -> Value {
    object(
        "A document that goes while one that says nearly the same comes.",
        &[
            ("kind", json!({ "enum": ["cluster", "group", "application"] })),
            ("before", text("The name that goes; of a group the path.")),
            ("after", text("The name that comes.")),
            ("field", text("The field that would say that it was renamed.")),
            ("path", text("The file with the document that comes.")),
            ("line", number("The line of its name.")),
        ],
    )
}

fn clusters() -> Value {
    object(
        "Some clusters.",
        &[
            ("count", number("How many.")),
            ("first", list(text("A name; at most five are listed."))),
        ],
    )
}

fn edit() -> Value {
    let kinds = [
        "document",
        "setting",
        "field",
        "groups",
        "label",
        "value",
        "expression",
        "overlay",
        "template",
    ];
    object(
        "One edit of the source that contributes.",
        &[
            ("kind", words("What was edited.", &kinds)),
            ("subject", text("The same in words.")),
            (
                "path",
                maybe("string", "The file, in the newer source or where something was removed."),
            ),
            ("line", maybe("integer", "The line, from 1.")),
            ("places", number("At how many places the same edit was made; the first is told.")),
            ("before", maybe("string", "What stood there, if it is short and no secret.")),
            ("after", maybe("string", "What stands there, if it is short and no secret.")),
            ("clusters", number("On how many of the clusters it counts.")),
        ],
    )
}

fn why() -> Value {
    object(
        "Why something changes.",
        &[
            ("edits", list(of("edit"))),
            ("unknown", number("On how many clusters the reason cannot be told.")),
        ],
    )
}

fn binding() -> Value {
    object(
        "An application on some clusters.",
        &[
            ("application", text("Its present name.")),
            ("former", maybe("string", "Its name before, if that changes.")),
            ("faults", list(text("What breaks it."))),
            ("clusters", of("clusters")),
            ("why", of("why")),
        ],
    )
}

fn moved() -> Value {
    object(
        "An application that gets another template or version of it.",
        &[
            ("application", text("Its present name.")),
            ("from", text("The folder before.")),
            ("to", text("The folder after.")),
            ("clusters", of("clusters")),
            ("why", of("why")),
        ],
    )
}

fn namespace() -> Value {
    object(
        "A namespace on some clusters.",
        &[("namespace", text("Its name.")), ("clusters", of("clusters")), ("why", of("why"))],
    )
}

fn brake() -> Value {
    let part = object(
        "A part that would be held.",
        &[("part", text("Which.")), ("clusters", of("clusters"))],
    );
    object(
        "What one brake would hold if the base were released.",
        &[("reason", text("Why.")), ("parts", list(part))],
    )
}

fn deleted() -> Value {
    object(
        "An object that would be deleted.",
        &[
            ("object", text("Kind, namespace and name.")),
            ("part", text("The part that gives it up.")),
            (
                "waits",
                json!({ "type": "boolean", "description": "Whether it waits for a person." }),
            ),
            ("clusters", of("clusters")),
        ],
    )
}

fn created() -> Value {
    object(
        "An object that would be created.",
        &[
            ("object", text("Kind, namespace and name.")),
            ("part", text("The part that brings it.")),
            ("clusters", of("clusters")),
        ],
    )
}

fn unread() -> Value {
    object(
        "It could not be read which objects come and go.",
        &[("cause", text("Why not.")), ("clusters", of("clusters"))],
    )
}

fn effect() -> Value {
    let words = words(
        "What happens.",
        &["restart", "immutable", "definition", "volume", "next-run", "data"],
    );
    object(
        "What it sets off that an object changes.",
        &[
            ("effect", words),
            ("object", text("Kind, namespace and name.")),
            ("part", text("The part that the object belongs to.")),
            ("details", list(text("What differs; of one variant where there are several."))),
            ("variants", number("How many differences of one shape set it off.")),
            ("clusters", of("clusters")),
        ],
    )
}

fn sum() -> Value {
    object(
        "How the sum of the requests of one resource changes; only objects whose requests differ count.",
        &[
            ("resource", words("The resource.", &["cpu", "memory", "storage"])),
            ("before", text("The sum before, a Kubernetes quantity.")),
            ("after", text("The sum after, a Kubernetes quantity.")),
        ],
    )
}

fn requests() -> Value {
    let unread = object(
        "An object whose requests could not be read; it counts on neither side.",
        &[
            ("part", text("The part that the object belongs to.")),
            ("message", text("The object, and what is wrong.")),
            ("clusters", of("clusters")),
        ],
    );
    object(
        "How requests change on all clusters that were there before together, in the layout `manifests`.",
        &[
            ("sums", list(of("sum"))),
            (
                "daemonSets",
                json!({
                    "type": "boolean",
                    "description": "Whether DaemonSets are among them: one pod of each counts for each cluster.",
                }),
            ),
            ("unread", list(unread)),
        ],
    )
}

fn fetch() -> Value {
    object(
        "What is fetched, before compression, each distinct content once.",
        &[("objects", number("How many files and folders.")), ("bytes", number("How many bytes."))],
    )
}

fn file() -> Value {
    let hidden = ["secret", "binary", "too-large", "mode", "unread"];
    let mut hidden = words("Why no lines are shown.", &hidden);
    hidden["type"] = json!(["string", "null"]);
    hidden["enum"].as_array_mut().into_iter().for_each(|words| words.push(Value::Null));
    let on = words("Whether on each cluster, or on all of them together.", &["each", "together"]);
    let on_group = object(
        "How requests change with it; no sums where they do not.",
        &[("on", on), ("sums", list(of("sum")))],
    );
    object(
        "A file that differs in the same way on some clusters.",
        &[
            ("part", text("The part it belongs to.")),
            ("path", text("Its path in the cluster's tree.")),
            ("change", words("What happens.", &["added", "removed", "changed", "hidden"])),
            ("hidden", hidden),
            ("lines", list(text("A line: it starts with ` `, `-`, `+`, or is `@@` for a gap."))),
            ("variants", number("How many differences of one shape are counted together.")),
            ("requests", on_group),
            ("fetch", of("fetch")),
            ("clusters", of("clusters")),
            ("why", of("why")),
        ],
    )
}

fn object(description: &str, fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let fields = fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone()));
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": names,
        "properties": fields.collect::<Map<String, Value>>(),
    })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn number(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

fn maybe(kind: &str, description: &str) -> Value {
    json!({ "type": [kind, "null"], "description": description })
}

fn words(description: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words, "description": description })
}
