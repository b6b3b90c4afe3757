//! Wrong documents: text in, diagnostics out.

const CLUSTER: &str = "inventory/clusters.yaml";

/// Each case with its text and what is said about it.
fn snapshot(name: &str, cases: &[(&str, &str)]) {
    let said: Vec<String> = cases
        .iter()
        .map(|(path, text)| {
            let (files, documents, diagnostics) = crate::read(path, text);
            let said = crate::render(&files, &diagnostics);
            format!("{path}\n{text}=> {} documents\n{said}\n", documents.len())
        })
        .collect();
    insta::assert_snapshot!(name, said.join("\n----\n"));
}

/// A document of a kind, given what follows its first two lines.
fn document(kind: &str, rest: &str) -> String {
    format!("apiVersion: res-edge.dev/v1\nkind: {kind}\n{rest}\n")
}

/// Documents of one kind, each with one mistake or more.
fn documents(name: &str, path: &str, kind: &str, rests: &[&str]) {
    let texts: Vec<String> = rests.iter().map(|rest| document(kind, rest)).collect();
    let cases: Vec<(&str, &str)> = texts.iter().map(|text| (path, text.as_str())).collect();
    snapshot(name, &cases);
}

#[test]
fn roots() {
    snapshot(
        "roots",
        &[
            (CLUSTER, "hello\n"),
            (CLUSTER, "- a\n- b\n"),
            (CLUSTER, "{}\n"),
            (CLUSTER, "apiVersion: res-edge.dev/v1\nmetadata: {name: a}\n"),
            (CLUSTER, "kind: Cluster\nmetadata: {name: a}\n"),
            (CLUSTER, "apiVersion: res-edge.dev/v2\nkind: Cluster\nmetadata: {name: a}\n"),
            (CLUSTER, "apiVersion: [1]\nkind: {}\n"),
            (CLUSTER, "apiVersion: res-edge.dev/v1\nkind: cluster\nmetadata: {name: a}\n"),
            (CLUSTER, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"),
            (CLUSTER, "apiVersion: res-edge.dev/v1\nkind: Elephant\n"),
            ("policies/a.yaml", "apiVersion: res-edge.dev/v1\nkind: Rollout\nspec: {}\n"),
            ("policies/a.yaml", "apiVersion: res-edge.dev/v1\nkind: Window\n"),
            ("policies/a.yaml", "apiVersion: res-edge.dev/v1\nkind: Policy\n"),
        ],
    );
}

#[test]
fn places() {
    let fleet = document("Fleet", "metadata: {name: a}");
    let role = document("Role", "metadata: {name: a}\nspec: {subjects: [\"user:a\"], rules: []}");
    let cluster = document("Cluster", "metadata: {name: a}");
    snapshot(
        "places",
        &[
            (CLUSTER, &fleet),
            (CLUSTER, &role),
            ("policies/a.yaml", &cluster),
            ("policies/a.yaml", &fleet),
            ("fleet.yaml", &cluster),
            ("inventory/a.yml", &cluster),
            ("inventory/a.json", &cluster),
        ],
    );
}

#[test]
fn fields() {
    documents(
        "fields",
        CLUSTER,
        "Cluster",
        &[
            "metadata: {name: a}\nspec:\n  group: [/a]\n  timezone: Europe/Berlin\n  colour: red",
            "metadata: {name: a, name: b}\nspec: {}\nspec: {}",
            "meta: {name: a}",
            "metadata: {labels: {ring: beta}}",
            "metadata:\nspec:",
            "metadata: a\nspec: [b]",
            "metadata: {name: a}\nspec:\n  groups: /stores\n  values: [a]\n  decommission: \"true\"\n  agent: {keys: ssh}",
            "metadata: {name: [a], labels: {ring: [beta]}}",
            "metadata: {name: 2301}",
            "metadata: {name: }",
            "metadata: {name: a}\nspec:\n  description: 3\n  timeZone: 5\n  groups: [1, [a], {b: c}]",
            "metadata: {name: a}\nspec: {[a]: b, {c: d}: e}",
            "metadata: {name: a}\nspec: {? a : b, ~: c}",
            "metadata: {name: a}\nstatus: {}",
        ],
    );
}

#[test]
fn values_and_labels() {
    documents(
        "values_and_labels",
        CLUSTER,
        "Cluster",
        &[
            "metadata: {name: a}\nspec:\n  values:\n    a:\n      b: c\n    d: [1]\n    e:\n    f: ~\n    g: null",
            "metadata: {name: a}\nspec:\n  values: {a-b: 1, \"\": 2, a.b: 3, ü: 4}",
            "metadata:\n  name: a\n  labels:\n    a b: 1\n    -x: 2\n    ok/a.b-c_d: 3\n    n: ~\n    m: {}",
            "metadata: {name: a}\nspec:\n  values:\n    a: 1\n    b: 2\n    a: 3\n    'b': 4",
            "metadata: {name: a}\nspec:\n  values: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, c: 2}",
            "metadata: {name: a}\nspec:\n  capacity: {cpu: lots, memory: 1Gib, pods: -1, disk: 1e3, gpu: }",
        ],
    );
}

#[test]
fn aliases_and_tags() {
    documents(
        "aliases_and_tags",
        CLUSTER,
        "Cluster",
        &[
            "metadata: &m {name: a}\nspec: *m",
            "metadata: {name: &n a, labels: {x: *n}}",
            "metadata:\n  name: a\n  labels: &l {x: y}\nspec:\n  values:\n    <<: *l\n    z: 1",
            "metadata: {name: !!str 1}\nspec: {values: {a: !!str 2}}",
            "metadata: {name: !x a}\nspec: !!map {values: {a: !!int 2}}",
            "metadata: {name: a}\nspec: {values: {*x : 1}}",
        ],
    );
}

#[test]
fn names() {
    documents(
        "names",
        CLUSTER,
        "Cluster",
        &[
            "metadata: {name: Central_LA}",
            "metadata: {name: \"../x\"}",
            "metadata: {name: a.b}",
            "metadata: {name: -a-}",
            "metadata: {name: \"\"}",
            "metadata: {name: \"   \"}",
            "metadata: {name: Ärger}",
            "metadata: {name: a123456789012345678901234567890123456789012345678901234567890123}",
            "metadata: {name: a, formerName: A}",
            "metadata: {name: a}\nspec: {groups: [stores, /Stores/LA, /a//b, /, /a/, /a/b]}",
        ],
    );
}

#[test]
fn reserved_names() {
    let texts: Vec<String> = ["namespaces", "flux-system", "cells", "web-slo"]
        .iter()
        .map(|name| {
            document(
                "Application",
                &format!("metadata: {{name: {name}}}\nspec: {{namespace: a, template: a}}"),
            )
        })
        .chain(
            ["flux-system", "default", "kube-system"]
                .iter()
                .map(|name| document("Namespace", &format!("metadata: {{name: {name}}}"))),
        )
        .collect();
    let cases: Vec<(&str, &str)> = texts.iter().map(|text| (CLUSTER, text.as_str())).collect();
    snapshot("reserved_names", &cases);
}

#[test]
fn groups() {
    documents(
        "groups",
        CLUSTER,
        "Group",
        &[
            "metadata: {name: /stores/la}",
            "metadata: {name: la, formerName: nola}\nspec: {parent: stores, clusters: \"\"}",
            "metadata: {name: la, formerPath: nola}",
        ],
    );
}

#[test]
fn texts_with_a_syntax() {
    documents(
        "texts_with_a_syntax",
        CLUSTER,
        "Cluster",
        &[
            "metadata: {name: a}\nspec: {timeZone: Europe/Berln}",
            "metadata: {name: a}\nspec: {timeZone: europe/berlin}",
            "metadata: {name: a}\nspec: {timeZone: CEST}",
            "metadata: {name: a}\nspec: {timeZone: \"\"}",
            "metadata: {name: a}\nspec:\n  agent:\n    keys:\n    - ssh-ed25519 AAAA\n    - ssh-dss AAAAB3NzaC1kc3MAAACBAJ\n    - secret\n    - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGqLkXg9vK2mKQ4W0nVYjQhFqS0gU1n5bL5oM8x2pWdT",
        ],
    );
}

#[test]
fn namespaces() {
    documents(
        "namespaces",
        CLUSTER,
        "Namespace",
        &[
            "metadata: {name: imdb}\nspec: {clusters: , allow: ClusterRole}",
            "metadata: {name: imdb}\nspec: {allow: [clusterRole, a/b/C, A., \"a/\", A.b, x/Y.z.io]}",
            "metadata: {name: imdb}\nspec: {overrides: [{clusters: all}, {values: {a: 1}}, a, {cluster: all, values: {}}]}",
            "metadata: {name: imdb, formerName: b}",
        ],
    );
}

#[test]
fn applications() {
    let app = |spec: &str| format!("metadata: {{name: web}}\nspec: {{namespace: web, {spec}}}");
    let templates = [
        "/etc",
        "../x",
        "apps/../../x",
        "./apps/x",
        "apps/./x",
        "apps\\x",
        "C:/x",
        "~/x",
        "apps/x/",
        "apps//x",
        "\"\"",
        ".git/hooks",
        "\"a\\nb\"",
    ];
    let mut rests: Vec<String> =
        templates.iter().map(|path| app(&format!("template: {path}"))).collect();
    rests.push("metadata: {name: web}".to_owned());
    rests.push("metadata: {name: web}\nspec: {}".to_owned());
    rests.push(app("template: apps/x, version: v1.2, dependsOn: [A, web-slo], owner: [a]"));
    let rests: Vec<&str> = rests.iter().map(String::as_str).collect();
    documents("applications", CLUSTER, "Application", &rests);
}

#[test]
fn fleets() {
    documents(
        "fleets",
        "fleet.yaml",
        "Fleet",
        &[
            "metadata: {name: c, uid: 5F0C}",
            "metadata: {name: c}\nspec: {engine: 2}",
            "metadata: {name: c}\nspec: {engine: \"1\"}",
            "metadata: {name: c}\nspec: {engine: 1.0}",
            "metadata: {name: c}\nspec: {labels: {ring: beta, city: , zone: [a, [b], ~], x: {}}}",
            "metadata: {name: c}\nspec: {labels: [ring]}",
            "metadata: {name: c}\nspec: {layout: flux}",
            "metadata: {name: c}\nspec: {layout: {}}",
            "metadata: {name: c}\nspec: {layout: {flux: {}, manifests: {}}}",
            "metadata: {name: c}\nspec: {layout: {flux: {bootstrap: ../x, source: A b, compatibility: 0.19}}}",
            "metadata: {name: c}\nspec: {delivery: {oci: {registry: x}}}",
            "metadata: {name: c}\nspec: {delivery: {directory: }}",
            "metadata: {name: c}\nspec: {delivery: {directory: {branch: refs/heads/main, path: /x, fanOut: hex3}}}",
            "metadata: {name: c}\nspec: {delivery: {directory: {branch: res-edge/ledger}}}",
            "metadata: {name: c}\nspec: {delivery: {directory: {branch: a..b}}}",
            "metadata: {name: c}\nspec: {delivery: {directory: {branch: -x, path: a/../b}}}",
            "metadata: {name: c}\nspec: {delivery: {branch: {}}}",
            "metadata: {name: c}\nspec: {budgets: {deletions: 1}}",
            "metadata: {name: c}\nspec: {budgets: {deletions: 101%}}",
            "metadata: {name: c}\nspec: {budgets: {deletions: -1%}}",
        ],
    );
}

#[test]
fn roles() {
    documents(
        "roles",
        "policies/roles.yaml",
        "Role",
        &[
            "metadata: {name: r}\nspec: {subjects: [anna, \"user:\", \"group:pets\", \"team:x\"], rules: []}",
            "metadata: {name: r}\nspec: {subjects: [], rules: [{verbs: [write], kinds: [cluster, Rollout]}]}",
            "metadata: {name: r}\nspec: {subjects: [], rules: [{}]}",
            "metadata: {name: r}\nspec: {subjects: [], rules: [{verbs: [], kinds: [], groups: none, namespaces: any}]}",
            "metadata: {name: r}\nspec: {subjects: [], rules: [], approvals: {count: -1, notAuthor: yes}}",
            "metadata: {name: r}",
        ],
    );
}

#[test]
fn all_mistakes_of_a_file_are_told() {
    snapshot(
        "all_mistakes_of_a_file_are_told",
        &[
            (
                CLUSTER,
                "apiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata: {name: A, label: {}}\nspec: {grups: []}\n---\napiVersion: res-edge.dev/v1\nkind: Group\nmetadata: {name: fine}\n---\napiVersion: res-edge.dev/v1\nkind: Goup\n---\n[\n---\nnever: read\n",
            ),
            (CLUSTER, "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n"),
            (CLUSTER, "# only comments\n---\n---\n...\n---\nnull\n"),
        ],
    );
}

#[test]
fn files_that_are_no_text() {
    let files = crate::files(&[
        ("inventory/a.yaml", b"apiVersion: res-edge.dev/v1\nkind: Clust\xffer\n"),
        ("inventory/b.yaml", b"\xff\xfea\0:\0"),
    ]);
    let said: Vec<String> =
        files.iter().map(|(id, _)| crate::render(&files, &schema::read(&files, id).1)).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    inventory/a.yaml:2:12 not-utf8 error: the file is not encoded as UTF-8
      hint: save it as UTF-8; this is the first byte that is not
    inventory/b.yaml:1:1 not-utf8 error: the file is not encoded as UTF-8
      hint: save it as UTF-8; this is the first byte that is not
    ");
}

#[test]
fn messages_do_not_quote_whole_texts() {
    let long = "x".repeat(100_000) + "_";
    for rest in [
        format!("metadata: {{name: {long}}}"),
        format!("metadata: {{name: a}}\nspec: {{? {long} : 1}}"),
        format!("metadata: {{name: a}}\nspec: {{values: {{? {long}- : {{}}}}}}"),
        format!(
            "metadata: {{name: a}}\nspec: {{timeZone: {long}, decommission: {long}, groups: {long}}}"
        ),
    ] {
        let (files, _, diagnostics) = crate::read(CLUSTER, &document("Cluster", &rest));
        assert!(!diagnostics.is_empty());
        for diagnostic in &diagnostics {
            assert!(crate::render(&files, std::slice::from_ref(diagnostic)).len() < 700);
        }
    }
}

#[test]
fn a_file_that_is_wrong_throughout_is_given_up() {
    let fields: String = (0..50_000).map(|n| format!("  name{n}: x\n")).collect();
    let one = document("Cluster", &format!("metadata:\n{fields}"));
    let many = document("Cluster", "meta: 1\n---").repeat(5_000);
    for text in [one, many] {
        let (_, documents, diagnostics) = crate::read(CLUSTER, &text);
        assert!(documents.is_empty());
        assert_eq!(diagnostics.len(), 1_001);
        let last = diagnostics.last().map(|last| (last.code.name, last.message.as_str()));
        let message = "1000 mistakes or more: the rest is not read";
        assert_eq!(last, Some(("limit-passed", message)));
    }
}
