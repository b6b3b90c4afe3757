//! What a person sees after each of the mistakes that people make: text in, text out.
//!
//! Read each snapshot aloud: would a tired operator know what to do next?

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "snapshots/bad_input", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

/// `validate` of a fleet with files that are added, or take the place of others.
fn check(name: &str, files: &str) {
    let sandbox = Sandbox::with(FLEET);
    sandbox.write(files);
    snapshot(name, &sandbox.show("validate"));
}

/// `validate` of a fleet in which one text is another.
fn edit(name: &str, path: &str, from: &str, to: &str) {
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace(path, from, to);
    snapshot(name, &sandbox.show("validate"));
}

/// `validate` of a fleet with one more file of any bytes; the output may not grow with the file.
fn bytes(name: &str, path: &str, bytes: &[u8]) {
    let sandbox = Sandbox::with(FLEET);
    sandbox.write_bytes(path, bytes);
    let text = sandbox.show("validate");
    assert!(text.len() < 20_000, "{name} prints {} bytes", text.len());
    snapshot(name, &text);
}

/// The head of a document of the inventory.
fn document(kind: &str, metadata: &str) -> String {
    format!("apiVersion: res-edge.dev/v1\nkind: {kind}\nmetadata: {metadata}\n")
}

#[test]
fn folders_that_are_no_source() {
    let empty = Sandbox::empty();
    snapshot("empty_folder", &empty.show("validate"));
    snapshot("missing_folder", &empty.show("validate --source nowhere"));
    snapshot("a_url", &empty.show("validate --source https://example.com/fleet.git"));
    snapshot("revision_of_a_folder", &Sandbox::with(FLEET).show("validate --rev main"));
    let repository = Sandbox::empty();
    repository.git("init -q -b main");
    snapshot("empty_repository", &repository.show("validate"));
    snapshot("empty_repository_head", &repository.show("validate --rev HEAD"));
    let committed = Sandbox::committed(FLEET);
    snapshot("unknown_revision", &committed.show("validate --rev mian"));
    snapshot("option_as_revision", &committed.show("validate --rev=--upload-pack=touch"));
}

#[test]
fn files_that_are_no_yaml() {
    check("truncated", "-- inventory/x.yaml --\napiVersion: res-edge.dev/v1\nkind: \"Clus");
    check("truncated_flow", "-- inventory/x.yaml --\nmetadata: {name: x, labels: {");
    check(
        "merge_conflict",
        "-- inventory/x.yaml --\napiVersion: res-edge.dev/v1\n<<<<<<< HEAD\nkind: Cluster\n=======\n\
         kind: Group\n>>>>>>> change\n",
    );
    check("tabs", "-- inventory/x.yaml --\napiVersion: res-edge.dev/v1\nmetadata:\n\tname: x\n");
    check("only_text", "-- inventory/x.yaml --\nhello there\n");
    check("a_list", "-- inventory/x.yaml --\n- apiVersion: res-edge.dev/v1\n");
    check("json_file", "-- inventory/x.json --\n{\"kind\": \"Cluster\"}\n");
    check("yml_file", "-- inventory/x.yml --\nkind: Cluster\n");
    bytes("invalid_utf8", "inventory/x.yaml", b"apiVersion: res-edge.dev/v1\nkind: Cl\xffster\n");
    bytes("utf16", "inventory/x.yaml", b"\xff\xfek\0i\0n\0d\0");
    bytes("control_characters", "inventory/x.yaml", b"kind: \x1b[31mred\x07\n");
    bytes("empty_fleet_file", "fleet.yaml", b"");
}

#[test]
fn files_that_are_too_much() {
    bytes("twenty_megabytes", "inventory/x.yaml", &vec![b'#'; 20 << 20]);
    let aliases = format!("a: &a [x]\nb: [{}]\n", vec!["*a"; 100_000].join(", "));
    bytes("hundred_thousand_aliases", "inventory/x.yaml", aliases.as_bytes());
    let mut laughs = String::from("a0: &a0 [lol, lol]\n");
    for level in 1..40 {
        laughs.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
    }
    bytes("billion_laughs", "inventory/x.yaml", laughs.as_bytes());
    bytes("deep_nesting", "inventory/x.yaml", "[".repeat(100_000).as_bytes());
    let name =
        format!("{}spec: {{}}\n", document("Cluster", &format!("{{name: {}}}", "x".repeat(64))));
    bytes("long_name", "inventory/x.yaml", name.as_bytes());
    let line = format!(
        "{}spec: {{description: {}, grups: []}}\n",
        document("Cluster", "{name: x}"),
        "d".repeat(100_000)
    );
    bytes("long_line", "inventory/x.yaml", line.as_bytes());
}

