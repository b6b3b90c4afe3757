//! What reviewers see of a change: one table of changes, each with the whole text.

use insta::assert_snapshot;
use serde_json::Value;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

/// More of the fleet: workloads, storage and a definition.
const MORE: &str = "\
-- inventory/store.yaml --
apiVersion: res-edge.dev/v1
kind: Namespace
metadata: {name: store}
spec:
  clusters: /g/stores
  values: {size: 1Gi}
  allow: [CustomResourceDefinition.apiextensions.k8s.io]
---
apiVersion: res-edge.dev/v1
kind: Application
metadata: {name: api}
spec:
  namespace: store
  template: apps/api
  values: {image: api, debug: \"no\"}
-- apps/api/deployment.yaml --
# The workload.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: store}
spec:
  template:
    spec:
      containers:
      - name: api
        image: \"rea.cluster.registry/rea.application.image:1\"
        env:
        - {name: DEBUG, value: \"rea.application.debug\"}
-- apps/api/data.yaml --
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: store}
spec: {resources: {requests: {storage: rea.namespace.size}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {scope: Namespaced}
-- apps/api/token.yaml --
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: store}
sops: {version: '3'}
stringData: {token: ENC-one}
";

/// What `diff` prints after these edits: file, text before, text after.
#[track_caller]
fn review(edits: &[(&str, &str, &str)]) -> String {
    let sandbox = Sandbox::committed(&format!("{FLEET}{MORE}"));
    for (path, from, to) in edits {
        sandbox.replace(path, from, to);
    }
    let shown = sandbox.show("diff");
    shown.strip_prefix("exit 1\n--- stdout\n").unwrap_or(&shown).to_owned()
}

/// The same with files that are written, or removed where their text is empty.
#[track_caller]
fn review_files(files: &[(&str, &str)]) -> String {
    let sandbox = Sandbox::committed(&format!("{FLEET}{MORE}"));
    for (path, text) in files {
        match text.is_empty() {
            true => std::fs::remove_file(sandbox.path().join(path)).unwrap(),
            false => sandbox.write_bytes(path, text.as_bytes()),
        }
    }
    let shown = sandbox.show("diff");
    shown.strip_prefix("exit 1\n--- stdout\n").unwrap_or(&shown).to_owned()
}

const CLUSTERS: &str = "inventory/clusters.yaml";

#[test]
fn edits_of_clusters_and_groups() {
    assert_snapshot!(
        "review_label",
        review(&[(CLUSTERS, "ring: prod, region: west", "ring: beta, region: west")])
    );
    assert_snapshot!(
        "review_groups",
        review(&[(CLUSTERS, "groups: [/stores/west]", "groups: []")])
    );
    assert_snapshot!(
        "review_group_expression",
        review(&[(
            "inventory/groups.yaml",
            "spec: {parent: /stores}",
            "spec: {parent: /stores, clusters: /c/lab}"
        )])
    );
    assert_snapshot!(
        "review_cluster_renamed",
        review(&[(CLUSTERS, "{name: east-2,", "{name: east-9, formerName: east-2,")])
    );
    assert_snapshot!(
        "review_cluster_renamed_without_saying_so",
        review(&[(CLUSTERS, "{name: east-2,", "{name: east-9,")])
    );
    assert_snapshot!(
        "review_decommissioned",
        review(&[(
            CLUSTERS,
            "groups: [/stores/west]",
            "groups: [/stores/west], decommission: true"
        )])
    );
}

#[test]
fn edits_of_placement() {
    assert_snapshot!(
        "review_namespace_expression",
        review(&[("inventory/web.yaml", "clusters: /g/stores", "clusters: /g/stores/east")])
    );
    assert_snapshot!(
        "review_application_expression",
        review(&[("inventory/web.yaml", "not /m/ring/beta", "not /m/region/west")])
    );
    assert_snapshot!(
        "review_namespace_of_application",
        review(&[
            (
                "inventory/web.yaml",
                "{namespace: shop, template: apps/till",
                "{namespace: store, template: apps/till"
            ),
            ("apps/till/till.yaml", "namespace: shop", "namespace: store")
        ])
    );
    assert_snapshot!(
        "review_label_and_expression",
        review(&[
            (CLUSTERS, "ring: prod, region: west", "ring: beta, region: west"),
            ("inventory/web.yaml", "not /m/ring/beta", "not /m/ring/beta and not /c/east-2")
        ])
    );
}

#[test]
fn edits_of_documents() {
    assert_snapshot!(
        "review_application_added",
        review(&[
            (
                "inventory/store.yaml",
                "kind: Application\nmetadata: {name: api}",
                "kind: Application\nmetadata: {name: more}\nspec: {namespace: shop, template: apps/till}\n---\n\
         apiVersion: res-edge.dev/v1\nkind: Application\nmetadata: {name: api}"
            ),
            ("apps/till/till.yaml", "name: till", "name: rea.application.name")
        ])
    );
    assert_snapshot!(
        "review_application_renamed",
        review(&[("inventory/store.yaml", "{name: api}", "{name: backend, formerName: api}")])
    );
    assert_snapshot!("review_namespace_removed", review_files(&[("inventory/store.yaml", "")]));
    assert_snapshot!(
        "review_nothing",
        review(&[("apps/api/deployment.yaml", "# The workload.", "# It.")])
    );
}

#[test]
fn edits_of_templates_and_overlays() {
    assert_snapshot!("review_image", review(&[("apps/api/deployment.yaml", "image:1", "image:2")]));
    assert_snapshot!(
        "review_image_and_value",
        review(&[
            ("apps/api/deployment.yaml", "image:1", "image:2"),
            ("inventory/store.yaml", "debug: \"no\"", "debug: \"yes\"")
        ])
    );
    assert_snapshot!("review_volume", review(&[("inventory/store.yaml", "1Gi", "2Gi")]));
    assert_snapshot!(
        "review_definition",
        review(&[("apps/api/data.yaml", "scope: Namespaced", "scope: Cluster")])
    );
    assert_snapshot!(
        "review_overlay_expression",
        review(&[("apps/web/overlays/1.1.0/kustomization.yaml", "/m/ring/beta", "/m/ring/prod")])
    );
    assert_snapshot!(
        "review_overlay_new",
        review_files(&[(
            "apps/web/overlays/2.0.0/kustomization.yaml",
            "metadata:\n  annotations: {res-edge.dev/clusters: /c/east-1}\nresources: [../../base]\n"
        )])
    );
    assert_snapshot!(
        "review_version",
        review(&[(
            "inventory/web.yaml",
            "  template: apps/web\n",
            "  template: apps/web\n  version: 1.1.0\n"
        )])
    );
    assert_snapshot!(
        "review_broken",
        review(&[("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes")])
    );
}

#[test]
fn edits_of_values_at_each_level() {
    assert_snapshot!(
        "review_value_of_fleet",
        review(&[("fleet.yaml", "registry.example.com", "registry.example.org")])
    );
    assert_snapshot!("review_value_of_group", review(&[("inventory/groups.yaml", "9.45", "9.50")]));
    assert_snapshot!(
        "review_value_of_group_added",
        review(&[(
            "inventory/groups.yaml",
            "spec: {parent: /stores}",
            "spec: {parent: /stores, values: {tax: \"7\"}}"
        )])
    );
    assert_snapshot!(
        "review_value_of_cluster",
        review(&[(CLUSTERS, "replicas: 3", "replicas: 4")])
    );
    assert_snapshot!(
        "review_value_of_cluster_removed",
        review(&[(CLUSTERS, ", values: {replicas: 3}", "")])
    );
    assert_snapshot!(
        "review_value_of_application",
        review(&[("inventory/web.yaml", "{title: Shop}", "{title: Store}")])
    );
    assert_snapshot!(
        "review_value_of_override",
        review(&[("inventory/web.yaml", "Western shop", "Wild shop")])
    );
    assert_snapshot!(
        "review_override_for_others",
        review(&[("inventory/web.yaml", "clusters: /c/west-1", "clusters: /c/east-1")])
    );
}

#[test]
fn values_of_secrets_are_shown_nowhere() {
    for format in ["text", "json", "markdown"] {
        let sandbox = Sandbox::committed(&format!("{FLEET}{MORE}"));
        sandbox.replace("apps/api/token.yaml", "ENC-one", "ENC-two");
        let shown = sandbox.show(&format!("diff -o {format}"));
        assert!(!shown.contains("ENC-"), "{shown}");
        assert!(shown.contains("secret-token.yaml"), "{shown}");
    }
}

/// Whether a value is what a schema says, as far as ours say something.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(value, &root["$defs"][name.trim_start_matches("#/$defs/")], root);
    }
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema says `{other}`"),
    };
    let kinds = &schema["type"];
    let of_kind =
        kinds.is_null() || kinds.as_array().map_or_else(|| is(kinds), |k| k.iter().any(is));
    let words = schema["enum"].as_array();
    let is_word = words.is_none_or(|words| words.contains(value));
    let is_const = schema["const"].is_null() || schema["const"] == *value;
    let mut items = value.as_array().into_iter().flatten();
    let fields = value.as_object();
    let fields_fit = fields.is_none_or(|fields| {
        let known = schema["properties"].as_object().unwrap();
        known.len() == fields.len()
            && fields.iter().all(|(name, value)| {
                known.get(name).is_some_and(|schema| fits(value, schema, root))
            })
    });
    of_kind
        && is_word
        && is_const
        && fields_fit
        && items.all(|item| fits(item, &schema["items"], root))
}

