//! The layout `manifests`.

use insta::assert_snapshot;

use super::manifests;

#[test]
fn writes_objects_in_the_canonical_form() {
    let template = "\
kind: ConfigMap
apiVersion: v1
metadata: {name: rea.application.name, namespace: 'rea.namespace.name', labels: {b: \"yes\", a: x}}
data:
  rea.cluster.name: first
  motd: |
    Welcome to rea.cluster.name, which is a long line that is worth copying
    bye
  port: \"rea.cluster.port\"
---
# nothing
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: rea.cluster.port
  mode: 420
  \"on\": \"yes\"
  template: &t
    - a: 1
      b: [x, {c: d}]
    - []
    - - 1
      - 2
  again: *t
";
    let values = [
        ("cluster.name", "nola"),
        ("application.name", "vote"),
        ("namespace.name", "pets"),
        ("cluster.port", "80"),
    ];
    assert_snapshot!(manifests(template, &values), @r#"
    # ConfigMap pets/vote (v1, at `rea.application.name`)
    apiVersion: v1
    data:
      motd: |
        Welcome to nola, which is a long line that is worth copying
        bye
      nola: first
      port: "80"
    kind: ConfigMap
    metadata:
      labels:
        a: x
        b: "yes"
      name: vote
      namespace: pets
    # Deployment.apps web (apps/v1, at `web`)
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
    spec:
      again:
      - a: 1
        b:
        - x
        - c: d
      - []
      - - 1
        - 2
      mode: 420
      "on": "yes"
      replicas: 80
      template:
      - a: 1
        b:
        - x
        - c: d
      - []
      - - 1
        - 2
    "#);
}

fn config(rest: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web}}\n{rest}")
}

/// What stands below the name.
fn body(rest: &str, values: &[(&str, &str)]) -> String {
    let text = manifests(&config(rest), values);
    text.split_once("\n  name: web\n").map_or(text.clone(), |(_, body)| body.to_owned())
}

#[test]
fn scalars_keep_what_they_are_read_as() {
    let rest = "x:
  a: [~, null, '', \"3\", 3, 0x1F, 1.10, yes, 'yes', 2024-01-01, !!str 3, !!int '4', ! 5]
  b: plain text
    on two lines
  c: >
    folded
    text

  d: \"a\\tb\"
  e: |+
    kept

  f: no # end
  80: key
";
    assert_snapshot!(body(rest, &[]), @r#"
    x:
      80: key
      a:
      - ~
      - null
      - ""
      - "3"
      - 3
      - 0x1F
      - 1.10
      - yes
      - "yes"
      - 2024-01-01
      - "3"
      - 4
      - "5"
      b: plain text on two lines
      c: |
        folded text
      d: "a\tb"
      e: |+
        kept

      f: no
    "#);
}

#[test]
fn the_result_decides_how_a_scalar_is_written() {
    let rest = "x:
  a: \"rea.cluster.x\"
  b: 'rea.cluster.y'
  c: |
    rea.cluster.x
    line
  d: \"rea.cluster.z\"
  rea.cluster.w: last
  \"k rea.cluster.x\": k
";
    let values = [
        ("cluster.x", "3"),
        ("cluster.y", "nola"),
        ("cluster.z", "\"two\nlines\n\""),
        ("cluster.w", "0z"),
    ];
    assert_snapshot!(body(rest, &values), @r#"
    x:
      0z: last
      a: "3"
      b: nola
      c: |
        3
        line
      d: |
        two
        lines
      k 3: k
    "#);
}

#[test]
fn aliases_and_merges_are_written_out() {
    let rest = "x:
  base: &base {a: 1, b: rea.cluster.x}
  more: &more {<<: *base, c: 3, a: 0}
  list: {<<: [{d: 4, a: 9}, *more], b: own}
  text: &text rea.cluster.x
  again: *text
";
    assert_snapshot!(body(rest, &[("cluster.x", "v")]), @r#"
    x:
      again: v
      base:
        a: 1
        b: v
      list:
        a: 9
        b: own
        c: 3
        d: 4
      more:
        a: 0
        b: v
        c: 3
      text: v
    "#);
}

#[test]
fn a_list_is_its_items() {
    let template = "apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: 'system:rea.cluster.x'}
- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: b}}]}
";
    assert_snapshot!(manifests(template, &[("cluster.x", "a")]), @r#"
    # ClusterRole.rbac.authorization.k8s.io system:a (rbac.authorization.k8s.io/v1, at `'system:rea.cluster.x'`)
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: system:a
    # Service b (v1, at `b`)
    apiVersion: v1
    kind: Service
    metadata:
      name: b
    "#);
}

#[test]
fn what_is_no_object_is_told() {
    let templates = [
        "just text",
        "a: b",
        "apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: 3}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: ../../x, namespace: A}",
        "apiVersion: [v1]\nkind: Pod\nmetadata: {name: x}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: rea.cluster.x}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: 'a/rea.cluster.x'}",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: 'a/rea.cluster.x'}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, name: y}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n[a]: b",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\na: !foo b",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\na: &a [*a]",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n<<: b",
        "apiVersion: v1\nkind: List\nitems: 3",
        "a: [",
    ];
    let text: String = templates
        .iter()
        .map(|template| format!("{template:?}\n{}\n", manifests(template, &[("cluster.x", "5")])))
        .collect();
    assert_snapshot!(text, @r#"
    "just text"
    error[not-an-object] 1:1: this document is no mapping, so it is no Kubernetes object
      hint: a file of a template in the layout `manifests` holds Kubernetes objects only

    "a: b"
    error[not-an-object] 1:1: this is no Kubernetes object: it has no `apiVersion`
      hint: a file of a template in the layout `manifests` holds Kubernetes objects only

    "apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}"
    error[not-an-object] 1:1: this is no Kubernetes object: it has no `metadata.name`
      hint: `generateName` would make another object every time: give it a name

    "apiVersion: v1\nkind: Pod\nmetadata: {name: 3}"
    error[not-an-object] 3:18: `metadata.name` must be a string, and `3` is none
      hint: put it in quotes

    "apiVersion: v1\nkind: Pod\nmetadata: {name: ../../x, namespace: A}"
    error[not-an-object] 3:18: `../../x` is no `metadata.name` that Kubernetes takes
    error[not-an-object] 3:38: `A` is no `metadata.namespace` that Kubernetes takes

    "apiVersion: [v1]\nkind: Pod\nmetadata: {name: x}"
    error[not-an-object] 1:1: `apiVersion` of this object must be a string

    "apiVersion: v1\nkind: Pod\nmetadata: {name: rea.cluster.x}"
    error[not-an-object] 3:18: `metadata.name` must be a string, and `5` is none
      hint: put it in quotes

    "apiVersion: v1\nkind: Pod\nmetadata: {name: 'a/rea.cluster.x'}"
    error[not-an-object] 3:18: `a/5` is no `metadata.name` that Kubernetes takes

    "apiVersion: v1\nkind: Secret\nmetadata: {name: 'a/rea.cluster.x'}"
    error[not-an-object] 3:18: the value is no `metadata.name` that Kubernetes takes

    "apiVersion: v1\nkind: Pod\nmetadata: {name: x, name: y}"
    error[duplicate-key] 3:21: the key `name` stands twice in this mapping
      hint: remove one of the two

    "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n[a]: b"
    error[complex-key] 4:1: a key of a manifest must be a text, not null, a list, a mapping or an alias
      hint: write the key as a text

    "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\na: !foo b"
    error[unknown-tag] 4:9: the tag `!foo` cannot stand before this in a manifest
      hint: remove the tag, and quote a text that must be a string

    "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\na: &a [*a]"
    error[yaml-syntax] 4:8: an alias stands inside the value that it refers to
      hint: write the value out

    "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n<<: b"
    error[broken-alias] 4:5: the merge key `<<` has a value that is no mapping
      hint: merge an alias of a mapping, or a list of them

    "apiVersion: v1\nkind: List\nitems: 3"
    error[not-an-object] 1:1: `items` of this List must be a list of objects

    "a: ["
    error[yaml-syntax] 1:4: the bracket `[` is not closed by its twin
      hint: close the bracket, or quote the text that holds it
    "#);
}

#[test]
fn aliases_of_aliases_have_a_limit() {
    let mut rest = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..8 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        rest += &format!("a{level}: &a{level} [{below}]\n");
    }
    assert_snapshot!(manifests(&config(&rest), &[]), @r#"
    error[broken-alias] 4:9: with its aliases written out, the file has more than 400000 nodes, or nests them more than 100 deep
      hint: write fewer aliases of aliases
    "#);
}

#[test]
fn encrypted_documents_are_kept_as_they_are() {
    let one = "# kept\napiVersion: v1\nkind: Secret\nmetadata: {name: rea}\ndata: {b: rea.cluster.x, a: c}\nsops: {mac: x}";
    let two = format!("---\n{one}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\n");
    assert_snapshot!(manifests(one, &[]) + "\n" + &manifests(&two, &[]), @r#"
    # Secret rea (v1, at `rea`)
    # kept
    apiVersion: v1
    kind: Secret
    metadata: {name: rea}
    data: {b: rea.cluster.x, a: c}
    sops: {mac: x}
    # Secret rea (v1, at `rea`)
    apiVersion: v1
    kind: Secret
    metadata: {name: rea}
    data: {b: rea.cluster.x, a: c}
    sops: {mac: x}
    # Pod x (v1, at `x`)
    apiVersion: v1
    kind: Pod
    metadata: {name: x}
    "#);
}

#[test]
fn placeholders_in_comments_are_left_out() {
    assert_snapshot!(body("x: b # rea.cluster.nothing\n# rea.cluster.nothing\n", &[]), @"x: b");
}

#[test]
fn a_filled_object_is_a_small_delta() {
    #[derive(Default)]
    struct Pieces(std::sync::Mutex<Vec<String>>);
    impl model::Sink for Pieces {
        fn blob(&self, bytes: &[u8]) -> model::ObjectId {
            model::hash_blob(&[bytes])
        }
        fn variant(&self, base: &model::Base, pieces: &[model::Piece<'_>]) -> model::ObjectId {
            let mut told = self.0.lock().expect("no test panics here");
            told.push(format!("base {}", base.number));
            told.extend(pieces.iter().map(|piece| match piece {
                model::Piece::Copy(range) => format!("copy {}", range.len()),
                model::Piece::Insert(text) => format!("insert {}", String::from_utf8_lossy(text)),
            }));
            self.blob(&[])
        }
        fn tree(&self, _: &[model::Entry]) -> model::ObjectId {
            self.blob(&[])
        }
    }
    let script = "  a line of a script that is long enough\n  name: rea.cluster.x\n".repeat(2);
    let text = config(&format!("data:\n script: |\n{script}"));
    let files = super::files_of("a.yaml", text.as_bytes());
    let objects = plan::template::parse_objects(&files, model::FileId(0), 4).expect("it is right");
    let sink = Pieces::default();
    objects[0].fill(&[&model::Scalar::string("nola")], &sink).expect("it fits");
    assert_snapshot!(sink.0.lock().expect("no test panics here").join("\n"), @r#"
    base 4
    copy 86
    insert nola
    copy 54
    insert nola
    copy 39
    "#);
}