#[test]
fn documents_that_are_wrong_by_themselves() {
    check("unknown_kind", &format!("-- inventory/x.yaml --\n{}", document("Clutser", "{name: x}")));
    check(
        "wrong_version",
        "-- inventory/x.yaml --\napiVersion: res-edge.dev/v2\nkind: Cluster\nmetadata: {name: x}\n",
    );
    check("no_version", "-- inventory/x.yaml --\nkind: Cluster\nmetadata: {name: x}\n");
    check("no_name", &format!("-- inventory/x.yaml --\n{}", document("Cluster", "{}")));
    edit("unknown_field", "inventory/clusters.yaml", "timeZone:", "timezone:");
    edit(
        "duplicate_key",
        "inventory/clusters.yaml",
        "spec: {}",
        "spec: {description: a, description: b}",
    );
    edit("wrong_type", "inventory/clusters.yaml", "spec: {}", "spec: {groups: /stores}");
    edit("nested_value", "inventory/clusters.yaml", "spec: {}", "spec: {values: {a: {b: c}}}");
    edit(
        "value_key",
        "inventory/clusters.yaml",
        "spec: {}",
        "spec: {values: {ip-range: 10.0.0.0}}",
    );
    edit("key_collision", "inventory/clusters.yaml", "spec: {}", "spec: {values: {ring: beta}}");
    edit("time_zone", "inventory/clusters.yaml", "America/New_York", "America/New York");
    edit("bad_budget", "fleet.yaml", "engine: 1", "engine: 1\n  budgets: {deletions: 1}");
    edit("newer_engine", "fleet.yaml", "engine: 1", "engine: 99");
    check(
        "cluster_in_fleet_file",
        &format!("-- fleet.yaml --\n{}", document("Cluster", "{name: x}")),
    );
    check(
        "role_in_inventory",
        &format!("-- inventory/x.yaml --\n{}spec: {{}}\n", document("Role", "{name: x}")),
    );
    check(
        "rollout_not_yet",
        &format!("-- policies/x.yaml --\n{}spec: {{}}\n", document("Rollout", "{name: x}")),
    );
}

#[test]
fn names_that_cannot_be() {
    for (case, name) in [
        ("name_with_dots", "../x"),
        ("name_in_capitals", "East-9"),
        ("name_with_dot", "east.9"),
        ("name_with_hyphen_at_the_end", "east-"),
        ("name_that_is_a_number", "0230"),
        ("name_that_is_a_truth", "yes"),
    ] {
        let text = document("Cluster", &format!("{{name: {name}}}"));
        check(case, &format!("-- inventory/x.yaml --\n{text}spec: {{}}\n"));
    }
    let reserved = document("Application", "{name: flux-system}");
    let text = format!(
        "-- inventory/x.yaml --\n{reserved}spec: {{namespace: shop, template: apps/web}}\n"
    );
    check("reserved_application", &text);
    check(
        "reserved_namespace",
        &format!("-- inventory/x.yaml --\n{}", document("Namespace", "{name: kube-system}")),
    );
}