#[test]
fn json_is_what_its_schema_says() {
    let sandbox = Sandbox::committed(&format!("{FLEET}{MORE}"));
    let json =
        |words: &str| -> Value { serde_json::from_slice(&sandbox.run(words).stdout).unwrap() };
    let schema = json("schema preview");
    let all: [(&str, &str, &str); 6] = [
        (CLUSTERS, "ring: prod, region: west", "ring: beta, region: west"),
        (CLUSTERS, "{name: lab,", "{name: labs, formerName: lab,"),
        ("inventory/groups.yaml", "9.45", "9.50"),
        ("apps/api/deployment.yaml", "image:1", "image:2"),
        ("apps/api/token.yaml", "ENC-one", "ENC-two"),
        ("apps/till/till.yaml", "rea.cluster.tax", "rea.cluster.taxes"),
    ];
    let empty = json("diff -o json");
    assert!(fits(&empty, &schema, &schema), "{empty:#}");
    for (path, from, to) in all {
        sandbox.replace(path, from, to);
        let preview = json("diff -o json");
        assert!(fits(&preview, &schema, &schema), "{preview:#}");
        assert_ne!(preview, empty);
    }
    std::fs::remove_file(sandbox.path().join("inventory/store.yaml")).unwrap();
    let mut preview = json("diff -o json");
    assert!(fits(&preview, &schema, &schema), "{preview:#}");
    preview["status"]["fetch"]["bytes"] = "many".into();
    assert!(!fits(&preview, &schema, &schema), "the check must be able to fail");
}

#[test]
fn markdown_is_a_comment_on_a_change() {
    let sandbox = Sandbox::committed(&format!("{FLEET}{MORE}"));
    assert_snapshot!("review_markdown_nothing", sandbox.show("diff -o markdown"));
    sandbox.replace(CLUSTERS, "ring: prod, region: west", "ring: beta, region: west");
    sandbox.replace("apps/api/deployment.yaml", "image:1", "image:2");
    assert_snapshot!("review_markdown", sandbox.show("diff -o markdown"));
}