#[test]
fn documents_that_do_not_fit_together() {
    let twice =
        format!("-- inventory/x.yaml --\n{}spec: {{}}\n", document("Cluster", "{name: lab}"));
    check("two_documents_with_one_name", &twice);
    let cycle = format!(
        "-- inventory/x.yaml --\n{}spec: {{clusters: /g/b}}\n---\n{}spec: {{clusters: /g/a}}\n",
        document("Group", "{name: a}"),
        document("Group", "{name: b}"),
    );
    check("group_cycle", &cycle);
    edit("unknown_parent", "inventory/groups.yaml", "parent: /stores}", "parent: /store}");
    edit("unknown_group", "inventory/clusters.yaml", "[/stores/west]", "[/stores/wset]");
    edit("unknown_namespace", "inventory/web.yaml", "{namespace: shop,", "{namespace: shp,");
    edit("unknown_dependency", "inventory/web.yaml", "dependsOn: [web]", "dependsOn: [wep]");
    edit("dependency_cycle", "inventory/web.yaml", "owner: team-web", "dependsOn: [till]");
    edit(
        "groups_disagree",
        "inventory/clusters.yaml",
        "groups: [/stores/west]",
        "groups: [/stores/west, /stores/east]",
    );
    let disagree = format!(
        "-- inventory/x.yaml --\n{}spec: {{values: {{tax: \"7.00\"}}}}\n",
        document("Group", "{name: other}")
    );
    let sandbox = Sandbox::with(FLEET);
    sandbox.write(&disagree);
    sandbox.replace(
        "inventory/clusters.yaml",
        "spec: {groups: [/stores/west]}",
        "spec: {groups: [/stores/west, /other]}",
    );
    snapshot("groups_disagree_at_one_depth", &sandbox.show("validate"));
}

#[test]
fn expressions() {
    let namespace = |name: &str, expression: &str| {
        edit(
            name,
            "inventory/web.yaml",
            "clusters: /g/stores",
            &format!("clusters: '{expression}'"),
        );
    };
    namespace("expression_rign", "not /m/rign/prod");
    namespace("expression_undeclared_value", "not /m/ring/prd");
    namespace("expression_unknown_group", "/g/store");
    namespace("expression_unknown_cluster", "/c/east-11");
    namespace("expression_unknown_cluster_pattern", "not /c/north-*");
    namespace("expression_unknown_namespace", "/n/shp");
    namespace("expression_in_capitals", "/g/stores AND /m/ring/prod");
    namespace("expression_two_terms", "/g/stores /m/ring/prod");
    namespace("expression_empty", "");
    namespace("expression_of_itself", "/n/shop");
    namespace("expression_slashes", "g/stores");
    namespace("expression_none", "none");
    let long = vec!["/g/stores"; 100_000].join(" or ");
    let text = |expression: &str| {
        FLEET.replace("{clusters: /g/stores}", &format!("{{clusters: '{expression}'}}"))
    };
    let show = |name: &str, expression: &str| {
        let shown = Sandbox::with(&text(expression)).show("validate");
        assert!(shown.len() < 20_000, "{name} prints {} bytes", shown.len());
        snapshot(name, &shown);
    };
    show("expression_of_a_megabyte", &long);
    show(
        "expression_ten_thousand_parentheses",
        &format!("{}all{}", "(".repeat(10_000), ")".repeat(10_000)),
    );
    show("expression_ten_thousand_nots", &format!("{}all", "not ".repeat(10_000)));
}

#[test]
fn templates() {
    let config = "apps/web/base/config.yaml";
    edit("unknown_key", config, "rea.cluster.replicas", "rea.cluster.replcas");
    edit("unknown_space", config, "rea.cluster.replicas", "rea.clusters.replicas");
    edit("upper_case_placeholder", config, "rea.cluster.replicas", "rea.cluster.Replicas");
    edit(
        "svc_korea_is_no_placeholder",
        config,
        "\"rea.cluster.replicas\"",
        "svc.korea.cluster.local",
    );
    edit("key_some_clusters_lack", config, "rea.cluster.replicas", "rea.cluster.timeZone");
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace("inventory/web.yaml", "title: Shop", "title: \"yes\"");
    sandbox.replace(config, "\"rea.application.title\"", "rea.application.title");
    snapshot("value_yes_in_a_plain_place", &sandbox.show("validate"));
    let sandbox = Sandbox::with(FLEET);
    sandbox.replace("inventory/web.yaml", "title: Shop", "title: \"a\\nb\"");
    sandbox.replace(config, "\"rea.application.title\"", "x rea.application.title");
    snapshot("value_with_a_line_break", &sandbox.show("validate"));
    edit("template_that_is_no_yaml", config, "data:", "data: [");
    edit("template_without_kind", config, "kind: ConfigMap\n", "");
    edit(
        "object_in_another_namespace",
        config,
        "namespace: rea.namespace.name",
        "namespace: other",
    );
    edit("missing_resource", "apps/web/base/kustomization.yaml", "config.yaml", "confg.yaml");
    edit(
        "resource_outside",
        "apps/web/base/kustomization.yaml",
        "config.yaml",
        "../../../../etc/passwd",
    );
    edit(
        "remote_resource",
        "apps/web/base/kustomization.yaml",
        "config.yaml",
        "https://example.com/x.yaml",
    );
    edit(
        "generator",
        "apps/web/base/kustomization.yaml",
        "resources:",
        "configMapGenerator: [{name: x, literals: [a=b]}]\nresources:",
    );
    edit("missing_template", "inventory/web.yaml", "template: apps/web", "template: apps/wep");
    edit("template_outside", "inventory/web.yaml", "template: apps/web", "template: ../apps/web");
    edit("template_absolute", "inventory/web.yaml", "template: apps/web", "template: /etc");
    edit(
        "unknown_version",
        "inventory/web.yaml",
        "template: apps/web",
        "template: apps/web\n  version: 2.0.0",
    );
    check(
        "overlay_no_version",
        "-- apps/web/overlays/latest/kustomization.yaml --\nresources: [../../base]\n",
    );
    check(
        "overlay_without_expression",
        "-- apps/web/overlays/1.2.0/kustomization.yaml --\nresources: [../../base]\n",
    );
    check(
        "overlay_unknown_group",
        "-- apps/web/overlays/1.2.0/kustomization.yaml --\nmetadata: {annotations: {res-edge.dev/clusters: /g/nowhere}}\nresources: [../../base]\n",
    );
    check(
        "plain_secret",
        "-- apps/till/secret.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: till, namespace: shop}\n\
         stringData: {password: correct-horse}\n",
    );
    check(
        "object_twice",
        "-- apps/till/again.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\n",
    );
}

#[test]
fn a_secret_is_never_shown() {
    let sandbox = Sandbox::with(FLEET);
    sandbox.write(
        "-- apps/till/secret.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: till, namespace: shop}\n\
         stringData: {password: correct-horse}\n",
    );
    for words in ["validate", "validate -o json", "render"] {
        assert!(!sandbox.show(words).contains("correct-horse"), "{words}");
    }
}

#[cfg(unix)]
#[test]
fn links_and_names_of_files() {
    let sandbox = Sandbox::with(FLEET);
    std::os::unix::fs::symlink("/etc/passwd", sandbox.path().join("apps/web/base/link.yaml"))
        .unwrap();
    snapshot("symlink_in_a_template", &sandbox.show("validate"));
    let sandbox = Sandbox::with(FLEET);
    std::os::unix::fs::symlink("clusters.yaml", sandbox.path().join("inventory/link.yaml"))
        .unwrap();
    snapshot("symlink_in_the_inventory", &sandbox.show("validate"));
    let sandbox = Sandbox::with(FLEET);
    let role = |name: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}, namespace: shop}}\n"
        )
    };
    sandbox.write(&format!(
        "-- apps/till/a.yaml --\n{}-- apps/till/b.yaml --\n{}",
        role("Admin"),
        role("admin")
    ));
    snapshot("names_that_differ_in_case", &sandbox.show("validate"));
}

#[test]
fn a_submodule() {
    let sandbox = Sandbox::committed(FLEET);
    let head = sandbox.git("rev-parse HEAD");
    sandbox.git(&format!(
        "update-index --add --cacheinfo 160000,{},apps/web/base/vendored",
        head.trim()
    ));
    sandbox.git("commit -q -m submodule");
    snapshot("submodule", &sandbox.show("validate --rev HEAD"));
}

#[test]
fn revisions_that_name_no_commit() {
    let sandbox = Sandbox::committed(FLEET);
    let show = |name: &str, revision: &str| {
        snapshot(name, &sandbox.show_words(&["validate", &format!("--rev={revision}")]));
    };
    show("revision_of_nothing", "release-2026");
    show("revision_before_the_first", "main~7");
    show("revision_nearly_and_before", "mian~1");
    show("revision_of_a_tree", "HEAD:apps");
    show("revision_with_a_space", "main branch");
    show("revision_of_a_missing_id", "0123456789012345678901234567890123456789");
    let url = format!("file://{}", sandbox.path().display());
    sandbox.commit();
    sandbox.git(&format!("clone -q --depth=1 {url} shallow"));
    let text = sandbox.show("validate --source shallow --rev main~1");
    snapshot("revision_left_out_of_a_shallow_clone", &text);
}
